"""Parties: one row per (record, role), with a dense integer key and what identity needs to know of each.

Belongs here: reading the canonical tables into the two frames that every later step works on. No judgement.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
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
        identifier: one row per party and identifier: party, id_type, id_scope, id_value, strength, seen_at, valid_to,
            and what `lifetimes` fills in: window (""), has_ended (false); and `judge`: holder (""), which of
            several holders of the value the party is.
        anonymous: parties that nothing but a device tells of: record_id, role, id_type, id_scope, id_value, seen_at,
            one row per device. They are nobody yet: whose they are is `anonymous`'s matter.
    """

    party: pl.DataFrame
    identifier: pl.DataFrame
    anonymous: pl.DataFrame = field(default_factory=pl.DataFrame)


def read_parties(touchpoints: Path, device_types: Collection[str] = ()) -> Parties:
    """The parties of the canonical tables in a folder (`record`, `identifier`, `attribute` as Parquet).

    Args:
        device_types: types of identifier that name a device; parties that carry no other and no name are set aside.
    """
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

    anonymous = _anonymous(identifier, attribute, device_types)
    if len(anonymous):
        identifier, attribute = (frame.join(anonymous, on=PARTY, how="anti") for frame in (identifier, attribute))

    # One number per party first: joins on integers cost a tenth of joins on record ids.
    keys = pl.concat([identifier.select(PARTY), attribute.select(PARTY)]).unique().with_row_index("draft")
    identifier = identifier.join(keys, on=PARTY).drop(PARTY)
    attribute = attribute.filter(pl.col("name").is_in([*_ATTRIBUTES, "name_simplified"])).join(keys, on=PARTY)
    party = _in_order_of_content(keys, record, identifier).join(_service(touchpoints), on="record_id", how="left")
    number = party.select("draft", "party")
    for name, column in _ATTRIBUTES.items():
        party = party.join(_attribute(attribute, name, column), on="draft", how="left")
    numbered = (
        pl.concat([identifier.with_columns(pl.lit(False).alias("has_ended")), _former(touchpoints, keys)])
        .join(number, on="draft")
        .select(
            "party",
            "id_type",
            pl.col("id_scope").fill_null(""),
            "id_value",
            "strength",
            "seen_at",
            "valid_to",
            pl.lit("").alias("window"),
            "has_ended",
            pl.lit("").alias("holder"),
        )
        .unique(["party", "id_type", "id_scope", "id_value"], keep="any")
        .sort("party", "id_type", "id_scope", "id_value")
    )
    return Parties(party.drop("draft").sort("party"), numbered, anonymous)


def _former(touchpoints: Path, keys: pl.DataFrame) -> pl.DataFrame:
    """What older versions of the records carried: theirs once, and no longer."""
    former = pl.read_parquet(touchpoints / "identifier_former.parquet")
    return former.join(keys, on=PARTY).drop(PARTY).with_columns(pl.lit(True).alias("has_ended"))


# What networks report of a number that nobody has at the moment: cut off, given back, not yet given out again.
_OUT_OF_SERVICE = r"(?i)not_on_service|not_in_service|unknown_subscriber|停机|空号"


def _service(touchpoints: Path) -> pl.DataFrame:
    """Of messages, whether the number was in service: record_id, in_service; absent where the network does not say."""
    told = (
        pl.scan_parquet(touchpoints / "event.parquet")
        .filter(pl.col("type").is_in(["message_delivered", "message_failed"]))
        .select("record_id", "type", "subtype")
        .collect()
    )
    is_out = (pl.col("type") == "message_failed") & pl.col("subtype").str.contains(_OUT_OF_SERVICE)
    is_in = pl.col("type") == "message_delivered"
    said = pl.when(is_in).then(True).when(is_out).then(False)
    return (
        told.select("record_id", said.alias("in_service"))
        .drop_nulls()
        .group_by("record_id")
        .agg(pl.col("in_service").any())
    )


def _anonymous(identifier: pl.DataFrame, attribute: pl.DataFrame, device_types: Collection[str]) -> pl.DataFrame:
    is_device = pl.col("id_type").is_in(sorted(device_types))
    devices = identifier.filter(is_device)
    known = pl.concat(
        [identifier.filter(~is_device).select(PARTY), attribute.filter(pl.col("name") == "name").select(PARTY)]
    ).unique()
    columns = [*PARTY, "id_type", pl.col("id_scope").fill_null(""), "id_value", "seen_at"]
    return devices.join(known, on=PARTY, how="anti").select(columns).unique()


def _in_order_of_content(keys: pl.DataFrame, record: pl.DataFrame, identifier: pl.DataFrame) -> pl.DataFrame:
    """The parties with their records, numbered in an order that neither the files' order nor the home's key changes."""
    least = identifier.group_by("draft").agg(pl.col("id_value").min().alias("least_id"))
    # Hashed keys depend on the home's secret: the order, and so the OneIDs, must not.
    is_hashed = pl.col("natural_key").str.starts_with("h:")
    return (
        keys.join(record, on="record_id", how="left")
        .join(least, on="draft", how="left")
        .with_columns(
            pl.coalesce("occurred_at", "version_at").alias("seen_at"),
            pl.col("occurred_at").is_not_null().alias("is_dated"),
            pl.when(~is_hashed).then(pl.col("natural_key")).alias("plain_key"),
        )
        .sort(
            ["plain_key", "source", "account", "record_type", "role", "least_id", "seen_at", "record_id"],
            nulls_last=True,
        )
        .with_row_index("party")
        .with_columns(pl.col("party").cast(pl.Int32))
        .drop("occurred_at", "version_at", "plain_key", "least_id")
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
    rows = attribute.filter((pl.col("name") == name) & pl.col(column).is_not_null()).unique(
        "draft", keep="first", maintain_order=True
    )
    if name != "name":
        return rows.select("draft", pl.col(column).alias(name))
    simplified = (
        attribute.filter(pl.col("name") == "name_simplified")
        .unique("draft", keep="first", maintain_order=True)
        .select("draft", pl.col("value").alias("simplified"))
    )
    return (
        rows.select("draft", pl.col("value").alias("name_as_written"), "quality")
        .join(simplified, on="draft", how="left")
        .with_columns(pl.coalesce("simplified", "name_as_written").alias("name"))
        .drop("simplified")
    )
