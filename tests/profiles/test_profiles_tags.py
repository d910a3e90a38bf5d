"""Tags: what files may say, the SQL they become, and who gets them."""

import os
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from common.errors import DefinitionError
from profiles import tags
from profiles.tagging.model import KINDS, TABLES
from profiles.tagging.page import render

AS_OF = date(2026, 11, 21)
SNAPSHOTS = Path(__file__).parent / "snapshots"
PAGE = Path(__file__).parents[2] / "docs" / "tags.md"
ALL = {tag.tag: tag for tag in tags.load_tags()}

COLUMNS = {
    "core.orders": "order_key varchar, one_id varchar, channel varchar, store_id varchar, ordered_date date, "
    "is_valid boolean, is_return boolean, net_amount_cny double, paid_amount_cny double, discount_amount_cny double, "
    "coupon_amount double",
    "core.order_lines": "one_id varchar, ordered_date date, category varchar, is_valid boolean, is_gift boolean",
    "core.events": "one_id varchar, type varchar, subtype varchar, event_date date",
    "core.consent": "one_id varchar, basis varchar",
    "customer.consent_state": "one_id varchar, channel varchar, purpose varchar, state varchar, stated_at timestamp",
    "customer.lifecycle": "one_id varchar, stage varchar, n_purchases bigint, last_purchase_date date, q95_days double",
    "customer.rfm": "one_id varchar, m_score integer",
    "customer.clv": "one_id varchar, tier varchar, p_buy_90d double, model_run varchar",
    "customer.durable": "one_id varchar, category varchar, last_purchase_date date, window_from date, status varchar",
    "customer.person_category": "one_id varchar, category varchar, cycle_status varchar, last_purchase_date date",
    "customer.price_sensitivity": "one_id varchar, sensitivity varchar, last_order_date date",
    "customer.new_product_affinity": "one_id varchar, affinity varchar, n_new_lines bigint, last_new_date date",
    "customer.churn": "one_id varchar, churn_risk varchar",
    "customer.loyalty": "one_id varchar, band varchar",
    "customer.satisfaction": "one_id varchar, band varchar, last_told_date date",
    "customer.bundle_gap": "one_id varchar, missing_category varchar, owned_since_date date",
}


class World:
    """A warehouse with just the columns that tags use, filled row by row."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        for schema in ("core", "customer"):
            self.con.execute(f"create schema {schema}").fetchall()
        for table, columns in COLUMNS.items():
            self.con.execute(f"create table {table} ({columns})").fetchall()

    def add(self, table: str, **values) -> None:
        names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" for _ in values)
        self.con.execute(f"insert into {table} ({names}) values ({marks})", list(values.values())).fetchall()

    def order(self, one_id: str, days_ago: int, amount: float = 100.0, **values) -> None:
        order = {
            "order_key": f"{one_id}/{days_ago}/{amount}",
            "one_id": one_id,
            "channel": "store",
            "ordered_date": AS_OF - timedelta(days=days_ago),
            "is_valid": amount > 0,
            "is_return": amount < 0,
            "net_amount_cny": amount,
            "paid_amount_cny": amount,
        }
        self.add("core.orders", **order | values)

    def tagged(self, tag: str) -> list[tuple]:
        tags.build(self.con, [ALL[tag]], AS_OF)
        return self.con.sql("select one_id, value, since from customer.tag order by all").fetchall()


@pytest.fixture
def world():
    return World()


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def test_every_kind_of_tag_is_in_use_and_named_in_both_languages():
    assert {tag.kind for tag in ALL.values()} >= set(KINDS) - {"last", "imported_list"}
    for tag in ALL.values():
        assert any("\u4e00" <= sign <= "\u9fff" for sign in tag.label.zh)
        assert tag.label.en.isascii()


def test_values_with_labels_are_exactly_the_tiers_that_a_tag_gives():
    assert list(ALL["vip_tier"].values) == [tier.value for tier in ALL["vip_tier"].tiers]
    assert list(ALL["interaction_level"].values) == [band.value for band in ALL["interaction_level"].bands]


@pytest.mark.parametrize(
    "name",
    ["silent_high_value", "coupon_lover", "acquisition_channel", "preferred_category", "interaction_level", "vip_tier"],
)
def test_the_sql_of_a_tag_is_as_reviewed(name):
    """When a change is meant: run with UPDATE_SNAPSHOTS=1 and review the diff."""
    snapshot, sql = SNAPSHOTS / f"{name}.sql", tags.compile(ALL[name])
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(sql, encoding="utf-8")
    assert sql == snapshot.read_text(encoding="utf-8")


def test_the_page_of_tags_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == render(list(ALL.values())), (
        "run: python -m profiles.tagging.page docs/tags.md"
    )


def test_all_tags_run_on_an_empty_warehouse(world):
    assert tags.build(world.con, list(ALL.values()), AS_OF) == 0
    schema = world.con.sql("select * from customer.tag").pl().schema
    assert schema == {
        "one_id": pl.String,
        "tag": pl.String,
        "value": pl.String,
        "since": pl.Date,
        "model_run": pl.String,
    }


def test_vip_tier_is_the_first_rung_that_net_spend_of_a_year_reaches(world):
    for one_id, amount in {"P1": 20000, "P2": 19999.99, "P3": 2000, "P4": 1}.items():
        world.order(one_id, 10, amount)
    world.order("P5", 365, 30000)
    world.order("P6", 364, 30000)
    world.order("P7", 20, 2100)
    world.order("P7", 5, -200)
    assert world.tagged("vip_tier") == [
        ("P1", "diamond", ago(10)),
        ("P2", "platinum", ago(10)),
        ("P3", "silver", ago(10)),
        ("P4", "bronze", ago(10)),
        ("P6", "diamond", ago(364)),
        ("P7", "bronze", ago(5)),
    ]


def test_a_coupon_lover_uses_coupons_in_half_of_three_orders(world):
    for days, coupon in ((1, 5.0), (2, 5.0), (3, None), (4, 0.0)):
        world.order("P1", days, coupon_amount=coupon)
    for days in (1, 2):
        world.order("P2", days, coupon_amount=5.0)
    assert world.tagged("coupon_lover") == [("P1", "0.5", ago(1))]


DISCOUNT_LEANING = """
tag: discount_leaning
kind: percentile
label: {zh: 折扣依赖, en: Leans on discounts}
description: Share of the price taken off.
owner: promotion
refresh: daily
sensitivity: internal
no_data: Fewer than three orders.
from: core.orders
where: is_valid
date: ordered_date
measure: sum(coalesce(discount_amount_cny, 0)) / sum(paid_amount_cny + coalesce(discount_amount_cny, 0))
min_count: 3
shrink: {by: 5}
bands:
  - {value: high, from_percentile: 80}
  - {value: medium, from_percentile: 30}
  - {value: low, from_percentile: 0}
"""


def test_a_percentile_ranks_those_who_were_seen_often_enough(world, tmp_path):
    (tmp_path / "discount_leaning.yml").write_text(DISCOUNT_LEANING, encoding="utf-8")
    for i in range(10):
        for days in (1, 2, 3):
            world.order(f"P{i}", days, discount_amount_cny=10.0 * i)
    world.order("PX", 1, discount_amount_cny=500.0)
    tags.build(world.con, tags.load_tags(tmp_path), AS_OF)
    found = dict(world.con.sql("select one_id, value from customer.tag order by all").fetchall())
    assert [one_id for one_id, value in found.items() if value == "high"] == ["P8", "P9"]
    assert [one_id for one_id, value in found.items() if value == "low"] == ["P0", "P1", "P2"]
    assert "PX" not in found


def test_what_others_did_to_people_is_no_interaction(world):
    for one_id, n_days in {"P1": 1, "P2": 3, "P3": 6}.items():
        for days in range(n_days):
            world.add("core.events", one_id=one_id, type="page_view", event_date=ago(days))
    for days in range(9):
        world.add("core.events", one_id="P4", type="message_sent", event_date=ago(days))
    world.add("core.events", one_id="P5", type="message_replied", subtype="opt_out", event_date=ago(1))
    world.add("core.events", one_id="P6", type="page_view", event_date=ago(180))
    found = [(one_id, value) for one_id, value, _ in world.tagged("interaction_level")]
    assert found == [("P1", "low"), ("P2", "medium"), ("P3", "high")]


def test_only_consumables_that_are_due_by_the_own_cycle_are_tagged(world):
    for category, status in {"filter": "due", "rod": "overdue", "salt": "early", "mesh": "lapsed", "hob": None}.items():
        row = {"category": category, "cycle_status": status, "last_purchase_date": ago(90)}
        world.add("customer.person_category", one_id="P1", **row)
    assert world.tagged("consumable_due") == [("P1", "filter", ago(90)), ("P1", "rod", ago(90))]


def test_the_preferred_channel_is_the_most_used_and_of_several_the_last(world):
    world.order("P1", 1, channel="store")
    world.order("P1", 2, channel="marketplace")
    world.order("P1", 3, channel="marketplace")
    world.order("P2", 5, channel="store")
    world.order("P2", 4, channel="online_store")
    assert world.tagged("preferred_channel") == [("P1", "marketplace", ago(2)), ("P2", "online_store", ago(4))]


def test_the_acquisition_channel_is_that_of_the_first_order(world):
    world.order("P1", 900, channel="store")
    world.order("P1", 2, channel="marketplace")
    assert world.tagged("acquisition_channel") == [("P1", "store", ago(900))]


def test_at_most_three_categories_are_preferred_and_no_service(world):
    for days, category in enumerate(["hob", "hob", "service", "tap", "tap", "oven", "oven", "sink", None]):
        line = {"category": category, "is_valid": True, "is_gift": False, "ordered_date": ago(days)}
        world.add("core.order_lines", one_id="P1", **line)
    assert [value for _, value, _ in world.tagged("preferred_category")] == ["hob", "oven", "tap"]


def test_a_durable_makes_an_owner_and_when_it_is_old_a_replacement(world):
    for category, status in (("hob", "not_due"), ("oven", "window"), ("water_heater", "overdue")):
        dates = {"last_purchase_date": ago(3000), "window_from": ago(100)}
        world.add("customer.durable", one_id="P1", category=category, status=status, **dates)
    assert [value for _, value, _ in world.tagged("category_owner")] == ["hob", "oven", "water_heater"]
    assert world.tagged("replacement_due") == [("P1", "oven", ago(100)), ("P1", "water_heater", ago(100))]


def test_only_a_member_with_one_purchase_is_a_new_member_without_a_second(world):
    for one_id, n, stage in (("P1", 1, "new"), ("P2", 2, "repeat"), ("P3", 1, "silent"), ("P4", 1, "at_risk")):
        world.add(
            "customer.lifecycle", one_id=one_id, stage=stage, n_purchases=n, last_purchase_date=ago(9), q95_days=90.0
        )
    for one_id in ("P1", "P1", "P2", "P3"):
        world.add("core.consent", one_id=one_id, basis="membership_terms")
    world.add("core.consent", one_id="P4", basis="follow")
    assert world.tagged("new_member_no_second_order") == [("P1", "true", ago(9))]


def test_silence_begins_the_day_after_the_95_percent_gap(world):
    for one_id, score, stage in (("P1", 5, "silent"), ("P2", 4, "silent"), ("P3", 5, "active")):
        world.add("customer.lifecycle", one_id=one_id, stage=stage, last_purchase_date=ago(120), q95_days=100.5)
        world.add("customer.rfm", one_id=one_id, m_score=score)
    assert world.tagged("silent_high_value") == [("P1", "true", ago(19))]


def test_a_follower_is_one_who_may_be_written_to_since_the_local_day(world):
    late = {"stated_at": "2026-03-01 18:00:00"}  # already the second of March in Shanghai
    for one_id, channel, state in (
        ("P1", "wechat_oa", "granted"),
        ("P2", "wechat_oa", "revoked"),
        ("P3", "wecom", "granted"),
    ):
        world.add("customer.consent_state", one_id=one_id, channel=channel, purpose="marketing", state=state, **late)
    assert world.tagged("wechat_follower") == [("P1", "true", date(2026, 3, 2))]
    assert world.tagged("wecom_friend") == [("P3", "true", date(2026, 3, 2))]


def test_regulars_of_consumables_are_counted_by_day(world):
    for one_id, days in (("P1", (1, 50, 100)), ("P2", (1, 1, 1)), ("P3", (1, 50, 400))):
        for day in days:
            line = {"category": "filter_cartridge", "is_valid": True, "is_gift": False, "ordered_date": ago(day)}
            world.add("core.order_lines", one_id=one_id, **line)
    assert world.tagged("consumable_subscriber") == [("P1", "3", ago(1))]


def test_recent_after_sales_weekends_abroad_and_value_tier(world):
    world.add("core.events", one_id="P1", type="ticket_opened", event_date=ago(89))
    world.add("core.events", one_id="P2", type="ticket_opened", event_date=ago(90))
    assert world.tagged("after_sales_recent") == [("P1", "1", ago(89))]
    for days in (0, 7, 14):  # 2026-11-21 is a Saturday
        world.order("P1", days)
        world.order("P2", days + 3)
    assert [row[0] for row in world.tagged("weekend_shopper")] == ["P1"]
    world.order("P3", 30, channel="international")
    world.order("P3", 3, channel="international")
    assert world.tagged("international") == [("P3", "true", ago(30))]
    world.add("customer.clv", one_id="P1", tier="gold")
    assert world.tagged("value_tier") == [("P1", "gold", AS_OF)]


def test_a_preferred_store_is_known_by_name(world):
    world.order("P1", 1, store_id="A")
    world.order("P1", 2, store_id="B")
    world.order("P1", 3, store_id="B")
    world.order("P2", 3, store_id=None)
    assert world.tagged("preferred_store") == [("P1", "B", ago(2))]


def test_people_without_a_one_id_and_days_after_the_as_of_date_get_no_tag(world):
    world.order(None, 1)
    world.order("P1", -1)
    assert world.tagged("preferred_channel") == []


def test_the_order_of_rows_and_tags_changes_nothing(world):
    other = World()
    rows = [(f"P{i % 7}", i * 11 % 300, 10.0 + i, ("store", "marketplace", "online_store")[i % 3]) for i in range(60)]
    for filled, order in ((world, rows), (other, rows[::-1])):
        for one_id, days, amount, channel in order:
            filled.order(one_id, days, amount, channel=channel, discount_amount_cny=amount % 7 / 3)
    n = tags.build(world.con, list(ALL.values()), AS_OF)
    assert n == tags.build(other.con, list(ALL.values())[::-1], AS_OF) > 0
    frames = [w.con.sql("select * from customer.tag").pl() for w in (world, other)]
    assert_frame_equal(*frames)
    assert frames[0].select("one_id", "tag", "value").is_unique().all()


def test_a_column_that_is_not_there_is_an_error_with_the_file(world):
    world.con.execute("alter table customer.clv drop column tier").fetchall()
    with pytest.raises(DefinitionError, match=r"value_tier\.yml.*tier"):
        world.tagged("value_tier")


def test_the_catalogue_lists_every_tag():
    table = tags.catalogue(list(ALL.values()))
    assert table["tag"].to_list() == sorted(ALL)
    assert table.drop("values_of").null_count().sum_horizontal()[0] == 0


LAST = """
tag: latest_channel
kind: last
label: {zh: 最近渠道, en: Latest channel}
description: The channel of the last order.
owner: crm
refresh: daily
sensitivity: internal
no_data: Never bought.
from: core.orders
where: is_valid
date: ordered_date
value: channel
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "latest_channel.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_last_value_is_that_of_the_newest_row(tmp_path, world):
    world.order("P1", 9, channel="store")
    world.order("P1", 2, channel="marketplace")
    write(tmp_path, LAST)
    assert tags.build(world.con, tags.load_tags(tmp_path), AS_OF) == 1
    rows = world.con.sql("select one_id, value, since from customer.tag").fetchall()
    assert rows == [("P1", "marketplace", ago(2))]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: last", "kind: latest", "kind: latest is not known. Use one of rule"),
        ("tag: latest_channel", "tag: other", "Call the file and the tag the same"),
        ("owner: crm\n", "", "owner is missing. Add it."),
        ("date: ordered_date", "date: ordered_date\nwindow: 30", "window is not known"),
        ("from: core.orders", "from: core.order", "from.0"),
        ("from: core.orders", "from: [core.orders, core.events]", "takes one table"),
        ("value: channel", "value: channel; drop table x", "comment or a semicolon"),
        ("value: channel", "value: channel -- x", "comment or a semicolon"),
        ("value: channel", "value: (select 1)", "Say further tables under `from`"),
        ("value: channel", "value: channel) from x where (1=1", "more than an SQL expression"),
        ("value: channel", "value: channel, store_id", "several expressions"),
        ("value: channel", "value: channel channel channel", "no SQL expression"),
        ("where: is_valid", "where: ordered_date < now()", "Use $as_of"),
        ("where: is_valid", "where: random() < 0.5", "Use $as_of"),
        ("where: is_valid", "where: ordered_date < current_date", "Use $as_of"),
        ("where: is_valid", "where: ordered_date < $asof", "Use $as_of"),
        ("sensitivity: internal", "sensitivity: secret", "sensitivity"),
        (LAST, "- a\n- b", "this is no tag"),
        (LAST, "tag: [", "no valid YAML"),
    ],
)
def test_a_mistake_in_a_tag_is_named_with_its_file(tmp_path, old, new, problem):
    path = write(tmp_path, LAST.replace(old, new))
    with pytest.raises(DefinitionError, match=r"latest_channel\.yml") as raised:
        tags.load_tag(path)
    assert problem in str(raised.value)


def test_a_folder_without_tags_is_a_mistake(tmp_path):
    with pytest.raises(DefinitionError, match="no tag is defined here"):
        tags.load_tags(tmp_path)


def test_tables_that_tags_use_are_among_those_they_may_use():
    assert {table for tag in ALL.values() for table in tag.from_} == set(COLUMNS)
    assert set(COLUMNS) <= set(TABLES)


def test_a_models_score_becomes_a_band_with_the_model_that_gave_it(world):
    for one_id, chance in (("P1", 0.5), ("P2", 0.49), ("P3", 0.0), ("P4", None)):
        world.add("customer.clv", one_id=one_id, p_buy_90d=chance, model_run="m7")
    assert world.tagged("purchase_chance_90d") == [("P1", "high", AS_OF), ("P2", "medium", AS_OF), ("P3", "low", AS_OF)]
    assert world.con.sql("select distinct model_run from customer.tag").fetchall() == [("m7",)]


LADDER = """
tag: latest_channel
kind: tier_ladder
label: {zh: 档, en: Tier}
description: Tiers.
owner: crm
refresh: daily
sensitivity: internal
no_data: None.
from: core.orders
date: ordered_date
measures: {n: count(*), net: sum(net_amount_cny)}
tiers:
  - {value: a, when: "TOP"}
  - {value: b, when: "NEXT"}
"""


@pytest.mark.parametrize(
    ("top", "after"),
    [
        ("n >= 3", "n >= 5"),
        ("n >= 3 or net > 100", "net >= 101 and n < 7"),
        ("n between 1 and 9", "n in (2, 3)"),
        ("n >= 3", "n > 5 and n < 5"),
        ("n is not null", "not (n < 3) and n is not null"),
    ],
)
def test_a_tier_that_nobody_can_reach_is_refused(tmp_path, top, after):
    path = write(tmp_path, LADDER.replace("TOP", top).replace("NEXT", after))
    with pytest.raises(DefinitionError, match="nobody can ever be in the tier b"):
        tags.load_tag(path)


@pytest.mark.parametrize(
    ("top", "after"),
    [
        ("n >= 5", "n >= 3"),
        ("n >= 3 and net > 100", "n >= 5"),
        ("n > 5", "n >= 5"),
        ("n is null", "n >= -5"),
        ("n >= 3", "round(n) >= 5"),  # no mere comparison: left to whoever writes it
        ("n >= net", "n >= net"),
    ],
)
def test_a_tier_that_somebody_may_reach_is_not(tmp_path, top, after):
    assert tags.load_tag(write(tmp_path, LADDER.replace("TOP", top).replace("NEXT", after))).tag == "latest_channel"


def test_of_tiers_and_bands_a_person_has_one_whatever_the_data(world):
    for i in range(60):
        for days in range(i % 4 + 1):
            world.order(f"P{i}", days, 37.0 * i**1.5 + days, discount_amount_cny=float(i % 5 * 10))
    for name in ("vip_tier", "preferred_channel", "acquisition_channel"):
        found = world.tagged(name)
        assert len(found) == len({one_id for one_id, _, _ in found}) > 10


def test_a_brands_own_tags_stand_beside_the_built_in_ones_and_take_their_place(tmp_path):
    write(tmp_path, LAST)
    (tmp_path / "international.yml").write_text(
        LAST.replace("latest_channel", "international").replace("owner: crm", "owner: us"), encoding="utf-8"
    )
    loaded = {tag.tag: tag for tag in tags.load_tags(own=tmp_path)}
    assert loaded.keys() == {*ALL, "latest_channel"}
    assert (loaded["international"].owner, loaded["vip_tier"]) == ("us", ALL["vip_tier"])
    assert list(loaded) == sorted(loaded)
    assert len(tags.load_tags(own=tmp_path / "none")) == len(ALL)
