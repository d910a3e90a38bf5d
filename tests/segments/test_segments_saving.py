import datetime as dt
import stat

import pytest
from segments_world import World

from common.errors import UsageError
from segments.api import RuleFault, delete_audience, find_audience, load_audiences, plan_saving, save_audience
from segments.rules.load import parse_audience
from segments.rules.write import audience_from, comments_of, diff_text, to_text
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


def test_comments_at_the_head_stay_and_others_are_told_before_they_are_lost(home):
    save(home, REGULARS)
    path = home / "audiences" / "regulars.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text("# of the loyalty team\n" + text.replace("gte: 3}", "gte: 3}  # was 5"), encoding="utf-8")
    plan = plan_saving(home, REGULARS)
    assert plan.lost_comments == ("# was 5",)
    assert plan.audience.text.startswith("# of the loyalty team\nname: regulars\n")
    assert comments_of("a: 'x # y' # z\nb: \"#\"\n") == ["# z"]


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
