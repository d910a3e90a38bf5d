"""One person by key: who they are and where each field comes from, value, stages, tags, devices, assets, consent."""

import datetime as dt
from typing import Any, Final

from common.keys import keyed_hash
from common.masks import mask
from console.data.people import golden_values, touchpoints
from console.data.rows import Row, has_table, one, rows
from segments.api import Published

# In the order in which they are shown; what names a person first.
FIELDS: Final = (
    "name", "nickname", "phone", "email", "national_id", "gender", "birth_date", "address", "district_code",
    "city_code", "province_code", "country",
)  # fmt: skip
# Fields whose codes the customer table has names for.
_REGIONS: Final = {"province_code": "province", "city_code": "city", "district_code": "district"}
_GOLDEN: Final = """
    select f.field, f.value, f.source, f.rule, f.record_id, c.n_values, c.seen_at
    from customer.golden_field as f
    left join (
        select field, count(*) as n_values, max(seen_at) filter (where rank = 1) as seen_at
        from identity.golden_candidate where one_id = $one_id group by field
    ) as c using (field)
    where f.one_id = $one_id
"""
_TAGS: Final = """
    select t.tag, c.label_zh, c.label_en, {described} list(t.value order by t.value) as values,
        min(t.since) as since, any_value(t.model_run) as model_run
    from customer.tag as t left join customer.tag_catalogue as c using (tag)
    where t.one_id = $one_id group by all order by t.tag
"""
# A run of an earlier version describes its tags in English alone.
_DESCRIBED: Final = "c.description as description_en, c.description_zh,"
_TAG_HISTORY: Final = """
    select h.tag, c.label_zh, c.label_en, h.value, h.valid_from, h.valid_to
    from customer.tag_history as h left join customer.tag_catalogue as c using (tag)
    where h.one_id = $one_id order by h.valid_from desc, h.tag, h.value limit 200
"""
_STAGES: Final = """
    select stage, stage_zh, valid_from, valid_to from customer.stage_history
    where one_id = $one_id and scope = 'all' order by valid_from
"""
_VALUE: Final = """
    select c.*, h.p_churn_365d, h.churn_risk from customer.clv as c left join customer.churn as h using (one_id)
    where c.one_id = $one_id
"""
_DURABLES: Final = "select * from customer.durable where one_id = $one_id order by last_purchase_date desc, category"
_DEVICES: Final = """
    select device_id, model, bought_at, installed_at, warranty_until_date, n_repairs, last_repaired_at
    from core.device where one_id = $one_id order by bought_at desc nulls last, device_id
"""
_ASSETS: Final = """
    select kind, subtype, unit, source, account, balance, earned, spent, expired, expiring_30d, expiring_90d,
        next_expiry_date, last_entry_at
    from customer.member_asset where one_id = $one_id order by kind desc, balance desc, subtype
"""
_CONSENT: Final = "select * from customer.consent_state where one_id = $one_id order by channel, purpose"
_EVIDENCE: Final = """
    select c.channel, c.purpose, c.state, c.stated_at, c.basis, c.id_type, c.role, m.source
    from core.consent as c left join identity.record_map as m using (record_id, role)
    where c.one_id = $one_id order by c.stated_at desc, c.channel, c.purpose limit 100
"""
_RELATIONS: Final = """
    select relation, one_id, other_one_id, other_key, n, first_at, last_at, source
    from identity.relation
    where one_id = $one_id
        or (other_one_id = $one_id and relation <> 'household' and not starts_with(relation, 'same_'))
    order by relation in ('receiver', 'payer'), last_at desc nulls last, one_id, other_one_id, relation limit 40
"""
_COMPANIES: Final = """
    select b.business_name, b.kind, b.size, p.role, p.n_records, p.last_told_at
    from core.business_person as p inner join core.business_account as b using (business_id)
    where p.one_id = $one_id order by p.n_records desc, b.business_id
"""


def person(published: Published, one_id: str) -> dict[str, Any]:
    """Everything on the page of a person that the published tables have by key.

    Args:
        published: the published run.
        one_id: an active OneID.
    """
    con, key = published.con, {"one_id": one_id}
    in_chinese = "description_zh" in published.dictionary.tables.get("customer.tag_catalogue", {})
    profile = one(con, "select * from customer.customer_360 where one_id = $one_id", key) or {}
    return {
        "profile": profile,
        "tags": rows(con, _TAGS.format(described=_DESCRIBED if in_chinese else "c.description,"), key),
        "stages": strip(rows(con, _STAGES, key), published.calendar.as_of),
        "value": one(con, _VALUE, key),
        "gate": (one(con, "select gate from customer.value_model") or {}).get("gate"),
        "durables": rows(con, _DURABLES, key),
        "devices": rows(con, _DEVICES, key),
        "assets": rows(con, _ASSETS, key),
        "consent": rows(con, _CONSENT, key),
        "relations": [relation | {"is_mine": relation["one_id"] == one_id} for relation in rows(con, _RELATIONS, key)],
        "companies": rows(con, _COMPANIES, key) if has_table(con, "core.business_person") else [],
        "doubt": one(con, "select * from identity.doubt where one_id = $one_id", key),
    }


def tag_history(published: Published, one_id: str) -> list[Row]:
    """Which tags a person had from when to when, newest first."""
    return rows(published.con, _TAG_HISTORY, {"one_id": one_id})


def consent_evidence(published: Published, one_id: str) -> list[Row]:
    """Every statement about a person's consent, newest first."""
    return rows(published.con, _EVIDENCE, {"one_id": one_id})


def golden(published: Published, one_id: str, profile: Row, *, is_clear: bool) -> list[Row]:
    """The golden record: each field with its value and where it came from.

    Args:
        published: the published run.
        one_id: an active OneID.
        profile: the person's row of the customer table, for names of regions.
        is_clear: whether personal values are shown as they are; audit first.
    """
    clear = golden_values(published, [one_id])
    found = {row["field"]: row for row in rows(published.con, _GOLDEN, {"one_id": one_id})}
    shown = []
    for field in FIELDS:
        if field not in found:
            continue
        row = found[field]
        plain = clear.get((one_id, field))
        is_personal = row["value"] is None
        text = profile.get(_REGIONS[field]) or row["value"] if field in _REGIONS else row["value"]
        row["shown"] = (plain if is_clear else mask(plain)) if is_personal else text
        shown.append(row | {"is_personal": is_personal})
    return shown


_CANDIDATES: Final = """
    select rank, value, value_hash, source, record_id, seen_at, n_records, lost_by from identity.golden_candidate
    where one_id = $one_id and field = $field order by rank limit 50
"""
_ONLY: Final = """
    select 1 as rank, value, value_hash, source, record_id, null as seen_at, 1 as n_records, null as lost_by
    from customer.golden_field where one_id = $one_id and field = $field
"""
_TOLD: Final = """
    select record_id, value, seen_at from read_parquet($attribute)
    where name = $field and record_id in (select unnest($records))
    union all
    select record_id, id_value, seen_at from read_parquet($identifier)
    where id_type = $field and record_id in (select unnest($records))
"""
_RECORDS: Final = """
    select record_id, any_value(source) as source, any_value(record_type) as record_type,
        any_value(natural_key) as natural_key
    from identity.record_map where record_id in (select unnest(?)) group by record_id
"""


def candidates(published: Published, one_id: str, field: str, key: bytes) -> list[Row]:
    """What a field might have been: the value that was chosen and those that lost, masked, each with its record.

    Args:
        published: the published run.
        one_id: an active OneID.
        field: of the golden record.
        key: the home's key: a record may say several values, and the one meant is told by its hash.
    """
    asked = {"one_id": one_id, "field": field}
    found = rows(published.con, _CANDIDATES, asked) or rows(published.con, _ONLY, asked)
    records = [row["record_id"] for row in found]
    place = touchpoints(published)
    told = published.con.execute(
        _TOLD,
        {
            "field": field,
            "records": records,
            "attribute": str(place / "attribute.parquet"),
            "identifier": str(place / "identifier.parquet"),
        },
    ).fetchall()
    said = {(record, keyed_hash(str(value), key)): (str(value), seen) for record, value, seen in told if value}
    named = {row["record_id"]: row for row in rows(published.con, _RECORDS, [records])}
    for row in found:
        value, seen = said.get((row["record_id"], row["value_hash"]), (None, None))
        row["shown"] = row["value"] or mask(value) or None
        row["seen_at"] = row["seen_at"] or seen
        row["record"] = named.get(row["record_id"])
    return found


def strip(stages: list[Row], as_of: dt.date) -> list[Row]:
    """Stages with where each begins and how long it is, as shares of the whole, for a strip.

    Args:
        stages: valid_from, valid_to (None: still), in order.
        as_of: where the strip ends.
    """
    if not stages:
        return []
    first = stages[0]["valid_from"]
    whole = max((as_of - first).days + 1, 1)
    for row in stages:
        end = row["valid_to"] or as_of
        row["n_days"] = max((end - row["valid_from"]).days + 1, 1)
        row["start"] = (row["valid_from"] - first).days / whole
        row["share"] = row["n_days"] / whole
    return stages
