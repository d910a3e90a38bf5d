"""Parties: one row per (record, role), with a dense integer key and what identity needs to know of each.

Belongs here: reading the canonical tables into the two frames that every later step works on. No judgement.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

PARTY = ["record_id", "role"]


@dataclass(frozen=True)
class Parties:
    """The parties and their identifiers.

    Attributes:
        party: one row per party: `party` (dense, from 0, in an order that depends on the files' content alone),
            record_id, role, source, account, record_type, natural_key, seen_at, and the attributes
            name, quality, surname, pinyin, nickname, gender, birth_date, province_code, city_code,
            district_code, address, country (null where not told).
        identifier: one row per party and identifier: party, id_type, id_scope, id_value, strength, seen_at.
    """

    party: pl.DataFrame
    identifier: pl.DataFrame


def read_parties(touchpoints: Path) -> Parties:
    """The parties of the canonical tables in a folder (`record`, `identifier`, `attribute` as Parquet)."""
    record = pl.read_parquet(
        touchpoints / "record.parquet",
        columns=[
            "record_id",
            "source",
            "account",
            "record_type",
            "natural_key",
            "occurred_at",
            "version_at",
        ],
    )
    identifier = pl.read_parquet(touchpoints / "identifier.parquet")
    attribute = pl.read_parquet(touchpoints / "attribute.parquet")

    keys = pl.concat([identifier.select(PARTY), attribute.select(PARTY)]).unique()
    least = identifier.group_by(PARTY).agg(pl.col("id_value").min().alias("least_id"))
    party = (
        keys.join(record, on="record_id", how="left")
        .join(least, on=PARTY, how="left")
        .with_columns(pl.coalesce("occurred_at", "version_at").alias("seen_at"))
        .with_columns(
            # Hashed keys depend on the home's secret: the order, and so the OneIDs, must not.
            pl.when(pl.col("natural_key").str.starts_with("h:"))
            .then(pl.lit(None))
            .otherwise(pl.col("natural_key"))
            .alias("plain_key")
        )
        .sort(
            ["plain_key", "source", "account", "record_type", "role", "least_id", "seen_at", "record_id"],
            nulls_last=True,
        )
        .with_row_index("party")
        .with_columns(pl.col("party").cast(pl.Int32))
        .drop("occurred_at", "version_at", "plain_key", "least_id")
    )
    for name, column in _ATTRIBUTES.items():
        party = party.join(_attribute(attribute, name, column), on=PARTY, how="left")
    numbered = identifier.join(party.select("party", *PARTY), on=PARTY).select(
        "party", "id_type", pl.col("id_scope").fill_null(""), "id_value", "strength", "seen_at"
    )
    return Parties(
        party,
        numbered.unique(["party", "id_type", "id_scope", "id_value"], keep="any").sort(
            "party", "id_type", "id_scope", "id_value"
        ),
    )


_ATTRIBUTES = {
    "name": "value",
    "surname": "value",
    "name_pinyin": "value",
    "nickname": "value",
    "gender": "value",
    "birth_date": "value_date",
    "province_code": "value",
    "city_code": "value",
    "district_code": "value",
    "address": "value",
    "country": "value",
}


def _attribute(attribute: pl.DataFrame, name: str, column: str) -> pl.DataFrame:
    """One attribute as a column: the simplified form of names, with the quality that the source's text had."""
    rows = attribute.filter(pl.col("name") == name).filter(pl.col(column).is_not_null())
    if name != "name":
        return rows.select(*PARTY, pl.col(column).alias(name)).unique(PARTY, keep="first", maintain_order=True)
    simplified = (
        attribute.filter(pl.col("name") == "name_simplified")
        .select(*PARTY, pl.col("value").alias("simplified"))
        .unique(PARTY, keep="first", maintain_order=True)
    )
    return (
        rows.select(*PARTY, pl.col("value").alias("name_as_written"), "quality")
        .unique(PARTY, keep="first", maintain_order=True)
        .join(simplified, on=PARTY, how="left")
        .with_columns(pl.coalesce("simplified", "name_as_written").alias("name"))
        .drop("simplified")
    )
