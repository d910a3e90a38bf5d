"""Households: people whom two kinds of evidence put under one roof, and those who share one thing alone.

Belongs here: the household part of `relations`. A door alone may be an office, a phone alone a colleague's, a surname
alone is nothing: two kinds of evidence together are a household, one alone is called by its own name.
"""

import polars as pl

from identity.names import agreements
from identity.parties import Parties
from identity.registry import Registry
from identity.rules.judge import VALUE, Judgement
from identity.scoring.candidates import with_place_keys

# What more people than this share is an office, a pick-up point, a switchboard.
MOST_AT_ONE = 6
LEAST_EVIDENCE = 2
_PERSON = ["name", "quality", "surname", "name_pinyin"]


def households(parties: Parties, of_party: pl.DataFrame, judgement: Judgement, registry: Registry) -> pl.DataFrame:
    """People who share a door, a phone, a landline or a machine, each pair told both ways.

    Args:
        of_party: party, one_id.

    Returns:
        The columns of `relations.RELATION_COLUMNS`. relation: household where two kinds of evidence agree, the same
        surname being one; else same_door, same_phone, same_email, same_landline or same_product_sn. evidence: JSON, as
        `{"same": ["door", "surname"]}`; n: kinds of evidence; first_at: since when both were known there; last_at: when
        either was last seen there.
    """
    party = parties.party.join(of_party, on="party")
    person = full_names(party)
    shared = pl.concat(
        [_doors(party), _phones(parties, of_party, judgement), _household_values(parties, of_party, registry)]
    )
    pairs = _pairs(shared.join(person.select("one_id"), on="one_id", how="semi"))
    # Names that agree are one person told twice rather than two of a family.
    two = of_two_names(pairs, person)
    surname = two.filter(pl.col("surname_l") == pl.col("surname_r")).with_columns(pl.lit("surname").alias("what"))
    found = (
        pl.concat([two, surname])
        .group_by("one_id", "other_one_id")
        .agg(
            pl.col("what").unique().sort(),
            pl.col("first_at").min(),
            pl.col("last_at").max(),
            pl.col("source").explode().unique().sort().str.join(","),
        )
    )
    is_household = pl.col("what").list.len() >= LEAST_EVIDENCE
    one_way = found.with_columns(
        pl.when(is_household)
        .then(pl.lit("household"))
        .otherwise(pl.concat_str(pl.lit("same_"), pl.col("what").list.first()))
        .alias("relation"),
        pl.lit(None, pl.String).alias("other_key"),
        pl.col("what").list.len().cast(pl.Int64).alias("n"),
        pl.concat_str(pl.lit('{"same": ["'), pl.col("what").list.join('", "'), pl.lit('"]}')).alias("evidence"),
    ).drop("what")
    other_way = one_way.rename({"one_id": "other_one_id", "other_one_id": "one_id"})
    return pl.concat([one_way, other_way.select(one_way.columns)])


def full_names(party: pl.DataFrame) -> pl.DataFrame:
    """The full name of each person who has one, the most frequent: one_id, name, quality, surname, name_pinyin.

    Args:
        party: `Parties.party` with one_id.
    """
    return (
        party.filter((pl.col("quality") == "full") & pl.col("name").is_not_null())
        .group_by("one_id", *_PERSON)
        .agg(pl.len().alias("n"))
        .sort("one_id", "n", "name", descending=[False, True, False])
        .unique("one_id", keep="first", maintain_order=True)
        .select("one_id", *_PERSON)
    )


def of_two_names(pairs: pl.DataFrame, person: pl.DataFrame) -> pl.DataFrame:
    """The pairs of people whose full names are both known and cannot be one person's.

    Args:
        pairs: one_id, other_one_id and anything else.
        person: `full_names`.

    Returns:
        Those rows, with the names' columns ending in `_l` and `_r`.
    """
    named = pairs.join(person.rename({c: f"{c}_l" for c in _PERSON}), on="one_id").join(
        person.rename({"one_id": "other_one_id"} | {c: f"{c}_r" for c in _PERSON}), on="other_one_id"
    )
    return named.filter(agreements(named).eq_missing("conflict")) if len(named) else named


def _doors(party: pl.DataFrame) -> pl.DataFrame:
    return _sights(with_place_keys(party).drop_nulls("door_key"), "door", pl.col("door_key"))


def _phones(parties: Parties, of_party: pl.DataFrame, judgement: Judgement) -> pl.DataFrame:
    """Phones and e-mails that several people hold, as far as they are trusted."""
    usable = judgement.value.filter(pl.col("status") == "ok").select(VALUE)
    several = judgement.holding.filter(pl.col("holder").max().over(VALUE) > 0).join(usable, on=VALUE, how="semi")
    held = several.filter(pl.col("id_type").is_in(["phone", "email"]))
    return _of_values(held.select("party", *VALUE), parties, of_party)


def _household_values(parties: Parties, of_party: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Values of the types that name a door or a machine."""
    types = sorted(kind.name for kind in registry.values() if kind.strength == "household")
    carried = parties.identifier.filter(pl.col("id_type").is_in(types)).select("party", *VALUE)
    return _of_values(carried, parties, of_party)


def _of_values(carried: pl.DataFrame, parties: Parties, of_party: pl.DataFrame) -> pl.DataFrame:
    seen = carried.join(of_party, on="party").join(parties.party.select("party", "seen_at", "source"), on="party")
    return _sights(seen, pl.col("id_type"), pl.concat_str(VALUE, separator="|"))


def _sights(seen: pl.DataFrame, what: str | pl.Expr, key: pl.Expr) -> pl.DataFrame:
    """Per person and shared thing: one_id, what, key, first_at, last_at, source; things of too many left out."""
    told = seen.select(
        "one_id", (pl.lit(what) if isinstance(what, str) else what).alias("what"), key.alias("key"), "seen_at", "source"
    )
    return (
        told.group_by("one_id", "what", "key")
        .agg(
            pl.col("seen_at").min().alias("first_at"),
            pl.col("seen_at").max().alias("last_at"),
            pl.col("source").unique().sort(),
        )
        .filter(pl.len().over("what", "key").is_between(2, MOST_AT_ONE))
    )


def _pairs(shared: pl.DataFrame) -> pl.DataFrame:
    """Every two people who share a thing, each pair once."""
    return (
        shared.join(shared, on=["what", "key"], suffix="_r")
        .filter(pl.col("one_id") < pl.col("one_id_r"))
        .select(
            "one_id",
            pl.col("one_id_r").alias("other_one_id"),
            "what",
            pl.max_horizontal("first_at", "first_at_r").alias("first_at"),
            pl.max_horizontal("last_at", "last_at_r").alias("last_at"),
            pl.concat_list("source", "source_r").alias("source"),
        )
    )
