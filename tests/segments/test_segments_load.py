from pathlib import Path

import pytest
from segments_world import audience

from common.errors import DefinitionError, UsageError
from segments.rules.library import AUDIENCES, find_audience, load_audiences
from segments.rules.load import load_audience

HANDBOOK = Path(__file__).parents[2] / "docs" / "marketers.md"


def test_the_built_in_audiences_load():
    assert list(load_audiences()) == [
        "coupon_lovers",
        "filter_not_renewed",
        "new_members_no_second_order",
        "replacement_due",
        "silent_full_price",
        "silent_high_value",
        "sms_churn_risk",
        "store_followers_never_bought",
    ]


def test_every_audience_has_a_channel_and_chinese_and_english_headers():
    for one in load_audiences().values():
        assert one.definition.channel is not None
        assert all(column.label is not None for column in one.definition.columns)


def test_an_unknown_audience_is_a_wrong_usage_that_names_the_known_ones():
    with pytest.raises(UsageError, match="silent_high_value"):
        find_audience("silent")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{all: [{colum: city, eq: 上海}]}", r"yml:6: where.all\[0\]: a condition needs exactly one of"),
        ("{column: city, equals: 上海}", r"where.equals: this key is not known"),
        ("{column: city}", "compare with something"),
        ("{column: n_orders, between: [5, 1]}", "nothing lies between 5 and 1"),
        ("{column: n_orders, gt: 7, lt: 3}", "nothing lies between 7 and 3"),
        ("{column: n_orders, between: [1, zwei]}", "different kinds"),
        ("{column: city, in: []}", "at least 1 of them"),
        ("{column: n_orders, gte: .inf}", "where.gte"),
        ("{all: []}", "at least 1 of them"),
        ("{events: {type: ticket_opened, count: {eq: -1}}}", "not negative"),
        ("{events: {type: ticket_opened, count: {gte: 0}}}", "true of everybody"),
        ("{events: {channel: sms}}", "type is missing"),
        ("{column: last_order_date, days_ago: {lte: 400000}}", "at most 36500"),
        ("{column: last_order_date, days_ago: {lte: $days}}", r"\$days is no parameter"),
        ("{durable: {}}", "say a category"),
        ("{column: 'city; drop table x', eq: a}", "where.column"),
        ("{column: city, eq: a, eq: b}", "written twice"),
    ],
)
def test_an_impossible_rule_is_refused_with_its_place(tmp_path, where, message):
    with pytest.raises(DefinitionError, match=message):
        audience(tmp_path, where)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("channel", "telepathy", "yml:5: channel"),
        ("limit", "0", "limit"),
        ("columns", "[]", "columns"),
        ("columns", "[{column: city}, {column: city}]", "more than once"),
        ("personal", "[phone]", "personal"),
        ("order_by", "[{column: city, direction: up}]", r"order_by\[0\].direction"),
        ("parameters", "{days: {type: integer, default: many, label: {zh: 天, en: Days}}}", "must be of type integer"),
        ("colour", "red", "this key is not known"),
        ("name", "other", "Give both the same name"),
    ],
)
def test_a_wrong_head_is_refused_with_its_place(tmp_path, key, value, message):
    with pytest.raises(DefinitionError, match=message):
        audience(tmp_path, "{column: city, eq: 上海}", **{key: value})


def test_a_fault_names_the_line_of_the_file(tmp_path):
    text = (AUDIENCES / "coupon_lovers.yml").read_text(encoding="utf-8").replace("gte: $min_orders", "gte: true")
    path = tmp_path / "coupon_lovers.yml"
    path.write_text(text, encoding="utf-8")
    line = next(i for i, one in enumerate(text.splitlines(), start=1) if "gte: true" in one)
    load_audience(path)  # a truth value is a value; that it does not fit the column shows when compiling
    path.write_text(text.replace("gte: true", "gte: [1]"), encoding="utf-8")
    with pytest.raises(DefinitionError, match=rf"coupon_lovers.yml:{line}: where.any\[1\].all\[0\].gte"):
        load_audience(path)


def test_broken_yaml_is_refused_with_its_line(tmp_path):
    path = tmp_path / "sample.yml"
    path.write_text("name: sample\nlabel: {zh: 样本\nwhere: [", encoding="utf-8")
    with pytest.raises(DefinitionError, match="not valid YAML"):
        load_audience(path)


def test_personal_fields_need_a_channel(tmp_path):
    with pytest.raises(DefinitionError, match="only for a channel"):
        audience(tmp_path, "{column: city, eq: 上海}", channel=None, personal="[name]")


def test_parameters_take_other_values_of_their_type_only():
    one = find_audience("new_members_no_second_order")
    bound = one.bind({"joined_within_days": 30})
    assert bound.where.all_[1].days_ago.between == [0, 30]
    with pytest.raises(UsageError, match="must be of type integer"):
        one.bind({"joined_within_days": "30"})
    with pytest.raises(UsageError, match="has no parameter days"):
        one.bind({"days": 30})


def test_a_value_that_makes_the_rule_impossible_is_refused():
    with pytest.raises(DefinitionError, match="nothing lies between 0 and -1"):
        find_audience("new_members_no_second_order").bind({"joined_within_days": -1})


def test_two_dollar_signs_are_a_plain_one(tmp_path):
    assert audience(tmp_path, "{column: city, eq: $$city}").definition.where.eq == "$city"


def test_the_example_of_the_handbook_is_a_right_audience(tmp_path):
    text = HANDBOOK.read_text(encoding="utf-8").split("```yaml")[1].split("```")[0]
    path = tmp_path / "lapsed_purifier_owners.yml"
    path.write_text(text, encoding="utf-8")
    assert load_audience(path).definition.limit == 5000


def test_the_handbook_names_every_audience():
    text = HANDBOOK.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in load_audiences())
