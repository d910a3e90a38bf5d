"""Contradictions as questions: a person whose records say what one person's cannot may be two.

Belongs here: which two records stand for the two sides, and the words. Who contradicts themselves is found in `doubt`,
who has more accounts than one person does in `rules.limits`.
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


def past_limits(parties: Parties, of_party: pl.DataFrame, over_limit: pl.DataFrame) -> pl.DataFrame:
    """The questions about people past a limit, in the shape of `review.ASKED`; of several limits the first by type.

    Args:
        of_party: party, one_id.
        over_limit: `limits.over_limit` of this run.
    """
    past = over_limit.unique("one_id", keep="first", maintain_order=True)
    told = (
        parties.identifier.select("party", "id_type", "id_scope", pl.col("id_value").alias("value"))
        .join(of_party, on="party")
        .join(past, on=["one_id", "id_type", "id_scope"])
        .join(parties.party.select("party", *PARTY), on="party")
    )
    english = pl.format("has {} of {}, more than {}", "n_values", "id_type", "max_values")
    chinese = pl.format("拥有 {} 个 {}，超过 {} 个", "n_values", "id_type", "max_values")
    limit = past.select("one_id", "id_type", "id_scope", english.alias("words"), chinese.alias("words_zh"))
    return (
        _two_sides(told)
        .join(limit, on="one_id")
        .with_columns(pl.format("{}|limit {} {}", "one_id", "id_type", "id_scope").alias("asked_as"))
        .pipe(_even)
    )


def _asked(party: pl.DataFrame, held: pl.DataFrame, column: str, words: str, words_zh: str) -> pl.DataFrame:
    """The first records of the two values that a person's records say most often."""
    told = party.join(held.select("one_id"), on="one_id", how="semi").filter(pl.col(column).is_not_null())
    if column == "name":
        told = told.filter(pl.col("quality") == "full")
    told = told.with_columns(pl.col(column).cast(pl.String).alias("value"))
    return (
        _two_sides(told)
        .drop("n_second")
        .join(held.select("one_id", pl.col("n_records").alias("n_second")), on="one_id")
        .with_columns(
            pl.lit(words).alias("words"), pl.lit(words_zh).alias("words_zh"),
            pl.format("{}|{}", "one_id", pl.lit(column)).alias("asked_as"),
        )
        .pipe(_even)
    )  # fmt: skip


def _two_sides(told: pl.DataFrame) -> pl.DataFrame:
    """The first records of the two values that a person's records say most often, and how many say the second.

    People all of whose values one record says are left out: there is nobody to tell it apart from.

    Args:
        told: one_id, value, record_id, role.

    Returns:
        one_id, record_a, role_a, record_b, role_b, n_second.
    """
    first = _most_said(told).select("one_id", "value", pl.col("record_id", "role").name.suffix("_a"))
    rest = told.join(first, on="one_id").filter(
        pl.col("value") != pl.col("value_right"),
        (pl.col("record_id") != pl.col("record_id_a")) | (pl.col("role") != pl.col("role_a")),
    )
    second = _most_said(rest.select(told.columns)).select(
        "one_id", pl.col("record_id").alias("record_b"), pl.col("role").alias("role_b"), pl.col("n").alias("n_second")
    )
    return first.rename({"record_id_a": "record_a"}).drop("value").join(second, on="one_id")


def _most_said(told: pl.DataFrame) -> pl.DataFrame:
    """The value that most records of a person say, with the first of them: one_id, value, n, record_id, role."""
    return (
        told.sort(PARTY)
        .group_by("one_id", "value", maintain_order=True)
        .agg(pl.len().alias("n"), pl.col("record_id").first(), pl.col("role").first())
        .sort("one_id", "n", "value", descending=[False, True, False])
        .unique("one_id", keep="first", maintain_order=True)
    )


def _even(asked: pl.DataFrame) -> pl.DataFrame:
    """As questions about persons."""
    return (
        asked.with_columns(
            pl.lit(PERSON).alias("kind"), pl.col("one_id").alias("one_id_a"), pl.col("one_id").alias("one_id_b"),
            pl.lit(_EVEN).alias("match_probability"), pl.col("n_second").cast(pl.Int64).alias("n_cut_off"),
        )
        .sort("one_id")
        .select(ASKED)
    )  # fmt: skip
