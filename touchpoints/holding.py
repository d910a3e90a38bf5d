"""Holding back: a file of which too many rows are refused is refused whole, since what is left of it misleads.

The limit is the contract's `reject_limit`. Rows that a contract does not want by its own words do not count for it.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from common.labels import label
from touchpoints.columns import REASON, REASON_COLUMN
from touchpoints.contract import Contract
from touchpoints.rows import FILE, REPEATED, LoadedTable
from touchpoints.saying import say

HELD: Final = "held"
_FEWEST: Final = 10  # refused rows; a short file with a bad line is no broken export


def hold(rows: pl.DataFrame, contract: Contract, tables: Sequence[LoadedTable]) -> tuple[pl.DataFrame, dict[str, str]]:
    """The rows with every good row of a file over the limit refused as `held`.

    Args:
        rows: judged, of all files of a contract.
        contract: theirs.
        tables: the files, by `_file`.

    Returns:
        the rows, and path → note of the files that are held back.
    """
    wanted = [refusal.reason for refusal in contract.reject]
    bad = pl.col(REASON).is_not_null() & ~pl.col(REASON).is_in(wanted)
    counted = rows.group_by(FILE).agg(
        n=pl.len(), n_bad=bad.sum(), most=pl.col(REASON).filter(bad).mode().sort().first()
    )
    over = counted.filter((pl.col("n_bad") >= _FEWEST) & (pl.col("n_bad") > pl.col("n") * contract.reject_limit))
    if over.is_empty():
        return rows, {}
    is_held = pl.col(FILE).is_in(over[FILE].implode()) & pl.col(REASON).is_null()
    rows = rows.with_columns(
        pl.when(is_held).then(pl.lit(HELD)).otherwise(REASON).alias(REASON),
        pl.when(is_held).then(pl.lit(None, dtype=pl.String)).otherwise(REASON_COLUMN).alias(REASON_COLUMN),
        (pl.col(REPEATED) & ~pl.col(FILE).is_in(over[FILE].implode())).alias(REPEATED),
    )
    notes: dict[str, str] = {
        tables[file].name: say(
            "held_back",
            share=f"{n_bad / n:.0%}",
            reason=(label("reject_reason", most)[0], most),
            limit=f"{contract.reject_limit:.0%}",
        )
        for file, n, n_bad, most in over.iter_rows()
    }
    return rows, notes
