import datetime as dt
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from segments_world import AS_OF, World, audience, warehouse

from common.errors import DefinitionError
from segments.api import RuleFault, open_published, preview
from segments.rules.comparisons import Calendar
from segments.rules.compile import compile_audience, to_sql
from segments.rules.dictionary import read_dictionary

SNAPSHOTS = Path(__file__).parent / "snapshots" / "conditions"
CALENDAR = Calendar(AS_OF, ZoneInfo("Asia/Shanghai"))
CONDITIONS = {
    "tag_on_a_day": "{tag: vip_tier, on: 2026-06-01, value: {in: [gold, platinum]}}",
    "window_by_the_calendar": "{column: last_order_date, ago: {years: [5, 8]}}",
    "moment_by_the_calendar": "{column: member_since_at, ago: {months: {gte: 6}}}",
    "orders_years_ago": "{orders: {category: water_heater, ago: {years: [5, 8]}}}",
    "then_within_days": "{sequence: {first: {events: {type: scan}}, "
    "then: {orders: {channel: store}}, within_days: 30}}",
    "then_not_within_days": "{sequence: {first: {orders: {category: [water_purifier]}}, "
    "then: {orders: {category: filter_cartridge}}, within_days: 365, happens: false}}",
    "another_audience": "{not: {audience: silent_high_value, parameters: {min_m_score: 4}}}",
    "ids": "{ids: [P1, P2]}",
    "sql": "{sql: 'select one_id from customer.tag group by one_id having count(*) >= 5'}",
}  # fmt: skip


def day(days_ago):
    return AS_OF - dt.timedelta(days=days_ago)


def moment(days_ago, hour=12):
    return dt.datetime.combine(day(days_ago), dt.time(hour - 8))


def found(tmp_path, world, where, **more):
    """The people whom a rule describes, by the whole way: a published home, its lists and its other audiences."""
    home = tmp_path / "home"
    if not home.exists():
        world.publish(home)
    with open_published(home) as published:
        seen = preview(published, audience(tmp_path, where, channel=None, **more), people=0)
        return [row[0] for row in published.con.sql(seen.compiled.sql).fetchall()]


@pytest.fixture
def world():
    world = World()
    for number in range(1, 5):
        world.person(f"P{number}", n_orders=number, city="上海")
        world.add("identity.one_id", one_id=f"P{number}", status="active", merged_into=None)
    return world


@pytest.mark.parametrize("name", list(CONDITIONS))
def test_the_sql_of_a_condition_is_as_reviewed(tmp_path, name):
    from segments.rules.library import find_audience

    con = warehouse()
    one = audience(tmp_path, CONDITIONS[name], channel=None)
    sql = to_sql(compile_audience(one, read_dictionary(con), calendar=CALENDAR, find=find_audience).matching)
    con.sql(sql).fetchall()
    snapshot = SNAPSHOTS / f"{name}.sql"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(sql + "\n", encoding="utf-8")
    assert sql + "\n" == snapshot.read_text(encoding="utf-8")


def test_a_tag_is_asked_for_as_it_was_on_a_day_both_ends_included(tmp_path, world):
    def had(one_id, value, first, last):
        world.add("customer.tag_history", one_id=one_id, tag="vip", value=value, valid_from=first, valid_to=last)

    had("P1", "gold", day(100), day(50))
    had("P1", "silver", day(49), None)
    had("P2", "gold", day(60), None)
    world.add("customer.tag_observation", tag="vip", observed_date=day(100))

    def on(number, more=""):
        return found(tmp_path, world, f"{{tag: vip, on: {day(number)}{more}}}")

    assert [on(n) for n in (101, 100, 61, 60, 0)] == [[], ["P1"], ["P1"], ["P1", "P2"], ["P1", "P2"]]
    assert on(50, ", value: {eq: gold}") == ["P1", "P2"]
    assert on(49, ", value: {eq: gold}") == ["P2"]
    with pytest.raises(RuleFault, match=r"where.on: 2026-11-22 lies after the as-of date"):
        on(-1)
    with open_published(tmp_path / "home") as published:
        seen = preview(published, audience(tmp_path, f"{{not: {{tag: vip, on: {day(101)}}}}}", channel=None), people=0)
    assert "the tag vip was computed on no day up to" in seen.notes[0]


def test_a_window_by_the_calendar_goes_by_months_and_years_not_by_days(tmp_path, world):
    dates = {"P1": dt.date(2021, 11, 21), "P2": dt.date(2018, 11, 21), "P3": dt.date(2018, 11, 20)}
    for row in world.people:
        row["last_order_date"] = dates.get(row["one_id"])
    rule = "{column: last_order_date, ago: {years: %s}}"
    assert found(tmp_path, world, rule % "[5, 8]") == ["P1", "P2"]
    assert found(tmp_path, world, rule % "{gt: 5}") == ["P2", "P3"]
    assert found(tmp_path, world, rule % "{gte: 8, lt: 9}") == ["P2", "P3"]
    assert found(tmp_path, world, rule % "{lt: 8}") == ["P1"]
    assert Calendar(dt.date(2026, 3, 31), ZoneInfo("UTC")).back(1, "months") == dt.date(2026, 2, 28)
    assert Calendar(dt.date(2024, 2, 29), ZoneInfo("UTC")).back(1, "years") == dt.date(2023, 2, 28)


@pytest.mark.parametrize(
    ("first", "then", "within", "does", "does_not"),
    [
        (100, 90, 10, True, False),
        (100, 90, 9, False, True),
        (5, None, 10, False, False),  # the ten days are not over: nothing can be said yet
        (10, None, 10, False, True),
        (100, 110, 30, False, True),  # the other way round
    ],
)
def test_a_sequence_happens_within_its_days_or_not_once_they_are_over(
    tmp_path, world, first, then, within, does, does_not
):
    world.add("core.events", event_id="1", one_id="P1", type="scan", event_at=moment(first), event_date=day(first))
    if then is not None:
        world.add(
            "core.orders", order_key="a", one_id="P1", is_valid=True, ordered_at=moment(then), ordered_date=day(then)
        )
    rule = "{sequence: {first: {events: {type: scan}}, then: {orders: {}}, within_days: %d, happens: %s}}"
    assert found(tmp_path, world, rule % (within, "true")) == (["P1"] if does else [])
    assert found(tmp_path, world, rule % (within, "false")) == (["P1"] if does_not else [])


def test_one_event_is_not_its_own_sequel_and_the_same_day_goes_by_the_moment(tmp_path, world):
    for one_id, hours in {"P1": (10,), "P2": (10, 11)}.items():
        for hour in hours:
            world.add(
                "core.events",
                event_id=f"{one_id}{hour}",
                one_id=one_id,
                type="scan",
                event_at=moment(9, hour),
                event_date=day(9),
            )
    rule = "{sequence: {first: {events: {type: scan}}, then: {events: {type: scan}}, within_days: 0}}"
    assert found(tmp_path, world, rule) == ["P2"]


def test_orders_in_a_sequence_are_those_with_a_line_of_the_category(tmp_path, world):
    for key, one_id, category, ago in [("a", "P1", "heater", 90), ("b", "P1", "rod", 30), ("c", "P2", "heater", 90)]:
        row = {"order_key": key, "one_id": one_id, "is_valid": True, "ordered_date": day(ago)}
        world.add("core.orders", ordered_at=moment(ago), **row)
        world.add("core.order_lines", category=category, **row)
    steps = "first: {orders: {category: heater}}, then: {orders: {category: rod}}"
    rule = f"{{sequence: {{{steps}, within_days: 80, happens: %s}}}}"
    assert found(tmp_path, world, rule % "true") == ["P1"]
    assert found(tmp_path, world, rule % "false") == ["P2"]


def write(tmp_path, name, where, **more):
    folder = tmp_path / "home" / "audiences"
    folder.mkdir(parents=True, exist_ok=True)
    text = audience(folder, where, channel=None, **more).path.read_text(encoding="utf-8")
    (folder / "sample.yml").unlink()
    (folder / f"{name}.yml").write_text(text.replace("name: sample", f"name: {name}"), encoding="utf-8")


def test_audiences_are_united_taken_away_and_crossed(tmp_path, world):
    world.publish(tmp_path / "home")
    least = "{least: {type: integer, default: 2, label: {zh: 少, en: Least}}}"
    write(tmp_path, "many", "{column: n_orders, gte: $least}", parameters=least)
    write(tmp_path, "few", "{column: n_orders, lte: 3}")
    write(tmp_path, "both", "{all: [{audience: many}, {audience: few}]}")

    def rule(where):
        return found(tmp_path, world, where)

    assert rule("{audience: both}") == ["P2", "P3"]
    assert rule("{any: [{audience: both}, {ids: [P4]}]}") == ["P2", "P3", "P4"]
    assert rule("{all: [{audience: many}, {not: {audience: few}}]}") == ["P4"]
    assert rule("{audience: many, parameters: {least: 4}}") == ["P4"]
    n = "{n: {type: integer, default: 3, label: {zh: 数, en: Number}}}"
    assert found(tmp_path, world, "{audience: many, parameters: {least: $n}}", parameters=n) == ["P3", "P4"]
    with pytest.raises(RuleFault, match="has no parameter most"):
        rule("{audience: many, parameters: {most: 4}}")
    with pytest.raises(
        RuleFault, match=r"sample.yml:6: where.audience: There is no audience 'mony'. Did you mean many"
    ):
        rule("{audience: mony}")


def test_a_circle_of_audiences_is_refused_with_all_who_are_in_it(tmp_path, world):
    world.publish(tmp_path / "home")
    write(tmp_path, "one", "{not: {audience: two}}")
    write(tmp_path, "two", "{any: [{tag: vip}, {audience: three}]}")
    write(tmp_path, "three", "{audience: one}")
    with pytest.raises(RuleFault, match="leads back to itself: one → two → three → one"):
        found(tmp_path, world, "{audience: one}")
    with pytest.raises(RuleFault, match="leads back to itself: sample → sample"):
        found(tmp_path, world, "{audience: sample}")


def test_ids_of_merged_people_lead_to_who_they_are_now(tmp_path, world):
    world.add("identity.one_id", one_id="P9", status="merged", merged_into="P3")
    assert found(tmp_path, world, "{ids: [P9, P1, P77]}") == ["P1", "P3"]
    with pytest.raises(DefinitionError, match=r"where.ids\[0\]"):
        found(tmp_path, world, "{ids: [\"1' or '1'='1\"]}")


def test_a_list_names_people_by_id_or_by_card(tmp_path, world):
    world.add("identity.one_id", one_id="P9", status="merged", merged_into="P4")
    for one_id, card in [("P1", "0001"), ("P2", "0002"), ("P3", "0002")]:
        world.identify(one_id, "pos_card", card)
    lists = world.publish(tmp_path / "home") / "lists"
    lists.mkdir()
    (lists / "guests.csv").write_bytes("备注,会员卡号,OneID\n甲,0001,\n乙,,p9\n丙,0002,\n丁,7777,\n".encode("gb18030"))
    assert found(tmp_path, world, "{list: guests}") == ["P1", "P4"]  # 0002 is two people's, so nobody's
    assert found(tmp_path, world, "{not: {list: guests}}") == ["P2", "P3"]
    with open_published(tmp_path / "home") as published:
        seen = preview(published, audience(tmp_path, "{list: guests}", channel=None), people=0)
    assert seen.notes == ["list guests: 4 rows lead to 2 people."]
    with pytest.raises(RuleFault, match=r"there is no list guest\. Did you mean guests"):
        found(tmp_path, world, "{list: guest}")
    (lists / "empty.csv").write_text("phone\n13800000001\n", encoding="utf-8")
    with pytest.raises(RuleFault, match="no column that names people"):
        found(tmp_path, world, "{list: empty}")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{column: r_score, gte: 6}", r"where.gte: .*r_score: the column is never 6. Its values lie between 1 and 5"),
        ("{column: r_score, in: [1, 0]}", "never 0"),
        ("{column: p_buy_90d, between: [0.5, 50]}", "never 50. Its values lie between 0 and 1"),
        ("{column: n_orders, lt: -1}", "never -1. Its values lie from 0 up"),
        ("{column: lifecycle_stage, eq: silnt}", "never silnt. Did you mean silent"),
        ("{column: lifecycle_stage, ne: sleeping}", "never sleeping. Choose from"),
        ("{tag: vip_teir}", "there is no tag vip_teir. Did you mean vip_tier"),
        ("{tag: vip_tier, on: 2026-06-01, since_days_ago: {lte: 3}}", "say one of them"),
        ("{orders: {days_ago: {lte: 3}, ago: {years: [1, 2]}}}", "say one of them"),
        ("{column: city, ago: {years: [1, 2]}}", "ago needs a date"),
        ("{column: last_order_date, ago: {years: [8, 5]}}", "nothing lies between 8 and 5"),
        ("{column: last_order_date, ago: {years: [1, 2], months: [1, 2]}}", "say one of years, months"),
        ("{sequence: {first: {}, then: {orders: {}}, within_days: 3}}", "say either events or orders"),
        ("{sequence: {first: {orders: {count: {gte: 2}}}, then: {orders: {}}, within_days: 3}}", "leave count out"),
        ("{sequence: {first: {orders: {}}, then: {orders: {days_ago: {lte: 3}}}, within_days: 3}}", "leave days_ago"),
        ("{sequence: {first: {orders: {}}, then: {orders: {}}, within_days: -3}}", "within_days"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place_and_a_remedy(tmp_path, where, message):
    con = warehouse()
    con.execute("create schema ops; insert into customer.tag_catalogue (tag) values ('vip_tier')")
    con.execute(
        """
        create table ops.data_dictionary as
        select 'customer' as schema_name, 'customer_360' as table_name, * from (values
            ('r_score', 'Recency', '最近', 1, 5, null, null), ('p_buy_90d', 'P', '概率', 0, 1, null, null),
            ('n_orders', 'Orders', '订单', 0, null, null, null),
            ('lifecycle_stage', 'Stage', '阶段', null, null, ['silent', 'active'], null)
        ) as t (column_name, meaning, meaning_zh, least_value, most_value, accepted_values, personal)
        """
    )
    with pytest.raises(DefinitionError, match=message):
        one = audience(tmp_path, where, channel=None)
        compile_audience(one, read_dictionary(con), calendar=CALENDAR)
