"""Audiences in a real browser: the list, one audience, the builder with its live count, saving with its diff."""

import pytest
import yaml
from console_world import serving
from playwright.sync_api import expect

from console.security.users import write_user
from segments.api import find_audience, open_published
from warehouse import audit

expect.set_options(timeout=20_000)  # machines that run tests may be busy
PASSWORD = "correct horse battery"


@pytest.fixture
def own(own_home):
    with serving(own_home) as address:
        yield address


def counted(page, but=None):
    """The live figure, once it is another one than `but`."""
    figure = page.locator("#n-matching")
    expect(figure).not_to_have_text("…" if but is None else f"{but:,}")
    return int(figure.inner_text().replace(",", ""))


def add_condition(page, words):
    """Into the group that the picker is open for, else into the outermost."""
    if not page.locator(".picker").count():
        page.locator("#pick-n0").click()
    page.locator("[data-filter]").fill(words)
    page.keyboard.press("Enter")
    page.locator(".picker").wait_for(state="detached")


def test_the_list_shows_sizes_and_is_searched(watch, console):
    page = watch(console + "/audiences").page
    page.wait_for_load_state("networkidle")
    row = page.locator("#row-silent_high_value")
    assert "沉默高价值" in row.inner_text()
    assert "…" not in row.inner_text()
    page.get_by_role("searchbox").fill("silent_high_value")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    page.get_by_role("searchbox").fill("zzz")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("没有符合的人群")


@pytest.mark.parametrize(("width", "language"), [(390, "en"), (1440, "zh")])
def test_one_audience_tells_its_rule_in_words_and_masks_its_people(watch, console, width, language):
    seen = watch(console + "/audiences/silent_high_value", width=width, language=language)
    page = seen.page
    page.wait_for_load_state("networkidle")
    rule = page.locator("#rule").inner_text()
    assert ("生命周期阶段 是 沉默" if language == "zh" else "Lifecycle stage is Silent") in rule
    assert ("排除：最近 30 天内" if language == "zh" else "Not: Ticket opened in the last 30 days") in rule
    contacts = [cell.inner_text() for cell in page.locator("#people tbody tr td:nth-child(2)").all()]
    assert contacts
    assert all("*" in one for one in contacts)
    page.locator("#figures summary").click()
    assert "FROM customer.customer_360" in page.locator("#sql-text").inner_text()
    assert not seen.is_wider_than_the_screen()
    assert seen.serious_faults() == []


def test_an_audience_is_built_counted_saved_after_its_diff_and_deleted(watch, own, own_home):
    seen = watch(own + "/audiences/-/new?empty=1")
    page = seen.page
    everybody = counted(page)
    add_condition(page, "有效订单数")
    page.get_by_label("数值").fill("2")
    buyers = counted(page, but=everybody)
    assert 0 < buyers < everybody
    page.reload()  # the draft is as it was
    assert page.get_by_label("数值").input_value() == "2"
    page.locator("button[value='group:n0']").click()
    page.locator("#box-n2 .picker").wait_for()
    add_condition(page, "lifecycle_stage")
    page.get_by_label("沉默").check()
    silent = counted(page, but=buyers)
    assert 0 < silent < buyers
    page.locator("#box-n3 select").first.select_option("1")
    assert counted(page, but=silent) == buyers - silent
    assert seen.serious_faults() == []
    page.get_by_role("button", name="查看改动并保存").click()
    expect(page.get_by_role("alert").first).to_contain_text("还不能保存")
    expect(page.locator("#fault-label_zh")).to_contain_text("请填写名称")
    page.get_by_label("名称", exact=True).fill("复购未沉默")
    page.get_by_role("button", name="查看改动并保存").click()
    page.wait_for_url("**/check")
    assert "+    - {column: n_orders, gte: 2}" in page.locator(".diff").inner_text()
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/audiences/audience_2")
    saved = yaml.safe_load((own_home.audiences / "audience_2.yml").read_text(encoding="utf-8"))
    assert saved["where"]["all"][0] == {"column": "n_orders", "gte": 2}
    assert find_audience("audience_2", own_home.path).definition.label.zh == "复购未沉默"
    page.get_by_text("删除这个人群").click()
    page.get_by_label("确认删除").check()
    page.get_by_role("button", name="删除", exact=True).click()
    page.wait_for_url("**/audiences")
    page.wait_for_load_state("networkidle")
    assert not (own_home.audiences / "audience_2.yml").exists()
    done = [line["action"] for line in audit.read(own_home.path)]
    assert done[-2:] == ["save_audience", "delete_audience"]


def test_what_is_filled_in_half_or_wrong_is_told_at_its_place(watch, console):
    seen = watch(console + "/audiences/-/new?copy=silent_high_value", width=390, language="en")
    page = seen.page
    matching = counted(page)
    add_condition(page, "n_orders")
    node = page.locator(".condition").last
    mark = node.locator(".field-problem")
    expect(mark).to_contain_text("Fill in a value")
    assert counted(page) == matching  # what is not filled in yet is left out
    node.get_by_label("Value").fill("many")
    expect(mark).to_contain_text("Fill in a number")
    node.locator("[id$='.op']").select_option("between")
    node.get_by_label("Value").fill("5")
    node.get_by_label("Up to").fill("2")
    expect(mark).to_contain_text("nothing lies between 5 and 2")
    expect(page.locator("#figures")).to_contain_text("cannot be counted")
    assert not seen.is_wider_than_the_screen()
    assert seen.serious_faults() == []


def test_the_finer_kinds_of_what_happened_are_listed_once_it_is_chosen(watch, console, home):
    query = "select distinct subtype from core.events where type = 'refund' and subtype is not null"
    with open_published(home.path) as published:
        kinds = {row[0] for row in published.con.execute(query).fetchall()}
    page = watch(console + "/audiences/-/new?empty=1").page
    counted(page)
    add_condition(page, "行为事件")
    node = page.locator(".condition").last
    finer = node.locator("details[data-keep$='.subtype']")
    finer.locator("summary").click()
    expect(finer).to_contain_text("先选行为")
    assert finer.locator("[type=checkbox]").count() == 0
    node.locator("[type=checkbox][value=refund]").check()
    # Redrawn with the kinds of that event alone, still open; what was ticked stays ticked.
    expect(finer.locator("[type=checkbox]")).to_have_count(len(kinds))
    assert {box.get_attribute("value") for box in finer.locator("[type=checkbox]").all()} == kinds != set()
    expect(finer.locator("[type=checkbox]").first).to_be_visible()
    expect(node.locator("[type=checkbox][value=refund]")).to_be_checked()
    finer.locator("[type=checkbox]").first.check()
    node.locator("[type=checkbox][value=refund]").uncheck()
    expect(finer).to_contain_text("细分类型 · 1")  # what was chosen is not forgotten with the event


def test_a_viewer_may_look_and_not_change(watch, own_home):
    write_user(own_home, "vera", "viewer", PASSWORD)
    with serving(own_home) as address:
        page = watch(address + "/sign-in", language="en").page
        page.get_by_label("Name").fill("vera")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.goto(address + "/audiences/silent_high_value")
        page.wait_for_load_state("networkidle")
        assert page.get_by_role("link", name="Export the list").count() == 0
        assert page.get_by_role("link", name="Edit").count() == 0
        assert page.request.get(address + "/audiences/-/new?empty=1").status == 403
