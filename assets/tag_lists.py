"""Finds the people whom imported lists name. Phones and e-mails are compared in the vault and go nowhere from here."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from common.keys import keyed_hashes
from profiles.tagging.lists import LIST_SCHEMA, TagList, read_list
from profiles.tagging.model import ImportedTag, Tag
from touchpoints.normalise.email import parse_emails
from touchpoints.normalise.phone import parse_phones
from warehouse.building import Building, literal

IMPORT_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "tag": pl.String,
    "file_name": pl.String,
    "n_rows": pl.Int64,
    "n_matched": pl.Int64,
    "n_people": pl.Int64,
    "n_unknown": pl.Int64,
    "n_ambiguous": pl.Int64,
    "n_invalid": pl.Int64,
    "n_expired": pl.Int64,
    "problem": pl.String,
}
_FOUND: Final = ("one_id", "tag", "value", "valid_from", "expires_date")


def resolve_lists(building: Building, tags: Sequence[Tag]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The people of all imported lists, and how each list fared.

    A row is found by the first of its OneID (also a merged one), phone, e-mail, hash that leads to somebody. A phone or
    e-mail is whoever's golden record has it; where nobody's has, the one person's among whose records it is. Several
    people: ambiguous, and nobody gets the tag.

    Returns:
        one_id, tag, value, valid_from, expires_date of the rows that were found; and columns of `IMPORT_SCHEMA`.
    """
    lists = [read_list(tag) for tag in tags if isinstance(tag, ImportedTag)]
    if not lists:
        types = {"one_id": pl.String, "tag": pl.String} | {name: LIST_SCHEMA[name] for name in _FOUND[2:]}
        return pl.DataFrame(schema=types), pl.DataFrame(schema=IMPORT_SCHEMA)
    rows = pl.concat([found.rows.with_columns(tag=pl.lit(found.tag.tag)) for found in lists])
    judged = _judged(building, rows)
    reports = pl.DataFrame([_report(found, judged, building) for found in lists], schema=IMPORT_SCHEMA, orient="row")
    return judged.filter(pl.col("outcome") == "matched").select(_FOUND), reports


def _judged(building: Building, rows: pl.DataFrame) -> pl.DataFrame:
    """Each row with one_id as found and its outcome: matched, unknown, ambiguous or invalid."""
    keys = _keys(rows, building.key)
    owners = _owners(building, keys)
    found = (
        keys.join(owners, on=["kind", "key"], how="left")
        .with_columns(pl.col("n_people").fill_null(0))
        .sort("tag", "row_no", "rank")
        .group_by("tag", "row_no", maintain_order=True)
        .agg(
            person=pl.col("owner").filter(pl.col("n_people") == 1).first(),
            is_shared=(pl.col("n_people") > 1).any(),
        )
    )
    outcome = (
        pl.when(pl.col("person").is_not_null()).then(pl.lit("matched"))
        .when(pl.col("is_shared").is_null()).then(pl.lit("invalid"))
        .when(pl.col("is_shared")).then(pl.lit("ambiguous"))
        .otherwise(pl.lit("unknown"))
    )  # fmt: skip
    joined = rows.join(found, on=["tag", "row_no"], how="left").sort("tag", "row_no")
    return joined.with_columns(outcome=outcome).drop("one_id").rename({"person": "one_id"})


def _keys(rows: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """What each row may be found by, best first: tag, row_no, rank, kind (one_id | hash | phone | email), key."""
    phones, emails = parse_phones(rows["phone"]), parse_emails(rows["email"])
    plain_phone = pl.Series("key", phones["value"]).zip_with(
        phones["status"].fill_null("") == "ok", pl.Series("key", [None], dtype=pl.String).new_from_index(0, len(rows))
    )
    mail = emails["value"].alias("key")
    parts = [
        ("one_id", rows["one_id"].str.to_uppercase()),
        ("hash", keyed_hashes(plain_phone, key)),
        ("phone", plain_phone),
        ("hash", keyed_hashes(mail, key)),
        ("email", mail),
        ("hash", rows["value_hash"]),
    ]
    frames = [
        rows.select("tag", "row_no").with_columns(rank=pl.lit(rank), kind=pl.lit(kind), key=values.alias("key"))
        for rank, (kind, values) in enumerate(parts)
    ]
    return pl.concat(frames).filter(pl.col("key").is_not_null())


def _owners(building: Building, keys: pl.DataFrame) -> pl.DataFrame:
    """Whose each key is: kind, key, owner, n_people."""
    identity = building.public / "identity"
    one_id, golden, record_map = (
        f"read_parquet({literal(str(identity / f'{name}.parquet'))})"
        for name in ("one_id", "golden_field", "record_map")
    )
    identifier = f"read_parquet({literal(str(building.private / 'touchpoints' / 'identifier.parquet'))})"
    con = building.con
    con.register("list_key", keys.select("kind", "key").unique().to_arrow())
    try:
        return con.sql(
            f"""
            with owners as (
                select 'one_id' as kind, k.key, coalesce(p.merged_into, p.one_id) as one_id
                from list_key as k inner join {one_id} as p on k.kind = 'one_id' and k.key = p.one_id
                union
                select 'hash', k.key, g.one_id
                from list_key as k inner join {golden} as g on k.kind = 'hash' and k.key = g.value_hash
                where g.field in ('phone', 'email')
                union
                select k.kind, k.key, m.one_id
                from list_key as k
                inner join {identifier} as i on k.kind = i.id_type and k.key = i.id_value
                inner join {record_map} as m on i.record_id = m.record_id and i.role = m.role
            )
            select owners.kind, owners.key, min(owners.one_id) as owner, count(distinct owners.one_id) as n_people
            from owners
            inner join {one_id} as p on owners.one_id = p.one_id and p.status = 'active'
            group by owners.kind, owners.key
            """
        ).pl()
    finally:
        con.unregister("list_key")


def _report(found: TagList, judged: pl.DataFrame, building: Building) -> tuple[str | int | None, ...]:
    mine = judged.filter(pl.col("tag") == found.tag.tag)
    outcome = dict(mine["outcome"].value_counts().iter_rows())
    return (
        found.tag.tag,
        found.tag.file,
        mine.height,
        outcome.get("matched", 0),
        mine["one_id"].drop_nulls().n_unique(),
        outcome.get("unknown", 0),
        outcome.get("ambiguous", 0),
        outcome.get("invalid", 0),
        mine.filter(pl.col("expires_date") < building.as_of).height,
        found.problem,
    )
