"""Look-ups in the vault: whose a value is, what a person carries, what those say who are asked about; by key alone.

Belongs here: the private tables and their order. They are sorted by what they are asked for, in small row groups,
so that a reader passes by all but one or two of these. What is asked of them is `showing.finding`'s matter.
"""

from pathlib import Path
from typing import Final

import polars as pl

from identity.parties import Parties

VALUE_OWNER: Final = "value_owner"
PERSON_IDENTIFIER: Final = "person_identifier"
ASKED_VALUE: Final = "asked_value"
NAME: Final = "name"
# Rows that a reader must go through to find one: some milliseconds' worth.
_ROW_GROUP: Final = 32_768


def person_identifiers(parties: Parties, of_party: pl.DataFrame) -> pl.DataFrame:
    """Every identifier of every person, in the clear.

    Args:
        parties: the parties of this run.
        of_party: party, one_id.

    Returns:
        one_id, id_type, id_scope, id_value, first_seen_at, last_seen_at, n_records, sources; sorted by the first four.
    """
    owner = parties.party.select("party", "source").join(of_party, on="party").select("party", "one_id", "source")
    keys = ["one_id", "id_type", "id_scope", "id_value"]
    return (
        parties.identifier.drop_nulls("id_value")
        .select("party", "id_type", pl.col("id_scope").fill_null(""), "id_value", "seen_at")
        .join(owner, on="party")
        .group_by(keys)
        .agg(
            pl.col("seen_at").min().alias("first_seen_at"),
            pl.col("seen_at").max().alias("last_seen_at"),
            pl.col("party").n_unique().cast(pl.Int64).alias("n_records"),
            pl.col("source").unique().sort().alias("sources"),
        )
        .sort(keys)
    )


def value_owners(identifiers: pl.DataFrame, parties: Parties, of_party: pl.DataFrame) -> pl.DataFrame:
    """Whose each value is, in the clear: identifiers, and names as written, as normalised and nicknames.

    Args:
        identifiers: of `person_identifiers`.
        parties: the parties of this run.
        of_party: party, one_id.

    Returns:
        value, kind (the identifier's type, or `name`), one_id; distinct, sorted by all three.
    """
    named = parties.party.select("party", "name_as_written", "name", "nickname").join(of_party, on="party")
    names = [
        named.select(pl.col(column).alias("value"), pl.lit(NAME).alias("kind"), "one_id").drop_nulls("value")
        for column in ("name_as_written", "name", "nickname")
    ]
    carried = identifiers.select(pl.col("id_value").alias("value"), pl.col("id_type").alias("kind"), "one_id")
    return pl.concat([carried, *names], how="vertical_relaxed").unique().sort("value", "kind", "one_id")


def asked_values(items: pl.DataFrame, record_map: pl.DataFrame, touchpoints: Path) -> pl.DataFrame:
    """What the records of the people say who are asked about in the review queue, in the clear.

    Args:
        items: `identity.review_item`.
        record_map: record_id, role, one_id.
        touchpoints: the canonical tables.

    Returns:
        one_id, record_id, role, kind (attribute, identifier, record), name, value, quality (of an attribute),
        seen_at (of a record: when it happened); sorted by all.
    """
    people = pl.concat([items["one_id_a"], items["one_id_b"]]).unique()
    party = record_map.select("record_id", "role", "one_id").filter(pl.col("one_id").is_in(people.to_list())).lazy()

    def told(table: str, kind: str, name: pl.Expr, value: pl.Expr, seen_at: pl.Expr, on: list[str]) -> pl.DataFrame:
        quality = pl.col("quality") if kind == "attribute" else pl.lit(None, pl.String).alias("quality")
        said = [pl.lit(kind).alias("kind"), name, value, quality, seen_at.alias("seen_at")]
        columns = ["one_id", "record_id", "role", *said]
        found = pl.scan_parquet(touchpoints / f"{table}.parquet").join(party, on=on).select(columns)
        return found.collect()

    nothing, both = pl.lit(None, pl.String), ["record_id", "role"]
    happened = pl.coalesce("occurred_at", "version_at")
    parts = [
        told("attribute", "attribute", pl.col("name"), pl.col("value"), pl.col("seen_at"), both),
        told("identifier", "identifier", pl.col("id_type").alias("name"), pl.col("id_value").alias("value"),
             pl.col("seen_at"), both),
        told("record", "record", nothing.alias("name"), nothing.alias("value"), happened, ["record_id"]),
    ]  # fmt: skip
    return pl.concat(parts, how="vertical_relaxed").sort(pl.all())


def write_lookups(
    parties: Parties,
    of_party: pl.DataFrame,
    private: Path,
    *,
    items: pl.DataFrame,
    record_map: pl.DataFrame,
    touchpoints: Path,
) -> None:
    """Writes the tables to the private folder.

    Args:
        parties: the parties of this run.
        of_party: party, one_id.
        private: the run's private identity tables.
        items: `identity.review_item`.
        record_map: `identity.record_map`.
        touchpoints: the canonical tables.
    """
    identifiers = person_identifiers(parties, of_party)
    owners = value_owners(identifiers, parties, of_party)
    asked = asked_values(items, record_map, touchpoints)
    for name, table in ((PERSON_IDENTIFIER, identifiers), (VALUE_OWNER, owners), (ASKED_VALUE, asked)):
        table.write_parquet(private / f"{name}.parquet", compression_level=1, row_group_size=_ROW_GROUP)
