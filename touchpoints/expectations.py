"""Expectations of each source: how much comes, how fresh it is, how much is refused, which statuses are unknown.

A missing or half-empty file is an alert and not a silence. Told from the files themselves and from what the run before
saw of them; who is told, and how, is not for here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

import polars as pl

from touchpoints.contract import Contract

NAMES: Final = ("presence", "volume", "freshness", "reject_rate", "unknown_status", "not_understood")
SCHEMA: Final = {
    "expectation": pl.String,
    "source": pl.String,
    "account": pl.String,
    "contract": pl.String,
    "is_met": pl.Boolean,
    "value": pl.Float64,
    "limit_value": pl.Float64,
    "message": pl.String,
    "message_zh": pl.String,
}
_KEY: Final = ("source", "account", "contract")
_HALF: Final = 0.5
_USUAL_DAYS: Final = 8  # export days before the newest, of which the median is what is usual
_FEWEST_DAYS: Final = 3  # below that nothing is usual yet
_PATIENCE: Final = 2.0  # times the usual time between exports, and a day
_REJECTS: Final = 0.05
_FEWEST_REJECTS: Final = 10  # a short file with a few voided tickets is no broken export
_UNKNOWN: Final = 0.01


@dataclass(frozen=True)
class Expectation:
    """One expectation of one account's files of one contract, and whether it is met."""

    expectation: str
    source: str
    account: str
    contract: str
    is_met: bool
    value: float
    limit_value: float
    message: str
    message_zh: str


def expect(
    files: pl.DataFrame,
    orders: pl.DataFrame,
    contracts: Sequence[Contract],
    as_of: date,
    before: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Every expectation, met or not, one row each; files that are not understood only where there are some.

    Args:
        files: the table `source_file` of this run.
        orders: its table `orders`: source, account, status.
        contracts: with their limits.
        as_of: last day that counts.
        before: `source_file` of the run before; None for the first.
    """
    limits = {contract.name: contract.reject_limit for contract in contracts}
    known = files.drop_nulls("contract")
    found: list[Expectation] = list(_presence(known, before))
    for key, several in known.sort(*_KEY, "path").group_by(_KEY, maintain_order=True):
        source, account, contract = (str(part) for part in key)
        found += _of_days(several, (source, account, contract), as_of)
        found.append(_reject_rate(several, (source, account, contract), limits.get(contract, 1.0)))
    found += _statuses(orders)
    found += _not_understood(files)
    return pl.DataFrame([asdict(one) for one in found], schema=SCHEMA).sort("expectation", *_KEY, "message")


def _presence(files: pl.DataFrame, before: pl.DataFrame | None) -> Iterator[Expectation]:
    """Accounts that the run before had files of, and whether there still are as many rows of them."""
    if before is None:
        return
    now = {key: rows for *key_, rows in _rows_of(files).iter_rows() if (key := tuple(key_))}
    for source, account, contract, rows in _rows_of(before.drop_nulls("contract")).iter_rows():
        here = now.get((source, account, contract), 0)
        share = here / rows if rows else 1.0
        text = f"{here:,} rows of {contract} for {account}, {rows:,} in the run before"
        zh = f"{account} 的 {contract} 本次 {here:,} 行，上次 {rows:,} 行"
        yield Expectation("presence", source, account, contract, share >= _HALF, share, _HALF, text, zh)


def _rows_of(files: pl.DataFrame) -> pl.DataFrame:
    return files.group_by(_KEY).agg(pl.col("rows_read").sum()).sort(_KEY)


def _of_days(files: pl.DataFrame, key: tuple[str, str, str], as_of: date) -> Iterator[Expectation]:
    """Volume and freshness against the export days before; nothing until there are enough of them."""
    days = files.group_by(day=pl.col("exported_at").dt.date()).agg(rows=pl.col("rows_read").sum()).sort("day")
    if days.height < _FEWEST_DAYS:
        return
    newest, earlier = days.row(-1, named=True), days.head(-1).tail(_USUAL_DAYS)
    usual = float(earlier["rows"].median() or 0)  # type: ignore[arg-type]  # a number, of numbers
    share = newest["rows"] / usual if usual else 1.0
    text = f"{newest['rows']:,} rows exported on {newest['day']}, {usual:,.0f} are usual"
    zh = f"{newest['day']} 导出 {newest['rows']:,} 行，通常 {usual:,.0f} 行"
    yield Expectation("volume", *key, share >= _HALF, share, _HALF, text, zh)
    gap = float(days["day"].diff().drop_nulls().dt.total_days().median() or 1)  # type: ignore[arg-type]  # a number
    age, limit = float((as_of - newest["day"]).days), gap * _PATIENCE + 1
    text = f"the newest export is {age:.0f} days old, one every {gap:.0f} days is usual"
    zh = f"最新导出距今 {age:.0f} 天，通常每 {gap:.0f} 天一次"
    yield Expectation("freshness", *key, age <= limit, age, limit, text, zh)


def _reject_rate(files: pl.DataFrame, key: tuple[str, str, str], hold_limit: float) -> Expectation:
    read, rejected = int(files["rows_read"].sum()), int(files["rows_rejected"].sum())
    n_held = int((files["status"] == "held").sum())
    share, limit = rejected / read if read else 0.0, min(_REJECTS, hold_limit)
    text = f"{rejected:,} of {read:,} rows refused" + (f", {n_held} files held back" if n_held else "")
    zh = f"{read:,} 行中拒收 {rejected:,} 行" + (f"，扣留 {n_held} 个文件" if n_held else "")
    is_met = (share <= limit or rejected < _FEWEST_REJECTS) and not n_held
    return Expectation("reject_rate", *key, is_met, share, limit, text, zh)


def _statuses(orders: pl.DataFrame) -> Iterator[Expectation]:
    counted = orders.group_by("source", "account").agg(n=pl.len(), unknown=(pl.col("status") == "unknown").sum())
    for source, account, n, unknown in counted.sort("source", "account").iter_rows():
        share = unknown / n
        text = f"{unknown:,} of {n:,} orders have a status that the contract does not know"
        zh = f"{n:,} 个订单中 {unknown:,} 个状态未识别"
        yield Expectation("unknown_status", source, account, "", share <= _UNKNOWN, share, _UNKNOWN, text, zh)


def _not_understood(files: pl.DataFrame) -> Iterator[Expectation]:
    """Files that are nearly some contract's: a header that was renamed or mistyped takes all their rows away."""
    near = files.drop_nulls("nearest_contract")
    key = ("source", "account", "nearest_contract", "missing_headers")
    for (source, account, contract, missing), several in near.sort(*key).group_by(key, maintain_order=True):
        n, rows = several.height, int(several["rows_unread"].sum())
        told, told_zh = (f" with {rows:,} rows", f"（{rows:,} 行）") if rows else ("", "")
        text = (
            f"{n:,} {'file' if n == 1 else 'files'}{told} not understood, nearest {contract}, missing {missing}: "
            "rename the header or add an alias"
        )
        names = str(missing).replace(", ", "、")
        zh = f"{n:,} 个文件{told_zh}未能识别，最接近 {contract}，缺少 {names}：请改回表头，或在契约中加别名"
        yield Expectation("not_understood", str(source), str(account), str(contract), False, float(n), 0.0, text, zh)
