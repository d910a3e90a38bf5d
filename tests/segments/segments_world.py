"""A small published home for the tests of `segments`: real DuckDB and Parquet files, invented people."""

import datetime as dt
import json
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from segments.exporting.export import export_audience
from segments.exporting.outcome import ExportReport
from segments.rules.load import Audience, load_audience

AS_OF = dt.date(2026, 11, 21)
RUN = "2026-11-21.1"
NOW = dt.datetime(2026, 11, 22, 1, 30)

# Those columns of the published table that audiences and tests ask for.
CUSTOMER_360 = {
    "one_id": "VARCHAR", "as_of_date": "DATE", "n_records": "BIGINT", "sources": "VARCHAR[]", "n_sources": "BIGINT",
    "first_seen_at": "TIMESTAMP", "last_seen_at": "TIMESTAMP", "gender": "VARCHAR", "birth_year": "INTEGER",
    "age_band": "VARCHAR", "province": "VARCHAR", "city": "VARCHAR", "is_member": "BOOLEAN",
    "member_since_at": "TIMESTAMP",
    "member_level": "VARCHAR", "is_wechat_oa_follower": "BOOLEAN", "is_wecom_contact": "BOOLEAN",
    "n_orders": "BIGINT", "n_purchases": "BIGINT", "first_order_date": "DATE", "last_order_date": "DATE",
    "last_order_channel": "VARCHAR", "preferred_store_id": "VARCHAR", "net_amount_cny": "DOUBLE",
    "discount_share": "DOUBLE", "coupon_order_share": "DOUBLE",
    "devices": "STRUCT(category VARCHAR, last_purchase_date DATE)[]", "n_devices": "BIGINT", "n_tickets": "BIGINT",
    "recency_days": "BIGINT", "r_score": "BIGINT", "f_score": "BIGINT", "m_score": "BIGINT",
    "lifecycle_stage": "VARCHAR", "lifecycle_stage_zh": "VARCHAR", "p_buy_90d": "DOUBLE", "clv_12m_cny": "DOUBLE",
    "clv_tier": "VARCHAR", "tags": "VARCHAR[]",
}  # fmt: skip
OTHERS = {
    "customer.consent_state": "one_id VARCHAR, channel VARCHAR, purpose VARCHAR, state VARCHAR, stated_at TIMESTAMP",
    "customer.tag": "one_id VARCHAR, tag VARCHAR, value VARCHAR, since DATE",
    "customer.tag_history": "one_id VARCHAR, tag VARCHAR, value VARCHAR, valid_from DATE, valid_to DATE",
    "customer.tag_observation": "tag VARCHAR, observed_date DATE",
    "customer.tag_catalogue": "tag VARCHAR, label_zh VARCHAR, label_en VARCHAR, description VARCHAR, kind VARCHAR, "
    "sensitivity VARCHAR",
    "customer.durable": "one_id VARCHAR, category VARCHAR, status VARCHAR, last_purchase_date DATE",
    "core.events": "event_id VARCHAR, one_id VARCHAR, type VARCHAR, subtype VARCHAR, channel VARCHAR, "
    "store_id VARCHAR, campaign VARCHAR, event_date DATE, event_at TIMESTAMP, staff_code VARCHAR",
    "core.orders": "order_key VARCHAR, one_id VARCHAR, source VARCHAR, channel VARCHAR, store_id VARCHAR, "
    "is_valid BOOLEAN, ordered_at TIMESTAMP, ordered_date DATE",
    "core.order_lines": "order_key VARCHAR, one_id VARCHAR, source VARCHAR, channel VARCHAR, store_id VARCHAR, "
    "is_valid BOOLEAN, ordered_date DATE, category VARCHAR",
    "core.business_person": "one_id VARCHAR, business_id VARCHAR",
    "identity.relation": "one_id VARCHAR, relation VARCHAR",
    "identity.one_id": "one_id VARCHAR, status VARCHAR, merged_into VARCHAR",
    "identity.record_map": "record_id VARCHAR, role VARCHAR, one_id VARCHAR",
    "identity.review_item": "item_id VARCHAR, kind VARCHAR, one_id_a VARCHAR, one_id_b VARCHAR, holds_export BOOLEAN",
}
CONSENT = {
    "record_id": pl.String, "role": pl.String, "id_type": pl.String, "id_scope": pl.String, "id_value": pl.String,
    "channel": pl.String, "purpose": pl.String, "state": pl.String, "at": pl.Datetime("us"), "basis": pl.String,
}  # fmt: skip
RECORD = {
    "record_id": pl.String, "source": pl.String, "account": pl.String, "record_type": pl.String, "file_id": pl.String,
    "row_no": pl.Int64,
}  # fmt: skip
CONTACT_POINT = {
    "one_id": pl.String, "channel": pl.String, "id_type": pl.String, "id_scope": pl.String, "value": pl.String,
    "is_golden": pl.Boolean, "last_seen_at": pl.Datetime("us"),
}  # fmt: skip
IDENTIFIER = {"record_id": pl.String, "role": pl.String, "id_type": pl.String, "id_value": pl.String}
GOLDEN_VALUE = {"one_id": pl.String, "field": pl.String, "value": pl.String}
ID_TYPES = {"sms": "phone", "email": "email", "wechat_oa": "wechat_openid", "wecom": "wecom_external_userid"}
SCOPES = {"sms": "CN", "email": "", "wechat_oa": "wx0001", "wecom": "ww0001"}


def day(number: int) -> dt.datetime:
    """A day of the year 2026, from 0."""
    return dt.datetime(2026, 1, 1) + dt.timedelta(days=number)


@dataclass
class World:
    """What a home holds; `publish` writes it."""

    people: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    consent: list[dict[str, Any]] = field(default_factory=list)
    contact_point: list[dict[str, Any]] = field(default_factory=list)
    golden_value: list[dict[str, Any]] = field(default_factory=list)
    identifier: list[dict[str, Any]] = field(default_factory=list)

    def person(self, one_id: str, **columns: Any) -> str:
        """A person with a record of their own, `R-<one_id>` in role member."""
        self.people.append({"one_id": one_id, **columns})
        self.add("identity.record_map", record_id=f"R-{one_id}", role="member", one_id=one_id)
        return one_id

    def add(self, table: str, **columns: Any) -> None:
        """A row of another table."""
        self.rows.setdefault(table, []).append(columns)

    def contact(
        self,
        one_id: str,
        value: str,
        *,
        channel: str = "sms",
        golden: bool = True,
        seen: int = 0,
        scope: str | None = None,
    ) -> None:
        """A contact point of a person."""
        row = (one_id, channel, ID_TYPES[channel], scope or SCOPES[channel], value, golden, day(seen))
        self.contact_point.append(dict(zip(CONTACT_POINT, row, strict=True)))

    def says(
        self,
        one_id: str,
        value: str,
        state: str = "granted",
        *,
        channel: str = "sms",
        on: int | None = 0,
        scope: str | None = None,
    ) -> None:
        """A word on an identifier, by the person's own record."""
        at = None if on is None else day(on)
        identifier = (ID_TYPES[channel], scope or SCOPES[channel], value)
        row = (f"R-{one_id}", "member", *identifier, channel, "marketing", state, at, "membership_terms")
        self.consent.append(dict(zip(CONSENT, row, strict=True)))

    def identify(self, one_id: str, id_type: str, value: str) -> None:
        """An identifier of the person's own record."""
        row = (f"R-{one_id}", "member", id_type, value)
        self.identifier.append(dict(zip(IDENTIFIER, row, strict=True)))

    def state(self, one_id: str, state: str | None = "granted", *, channel: str = "sms") -> None:
        """What the warehouse holds of a person's consent."""
        self.add("customer.consent_state", one_id=one_id, channel=channel, purpose="marketing", state=state)

    def reachable(self, one_id: str, value: str, *, channel: str = "sms", scope: str | None = None) -> None:
        """A person who may be reached."""
        self.contact(one_id, value, channel=channel, scope=scope)
        self.says(one_id, value, channel=channel, scope=scope)
        self.state(one_id, channel=channel)

    def publish(self, home: Path, run: str = RUN) -> Path:
        """Writes the home as `warehouse` publishes it."""
        snapshot = home / "snapshots" / run
        snapshot.mkdir(parents=True)
        con = warehouse(str(snapshot / "warehouse.duckdb"), self)
        con.close()
        manifest = {"run_id": run, "as_of": AS_OF.isoformat(), "time_zone": "Asia/Shanghai"}
        (snapshot / "manifest.json").write_text(json.dumps(manifest))
        link = home / "warehouse.duckdb"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("snapshots") / run / "warehouse.duckdb")
        vault = home / "vault" / run
        for folder in ("identity", "touchpoints"):
            (vault / folder).mkdir(parents=True)
        identity = vault / "identity"
        pl.DataFrame(self.contact_point, schema=CONTACT_POINT).write_parquet(identity / "contact_point.parquet")
        pl.DataFrame(self.golden_value, schema=GOLDEN_VALUE).write_parquet(identity / "golden_value.parquet")
        pl.DataFrame(self.identifier, schema=IDENTIFIER).write_parquet(vault / "touchpoints" / "identifier.parquet")
        pl.DataFrame(self.consent, schema=CONSENT).write_parquet(vault / "touchpoints" / "consent.parquet")
        records = [(f"R-{person['one_id']}", "pos", "shop", "member", "f1", n) for n, person in enumerate(self.people)]
        record = pl.DataFrame(records, schema=RECORD, orient="row")
        record.write_parquet(vault / "touchpoints" / "record.parquet")
        return home


def warehouse(path: str = ":memory:", world: World | None = None) -> duckdb.DuckDBPyConnection:
    """A warehouse with the published tables."""
    con = duckdb.connect(path)
    con.execute("BEGIN")
    for schema in ("core", "customer", "identity"):
        con.execute(f"CREATE SCHEMA {schema}")
    columns = ", ".join(f"{name} {kind}" for name, kind in CUSTOMER_360.items())
    con.execute(f"CREATE TABLE customer.customer_360 ({columns})")
    for table, shape in OTHERS.items():
        con.execute(f"CREATE TABLE {table} ({shape})")
    if world is not None:
        for table, rows in {"customer.customer_360": world.people, **world.rows}.items():
            for names, alike in groupby(rows, key=tuple):
                values = [list(row.values()) for row in alike]
                marks = ", ".join(["(" + ", ".join("?" for _ in names) + ")"] * len(values))
                every = [value for row in values for value in row]
                con.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES {marks}", every)
    con.execute("COMMIT")
    return con


def audience(folder: Path, where: str, *, channel: str | None = "sms", **more: str) -> Audience:
    """An audience from the YAML of its rule; `more` are further top-level keys as YAML."""
    lines = {
        "name": "sample",
        "label": "{zh: 样本, en: Sample}",
        "description": "{zh: 样本, en: Sample}",
        "owner": "crm",
        "channel": channel or "null",
        "where": where,
        "columns": "[{column: city, label: {zh: 城市, en: City}}]",
        **more,
    }
    path = folder / "sample.yml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()), encoding="utf-8")
    return load_audience(path)


def export(home: Path, one: Audience | str, **more: Any) -> ExportReport:
    """An export at the tests' moment, unless they name another."""
    return export_audience(home, one, **{"at": NOW, **more})


EVERYBODY = "{column: n_records, gte: 1}"
PLAN = {
    "name": "spring", "code": "SP-1", "label": {"zh": "春季", "en": "Spring"}, "audience": "sample",
    "starts_on": dt.date(2026, 11, 20), "ends_on": dt.date(2026, 12, 20), "holdout": {"share": 0.3},
    "arms": {"A": 0.5, "B": 0.5}, "cost_per_person_cny": 0.05, "owner": "crm",
}  # fmt: skip


def plan(home: Path, **more: Any) -> Path:
    """A campaign plan of the home; `more` takes the place of its parts."""
    content = {**PLAN, **more}
    folder = home / "campaigns"
    folder.mkdir(exist_ok=True)
    path = folder / f"{content['name']}.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path
