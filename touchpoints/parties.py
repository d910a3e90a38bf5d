"""Parties: who a record names in each role, as identifiers and attributes.

Values go through the normalisers here. Which identifiers make two records one person is identity's to judge.
"""

from collections import Counter
from typing import Final

import polars as pl

from touchpoints.batch import Batch, evaluate, gathered, shaped
from touchpoints.contract import Attribute, Identifier, Party
from touchpoints.nested import explode_values
from touchpoints.normalise.email import parse_emails
from touchpoints.normalise.name import parse_names, pinyin
from touchpoints.normalise.national_id import parse_national_ids
from touchpoints.normalise.phone import mine_phone, parse_phones, split_phones
from touchpoints.places import Places, read_places

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


def parties(batch: Batch) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The identifier and attribute tables of a batch.

    Of an identifier told twice for one party the stronger telling stays.
    """
    found: list[pl.DataFrame] = []
    facts: list[pl.DataFrame] = []
    for role, party in batch.contract.parties.items():
        told, known = _of_party(batch, party)
        found += [frame.with_columns(role=pl.lit(role)) for frame in told]
        facts += [frame.with_columns(role=pl.lit(role)) for frame in known]
        del told, known
    return _identifiers(found), _attributes(facts)


def _of_party(batch: Batch, party: Party) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """What the records tell of those in one role: identifiers, attributes."""
    told = [identifier_rows(batch, identifier) for identifier in party.identifiers]
    known = [_attribute(batch, attribute) for attribute in party.attributes]
    for identifier in party.identifiers:
        if identifier.type == "national_id":
            number, says = _national_id_facts(batch, identifier)
            told.append(number)
            known.append(says)
    if party.address is not None:
        places = read_places(batch, party.address)
        told.append(_phones_inside(places))
        known += [places.facts, _names_inside(places)]
    return told, known


def _identifiers(found: list[pl.DataFrame]) -> pl.DataFrame:
    table = _gathered_where(found, "identifier", pl.col("id_value").is_not_null() & (pl.col("id_value") != ""))
    rank = pl.col("strength").replace_strict(_ORDER, return_dtype=pl.Int8)
    key = ["record_id", "role", "id_type", "id_scope", "id_value"]
    return table.sort(rank, maintain_order=True).unique(key, keep="first", maintain_order=True)


def _attributes(facts: list[pl.DataFrame]) -> pl.DataFrame:
    told_twice = [name for name, n in _tellings(facts).items() if n > 1]
    says = pl.any_horizontal(pl.col("value", "value_num", "value_date").is_not_null())
    table = _gathered_where(facts, "attribute", says)
    if not told_twice:
        return table
    key = ["record_id", "role", "name", "value", "quality"]
    twice = table.filter(pl.col("name").is_in(told_twice)).unique(key, keep="first", maintain_order=True)
    return pl.concat([table.filter(~pl.col("name").is_in(told_twice)), twice])


def _gathered_where(frames: list[pl.DataFrame], table: str, says: pl.Expr) -> pl.DataFrame:
    """As `gathered`, of the rows that say something; empties the list, since millions of rows are not kept twice."""
    kept = []
    while frames:
        kept.append(shaped(frames.pop(0), table).filter(says))
    return gathered(kept, table)


def _tellings(facts: list[pl.DataFrame]) -> Counter[str]:
    """In how many of the frames each attribute is told."""
    return Counter(name for frame in facts for name in frame["name"].unique())


def _slot(batch: Batch, value: str, **more: str | None) -> pl.DataFrame:
    """record_id, seen_at and the values of some slots, where the first says something."""
    frame = evaluate(batch.records, value=value, **more)
    seen_at = pl.coalesce("occurred_at", "version_at").alias("seen_at")
    return frame.select("record_id", seen_at, "value", *more, "account", "scope").filter(pl.col("value").is_not_null())


def identifier_rows(batch: Batch, identifier: Identifier) -> pl.DataFrame:
    """One identifier of every record that tells it: record_id, seen_at, id_type, id_scope, id_value, strength."""
    more = {"country": identifier.country, "own_scope": _scope_sql(identifier), "valid_to": identifier.valid_to}
    frame = _slot(batch, identifier.value, **more)
    frame = frame.with_columns(pl.col("value").cast(pl.String))
    if frame.is_empty():
        return _nothing(frame, identifier)
    if identifier.many:
        elements = explode_values(frame["value"])
        frame = frame.with_row_index("row").drop("value").join(elements, on="row", how="inner").drop("row")
    if identifier.separator is not None:
        parts = pl.col("value").str.replace_all(identifier.separator, "\n").str.split("\n")
        frame = frame.with_columns(parts).explode("value").with_columns(pl.col("value").str.strip_chars())
    if identifier.mine:
        frame = frame.with_columns(value=mine_phone(pl.col("value"))).drop_nulls("value")
    read = {
        "phone": _phones,
        "phone_or_email": _phones_or_emails,
        "email": _emails,
        "national_id": _nothing,
    }.get(identifier.type, _plain)
    strength = _usual_strength()
    if identifier.strength is not None:
        weaker = strength.is_in(["masked", "virtual", "encrypted"])
        strength = pl.when(weaker).then(strength).otherwise(pl.lit(identifier.strength))
    return read(frame, identifier).with_columns(strength=strength)


def _usual_strength() -> pl.Expr:
    return pl.col("id_type").replace_strict(_STRENGTH, default="scoped", return_dtype=pl.String)


def _scope_sql(identifier: Identifier) -> str:
    scope = identifier.scope
    return scope[1:] if scope.startswith("$") else "'" + scope.replace("'", "''") + "'"


def _plain(frame: pl.DataFrame, identifier: Identifier) -> pl.DataFrame:
    frame = frame.filter(~pl.col("value").str.contains("*", literal=True))  # a masked account names nobody
    return frame.with_columns(
        id_type=pl.lit(identifier.type), id_scope=pl.col("own_scope").fill_null(""), id_value=pl.col("value")
    )


def _nothing(frame: pl.DataFrame, identifier: Identifier) -> pl.DataFrame:
    none = pl.lit(None, dtype=pl.String)
    return frame.clear().with_columns(id_type=none, id_scope=none, id_value=none, strength=none)


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
    kept = ["record_id", "seen_at", "id_type", "id_scope", "id_value", "valid_to"]
    emails = _emails(frame.filter(is_email), identifier).select(kept)
    return pl.concat([_phones(frame.filter(~is_email), identifier).select(kept), emails])


def _phones_inside(places: Places) -> pl.DataFrame:
    """Phones that stand inside composite address cells."""
    frame = places.inside.select("record_id", "seen_at", "country", value="phone_part").drop_nulls("value")
    return _phones(frame, Identifier(type="phone", value="value")).with_columns(strength=_usual_strength())


def _names_inside(places: Places) -> pl.DataFrame:
    frame = places.inside.select("record_id", "seen_at", value="name_part").drop_nulls("value")
    return _names(frame, Attribute(name="name", value="value"))


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
    if frame.is_empty():
        return frame.with_columns(pl.col("value").cast(pl.String), name=pl.lit(attribute.name))
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
    """The name as written, in simplified characters, its surname and sound, and the gender that a title in it tells."""
    parsed = parse_names(frame["value"].cast(pl.String))
    frame = pl.concat([frame.select("record_id", "seen_at"), parsed.rename({"name": "written"})], how="horizontal")
    quality = pl.col("quality") if attribute.quality is None else pl.lit(attribute.quality)
    kept = [pl.col("record_id"), pl.col("seen_at")]
    told = pl.lit(attribute.quality or "title")
    sound = pinyin(frame["name_simplified"])
    return pl.concat(
        [
            frame.select(*kept, name=pl.lit("name"), value=pl.col("written"), quality=quality),
            frame.select(*kept, name=pl.lit("name_simplified"), value=pl.col("name_simplified"), quality=quality),
            frame.select(*kept, name=pl.lit("surname"), value=pl.col("surname"), quality=quality),
            frame.select(*kept, name=pl.lit("name_pinyin"), value=sound, quality=quality),
            frame.select(*kept, name=pl.lit("gender"), value=pl.col("gender_hint"), quality=told),
        ]
    )
