"""The builder's form and the words for a rule, without a browser: nothing that a file says is lost in the form."""

from pathlib import Path

import pytest

from console.audiences import tree
from console.audiences.editing import edit
from console.audiences.sentences import in_chinese, joined, told
from console.audiences.sheet import draft_of, fresh_sheet, read_sheet, sheet_of
from console.audiences.vocabulary import arrange
from console.audiences.words import flat, tell
from segments.api import RuleFault, audience_from, load_audiences, open_published, read_vocabulary
from segments.saying import say

RULE = {
    "all": [
        {"column": "n_orders", "between": [2, 5]},
        {"column": "city", "is_null": False},
        {"column": "is_member", "eq": True},
        {"column": "lifecycle_stage", "in": ["silent"]},
        {"column": "last_order_date", "ago": {"months": {"gte": 3}}},
        {"column": "next_purchase_date", "days_ago": {"between": [-30, 0]}},
        {
            "not": {
                "any": [
                    {"tag": "price_sensitive", "since_days_ago": {"lte": 30}},
                    {"tag": "vip_tier", "value": {"eq": "gold"}},
                ]
            }
        },
        {"events": {"type": "message_opened", "days_ago": {"lte": 90}, "count": {"gte": 2}}},
        {"orders": {"category": ["hob", "range_hood"], "ago": {"years": [5, 8]}}},
        {"durable": {"status": ["overdue"], "bought_days_ago": {"gte": 900}}},
        {
            "sequence": {
                "first": {"events": {"type": "add_to_cart", "days_ago": {"lte": 30}}},
                "then": {"orders": {}},
                "within_days": 7,
                "happens": False,
            }
        },
        {"audience": "silent_high_value", "parameters": {"min_m_score": 4}},
        {"ids": ["P1", "P2"]},
        {"list": "guests"},
        {"sql": "select one_id from customer.customer_360"},
        {"column": "tags", "contains": "vip_tier", "ne": "x"},
        {"of_another_day": {"kept": True}},
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def words(home):
    with open_published(home.path) as published:
        return arrange(read_vocabulary(published))


def test_every_built_in_audience_passes_through_the_form_unchanged(words):
    for audience in load_audiences().values():
        draft = draft_of(sheet_of(audience.raw, words), words)
        said = {name: value for name, value in draft.raw.items() if value not in ({}, [])}
        assert said == {name: value for name, value in audience.raw.items() if value not in ({}, [])}


def test_each_kind_of_condition_passes_through_the_form_and_what_has_no_field_stays_as_it_is(words):
    raw = {**next(iter(load_audiences().values())).raw, "where": RULE, "parameters": {}}
    draft = draft_of(sheet_of(raw, words), words)
    kept = RULE["all"].copy()
    # Several comparisons of one column become a group of them, which means the same.
    kept[-2] = {"all": [{"column": "tags", "contains": "vip_tier"}, {"column": "tags", "ne": "x"}]}
    assert draft.raw["where"]["all"] == kept
    assert draft.built.gaps == {}
    assert draft.built.node_at(("where", "all", 7, "events", "count")) is not None


def test_the_posted_form_says_the_tree_whatever_it_holds_beside(words):
    form = [
        ("node", "n0 root all"), ("f.n0.join", "any"), ("node", "n1 n0 column"), ("f.n1.column", "n_orders"),
        ("f.n1.op", "gte"), ("f.n1.v", "$least"), ("p.name", "least"), ("p.type", "integer"), ("p.default", "2"),
        ("p.zh", ""), ("p.en", ""), ("node", "n2 n9 column"), ("node", "n1 n0 any"), ("node", "broken"), ("f.", "x"),
    ]  # fmt: skip
    draft = draft_of(read_sheet(form), words)
    assert draft.raw["where"] == {"column": "n_orders", "gte": "$least"}
    assert draft.raw["parameters"]["least"]["default"] == 2


def test_conditions_are_added_moved_wrapped_copied_and_removed(words):
    sheet = fresh_sheet(words, owner="crm")
    for name in ("n_orders", "city"):
        edit(sheet, f"add:n0:column:{name}", words)
    edit(sheet, "group:n0", words)
    edit(sheet, "add:n3:tag:vip_tier", words)
    edit(sheet, "up:n2", words)
    assert [node.id for node in sheet.root.walk()] == ["n0", "n2", "n1", "n3", "n4"]
    edit(sheet, "up:n4", words)  # at the head of its group: out of it
    edit(sheet, "wrap:n1", words)
    edit(sheet, "copy:n2", words)
    edit(sheet, "remove:n3", words)
    edit(sheet, "remove:n0", words)
    assert [(node.id, node.kind) for node in sheet.root.walk()] == [
        ("n0", "all"), ("n2", "column"), ("n6", "column"), ("n5", "any"), ("n1", "column"), ("n4", "tag"),
    ]  # fmt: skip
    assert tree.depth_of(sheet.root, "n1") == 2


def test_a_tree_stops_growing_and_deepening(words):
    sheet = fresh_sheet(words, owner="crm")
    for _ in range(tree.MOST + 5):
        edit(sheet, "add:n0:column:n_orders", words)
    assert sum(1 for _ in sheet.root.walk()) == tree.MOST


def test_a_rule_is_told_in_both_languages(words):
    told = tell(RULE, words, {"silent_high_value": ("沉默高价值", "Silent high-value customers")})
    zh, en = flat(told, "zh"), flat(told, "en")
    assert "有效订单数 介于 2 和 5" in zh
    assert "未来 30 天内" in zh
    assert "以下均不满足" in zh
    assert "之后 7 天内没有 有效订单" in zh
    assert "属于人群 沉默高价值（min_m_score = 4）" in zh
    assert "5 to 8 years ago" in en
    assert "in the audience Silent high-value customers" in en


def test_sentences_of_the_library_are_told_in_both_languages():
    said = say("sentence", text=say("nothing_between", low=5, high=2))
    assert joined(said, say("correct_it")) == (
        "5 与 2 之间没有值，小的写在前面。请改正。",
        "nothing lies between 5 and 2: the lower value comes first. Correct it.",
    )
    assert in_chinese("something else") == "something else"
    with pytest.raises(RuleFault) as caught:
        audience_from({"name": "a", "where": {"tag": ""}}, Path("a.yml"))
    assert told(caught.value)[0] == "第 1 行 缺少 label。请补上 label。"
