"""A million rows of GB18030 csv, 20 columns: read, normalised, written as Parquet. Beside it polars.read_csv alone.

Run: python -m benchmarks.read_million
Each contender works in a process of its own, so that its peak memory is its own. Reading is what is done once with a
file: rows told apart and accounted for, cells undressed and put under the contract's names, the raw row kept, all of it
written as Parquet into the parse cache. The whole ingest goes on to phones, names, addresses, amounts and times, and
writes every canonical table. The peer only decodes the file and writes its raw text as Parquet: the least there is.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from benchmarks.report import machine, write_result

BUDGET_SECONDS, BUDGET_GB = 12, 1.5
HEADER = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,收货人姓名,"
    "收货地址 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝种类 ,宝贝总数量,店铺名称,退款金额,"
    "发货时间,确认收货时间"
)
_FIRST_NUMBER = 5_113_837_045_333_000_000
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志红梅婷雪梓涵浩宇欣怡子轩诗𠮷"
_PLACES = (
    "广东省 广州市 天河区", "浙江省 杭州市 西湖区", "江苏省 南京市 玄武区", "上海 上海市 浦东新区",
    "四川省 成都市 武侯区", "湖北省 武汉市 洪山区", "山东省 青岛市 市南区", "陕西省 西安市 雁塔区",
    "北京 北京市 海淀区", "福建省 厦门市 思明区",
)  # fmt: skip
_TITLES = ("家用净水器反渗透直饮机", "燃气热水器十六升恒温", "空气净化器除甲醛家用卧室", "油烟机侧吸式大吸力自动清洗")


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--keep", type=Path, help="a folder in which the file is kept for the next run")
    arguments.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.work:
        _work(options.work[0], Path(options.work[1]))
        return
    folder = options.keep or Path(tempfile.mkdtemp(prefix="guiyi-million-"))
    try:
        _measure(options.rows, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder)


def write_orders(path: Path, n_rows: int) -> None:
    """An order report as Tmall writes it, of invented people; the same bytes each time."""
    rng = random.Random(20261122)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write((HEADER + "\r\n").encode("gb18030"))
        for start in range(0, n_rows, 50_000):
            lines = [_line(number, rng) for number in range(start, min(start + 50_000, n_rows))]
            file.write("".join(lines).encode("gb18030"))


def _line(number: int, rng: random.Random) -> str:
    person = rng.randrange(600_000)
    own = random.Random(person)
    name = own.choice(_SURNAMES) + "".join(own.choice(_GIVEN) for _ in range(own.choice((1, 2, 2))))
    phone = f"1{own.choice('3578')}{own.randrange(10**9):09d}"
    place = f"{own.choice(_PLACES)} {own.choice('中解人和文')}{own.choice('山放民平一')}路{own.randrange(1, 999)}号"
    cents = rng.randrange(1000, 500_000)
    paid = f"{cents / 100:.2f}"
    day = f"2026-{rng.randrange(1, 11):02d}-{rng.randrange(1, 29):02d}"
    clock = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}"
    account = f"buyer{person}@example.com" if person % 3 else phone
    cells = (
        f"buyer_{person}", account, paid, "0.00", paid, paid, "交易成功", name,
        f"{place}{own.randrange(1, 30)}栋{own.randrange(101, 3000)}室 (510{own.randrange(1000):03d})", f"'{phone}",
        f"{day} {clock}:05", f"{day} {clock}:49", rng.choice(_TITLES), "1", "1", "试验旗舰店", "0.00",
        f"{day} 23:59:01", f"{day} 23:59:59",
    )  # fmt: skip
    return f'="{_FIRST_NUMBER + 7 * number}",' + ",".join(f'"{cell}"' for cell in cells) + "\r\n"


def _measure(n_rows: int, folder: Path) -> None:
    path = folder / "landing" / "tmall" / "s" / f"ExportOrderList{n_rows:012d}.csv"
    if not path.exists():
        shutil.rmtree(folder / "landing", ignore_errors=True)
        write_orders(path, n_rows)
    figures = {name: _in_own_process(name, folder) for name in ("reading", "ingest", "polars")}
    mine, whole, peer = figures["reading"], figures["ingest"], figures["polars"]
    rows = [
        ("**guiyi: reading, to Parquet**", mine),
        ("guiyi: the whole ingest, every canonical table", whole),
        ("polars.read_csv(encoding='gb18030'), raw text to Parquet", peer),
    ]
    write_result(
        "read_million",
        [
            f"# {n_rows:,} rows of GB18030 csv, 20 columns, {path.stat().st_size / 1e6:.0f} MB",
            "",
            f"An order report of Tmall's shape: read, normalised and written as Parquet. {machine()}",
            "",
            "| way | wall, s | processor, s | peak memory, GB | 19-digit ids intact |",
            "|---|---:|---:|---:|---:|",
            *(
                f"| {name} | {f['seconds']:.1f} | {f['cpu']:.1f} | {f['gb']:.2f} | {f['intact']:,} |"
                for name, f in rows
            ),
            f"| reading: ratio to the budget of {BUDGET_SECONDS} s and {BUDGET_GB} GB | "
            f"{mine['seconds'] / BUDGET_SECONDS:.2f} | | {mine['gb'] / BUDGET_GB:.2f} | |",
            "",
            "The ingest's parts: " + ", ".join(f"{name} {s:.1f} s" for name, s in whole["parts"].items()) + ".",
            "",
            'The peer leaves every cell as it is written, `="…"` and all, and takes every row on trust.',
        ],
    )


def _in_own_process(name: str, folder: Path) -> dict:
    command = [sys.executable, "-m", "benchmarks.read_million", "--work", name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _work(name: str, folder: Path) -> None:
    """In the measured process: one contender; prints its figures."""
    contender: Callable[[Path], tuple[dict[str, float], pl.Series]] = {
        "reading": _reading,
        "ingest": _ingest,
        "polars": _polars,
    }[name]
    begun = time.perf_counter()
    parts, numbers = contender(folder)
    seconds = time.perf_counter() - begun
    usage = resource.getrusage(resource.RUSAGE_SELF)
    expected = pl.Series([str(_FIRST_NUMBER + 7 * n) for n in range(len(numbers))])
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu": usage.ru_utime + usage.ru_stime,
                "gb": usage.ru_maxrss / 1024**2,
                "intact": int(numbers.is_in(expected.implode()).sum()),
                "parts": parts,
            }
        )
    )


def _reading(folder: Path) -> tuple[dict[str, float], pl.Series]:
    from touchpoints.contracts import SOURCES, load_contract
    from touchpoints.files import fingerprints
    from touchpoints.lake import Lake
    from touchpoints.landing import look_at

    shutil.rmtree(folder / "lake", ignore_errors=True)
    contract = load_contract(SOURCES / "tmall_order.yml")
    (path,) = (folder / "landing").rglob("*.csv")
    (file,) = fingerprints(path, folder / "landing")
    (table,) = look_at(file, [contract]).tables  # type: ignore[arg-type]  # a csv can be opened
    parsed = Lake(folder / "lake").parsed(file, table)  # type: ignore[arg-type]  # as above
    return {}, pl.read_parquet(parsed.path, columns=["order_no"])["order_no"]


def _ingest(folder: Path) -> tuple[dict[str, float], pl.Series]:
    from touchpoints.ingest import ingest

    for made in ("lake", "out"):
        shutil.rmtree(folder / made, ignore_errors=True)
    report = ingest(folder / "landing", lake=folder / "lake", out=folder / "out", key=b"a key for benchmarks")
    orders = pl.read_parquet(folder / "out" / "orders.parquet", columns=["order_no"])
    return report.seconds, orders["order_no"]


def _polars(folder: Path) -> tuple[dict[str, float], pl.Series]:
    (path,) = (folder / "landing").rglob("*.csv")
    frame = pl.read_csv(path, encoding="gb18030", infer_schema=False)
    frame.write_parquet(folder / "raw.parquet", compression="zstd", compression_level=1)
    return {}, frame.to_series(0).str.strip_chars('="')


if __name__ == "__main__":
    main()
