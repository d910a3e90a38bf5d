"""Parties: who a record names in each role, as identifiers and attributes.

Values go through the normalisers here. Which identifiers make two records one person is identity's to judge.
"""

from typing import Final

import polars as pl

from touchpoints.batch import Batch, evaluate, gathered
from touchpoints.contract import Attribute, Identifier
from touchpoints.nested import explode_values
from touchpoints.normalise.email import parse_emails
from touchpoints.normalise.name import parse_names
from touchpoints.normalise.national_id import parse_national_ids
from touchpoints.normalise.phone import mine_phone, parse_phones, split_phones
from touchpoints.places import address_facts

_STRENGTH: Final = {
    "phone": "exact",
    "landline": "exact",
    "email": "exact",
    "national_id": "exact",
    "wechat_unionid": "exact",
    "phone_masked": "masked",
    "email_masked": "masked",
    "phone_virtual": "virtual",
}
_ORDER: Final = {"exact": 0, "scoped": 1, "derived": 2, "virtual": 3, "masked": 4, "encrypted": 5}
_GENDERS: Final = {
    "男": "male", "女": "female", "男性": "male", "女性": "female", "1": "male", "2": "female",
    "先生": "male", "女士": "female", "m": "male", "f": "female", "male": "male", "female": "female",
}  # fmt: skip
_SEVERAL: Final = r"[/、,;|，；\s和]"  # only such cells are worth looking at for a second number


def identifiers(batch: Batch) -> pl.DataFrame:
    """The identifier table of a batch; of an identifier told twice for one party the stronger telling stays."""
    found = [
        _identifier(batch, identifier).with_columns(role=pl.lit(role))
        for role, party in batch.contract.parties.items()
        for identifier in party.identifiers
    ]
    found += [
        _national_id_facts(batch, identifier)[0].with_columns(role=pl.lit(role))
        for role, party in batch.contract.parties.items()
        for identifier in party.identifiers
        if identifier.type == "national_id"
    ]
    found += _phones_of_addresses(batch)
    table = gathered(found, "identifier").filter(pl.col("id_value").is_not_null() & (pl.col("id_value") != ""))
    rank = pl.col("strength").replace_strict(_ORDER, return_dtype=pl.Int8)
    key = ["record_id", "role", "id_type", "id_scope", "id_value"]
    return table.sort(*key, rank).unique(key, keep="first", maintain_order=True)


def attributes(batch: Batch) -> pl.DataFrame:
    """The attribute table of a batch."""
    found = []
    for role, party in batch.contract.parties.items():
        frames = [_attribute(batch, attribute) for attribute in party.attributes]
        frames += [
            _national_id_facts(batch, identifier)[1]
            for identifier in party.identifiers
            if identifier.type == "national_id"
        ]
        if party.address is not None:
            frames.append(address_facts(batch, party.address)[0])
        found += [frame.with_columns(role=pl.lit(role)) for frame in frames]
    table = gathered(found, "attribute").filter(
        pl.any_horizontal(pl.col("value", "value_num", "value_date").is_not_null())
    )
    return table.unique(["record_id", "role", "name", "value", "quality"], keep="first", maintain_order=True)


def _slot(batch: Batch, value: str, **more: str | None) -> pl.DataFrame:
    """record_id, seen_at and the values of some slots, where the first says something."""
    frame = evaluate(batch.records, value=value, **more)
    seen_at = pl.coalesce("occurred_at", "version_at").alias("seen_at")
    return frame.select("record_id", seen_at, "value", *more, "account", "scope").filter(pl.col("value").is_not_null())


def _identifier(batch: Batch, identifier: Identifier) -> pl.DataFrame:
    frame = _slot(batch, identifier.value, country=identifier.country, own_scope=_scope_sql(identifier))
    frame = frame.with_columns(pl.col("value").cast(pl.String))
    if identifier.many:
        elements = explode_values(frame["value"])
        frame = frame.with_row_index("row").drop("value").join(elements, on="row", how="inner").drop("row")
    if identifier.mine:
        frame = frame.with_columns(value=mine_phone(pl.col("value"))).drop_nulls("value")
    read = {
        "phone": _phones,
        "phone_or_email": _phones_or_emails,
        "email": _emails,
        "national_id": _nothing,
    }.get(identifier.type, _plain)
    strength = pl.col("id_type").replace_strict(_STRENGTH, default="scoped", return_dtype=pl.String)
    if identifier.strength is not None:
        weaker = strength.is_in(["masked", "virtual", "encrypted"])
        strength = pl.when(weaker).then(strength).otherwise(pl.lit(identifier.strength))
    return read(frame, identifier).with_columns(strength=strength)


def _scope_sql(identifier: Identifier) -> str:
    scope = identifier.scope
    return scope[1:] if scope.startswith("$") else "'" + scope.replace("'", "''") + "'"


def _plain(frame: pl.DataFrame, identifier: Identifier) -> pl.DataFrame:
    if not identifier.keep_masked:
        frame = frame.filter(~pl.col("value").str.contains("*", literal=True))
    return frame.with_columns(
        id_type=pl.lit(identifier.type), id_scope=pl.col("own_scope").fill_null(""), id_value=pl.col("value")
    )


def _nothing(frame: pl.DataFrame, identifier: Identifier) -> pl.DataFrame:
    none = pl.lit(None, dtype=pl.String)
    return frame.clear().with_columns(id_type=none, id_scope=none, id_value=none)


def _phones(frame: pl.DataFrame, identifier: Identifier) -> pl.DataFrame:
    several = frame["value"].str.contains(_SEVERAL)
    parts = frame.filter(several)
    parts = parts.with_columns(split_phones(parts["value"]).alias("value")).explode("value").drop_nulls("value")
    frame = pl.concat([frame.filter(~several), parts])
    region = "CN" if identifier.country is None else frame["country"].cast(pl.String)
    parsed = parse_phones(frame["value"], region)
    return pl.concat([frame, parsed.rename({"value": "id_value", "scope": "id_scope"})], how="horizontal").filter(
        pl.col("id_type").is_not_null()
    )


def _emails(frame: pl.DataFrame, identifier: Identifier) -> pl.DataFrame:
    parsed = parse_emails(frame["value"]).rename({"value": "id_value"})
    frame = pl.concat([frame, parsed], how="horizontal").filter(pl.col("id_type").is_not_null())
    # An alias that a marketplace gives out is an address of one sender alone.
    relay = pl.when(pl.col("status") == "relay").then(pl.col("account")).otherwise(pl.lit(""))
    return frame.with_columns(id_scope=relay)


def _phones_or_emails(frame: pl.DataFrame, identifier: Identifier) -> pl.DataFrame:
    is_email = pl.col("value").str.contains("@", literal=True)
    kept = ["record_id", "seen_at", "id_type", "id_scope", "id_value"]
    emails = _emails(frame.filter(is_email), identifier).select(kept)
    return pl.concat([_phones(frame.filter(~is_email), identifier).select(kept), emails])


def _phones_of_addresses(batch: Batch) -> list[pl.DataFrame]:
    """Phones that stand inside composite addresses."""
    found = []
    for role, party in batch.contract.parties.items():
        if party.address is None:
            continue
        frame = address_facts(batch, party.address)[1].drop_nulls("value")
        if frame.height:
            phones = _phones(frame, Identifier(type="phone", value="value"))
            strength = pl.col("id_type").replace_strict(_STRENGTH, default="scoped", return_dtype=pl.String)
            found.append(phones.with_columns(strength=strength, role=pl.lit(role)))
    return found


def _national_id_facts(batch: Batch, identifier: Identifier) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The identifier, and what the number says: birth date and gender."""
    frame = _slot(batch, identifier.value)
    parsed = parse_national_ids(frame["value"].cast(pl.String)).rename({"value": "id_value"})
    frame = pl.concat([frame, parsed], how="horizontal").filter(pl.col("status") == "ok")
    ids = frame.with_columns(id_type=pl.lit("national_id"), id_scope=pl.lit("CN"), strength=pl.lit("exact"))
    kept = ["record_id", "seen_at"]
    birth = frame.select(
        *kept, name=pl.lit("birth_date"), value=pl.col("birth_date").cast(pl.String), value_date="birth_date"
    )
    gender = frame.select(*kept, name=pl.lit("gender"), value=pl.col("gender"))
    facts = pl.concat([birth, gender], how="diagonal").with_columns(quality=pl.lit("full"))
    return ids, facts


def _attribute(batch: Batch, attribute: Attribute) -> pl.DataFrame:
    frame = _slot(batch, attribute.value)
    if attribute.extract is not None:
        frame = frame.with_columns(pl.col("value").str.extract(attribute.extract)).drop_nulls("value")
    if attribute.map:
        known = {cell.lower(): value for cell, value in attribute.map.items()}
        frame = frame.with_columns(pl.col("value").str.to_lowercase().replace_strict(known, default=None))
    if attribute.name == "name":
        return _names(frame, attribute)
    if attribute.name == "gender" and not attribute.map:
        found = pl.col("value").str.to_lowercase().replace_strict(_GENDERS, default=None, return_dtype=pl.String)
        frame = frame.with_columns(value=found)
    dtype = frame.schema["value"]
    if dtype.is_numeric():
        frame = frame.with_columns(value_num=pl.col("value").cast(pl.Float64))
    elif dtype.is_temporal():
        frame = frame.with_columns(value_date=pl.col("value").cast(pl.Date))
    default = "nick" if attribute.name == "nickname" else "full"
    return frame.with_columns(
        pl.col("value").cast(pl.String), name=pl.lit(attribute.name), quality=pl.lit(attribute.quality or default)
    )


def _names(frame: pl.DataFrame, attribute: Attribute) -> pl.DataFrame:
    """The name as written, in simplified characters, and the gender that a title in it tells."""
    parsed = parse_names(frame["value"].cast(pl.String))
    frame = pl.concat([frame.select("record_id", "seen_at"), parsed.rename({"name": "written"})], how="horizontal")
    quality = pl.col("quality") if attribute.quality is None else pl.lit(attribute.quality)
    kept = [pl.col("record_id"), pl.col("seen_at")]
    told = pl.lit(attribute.quality or "title")
    return pl.concat(
        [
            frame.select(*kept, name=pl.lit("name"), value=pl.col("written"), quality=quality),
            frame.select(*kept, name=pl.lit("name_simplified"), value=pl.col("name_simplified"), quality=quality),
            frame.select(*kept, name=pl.lit("gender"), value=pl.col("gender_hint"), quality=told),
        ]
    )
