"""Complete lists: who stood in an older list of everybody and stands in the newest no longer has no consent any more.

For contracts that say `complete: true`. All files of one account and one day make one list. A list that is less than
half as long as the one before it is taken for a damaged export: nobody vanishes by it.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from touchpoints.rows import FILE, RECORD, LoadedTable

BASIS: Final = "vanished"
_LEAST_SHARE: Final = 0.5


def ends_of_vanished(consents: pl.DataFrame, rows: pl.DataFrame, tables: Sequence[LoadedTable]) -> pl.DataFrame:
    """The consents, with an end for each grant of a record that the newest list of its account lacks.

    Args:
        consents: of one contract.
        rows: every good row of the contract: `record_id`, `account`, `_file`; repeated ones too.
        tables: the files, by `_file`.
    """
    gone = _vanished(rows, tables)
    ended = consents.filter(pl.col("state") == "granted").join(gone, on=RECORD, how="inner", maintain_order="left")
    ended = ended.with_columns(
        pl.lit("revoked").alias("state"), pl.lit(BASIS).alias("basis"), pl.col("gone_at").alias("at")
    )
    key = [RECORD, "role", "id_type", "id_scope", "id_value", "channel", "purpose"]
    ended = ended.select(consents.columns).unique(key, keep="first", maintain_order=True)
    return pl.concat([consents, ended])


def _vanished(rows: pl.DataFrame, tables: Sequence[LoadedTable]) -> pl.DataFrame:
    """record_id and `gone_at`, the first export of the day whose list lacks the record."""
    moments = pl.DataFrame(
        {
            FILE: pl.Series(range(len(tables)), dtype=pl.Int32),
            "moment": pl.Series([table.exported.at for table in tables], dtype=pl.Datetime("us")),
        }
    ).with_columns(day=pl.col("moment").dt.date())
    told = rows.select(RECORD, "account", FILE).unique().join(moments, on=FILE, how="left")
    lists = told.group_by("account", "day").agg(n=pl.col(RECORD).n_unique(), gone_at=pl.col("moment").min())
    lists = lists.sort("account", "day").with_columns(before=pl.col("n").shift(1).over("account"))
    newest = lists.group_by("account", maintain_order=True).last().drop_nulls("before")
    newest = newest.filter(pl.col("n") >= pl.col("before") * _LEAST_SHARE)
    last = told.group_by(RECORD, "account").agg(last_day=pl.col("day").max())
    gone = last.join(newest, on="account", how="inner").filter(pl.col("last_day") < pl.col("day"))
    return gone.select(RECORD, "gone_at").sort(RECORD)
