"""Contradictions as questions: a person whose records say what one person's cannot may be two.

Belongs here: which two records stand for the two sides, and the words. Who contradicts themselves is found in `doubt`.
"""

from typing import Final

import polars as pl

from identity.keeping.doubt import TWO_BIRTH_DATES, TWO_NAMES
from identity.keeping.review import ASKED, PERSON
from identity.parties import PARTY, Parties

_SAYS: Final = {
    TWO_NAMES: ("name", "two names, each said more than once", "出现两个姓名，各不止一次"),
    TWO_BIRTH_DATES: ("birth_date", "two birth dates, each said more than once", "出现两个生日，各不止一次"),
}
# Of two who were taken for one, nobody knows better than even.
_EVEN: Final = 0.5


def contradicting(parties: Parties, of_party: pl.DataFrame, doubt: pl.DataFrame) -> pl.DataFrame:
    """The questions that contradictions ask, in the shape of `review.ASKED`.

    Args:
        of_party: party, one_id.
        doubt: `doubt.doubts` of this run; only what keeps people out of lists is asked about.
    """
    party = parties.party.join(of_party, on="party")
    held = doubt.filter("holds_export")
    found = [_asked(party, held.filter(pl.col("reason") == reason), *says) for reason, says in _SAYS.items()]
    return pl.concat(found).unique("one_id_a", keep="first", maintain_order=True)


def _asked(party: pl.DataFrame, held: pl.DataFrame, column: str, words: str, words_zh: str) -> pl.DataFrame:
    """The first records of the two values that a person's records say most often."""
    told = party.join(held.select("one_id"), on="one_id", how="semi").filter(pl.col(column).is_not_null())
    if column == "name":
        told = told.filter(pl.col("quality") == "full")
    values = (
        told.sort(PARTY)
        .group_by("one_id", pl.col(column).cast(pl.String).alias("value"), maintain_order=True)
        .agg(pl.len().alias("n"), pl.col("record_id").first(), pl.col("role").first())
        .sort("one_id", "n", "value", descending=[False, True, False])
        .with_columns(pl.int_range(pl.len()).over("one_id").alias("place"))
    )
    first, second = (
        values.filter(pl.col("place") == place).select(
            "one_id", pl.col("record_id").alias(f"record_{side}"), pl.col("role").alias(f"role_{side}")
        )
        for place, side in ((0, "a"), (1, "b"))
    )
    return (
        first.join(second, on="one_id")
        .join(held.select("one_id", pl.col("n_records").alias("n_cut_off")), on="one_id")
        .with_columns(
            pl.lit(PERSON).alias("kind"), pl.col("one_id").alias("one_id_a"), pl.col("one_id").alias("one_id_b"),
            pl.lit(_EVEN).alias("match_probability"), pl.lit(words).alias("words"), pl.lit(words_zh).alias("words_zh"),
            pl.format("{}|{}", "one_id", pl.lit(column)).alias("asked_as"),
        )
        .sort("one_id")
        .select(ASKED)
    )  # fmt: skip
