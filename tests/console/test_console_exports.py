"""Exports in a real browser: from the list of audiences to a CSV with a holdout, and who may not."""

import csv
import datetime as dt
import json

import pytest
from console_world import serving
from playwright.sync_api import expect

from console.security.users import write_user
from segments.api import export_audience, find_plan, read_assignment
from warehouse import audit

PASSWORD = "correct horse battery"


@pytest.fixture
def own(own_home):
    with serving(own_home) as address:
        yield address


def test_from_the_list_to_a_csv_of_reachable_people_with_a_holdout(watch, own, own_home, downloads):
    seen = watch(own + "/audiences", width=390)
    page = seen.page
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="导出 到期换新").click()
    assert page.get_by_label("留出对照组（%）").input_value() == "10"
    page.get_by_label("留出对照组（%）").fill("30")
    assert seen.serious_faults() == []
    page.get_by_label("用途（必填）").fill("换新提醒")
    page.get_by_label("滤芯至多已用天数").fill("777")
    page.get_by_role("button", name="导出名单").click()
    page.wait_for_url("**/exports/E*")
    assert not seen.is_wider_than_the_screen()
    assert seen.serious_faults() == []
    with page.expect_download() as waited:
        page.get_by_role("link", name="下载").first.click()
    file = downloads / waited.value.suggested_filename
    waited.value.save_as(file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    held = int(page.locator("#n-holdout").inner_text())
    manifest = json.loads(next((own_home.exports / "replacement_due").glob("*/manifest.json")).read_text())
    assert len(rows) == manifest["rows"] > 0
    assert manifest["dropped"]["holdout"] == held > 0
    assert manifest["rows"] + sum(manifest["dropped"].values()) == manifest["matching"]
    assert all(row["手机号"].isdigit() for row in rows)
    assert manifest["reason"] == "换新提醒"
    assert "777" in json.dumps(manifest["definition"]["where"]), "the value of this export, not the default"
    done = [line for line in audit.read(own_home.path) if line["action"] in ("export", "download")]
    assert [line["action"] for line in done][-2:] == ["export", "download"]
    assert done[-2]["reason"] == "换新提醒"


def test_an_export_without_a_reason_or_with_an_impossible_holdout_is_refused_where_it_is_said(watch, console):
    page = watch(console + "/audiences/silent_high_value/export", language="en").page
    page.get_by_label("Held out (%)").fill("120")
    page.get_by_label("What it is for").evaluate("box => box.removeAttribute('required')")
    page.get_by_label("What it is for").evaluate("box => box.removeAttribute('minlength')")
    page.get_by_label("Least monetary score").fill("9")
    page.get_by_label("Silent").uncheck()
    page.locator("#asking").evaluate("form => form.setAttribute('novalidate', '')")
    page.get_by_role("button", name="Export the list").click()
    expect(page.locator("#problem-parameter-min_m_score")).to_contain_text("from 1 to 5")
    expect(page.locator("#problem-parameter-stages")).to_contain_text("choose at least one")
    expect(page.locator("#problem-reason")).to_contain_text("Say what it is for")
    expect(page.locator("#problem-holdout")).to_contain_text("from 0 to 90; 0 or nothing for none")


def test_a_campaign_code_is_chosen_freely_or_from_the_plans_and_checked_where_it_stands(watch, own, own_home):
    seen = watch(own + "/audiences/replacement_due/export", language="en", width=390)
    page = seen.page

    def ask(code, **fields):
        page.get_by_label("What it is for").fill("renewal")
        page.get_by_label("Code of a new campaign").fill(code)
        for label, text in fields.items():
            page.get_by_label(label).fill(text)
        page.get_by_role("button", name="Export the list").click()

    ask("renewal 1")
    expect(page.locator("#problem-code")).to_contain_text("Letters, digits, - and _")
    assert seen.serious_faults() == [] and not seen.is_wider_than_the_screen()
    ask("RN-1", **{"Held out": "20"})
    page.wait_for_url("**/exports/E*")
    assert page.locator("#files dd code").first.inner_text() == "RN-1"
    plan = find_plan(own_home.path, "RN-1")
    assert (plan.audience, plan.holdout.share) == ("replacement_due", 0.2)
    page.goto(own + "/audiences/replacement_due/export")
    ask("rn-1")
    expect(page.locator("#problem-code")).to_contain_text("choose it above")
    page.goto(own + "/audiences/silent_high_value/export")
    ask("rn-1")
    expect(page.locator("#problem-code")).to_contain_text("The audience replacement_due has a campaign of this code")
    page.goto(own + "/audiences/replacement_due/export")
    page.get_by_label("Campaign plan").select_option("RN-1")
    ask("RN-2")
    expect(page.locator("#problem-code")).to_contain_text("A plan is chosen")
    ask("")
    page.wait_for_url("**/exports/E*")
    assert read_assignment(own_home.path, "RN-1").height > 0
    assert not (own_home.path / "campaigns" / "RN-2").exists()


def test_a_tool_that_nobody_agreed_to_says_so_beside_the_form_and_what_to_do(watch, console):
    page = watch(console + "/audiences/silent_high_value/export").page
    expect(page.locator("#will-list")).to_be_visible()
    before = page.locator("#will-list").inner_text()
    page.locator("summary", has_text="去向与格式").click()
    page.get_by_label("去向", exact=True).select_option("tencent_ads_md5")
    expect(page.locator("#reach")).to_contain_text("名单必为空")
    expect(page.locator("#reach")).to_contain_text("covered_by: {advertising: marketing}")
    assert page.locator("#will-list").inner_text() == "0" != before
    page.get_by_label("去向", exact=True).select_option("")
    expect(page.locator("#will-list")).to_have_text(before)
    expect(page.locator("#reach")).not_to_contain_text("名单必为空")


def test_parameters_are_chosen_in_words_and_the_figures_before_the_button_are_those_of_the_list(watch, own, own_home):
    seen = watch(own + "/audiences/silent_high_value/export", width=390)
    page = seen.page
    stages = page.get_by_role("group", name="生命周期阶段")
    assert stages.get_by_label("沉默").is_checked() and not stages.get_by_label("活跃").is_checked()
    assert "silent" not in stages.inner_text()
    expect(page.locator("#will-list")).to_be_visible()
    fewer = int(page.locator("#will-list").inner_text().replace(",", ""))
    stages.get_by_label("活跃").check()
    page.get_by_label("留出对照组（%）").fill("40")
    page.get_by_label("用途（必填）").fill("召回")
    page.wait_for_load_state("networkidle")
    on_list, held = page.locator("#about-to b").all_inner_texts()
    assert seen.serious_faults() == [] and not seen.is_wider_than_the_screen()
    page.get_by_role("button", name="导出名单").click()
    page.wait_for_url("**/exports/E*")
    folder = next((own_home.exports / "silent_high_value").glob("*.silent_high_value-*"))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert "active" in json.dumps(manifest["definition"]["where"])
    assert (int(on_list.replace(",", "")), int(held)) == (manifest["rows"], manifest["dropped"]["holdout"])
    assert manifest["rows"] + manifest["dropped"]["holdout"] > fewer


def test_a_second_list_is_a_new_campaign_and_one_made_again_links_to_the_newer(watch, own, own_home):
    page = watch(own + "/audiences/replacement_due/export").page

    def ask(plan=""):
        page.goto(own + "/audiences/replacement_due/export")
        page.get_by_label("用途（必填）").fill("换新提醒")
        page.get_by_label("活动计划（可选）").select_option(plan)
        page.wait_for_load_state("networkidle")
        told = page.locator("#reach").inner_text()
        page.get_by_role("button", name="导出名单").click()
        page.wait_for_url("**/exports/E*")
        return told, page.url, page.locator("#files dd code").first.inner_text()

    _, first, code = ask()
    told, second, other = ask()
    assert other == f"{code}-2" and f"{code}-2" in told and "已属于同期的其他活动" in told
    assert page.request.get(first).status == 200 == page.request.get(second).status
    told, third, again = ask(code)
    assert again == code and "会更新此活动在本批次已有的名单" in told
    gone = watch(own + "/campaigns", width=390)
    assert "guiyi campaign" not in gone.page.locator("#plans").inner_text()
    assert "holdout" not in gone.page.locator("#plans").inner_text()
    gone.page.locator("#plans").locator(f'a[href="/campaigns/{code}"]').click()
    expect(gone.page.locator("#main")).to_contain_text("还没有结果")
    assert gone.page.locator("#lists a").count() == 2
    assert gone.serious_faults() == [] and not gone.is_wider_than_the_screen()
    answer = page.request.get(first)
    assert answer.status == 410
    assert f'href="{third.removeprefix(own)}"' in answer.text() and "打开新的名单" in answer.text()


def test_a_tool_is_called_by_its_name_where_its_list_is_shown(watch, own, own_home):
    report = export_audience(
        own_home.path, "silent_high_value", at=dt.datetime(2026, 11, 29, 3, 4), destination="aliyun_sms", reason="one"
    )
    page = watch(f"{own}/audiences/-/exports/{report.export_id}").page
    assert "aliyun_sms" not in page.locator("#files dl dd").first.inner_text()
    assert page.locator("#files dl dd").nth(1).inner_text() == "Excel (xlsx)"
    page.goto(own + "/audiences/silent_high_value")
    page.wait_for_load_state("networkidle")
    assert "aliyun_sms" not in page.locator("#exports").inner_text()


def test_the_list_of_audiences_tells_the_daily_lists_from_those_that_somebody_asked_for(watch, own, own_home):
    page = watch(own + "/audiences", language="en").page
    cell = page.locator("#row-replacement_due td").nth(6)
    expect(cell).to_contain_text("daily list")
    assert page.locator("table.audiences").get_by_text("never", exact=True).count() == 0
    export_audience(own_home.path, "replacement_due", at=dt.datetime(2026, 11, 29, 3, 4), reason="renewal")
    page.reload()
    expect(cell).to_contain_text("2026-11-29")
    expect(cell).not_to_contain_text("daily list")


def test_a_wrong_plan_is_told_in_the_language_of_the_page(watch, own, own_home):
    plan = own_home.path / "campaigns" / "spring.yml"
    plan.parent.mkdir()
    plan.write_text("name: spring\ncode: S\nstarts_on: soon\n", encoding="utf-8")
    page = watch(own + "/campaigns").page
    expect(page.get_by_role("alert")).to_contain_text("spring.yml：缺少 label。请补上 label。")
    refused = page.request.get(own + "/audiences/silent_high_value/export")
    assert refused.status == 409
    assert "缺少 label" in refused.text() and "is missing" not in refused.text()
    english = watch(own + "/campaigns", language="en").page
    expect(english.get_by_role("alert")).to_contain_text("spring.yml: label is missing. Add label.")


def test_a_file_outside_the_exports_is_never_served(watch, console):
    page = watch(console + "/audiences/-/compare").page
    for path in ("E20200101.1", "E20200101.1/files/manifest.json", "..%2F..%2Fwarehouse.duckdb"):
        assert page.request.get(f"{console}/audiences/-/exports/{path}").status == 404


def test_audiences_are_compared_in_a_matrix_and_in_circles(watch, console):
    seen = watch(console + "/audiences/-/compare", width=390, language="en")
    page = seen.page
    for name in ("Due for replacement", "Silent high-value customers"):
        page.get_by_label(name).check()
    page.get_by_label("count all whom the rules describe").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".matrix tbody tr")).to_have_count(2)
    assert page.locator("svg.venn").count() == 1
    assert not seen.is_wider_than_the_screen()
    assert seen.serious_faults() == []


def test_a_viewer_may_not_export_nor_download(watch, own_home):
    write_user(own_home, "vera", "viewer", PASSWORD)
    with serving(own_home) as address:
        page = watch(address + "/sign-in", language="en").page
        page.get_by_label("Name").fill("vera")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.goto(address + "/audiences/silent_high_value")
        page.wait_for_load_state("networkidle")
        assert page.get_by_role("link", name="Export the list").count() == 0
        assert page.request.get(address + "/audiences/silent_high_value/export").status == 403
        csrf = json.loads(page.locator("body").get_attribute("hx-headers"))["X-CSRF-Token"]
        asked = page.request.post(
            address + "/audiences/silent_high_value/export", form={"csrf": csrf, "reason": "because"}
        )
        assert asked.status == 403
        assert page.request.get(address + "/audiences/-/exports/E20200101.1/files/x.csv").status == 403
