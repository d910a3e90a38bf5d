"""A small invented world as Parquet files, and the warehouse that the models make of it. No tests here."""

from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from dbt_like_sql.project import Project
from dbt_like_sql.runner import Runner, mount
from touchpoints.model import TABLES, empty

AS_OF = "2026-06-30"
VARS = {"as_of": AS_OF, "run_id": f"{AS_OF}.1"}
SOURCES = ("touchpoints", "identity", "profiles", "analyses")  # the folders that models read
TYPES = {
    "varchar": pl.String, "bigint": pl.Int64, "double": pl.Float64, "date": pl.Date, "boolean": pl.Boolean,
    "timestamp": pl.Datetime("us"),
    'struct("value" varchar, zh varchar, en varchar)[]': pl.List(
        pl.Struct({"value": pl.String, "zh": pl.String, "en": pl.String})),
}  # fmt: skip


def at(text: str) -> datetime:
    """A UTC moment: `2026-01-31` or `2026-01-31 16:30`."""
    return datetime.fromisoformat(text)


class World:
    """Rows by source and table, with short ways to say what happened."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, list[dict[str, Any]]]] = {name: defaultdict(list) for name in SOURCES}
        self.add("profiles", "stage_threshold", scope="all", q80_days=90.0, q95_days=180.0)

    def add(self, schema: str, table: str, /, **row: object) -> None:
        self.rows[schema][table].append(row)

    def person(self, one_id: str, status: str = "active", **golden: str) -> None:
        self.add("identity", "one_id", one_id=one_id, status=status, n_records=1)
        for field, value in golden.items():
            personal = field in ("phone", "email", "name")
            shown = {"value_hash": value} if personal else {"value": value}
            self.add("identity", "golden_field", one_id=one_id, field=field, **shown)

    def record(self, record_id: str, source: str, record_type: str, moment: str, **roles: str) -> None:
        when = at(moment)
        self.add(
            "touchpoints",
            "record",
            record_id=record_id,
            source=source,
            account="a",
            record_type=record_type,
            natural_key=record_id,
            version_at=when,
            first_seen_at=when,
            n_versions=1,
            occurred_at=when,
        )
        for role, one_id in roles.items():
            self.add(
                "identity",
                "record_map",
                record_id=record_id,
                source=source,
                account="a",
                record_type=record_type,
                natural_key=record_id,
                role=role,
                one_id=one_id,
            )

    def order(self, key: str, one_id: str | None, moment: str, paid: float, source: str = "pos", **more: Any) -> None:
        channel = {"pos": "store", "youzan": "online_store", "shopify": "international"}.get(source, "marketplace")
        roles = more.pop("roles", {"member" if source == "pos" else "buyer": one_id} if one_id else {})
        self.record(f"r-{key}", source, "order", moment, **roles)
        row = {
            "order_key": key,
            "record_id": f"r-{key}",
            "source": source,
            "account": "a",
            "order_no": key,
            "channel": channel,
            "status": "completed",
            "after_sale_status": "none",
            "is_return": False,
            "created_at": at(moment),
            "paid_at": at(moment),
            "currency": "CNY",
            "goods_amount": paid,
            "discount_amount": 0.0,
            "paid_amount": paid,
            "refunded_amount": 0.0,
        }
        self.add("touchpoints", "orders", **row | more)

    def event(self, record_id: str, kind: str, moment: str, role: str = "contact", **more: Any) -> None:
        """Something that a party of a record did."""
        number = len(self.rows["touchpoints"]["event"])
        row = {"event_id": f"e-{number}", "type": kind, "at": at(moment), "actor_role": role}
        self.add("touchpoints", "event", record_id=record_id, **row | more)

    def assigned(self, campaign: str, one_id: str | None, arm: str, moment: str, **more: Any) -> None:
        """Puts a person into an arm of a campaign; without one, the list's `told_one_id` has to tell who."""
        record_id = f"a-{campaign}-{one_id or more.get('told_one_id')}-{arm}"
        self.record(record_id, "campaign", "campaign_member", moment, **({"member": one_id} if one_id else {}))
        row = {"arm": arm, "is_holdout": arm == "holdout", "assigned_at": at(moment), "currency": "CNY"}
        self.add("touchpoints", "campaign_member", record_id=record_id, campaign_code=campaign, **row | more)

    def consent(self, record_id: str, phone: str, state: str, moment: str | None, role: str = "member") -> None:
        self.add(
            "touchpoints",
            "consent",
            record_id=record_id,
            role=role,
            id_type="phone",
            id_scope="CN",
            id_value=phone,
            channel="sms",
            purpose="marketing",
            state=state,
            at=at(moment) if moment else None,
            basis="opt_out_reply" if state == "revoked" else "membership_terms",
        )

    def identifier(self, record_id: str, role: str, id_type: str, value: str, scope: str = "CN") -> None:
        self.add(
            "touchpoints",
            "identifier",
            record_id=record_id,
            role=role,
            id_type=id_type,
            id_scope=scope,
            id_value=value,
            strength="exact",
        )

    def write(self, project: Project, folder: Path, needed: set[tuple[str, ...]] | None = None) -> None:
        """The tables as Parquet files, or the needed (source, table) pairs of them."""
        tables = {("touchpoints", table): dict(empty(table).schema) for table in TABLES}
        for source in SOURCES[1:]:
            for table in project.sources[source].tables:
                tables[source, table.name] = {column.name: TYPES[column.data_type] for column in table.columns}
        for (source, table), schema in tables.items():
            if needed is None or (source, table) in needed:
                self._write(folder / source, table, schema)

    def _write(self, folder: Path, table: str, schema: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(self.rows[folder.name][table], schema=schema).write_parquet(folder / f"{table}.parquet")

    def build(self, project: Project, folder: Path, only: str | None = None, **more: object) -> Runner:
        """Writes the files and builds every model, or one and what it needs, in an in-memory warehouse."""
        needed = project.upstream([only]) if only else set(project.models)
        self.write(project, folder, {pair for name in needed for pair in project.model(name).sources})
        con = duckdb.connect()
        con.execute("attach ':memory:' as lake")
        for source in SOURCES:
            mount(con, project, source, folder / source)
        runner = Runner(con, project, {**VARS, **more})
        for name in project.order():
            if name in needed:
                runner.run(name)
        return runner


def rows(runner: Runner, sql: str) -> list[tuple[Any, ...]]:
    return runner.con.execute(sql).fetchall()


def one_of_everything() -> World:
    """A world in which every table has rows: some people, each with a story."""
    world = World()
    world.person("P1", gender="female", province_code="310000", phone="h:1", email="h:e1")
    world.person("P2", gender="male", phone="h:2")
    world.person("P3", country="GB", email="h:e3")
    world.person("P4")
    world.person("P0", status="merged")
    for code, name, level in (("310000", "上海市", "province"), ("310101", "黄浦区", "district")):
        world.add("profiles", "region", code=code, name=name, level=level)
    world.add("profiles", "category_pattern", category="water_heater", pattern="热水器", priority=1, is_durable=True)
    world.add("profiles", "category_pattern", category="filter", pattern="滤芯|净水器", priority=2, is_durable=False)
    world.add("profiles", "durable", one_id="P1", category="water_heater", last_purchase_date=day("2025-02-01"))
    world.add("profiles", "tag", one_id="P1", tag="coupon_lover", value="true")
    world.add(
        "touchpoints", "attribute", record_id="m1", role="member", name="birth_date", value_date=day("1988-03-02")
    )
    world.add("touchpoints", "attribute", record_id="m1", role="member", name="points_balance", value_num=120.0)
    world.add("touchpoints", "attribute", record_id="m1", role="member", name="name", value="张三")
    world.add("identity", "golden_field", one_id="P1", field="birth_date", value_hash="h:b1", record_id="m1")
    world.add("profiles", "clv", one_id="P1", p_alive=0.9, clv_12m_cny=800.0, tier="gold", model_run="m1")
    world.record("m1", "pos", "customer", "2025-01-05", member="P1")
    world.record("m2", "youzan", "customer", "2026-01-05", member="P2")
    world.record("t1", "after_sales", "ticket", "2026-05-01", contact="P1")
    world.identifier("m1", "member", "phone", "13900000001")
    world.identifier("m2", "member", "phone", "13900000002")
    world.assigned("spring", "P3", "A", "2026-06-18", unit_cost_amount=0.05, channel="短信")
    world.assigned("spring", "P2", "holdout", "2026-06-18")
    world.consent("m1", "13900000001", "granted", "2025-01-05")
    world.consent("m2", "13900000002", "granted", "2026-01-05")
    world.add(
        "touchpoints",
        "attribute",
        record_id="m1",
        role="member",
        name="level",
        value="金卡",
        seen_at=at("2025-01-05"),
    )
    world.order("o1", "P1", "2025-02-01 04:00", 2000.0, store_id="徐汇店", discount_amount=100.0, coupon_amount=50.0)
    world.order("o2", "P1", "2026-06-20 04:00", 150.0, source="tmall")
    world.order("o3", "P3", "2026-03-01 04:00", 80.0, source="shopify", currency="GBP")
    world.order(
        "o4",
        "P2",
        "2026-06-29 04:00",
        0.0,
        source="jd",
        status="created",
        paid_at=None,
        roles={"buyer": "P2", "receiver": "P4"},
    )
    for key, title, amount in (
        ("o1", "恒温燃气热水器 16升", 2000.0),
        ("o2", "净水器滤芯套装", 150.0),
        ("o3", "Cutting board", 80.0),
    ):
        world.add(
            "touchpoints",
            "order_lines",
            order_key=key,
            record_id=f"r-{key}",
            line_no="1",
            title=title,
            qty=1.0,
            line_amount=amount,
        )
    world.add(
        "touchpoints",
        "event",
        event_id="e1",
        record_id="r-o1",
        type="order_paid",
        at=at("2025-02-01 17:00"),
        actor_role="member",
    )
    world.add(
        "touchpoints",
        "event",
        event_id="e2",
        record_id="t1",
        type="ticket_opened",
        at=at("2026-05-01"),
        actor_role="contact",
    )
    world.add(
        "touchpoints",
        "ledger",
        entry_id="l1",
        record_id="r-o1",
        kind="payment",
        amount=2000.0,
        unit="CNY",
        at=at("2025-02-01 04:00"),
        order_key="o1",
        role="member",
    )
    return world


def day(text: str) -> date:
    return date.fromisoformat(text)
