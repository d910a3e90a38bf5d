"""A table of invented people for measuring at scale: name, phone, email, birth date, city, and who is who.

Run: python -m benchmarks.people_table --rows 5000000 --seed 1 --out people.parquet

Three rows in ten are second tellings of somebody. Of those, 10 % have a slip in the name, 10 % a new phone, 15 % a new
e-mail. Of all, 3 % share a family's phone, 0.1 % carry a clerk's (13800000000); 15 % tell no phone, 40 % no e-mail,
30 % no birth date, 10 % no city. Surnames, given names and cities follow Zipf's law. Every cell is a function of the
seed, the person and the row alone, so any part of any table can be made without the rest, in chunks of little memory.
"""

import argparse
from collections.abc import Iterator
from math import gcd
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

UInt = NDArray[np.uint64]
CHUNK = 500_000
PERSONS = 0.7
CLERK = "13800000000"
_SURNAMES = [
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦",
    *"邱侯江尹薛闫雷龙黎史陶贺顾毛郝龚邵万钱覃武戴孔汤",
    "欧阳", "上官", "司马", "诸葛", "尉迟",
]  # fmt: skip
_GIVEN = list(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文建国志玉海红燕玲飞鹏辉梅林波兰云龙晓春生峰欣怡宇浩然子涵梓轩雨桐思远嘉佳琪博俊豪天雪婷婧晨阳"
    "凯旋振东庆丰瑞祥安宁家乐永康美珍淑贤慧心若水清泉石松柏青山"
)
_CITIES = [f"{code}00" for code in (
    3101, 1101, 4401, 4403, 3301, 3201, 5101, 5001, 4201, 6101, 3205, 1201, 4301, 3302, 3702, 3401, 4101, 2102, 2101,
    3502, 3501, 3701, 3202, 5301, 4406, 4419, 1301, 3601, 4501, 5201, 2201, 2301, 1401, 6201, 3303, 3304, 3307, 3310,
)]  # fmt: skip
_DOMAINS = ["qq.com", "163.com", "126.com", "gmail.com", "sina.com", "outlook.com", "139.com"]
_SYLLABLES = [
    "wang",
    "li",
    "zh",
    "xiao",
    "mei",
    "jun",
    "hua",
    "yan",
    "bo",
    "lin",
    "qi",
    "tao",
    "fei",
    "ning",
    "shu",
    "ke",
]
_PREFIXES = [
    "130",
    "131",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "152",
    "158",
    "159",
    "176",
    "182",
    "186",
    "189",
]


def chunks(rows: int, seed: int, *, chunk: int = CHUNK, first: int = 0) -> Iterator[pl.DataFrame]:
    """The table's rows in their order: record_id (Int64, unique), person_id, name, phone, email, birth_date, city.

    Args:
        rows: of the table. Its order is a fixed shuffle, so that any stretch of it is a fair sample.
        seed: another seed is another table.
        chunk: rows a frame.
        first: where to begin; the rows before are left out.
    """
    stride = next(s for s in range(int(rows * 0.618), rows + 2) if s > 0 and gcd(s, rows) == 1) if rows > 1 else 1
    for start in range(first, rows, chunk):
        place = np.arange(start, min(start + chunk, rows), dtype=np.uint64)
        yield _rows((place * np.uint64(stride) + np.uint64(seed)) % np.uint64(rows), rows, seed)


def write(path: Path, rows: int, seed: int) -> Path:
    """Writes a table as Parquet, chunk by chunk."""
    import pyarrow.parquet as pq

    writer = None
    for frame in chunks(rows, seed):
        table = frame.to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table)
    if writer:
        writer.close()
    return path


def _rows(row: UInt, rows: int, seed: int) -> pl.DataFrame:
    n_persons = np.uint64(max(int(rows * PERSONS), 1))
    is_second = row >= n_persons
    person = np.where(is_second, _hash(row, seed, 1) % n_persons, row)
    surname, given = _names(person, seed)
    slip = is_second & (_chance(row, seed, 2) < 0.10)
    given = np.where(slip, _slipped(given, row, seed), given)
    new_phone, new_email = (is_second & (_chance(row, seed, n) < share) for n, share in ((3, 0.10), (4, 0.15)))
    family = np.where(_chance(person >> np.uint64(1), seed, 5) < 0.03, person >> np.uint64(1), person + n_persons)
    phone = _phones(np.where(new_phone, row + np.uint64(rows) * np.uint64(4), family), seed)
    phone = np.where(_chance(row, seed, 6) < 0.001, CLERK, phone)
    email = _emails(np.where(new_email, row + np.uint64(rows) * np.uint64(4), person), seed)
    born = (np.datetime64("1945-01-01") + (_chance(person, seed, 7) * 63 * 365.25).astype(np.int64)).astype(
        "datetime64[D]"
    )
    city = np.array(_CITIES)[_zipf(_chance(person, seed, 8), len(_CITIES))]
    told = [_chance(row, seed, n) >= share for n, share in ((9, 0.15), (10, 0.40), (11, 0.30), (12, 0.10))]
    frame = pl.DataFrame(
        {
            "record_id": row.astype(np.int64),
            "person_id": person.astype(np.int64),
            "name": np.char.add(surname, given),
            "phone": phone,
            "email": email,
            "birth_date": born,
            "city": city,
        }
    )
    names = ("phone", "email", "birth_date", "city")
    return frame.with_columns(
        pl.when(pl.Series(is_told)).then(pl.col(name)).alias(name) for name, is_told in zip(names, told, strict=True)
    )


def _hash(value: UInt, seed: int, salt: int) -> UInt:
    """SplitMix64 of a value under a seed (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        x = value + np.uint64((seed * 1_000_003 + salt) % 2**63) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _chance(value: UInt, seed: int, salt: int) -> NDArray[np.float64]:
    return (_hash(value, seed, salt) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def _zipf(chance: NDArray[np.float64], n: int, power: float = 0.8) -> NDArray[np.int64]:
    share = 1.0 / np.arange(1, n + 1) ** power
    return np.minimum(np.searchsorted(np.cumsum(share) / share.sum(), chance, side="right"), n - 1)


def _names(person: UInt, seed: int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    surname = np.array(_SURNAMES)[_zipf(_chance(person, seed, 20), len(_SURNAMES), 1.0)]
    letters = np.array(_GIVEN)
    one, two = (letters[_zipf(_chance(person, seed, salt), len(letters), 0.5)] for salt in (21, 22))
    return surname, np.where(_chance(person, seed, 23) < 0.2, one, np.char.add(one, two))


def _slipped(given: NDArray[np.str_], row: UInt, seed: int) -> NDArray[np.str_]:
    """One character of the given name replaced by another."""
    letters = np.array(_GIVEN)
    wrong = letters[(_hash(row, seed, 24) % np.uint64(len(letters))).astype(np.int64)]
    first = given.astype("<U1")
    return np.where(np.char.str_len(given) == 1, wrong, np.char.add(first, wrong))


def _phones(owner: UInt, seed: int) -> NDArray[np.str_]:
    number = _hash(owner, seed, 25)
    prefix = np.array(_PREFIXES)[(number % np.uint64(len(_PREFIXES))).astype(np.int64)]
    digits = ((number >> np.uint64(8)) % np.uint64(100_000_000)).astype(np.int64)
    return np.char.add(prefix, np.char.zfill(digits.astype(str), 8))


def _emails(owner: UInt, seed: int) -> NDArray[np.str_]:
    number = _hash(owner, seed, 26)
    parts = np.array(_SYLLABLES)
    one, two = (parts[((number >> np.uint64(shift)) % np.uint64(len(parts))).astype(np.int64)] for shift in (0, 8))
    tail = ((number >> np.uint64(16)) % np.uint64(1_000_000)).astype(np.int64).astype(str)
    domain = np.array(_DOMAINS)[_zipf(_chance(owner, seed, 27), len(_DOMAINS))]
    return np.char.add(np.char.add(np.char.add(one, two), tail), np.char.add("@", domain))


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    write(options.out, options.rows, options.seed)
    print(f"{options.rows:,} rows in {options.out}")


if __name__ == "__main__":
    main()
