import datetime as dt
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segments_world import World

from common.errors import UsageError
from segments.api import RuleFault, delete_audience, find_audience, load_audiences, plan_saving, save_audience
from segments.rules.comments import carried_over, comments_of
from segments.rules.load import parse_audience
from segments.rules.write import audience_from, diff_text, to_text
from segments.rules.yaml_words import read as read_yaml
from warehouse.audit import read

NOW = dt.datetime(2026, 11, 21, 9, 0)
REGULARS = {
    "where": {"all": [{"gte": 3, "column": "n_orders"}, {"not": {"tag": "international"}}]},
    "columns": [{"column": "city", "label": {"zh": "城市", "en": "City"}}],
    "owner": "crm", "channel": None, "limit": None, "parameters": {},
    "description": {"zh": "三单以上", "en": "Three orders or more"}, "label": {"en": "Regulars", "zh": "常客"},
    "name": "regulars",
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    return World().publish(tmp_path / "home")


def save(home, raw, **more):
    return save_audience(home, raw, who="anna", at=NOW, **more)


@pytest.mark.parametrize("name", list(load_audiences()))
def test_an_audience_written_and_read_again_is_the_same_and_so_is_its_text(name):
    one = load_audiences()[name]
    text = to_text(one.raw, one.path)
    again = parse_audience(text, one.path)
    assert again.raw == one.raw
    assert again.definition == one.definition
    assert to_text(again.raw, one.path) == text


def test_a_definition_becomes_one_text_whatever_the_order_of_its_keys(home):
    turned = dict(reversed(REGULARS.items()))
    assert to_text(turned, home / "regulars.yml") == to_text(REGULARS, home / "regulars.yml")
    assert to_text(REGULARS, home / "regulars.yml") == (
        "name: regulars\n"
        "label: {zh: 常客, en: Regulars}\n"
        "description: {zh: 三单以上, en: Three orders or more}\n"
        "owner: crm\n"
        "channel: null\n"
        "where:\n"
        "  all:\n"
        "    - {column: n_orders, gte: 3}\n"
        "    - not: {tag: international}\n"
        "columns:\n"
        "  - {column: city, label: {zh: 城市, en: City}}\n"
    )


def test_what_is_saved_is_found_private_and_on_record(home):
    change = save(home, REGULARS)
    assert find_audience("regulars", home).origin == "own"
    assert stat.S_IMODE(change.path.stat().st_mode) == 0o600
    assert change.replaces is None and change.diff.startswith("--- regulars.yml")
    line = read(home)[-1]
    assert (line["action"], line["who"], line["audience"]) == ("save_audience", "anna", "regulars")
    assert line["sha256"] == find_audience("regulars", home).sha256


def test_saving_twice_changes_nothing_and_a_change_is_a_small_diff(home):
    first = save(home, REGULARS)
    before = first.path.stat().st_mtime_ns
    assert save(home, REGULARS).diff == ""
    assert first.path.stat().st_mtime_ns == before
    changed = REGULARS | {"where": {"all": [{"column": "n_orders", "gte": 4}, {"not": {"tag": "international"}}]}}
    lines = [one for one in save(home, changed).diff.splitlines() if one[0] in "+-" and one[:3] not in ("+++", "---")]
    assert lines == ["-    - {column: n_orders, gte: 3}", "+    - {column: n_orders, gte: 4}"]


def test_a_fault_of_an_unsaved_definition_is_told_with_place_line_and_remedy(home):
    wrong = REGULARS | {
        "where": {"all": [{"column": "n_orders", "gte": 3}, {"colunm": "city", "eq": "上海"}]},
        "lable": {},
    }
    with pytest.raises(RuleFault) as caught:
        save(home, wrong)
    faults = {fault.location: fault for fault in (caught.value, *caught.value.others)}
    assert set(faults) == {("where", "all", 1), ("lable",)}
    assert faults["where", "all", 1].line == 9
    assert faults[("lable",)].remedy == "Did you mean label?"
    assert not (home / "audiences" / "regulars.yml").exists()
    assert read(home) == []


@pytest.mark.parametrize("name", ["../etc/passwd", "Regulars", "", None, "a" * 61, "1st", "a b", "a\n"])
def test_no_name_leads_out_of_the_folder(home, name):
    with pytest.raises(RuleFault) as caught:
        save(home, REGULARS | {"name": name})
    assert caught.value.location == ("name",)


WRITTEN = """\
# of the loyalty team
name: regulars
label: {zh: 常客, en: Regulars}
description: {zh: 三单以上, en: Three orders or more}
owner: crm   # since May
channel: null
where:
  all:   # both must hold
    # was 5 until June
    - {column: n_orders, gte: 3}  # valid ones
    - not: {tag: international}
# what goes out
columns:
  - {column: city, label: {zh: 城市, en: City}}  # asked for by retail
# the end
"""


def test_comments_stay_with_what_they_are_about(home):
    save(home, REGULARS)
    path = home / "audiences" / "regulars.yml"
    path.write_text(WRITTEN, encoding="utf-8")
    rule = {"all": [{"tag": "vip"}, {"column": "n_orders", "gte": 4}, {"not": {"tag": "international"}}]}
    kept = save(home, REGULARS | {"where": rule, "owner": "retail"})
    assert kept.lost_comments == ()
    assert path.read_text(encoding="utf-8") == kept.audience.text == (
        "# of the loyalty team\n"
        "name: regulars\n"
        "label: {zh: 常客, en: Regulars}\n"
        "description: {zh: 三单以上, en: Three orders or more}\n"
        "owner: retail  # since May\n"
        "channel: null\n"
        "where:\n"
        "  all:  # both must hold\n"
        "    - {tag: vip}\n"
        "    # was 5 until June\n"
        "    - {column: n_orders, gte: 4}  # valid ones\n"
        "    - not: {tag: international}\n"
        "# what goes out\n"
        "columns:\n"
        "  - {column: city, label: {zh: 城市, en: City}}  # asked for by retail\n"
        "# the end\n"
    )  # fmt: skip
    assert save(home, kept.audience.raw).diff == ""


def test_a_comment_of_what_is_no_more_is_told_before_it_is_lost(home):
    save(home, REGULARS)
    path = home / "audiences" / "regulars.yml"
    path.write_text(WRITTEN, encoding="utf-8")
    plan = plan_saving(home, REGULARS | {"where": {"all": [{"tag": "vip"}, {"not": {"tag": "international"}}]}})
    assert plan.lost_comments == ("# was 5 until June", "# valid ones")
    assert comments_of("a: 'x # y' # z\nb: \"#\"\n") == ["# z"]


comment = st.text("abc: {}[]#-'\"", max_size=8).map(lambda text: f"# {text}".rstrip())


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans(), comment), max_size=6), st.permutations(range(3)))
def test_comments_never_change_what_a_file_says_and_each_is_kept_or_told(places, order):
    rules = [{"column": "n_orders", "gte": 3}, {"not": {"tag": "a"}}, {"events": {"type": "scan"}}]
    raw = REGULARS | {"where": {"all": rules}}
    lines = to_text(raw, Path("regulars.yml")).splitlines()
    for place, is_alone, text in places:
        at = place % len(lines)
        if is_alone or "#" in lines[at]:
            lines.insert(at, text)
        else:
            lines[at] += f"  {text}"
    before = "\n".join(lines) + "\n"
    after = to_text(REGULARS | {"where": {"all": [rules[number] for number in order]}}, Path("regulars.yml"))
    made, lost = carried_over(before, after)
    assert read_yaml(made)[1] == read_yaml(after)[1]
    assert sorted([*comments_of(made), *lost]) == sorted(comments_of(before))
    assert carried_over(made, after)[0] == made


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"column": "n_ordres", "gte": 3}, "Did you mean n_orders"),
        ({"column": "city", "gte": 3}, "makes no sense"),
        ({"column": "lifecycle_stage", "contains": 3}, "none"),
        ({"sql": "select one_id from customer.nothing"}, "no table customer.nothing"),
        ({"sql": "select one_id from customer.tag where colour = 1"}, "colour"),
        ({"not": {"list": "gone"}}, "there is no list gone"),
    ],
)
def test_what_the_published_run_does_not_hold_is_never_saved(home, where, message):
    with pytest.raises(RuleFault, match=message):
        save(home, REGULARS | {"where": where})
    with pytest.raises(RuleFault, match="no column n_ordres"):
        save(home, REGULARS | {"order_by": [{"column": "n_ordres"}]})
    assert not (home / "audiences" / "regulars.yml").exists()
    assert not read(home)


def test_nothing_is_saved_while_there_is_no_run_to_check_it_against(tmp_path):
    with pytest.raises(UsageError, match="Nothing is published yet"):
        save(tmp_path, REGULARS)


def test_what_somebody_else_saved_meanwhile_is_not_written_over(home):
    opened = save(home, REGULARS).audience.sha256
    save(home, REGULARS | {"owner": "retail"}, replacing=opened)
    with pytest.raises(UsageError, match="changed by somebody else"):
        save(home, REGULARS | {"owner": "service"}, replacing=opened)
    assert find_audience("regulars", home).definition.owner == "retail"


def test_a_built_in_audience_is_replaced_and_comes_back(home):
    raw = dict(find_audience("coupon_lovers").raw) | {"owner": "retail"}
    change = save(home, raw)
    assert "-owner: promotion" in change.diff and "+owner: retail" in change.diff
    assert delete_audience(home, "coupon_lovers", who="anna", at=NOW) == change.path
    assert find_audience("coupon_lovers", home).definition.owner == "promotion"
    with pytest.raises(UsageError, match="came with Guiyi"):
        delete_audience(home, "coupon_lovers", who="anna", at=NOW)
    assert [line["action"] for line in read(home)] == ["save_audience", "delete_audience"]


def test_an_audience_that_others_are_made_of_is_not_deleted(home):
    save(home, REGULARS)
    save(home, REGULARS | {"name": "silent_regulars", "where": {"not": {"audience": "regulars"}}})
    with pytest.raises(UsageError, match="is part of silent_regulars"):
        delete_audience(home, "regulars", who="anna", at=NOW)


def test_an_audience_that_leads_back_to_itself_is_not_saved(home):
    save(home, REGULARS)
    save(home, REGULARS | {"name": "second", "where": {"any": [{"audience": "regulars"}, {"tag": "vip"}]}})
    with pytest.raises(RuleFault, match="leads back to itself: regulars → second → regulars"):
        save(home, REGULARS | {"where": {"audience": "second"}})
    with pytest.raises(RuleFault, match="Did you mean second"):
        save(home, REGULARS | {"where": {"audience": "secund"}})


def test_a_tree_that_is_too_deep_is_refused(home):
    rule = {"tag": "vip"}
    for _ in range(1_000):
        rule = {"not": rule}
    with pytest.raises(RuleFault, match="nested more than 40 deep"):
        audience_from(REGULARS | {"where": rule}, home / "audiences" / "regulars.yml")


def test_the_difference_of_equal_texts_is_nothing():
    assert diff_text("a: 1\n", "a: 1\n", "x") == ""
