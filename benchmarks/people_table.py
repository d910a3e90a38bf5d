"""A table of made-up people for measurements of scale: Chinese name, phone, e-mail, birth date and city, with truth.

Three rows in ten are second rows of a person. Of second rows one in ten has a slip in the name, one in ten another
phone, 15 in a hundred another e-mail. Of people three in a hundred share a phone with their neighbour in the
table, one in a thousand has the phone 13800000000. Missing: phone 15 %, e-mail 40 %, birth date 30 %, city 10 %.

Run: python -m benchmarks.people_table 1000000 people.parquet
"""

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

SECOND_ROWS = 0.3
SLIP, NEW_PHONE, NEW_EMAIL = 0.10, 0.10, 0.15
FAMILY_PHONE, EVERYBODYS_PHONE = 0.03, 0.001
MISSING = {"phone": 0.15, "email": 0.40, "birth_date": 0.30, "city": 0.10}
EVERYBODYS = 13_800_000_000
CHUNK = 500_000

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白"
    "孟秦邱侯江尹薛闫段雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国文斌辉波宇浩凯俊鑫晨阳博雪琳佳欣怡雨婷思琪梓涵子轩一诺可馨诗雅若曦沐宸奕泽浩然天"
    "翔志远立新春生海燕晓东振宁家豪嘉慧永康安琪书豪景行瑞祥锦程云飞立诚德明福来"
)
CITIES = [f"{province:02d}{city:02d}00" for province in range(11, 60, 3) for city in range(1, 18)]
DOMAINS = ("qq.com", "163.com", "126.com", "sina.com", "outlook.com", "gmail.com")


def main() -> None:
    """Writes a table as asked on the command line."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("rows", type=int)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--seed", type=int, default=7)
    options = arguments.parse_args()
    write_people(options.rows, options.out, options.seed)
    print(f"{options.rows:,} rows in {options.out}")


def write_people(n_rows: int, out: Path, seed: int = 7) -> None:
    """Writes `n_rows` rows to a Parquet file: id (Int64), name, phone, email, birth_date, city, person (the truth)."""
    writer = None
    for start in range(0, n_rows, CHUNK):
        rows = people(min(CHUNK, n_rows - start), seed, start).to_arrow()
        writer = writer or pq.ParquetWriter(out, rows.schema, compression="zstd")
        writer.write_table(rows)
    if writer:
        writer.close()


def people(n_rows: int, seed: int = 7, start: int = 0) -> pl.DataFrame:
    """One chunk of the table: `n_rows` rows with ids from `start`; equal arguments give equal rows."""
    draw = np.random.default_rng((seed, start))
    n_people = max(int(n_rows * (1 - SECOND_ROWS)), 1)
    first = _people(n_people, draw)
    again = draw.integers(0, n_people, n_rows - n_people)
    second = _second_rows(first[again], draw)
    rows = pl.concat([first, second]).select(
        "name", "email", "birth_date", "city",
        pl.when(pl.col("phone").is_not_null()).then(pl.col("phone").cast(pl.String)).alias("phone"),
        (pl.col("person") + start).alias("person"),
    )  # fmt: skip
    missing = [
        pl.when(pl.Series(draw.random(n_rows) >= share)).then(pl.col(name)).alias(name)
        for name, share in MISSING.items()
    ]
    rows = rows.with_columns(missing)[draw.permutation(n_rows)]
    ids = pl.int_range(start, start + n_rows, dtype=pl.Int64, eager=True).alias("id")
    return rows.select(ids, "name", "phone", "email", "birth_date", "city", "person")


def _zipf(n: int, choices: int, draw: np.random.Generator) -> np.ndarray:
    """Numbers below `choices`, the n-th about 1/n as often as the first."""
    share = 1 / np.arange(1, choices + 1)
    return draw.choice(choices, n, p=share / share.sum())


def _people(n: int, draw: np.random.Generator) -> pl.DataFrame:
    surname = np.array(list(SURNAMES))[_zipf(n, len(SURNAMES), draw)]
    middle = np.array(list(GIVEN))[draw.integers(0, len(GIVEN), n)]
    middle[draw.random(n) < 0.15] = ""
    last = np.array(list(GIVEN))[_zipf(n, len(GIVEN), draw)]
    phone = 13_000_000_000 + draw.integers(0, 6_999_999_999, n)
    family = np.flatnonzero(draw.random(n) < FAMILY_PHONE)
    phone[family] = phone[np.maximum(family - 1, 0)]
    phone[draw.random(n) < EVERYBODYS_PHONE] = EVERYBODYS
    born = np.datetime64(date(1945, 1, 1)) + draw.integers(0, 23_000, n)
    return pl.DataFrame({
        "person": np.arange(n),
        "surname": surname, "middle": middle, "last": last,
        "phone": phone, "email": _emails(n, draw),
        "birth_date": born.astype("datetime64[D]"),
        "city": np.array(CITIES)[_zipf(n, len(CITIES), draw)],
    }).with_columns(pl.concat_str("surname", "middle", "last").alias("name"))  # fmt: skip


def _emails(n: int, draw: np.random.Generator) -> pl.Series:
    number = pl.Series(draw.integers(10**7, 10**11, n)).cast(pl.String)
    domain = pl.Series(np.array(DOMAINS)[draw.integers(0, len(DOMAINS), n)])
    return number + "@" + domain


def _second_rows(rows: pl.DataFrame, draw: np.random.Generator) -> pl.DataFrame:
    """The same people told again, with slips and changes."""
    n = len(rows)
    slip = pl.Series(np.array(list(GIVEN))[draw.integers(0, len(GIVEN), n)])
    other_phone = pl.Series(13_000_000_000 + draw.integers(0, 6_999_999_999, n))
    return rows.with_columns(
        pl.when(pl.Series(draw.random(n) < SLIP))
        .then(pl.concat_str("surname", "middle", slip))
        .otherwise("name")
        .alias("name"),
        pl.when(pl.Series(draw.random(n) < NEW_PHONE)).then(other_phone).otherwise("phone").alias("phone"),
        pl.when(pl.Series(draw.random(n) < NEW_EMAIL)).then(_emails(n, draw)).otherwise("email").alias("email"),
    )


if __name__ == "__main__":
    main()
