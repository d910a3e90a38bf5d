import datetime as dt

import pytest
from segments_world import AS_OF, World

from segments.api import open_published, read_vocabulary, search_values


@pytest.fixture
def published(tmp_path):
    world = World()
    for number in range(1, 6):
        world.person(
            f"P{number}",
            city="上海" if number < 4 else "杭州",
            n_orders=number,
            lifecycle_stage="silent",
            tags=["vip", "fan"][:number],
            is_member=number < 3,
            last_order_date=AS_OF - dt.timedelta(days=number),
        )
        world.add("customer.tag", one_id=f"P{number}", tag="vip", value=("gold", "silver")[number % 2], since=AS_OF)
        event = {"event_id": str(number), "one_id": f"P{number}", "type": "scan", "event_date": AS_OF}
        world.add("core.events", subtype="order" if number < 4 else None, channel="store", **event)
        world.add(
            "core.orders", order_key=str(number), is_valid=number > 1, channel="store", store_id="S1", source="pos"
        )
        world.add("core.order_lines", order_key=str(number), is_valid=True, category="filter_cartridge")
    world.add("core.events", event_id="nobody", type="visit")
    world.add("customer.tag_catalogue", tag="vip", label_zh="贵宾", label_en="VIP", kind="rule", sensitivity="internal")
    world.add("customer.tag_catalogue", tag="unused", label_zh="未用", label_en="Unused")
    world.add("customer.tag_observation", tag="vip", observed_date=AS_OF)
    home = world.publish(tmp_path / "home")
    (home / "lists").mkdir()
    (home / "lists" / "guests.csv").write_text("one_id\nP1\n")
    (home / "audiences").mkdir()
    (home / "audiences" / "broken.yml").write_text("name: [")
    with open_published(home) as published:
        yield published


def values(seen):
    return [(one.value, one.n) for one in seen]


def test_columns_come_with_the_values_that_people_have_most_frequent_first(published):
    columns = {one.name: one for one in read_vocabulary(published).columns}
    assert values(columns["city"].values) == [("上海", 3), ("杭州", 2)]
    assert values(columns["tags"].values) == [("vip", 5), ("fan", 4)]
    assert values(columns["is_member"].values) == [("false", 3), ("true", 2)]
    assert columns["lifecycle_stage"].values[0].label.zh == "沉默"
    assert (columns["n_orders"].seen_low, columns["n_orders"].seen_high, columns["n_orders"].n_known) == (1, 5, 5)
    assert columns["last_order_date"].seen_low == AS_OF - dt.timedelta(days=5)
    assert columns["one_id"].values == ()
    assert "devices" not in columns  # a list of structures: nothing to compare with


def test_tags_events_orders_audiences_and_lists_are_told_with_their_names(published):
    found = read_vocabulary(published)
    assert [(one.tag, one.label.zh, one.n_people, one.first_day) for one in found.tags] == [
        ("unused", "未用", 0, None), ("vip", "贵宾", 5, AS_OF),
    ]  # fmt: skip
    assert values(found.tags[1].values) == [("silver", 3), ("gold", 2)]
    assert [(one.type, one.label.zh, one.n, values(one.subtypes)) for one in found.events] == [
        ("scan", "扫码", 5, [("order", 3)])
    ]
    assert values(found.stores) == [("S1", 4)]
    assert found.order_channels[0].label.zh == "门店"
    assert values(found.categories) == [("filter_cartridge", 5)]
    assert {one.name: one.origin for one in found.audiences}["broken"] is None
    assert found.lists == ("guests",)
    assert (found.n_people, found.as_of) == (5, AS_OF)


def test_values_are_searched_by_a_part_of_them(published):
    assert values(search_values(published, "city", "杭")) == [("杭州", 2)]
    assert search_values(published, "n_orders", "1") == ()
    assert search_values(published, "nothing", "1") == ()
    assert search_values(published, "city", "' or 1=1 --") == ()
