"""Look-ups in the vault: whose a value is, and which identifiers a person carries, both by key alone.

Belongs here: the two private tables and their order. They are sorted by what they are asked for, in small row groups,
so that a reader passes by all but one or two of these. What is asked of them is `showing.finding`'s matter.
"""

from pathlib import Path
from typing import Final

import polars as pl

from identity.parties import Parties

VALUE_OWNER: Final = "value_owner"
PERSON_IDENTIFIER: Final = "person_identifier"
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


def write_lookups(parties: Parties, of_party: pl.DataFrame, private: Path) -> None:
    """Writes both tables to the private folder.

    Args:
        parties: the parties of this run.
        of_party: party, one_id.
        private: the run's private identity tables.
    """
    identifiers = person_identifiers(parties, of_party)
    owners = value_owners(identifiers, parties, of_party)
    for name, table in ((PERSON_IDENTIFIER, identifiers), (VALUE_OWNER, owners)):
        table.write_parquet(private / f"{name}.parquet", compression_level=1, row_group_size=_ROW_GROUP)
