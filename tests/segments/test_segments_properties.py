# ruff: noqa: E501  # rules are read on one line
"""Any rule that can be written compiles, finds whom a plain reading of it finds, and is the same when read again."""

import datetime as dt
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segments_world import AS_OF, World, warehouse

from segments.rules import conditions as c
from segments.rules.comparisons import Calendar
from segments.rules.compile import compile_audience, to_sql
from segments.rules.dictionary import read_dictionary
from segments.rules.load import parse_audience
from segments.rules.terms import Since
from segments.rules.write import audience_from, to_text

CALENDAR = Calendar(AS_OF, ZoneInfo("Asia/Shanghai"))
PATH = Path("sample.yml")
CITIES = ("上海", "北京", None)
TAGS = ("vip", "fan")


def day(days_ago):
    return AS_OF - dt.timedelta(days=days_ago)


@cache
def world():
    """Thirty people in all sorts of circumstances, drawn without chance."""
    made = World()
    for i in range(30):
        one_id = f"P{i:02}"
        made.person(
            one_id, city=CITIES[i % 3], n_orders=None if i % 7 == 0 else i % 5, is_member=(True, False, None)[i % 3],
            last_order_date=None if i % 4 == 0 else day(i * 13), tags=[tag for n, tag in enumerate(TAGS) if i >> n & 1],
            member_since_at=None if i % 5 == 0 else dt.datetime.combine(day(i), dt.time(15 + i % 2, 30)),
        )  # fmt: skip
        for n, tag in enumerate(TAGS):
            if i >> n & 1:
                made.add("customer.tag", one_id=one_id, tag=tag, value=str(i % 4) if n else "true", since=day(i))
            if i % (n + 2) == 0:
                until = None if i % 3 else day(5)
                made.add(
                    "customer.tag_history", one_id=one_id, tag=tag, value=str(i % 3), valid_from=day(40), valid_to=until
                )
        for k in range(i % 4):
            ago = (i * 7 + k * 11) % 60 - 2  # some lie past the as-of date
            kind, channel = ("scan", "visit")[k % 2], ("store", "web", None)[(i + k) % 3]
            moment = dt.datetime.combine(day(ago), dt.time(1 + k))
            made.add(
                "core.events", event_id=f"{i}-{k}", one_id=one_id, type=kind, channel=channel, event_at=moment, event_date=day(ago)
            )  # fmt: skip
        for k in range(i % 3):
            ago = (i * 5 + k * 17) % 60
            row = {"order_key": f"{i}/{k}", "one_id": one_id, "is_valid": (i + k) % 4 != 0, "ordered_date": day(ago)}
            row |= {"channel": ("store", "marketplace")[k % 2], "store_id": None}
            made.add("core.orders", ordered_at=dt.datetime.combine(day(ago), dt.time(3)), **row)
            for category in ("rod", "heater")[: 1 + (i + k) % 2]:
                made.add("core.order_lines", category=category, **row)
        if i % 6 == 1:
            made.add(
                "customer.durable",
                one_id=one_id,
                category="heater",
                status=("window", "overdue")[i % 2],
                last_purchase_date=day(i * 100),
            )
    made.add("core.events", event_id="nobody", one_id=None, type="scan", channel="web", event_date=day(1))
    made.add("core.orders", order_key="nobody", one_id=None, is_valid=True, ordered_date=day(1))
    for i in range(30):
        made.add("identity.one_id", one_id=f"P{i:02}", status="active", merged_into=None)
    made.add("identity.one_id", one_id="P99", status="merged", merged_into="P03")
    return made


@cache
def con():
    return warehouse(world=world())


OTHERS = {
    "members": {"column": "is_member", "eq": True},
    "not_members": {"not": {"audience": "members"}},
}

days = st.integers(0, 60)
windows = st.one_of(
    st.builds(lambda low, more: {"between": [low, low + more]}, days, days),
    st.builds(lambda name, n: {name: n}, st.sampled_from(["eq", "gt", "gte", "lt", "lte"]), days),
)
agos = st.one_of(
    st.builds(lambda u, low, more: {u: [low, low + more]}, st.sampled_from(["months", "weeks"]), st.integers(0, 3), st.integers(0, 8)),
    st.builds(lambda u, name, n: {u: {name: n}}, st.sampled_from(["months", "days"]), st.sampled_from(["gt", "gte", "lt", "lte"]), st.integers(0, 9)),
)  # fmt: skip
when = st.one_of(st.just({}), windows.map(lambda w: {"days_ago": w}), agos.map(lambda a: {"ago": a}))
counts = st.one_of(
    st.just({}),
    st.sampled_from([{"eq": 0}, {"eq": 2}, {"gte": 2}, {"lte": 1}, {"between": [0, 1]}, {"between": [1, 2]}]).map(
        lambda n: {"count": n}
    ),
)
event_specs = st.builds(
    lambda kind, channel, w: {"type": kind, **channel, **w},
    st.sampled_from(["scan", "visit", ["scan", "visit"]]),
    st.sampled_from([{}, {"channel": "store"}, {"channel": ["store", "web"]}]),
    when,
)
order_specs = st.builds(
    lambda channel, category, w: {**channel, **category, **w},
    st.sampled_from([{}, {"channel": "store"}]),
    st.sampled_from([{}, {"category": "rod"}, {"category": ["rod", "heater"]}]),
    when,
)
steps = st.one_of(event_specs.map(lambda s: {"events": s}), order_specs.map(lambda s: {"orders": s}))
bare_steps = steps.map(
    lambda s: {k: {n: v for n, v in spec.items() if n not in ("days_ago", "ago")} for k, spec in s.items()}
)
leaves = st.one_of(
    st.sampled_from(
        [
            {"column": "city", "eq": "上海"}, {"column": "city", "ne": "上海"}, {"column": "city", "in": ["上海", "北京"]},
            {"column": "city", "is_null": True}, {"column": "city", "contains": "京"}, {"column": "is_member", "eq": False},
            {"column": "n_orders", "gte": 2}, {"column": "n_orders", "between": [1, 3]}, {"column": "n_orders", "ne": 2},
            {"column": "tags", "contains": "vip"}, {"tag": "vip"}, {"tag": "fan", "value": {"gte": 2}},
            {"tag": "fan", "value": {"eq": "1"}}, {"tag": "vip", "since_days_ago": {"lte": 10}},
            {"tag": "vip", "on": day(10)}, {"tag": "fan", "on": day(3), "value": {"in": ["1", "2"]}}, {"tag": "vip", "on": day(50)},
            {"durable": {"category": "heater", "status": ["window"]}}, {"durable": {"bought_ago": {"years": [0, 3]}}},
            {"audience": "members"}, {"audience": "not_members"}, {"ids": ["P01", "P99"]},
            {"sql": "select one_id from core.events where type = 'scan'"},
        ]
    ),
    when.filter(bool).map(lambda w: {"column": "last_order_date", **w}),
    when.filter(bool).map(lambda w: {"column": "member_since_at", **w}),
    st.builds(lambda s, n: {"events": {**s, **n}}, event_specs, counts),
    st.builds(lambda s, n: {"orders": {**s, **n}}, order_specs, counts),
    st.builds(
        lambda a, b, n, does: {"sequence": {"first": a, "then": b, "within_days": n, "happens": does}},
        steps, bare_steps, st.integers(0, 40), st.booleans(),
    ),
)  # fmt: skip
trees = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(below, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        below.map(lambda one: {"not": one}),
    ),
    max_leaves=6,
)


def definition(where):
    return {
        "name": "sample", "label": {"zh": "样本", "en": "Sample"}, "description": {"zh": "样本", "en": "Sample"}, "owner": "crm",
        "channel": None, "where": where, "columns": [{"column": "city"}],
    }  # fmt: skip


def other(name):
    return audience_from(definition(OTHERS[name]) | {"name": name}, Path(f"{name}.yml"))


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    con().close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_a_rule_finds_whom_a_plain_reading_finds_and_is_the_same_when_read_again(where):
    try:
        one = audience_from(definition(where), PATH)
    except ValueError as error:  # never: whatever is drawn can be
        raise AssertionError(where) from error
    text = to_text(one.raw, PATH)
    again = parse_audience(text, PATH, "own")
    assert (again.raw, again.definition, to_text(again.raw, PATH)) == (one.raw, one.definition, text)
    compiled = compile_audience(one, read_dictionary(con()), calendar=CALENDAR, find=other)
    found = {one_id for (one_id,) in con().sql(to_sql(compiled.matching)).fetchall()}
    assert found == {person["one_id"] for person in world().people if holds(one.definition.where, person) is True}


# -- a plain reading: what is not known does not hold -----------------------------------------------------------------


def holds(rule, person):
    return READ[type(rule)](rule, person)


def rows(table, person):
    return [row for row in world().rows[table] if row["one_id"] == person["one_id"]]


def compared(value, rule):
    tests = {
        "eq": lambda v, x: v == x, "gt": lambda v, x: v > x, "gte": lambda v, x: v >= x, "lt": lambda v, x: v < x,
        "lte": lambda v, x: v <= x, "between": lambda v, x: x[0] <= v <= x[1], "in_": lambda v, x: v in x,
        "contains": lambda v, x: x in v,
    }  # fmt: skip
    for name in type(rule).model_fields:
        wanted = getattr(rule, name)
        if wanted is None or name not in (*tests, "ne", "is_null"):
            continue
        if name == "is_null":
            good = (value is None) == wanted
        else:
            good = value != wanted if name == "ne" else value is not None and tests[name](value, wanted)
        if not good:
            return False
    return True


def local_date(value):
    if isinstance(value, dt.datetime):
        return (value + dt.timedelta(hours=8)).date()
    return value


def in_days(value, rule):
    date = local_date(value)
    return date is not None and compared((AS_OF - date).days, rule)


def shifted(n, unit):
    if unit in ("days", "weeks"):
        return AS_OF - dt.timedelta(days=n * (7 if unit == "weeks" else 1))
    months = AS_OF.year * 12 + AS_OF.month - 1 - n * (12 if unit == "years" else 1)
    return AS_OF.replace(year=months // 12, month=months % 12 + 1)  # the 21st is in every month


def in_ago(value, ago):
    date, span = local_date(value), getattr(ago, ago.unit)
    if date is None:
        return False
    if not isinstance(span, Since):
        return shifted(span[1], ago.unit) <= date <= shifted(span[0], ago.unit)
    return all(
        test(shifted(n, ago.unit))
        for n, test in [
            (span.gt, lambda d: date < d), (span.gte, lambda d: date <= d), (span.lt, lambda d: date > d),
            (span.lte, lambda d: date >= d),
        ]
        if n is not None
    )  # fmt: skip


def in_window(value, spec):
    good = spec.days_ago is None or in_days(value, spec.days_ago)
    return good and (spec.ago is None or in_ago(value, spec.ago))


def fits(row, spec, names):
    wanted = {name: getattr(spec, name, None) for name in names}
    return all(w is None or row.get(n) in ([w] if isinstance(w, str) else w) for n, w in wanted.items())


def column(rule, person):
    value = person.get(rule.column)
    if value is None and rule.column == "tags":
        return False
    return (
        compared(value, rule)
        and (rule.days_ago is None or in_days(value, rule.days_ago))
        and (rule.ago is None or in_ago(value, rule.ago))
    )


def tag(rule, person):
    for row in rows("customer.tag" if rule.on is None else "customer.tag_history", person):
        value, wanted = row["value"], rule.value
        if wanted is not None and wanted.gte is not None:
            value = float(value) if value.isdigit() else None
        is_then = rule.on is None or row["valid_from"] <= rule.on <= (row["valid_to"] or rule.on)
        is_since = rule.since_days_ago is None or in_days(row["since"], rule.since_days_ago)
        if row["tag"] == rule.tag and is_then and is_since and (wanted is None or compared(value, wanted)):
            return True
    return False


def events_of(spec, person):
    return [
        row
        for row in rows("core.events", person)
        if fits(row, spec, ("type", "channel")) and row["event_date"] <= AS_OF and in_window(row["event_date"], spec)
    ]


def orders_of(spec, person):
    wanted = [spec.category] if isinstance(spec.category, str) else spec.category
    lines = [row["order_key"] for row in rows("core.order_lines", person) if wanted and row["category"] in wanted]
    return [
        row
        for row in rows("core.orders", person)
        if row["is_valid"] and fits(row, spec, ("channel",)) and in_window(row["ordered_date"], spec)
        and (wanted is None or row["order_key"] in lines)
    ]  # fmt: skip


def happened(step, person):
    if step.events is not None:
        return [(row["event_date"], row["event_at"]) for row in events_of(step.events, person)]
    return [(row["ordered_date"], row["ordered_at"]) for row in orders_of(step.orders, person)]


def sequence(rule, person):
    spec, span = rule.sequence, dt.timedelta(days=rule.sequence.within_days)
    later = happened(spec.then, person)
    for date, moment in happened(spec.first, person):
        follows = any(at > moment and then <= date + span for then, at in later)
        if follows if spec.happens else not follows and date + span <= AS_OF:
            return True
    return False


def durable(rule, person):
    spec = rule.durable
    return any(
        fits(row, spec, ("category",))
        and (spec.status is None or row["status"] in spec.status)
        and (spec.bought_ago is None or in_ago(row["last_purchase_date"], spec.bought_ago))
        for row in rows("customer.durable", person)
    )


READ = {
    c.AllOf: lambda rule, person: all(holds(one, person) for one in rule.all_),
    c.AnyOf: lambda rule, person: any(holds(one, person) for one in rule.any_),
    c.Not: lambda rule, person: not holds(rule.not_, person),
    c.ColumnCondition: column,
    c.TagCondition: tag,
    c.EventCondition: lambda rule, person: compared(len(events_of(rule.events, person)), rule.events.count),
    c.OrderCondition: lambda rule, person: compared(len(orders_of(rule.orders, person)), rule.orders.count),
    c.DurableCondition: durable,
    c.SequenceCondition: sequence,
    c.AudienceCondition: lambda rule, person: holds(other(rule.audience).definition.where, person),
    c.IdsCondition: lambda rule, person: person["one_id"] in {"P03" if one == "P99" else one for one in rule.ids},
    c.SqlCondition: lambda rule, person: any(row["type"] == "scan" for row in rows("core.events", person)),
}
