"""Addresses of parties: region codes and street, and the phone that some exports put in the same cell.

The reading of Chinese addresses is `normalise.address`; places abroad are kept as they are written.
"""

from dataclasses import dataclass

import polars as pl

from touchpoints.batch import Batch, evaluate
from touchpoints.contract import Address
from touchpoints.normalise.address import parse_addresses

_LEVELS = ("full", "province", "city", "district")
_CODES = ("province_code", "city_code", "district_code")


@dataclass(frozen=True)
class Places:
    """What the address cells of a party tell.

    Attributes:
        facts: attribute rows: record_id, name, value, quality, seen_at.
        inside: name_part and phone_part found in composite cells: record_id, seen_at, account, country.
    """

    facts: pl.DataFrame
    inside: pl.DataFrame


def read_places(batch: Batch, address: Address) -> Places:
    """Reads the address cells of one party of all records."""
    slots: dict[str, str | None] = {level: getattr(address, level) for level in _LEVELS}
    frame = evaluate(batch.records, **slots, place_country=address.country)
    frame = frame.select(
        "record_id",
        "account",
        pl.coalesce("occurred_at", "version_at").alias("seen_at"),
        *(pl.col(level).cast(pl.String) for level in _LEVELS),
        country=pl.col("place_country").cast(pl.String).str.to_uppercase(),
    ).filter(pl.any_horizontal(pl.col(level).is_not_null() for level in _LEVELS))
    abroad = (pl.col("country") != "CN").fill_null(False)
    facts = pl.concat([_at_home(frame.filter(~abroad)), _abroad(frame.filter(abroad))], how="diagonal")
    rows = [
        facts.select("record_id", "seen_at", name=pl.lit(name), value=pl.col(name), quality=pl.lit("full"))
        for name in (*_CODES, "address", "country")
    ]
    inside = facts.select("record_id", "seen_at", "account", "country", "name_part", "phone_part")
    return Places(pl.concat([part.drop_nulls("value") for part in rows]), inside)


def _at_home(frame: pl.DataFrame) -> pl.DataFrame:
    """Chinese addresses, each distinct one read once."""
    distinct = frame.select(_LEVELS).unique(maintain_order=True)
    parsed = parse_addresses(*(distinct[level] for level in _LEVELS))
    found = pl.concat(
        [distinct, parsed.select(*_CODES, "name_part", "phone_part", address=_said(pl.col("detail")))], how="horizontal"
    )
    return frame.join(found, on=_LEVELS, how="left", nulls_equal=True, maintain_order="left")


def _said(detail: pl.Expr) -> pl.Expr:
    """The street; null where the platform shows nothing of it but asterisks."""
    return pl.when(detail.str.contains(r"[^*\s]")).then(detail)


def _abroad(frame: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit(None, dtype=pl.String)
    text = pl.concat_str("full", "district", "city", "province", separator=", ", ignore_nulls=True)
    return frame.with_columns(*(none.alias(code) for code in _CODES), address=text, name_part=none, phone_part=none)
