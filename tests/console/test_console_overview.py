"""Today, campaigns, stores, data health and the dictionary show what the published run says, in both languages."""

import datetime as dt

import duckdb
import pytest
from console_world import serving

from console import charts
from console.app import create_app
from console.data.campaigns import FIRST, meaning, people_needed
from console.data.changes import changes_since
from console.data.dictionary import Dictionary, audience_entry, read_dictionary, search
from console.data.stores import scorecard
from console.pages.today import make_ready
from console.rendering import count, money
from warehouse.home import Home
from warehouse.snapshot import open_warehouse


@pytest.fixture(scope="module")
def con(home):
    with open_warehouse(home) as opened:
        yield opened


def ask(con, query):
    return con.execute(query).fetchall()[0]


def rows_of(page, section):
    return page.locator(f"{section} tbody tr").count()


def test_today_counts_people_as_sql_does_and_draws_who_moved(watch, console, con):
    page = watch(console + "/").page
    people, buyers = ask(con, "select count(*), count(*) filter (where n_purchases > 0) from customer.customer_360")
    tiles = page.locator(".tile b").all_inner_texts()
    assert tiles[:2] == [count(people), count(buyers)]
    moved = ask(
        con,
        "select count(*) from marts.stage_flow where period = '1_month' and from_stage <> to_stage and n_people > 0",
    )[0]
    assert page.locator("#flow path.band-of").count() == min(moved, 12) > 0
    for alert in page.locator("#alerts a").all():
        assert alert.get_attribute("href").startswith("/health")


def test_health_accounts_for_every_source_reject_and_measure(watch, console, con):
    page = watch(console + "/health").page
    accounts, reasons = ask(
        con,
        "select (select count(*) from (select distinct source, account from ops.source_file where source is not null)),"
        " (select count(*) from (select distinct source, reason from ops.reject join ops.source_file using (path)))",
    )
    assert rows_of(page, "#sources") >= accounts
    assert rows_of(page, "#rejects") == reasons > 0
    told = page.locator("#rejects").inner_text()
    assert "guiyi reject retry" in told
    assert "guiyi source check" in told
    measured = ask(
        con,
        "select count(*) from identity.quality where limit_value is not null and run_id = "
        "(select run_id from ops.run order by started_at desc limit 1)",
    )[0]
    assert page.locator("#identity .measure").count() == measured > 0
    assert page.locator("#balances, #runs, #checks").count() == 3


def test_checks_are_found_as_one_types(watch, console, con):
    page = watch(console + "/health/checks").page
    n_checks = ask(con, "select count(*) from ops.run_check where contains(table_name, 'customer_360')")[0]
    page.get_by_role("searchbox").fill("customer_360")
    page.wait_for_url("**/health/checks?q=customer_360")
    assert page.locator("#found tbody tr").count() == n_checks > 1


def test_the_dictionary_is_searched_in_both_languages_as_one_types(watch, console):
    page = watch(console + "/dictionary").page
    page.get_by_role("searchbox").fill("复购率")
    page.get_by_role("link", name="repeat_rate_90d").first.wait_for()
    page.get_by_role("searchbox").fill("churn risk")
    page.get_by_role("link", name="流失风险", exact=True).first.click()
    assert page.locator("h1").inner_text() == "流失风险"
    assert "from customer.churn" in page.locator("pre").inner_text()
    page.goto(console + "/dictionary?q=silent")
    assert page.locator("a[href='/audiences/silent_high_value']").count() == 1


def test_a_table_has_its_grain_key_owner_columns_and_a_query_that_runs(watch, console, con):
    page = watch(console + "/dictionary/tables/marts.campaign_effect", language="en").page
    n_columns = ask(con, "select count(*) from duckdb_columns() where table_name = 'campaign_effect'")[0]
    assert page.locator("tbody tr").count() == n_columns
    assert page.locator("dl.facts").inner_text().split("\n")[1] == "campaign_code, arm"
    assert "One row per campaign" in page.locator("header").inner_text()
    assert con.execute(page.locator("#query").inner_text()).fetchall()
    assert page.request.get(console + "/dictionary/tables/no.such").status == 404


def test_search_puts_names_before_descriptions(con):
    dictionary = read_dictionary(con)
    assert dictionary.is_complete
    audience = audience_entry("orders_of_note", "订单大户", "Big orders", "下单很多", "who order much")
    found = search(dictionary, [audience], "orders")
    assert found[0].name == "core.orders"
    assert [one.name for one in found if one.kind == "audience"] == ["orders_of_note"]
    assert search(dictionary, [], "  ") == []


def test_chinese_words_that_stand_together_are_found_by_their_parts():
    entries = [
        audience_entry("one", "可短信触达", "By SMS", "", ""), audience_entry("two", "已授权", "Granted", "", ""),
        audience_entry("both", "授权短信的人", "Consent to SMS", "", ""), audience_entry("none", "客单价", "", "", ""),
        audience_entry("whole", "短信授权", "SMS consent", "", ""), audience_entry("reach_sms", "可触达", "", "", ""),
    ]  # fmt: skip
    nothing = Dictionary((), {}, {}, True)

    def found(said):
        return [one.name for one in search(nothing, entries, said)]

    assert found("短信授权")[:2] == ["whole", "both"] and set(found("短信授权")[2:]) == {"one", "two"}
    assert sorted(found("短信 consent")) == ["both", "whole"]  # words in letters must all be there
    assert "reach_sms" in found("手机号") and "none" not in found("手机号")
    assert found("龘龘") == found("短信 nowhere") == []


def test_a_run_of_an_earlier_version_has_a_dictionary_of_its_comments():
    old = duckdb.connect()
    old.execute(
        "create schema core; create table core.orders (order_key varchar); "
        "comment on table core.orders is 'One row per order · 每单一行'; "
        "comment on column core.orders.order_key is 'The order · 订单'"
    )
    dictionary = read_dictionary(old)
    assert not dictionary.is_complete
    assert [one.text_zh for one in search(dictionary, [], "订单")] == ["订单"]


def test_campaigns_show_their_verdicts_in_words_and_the_figures_of_the_marts(watch, console, con):
    code, people, net, verdict = ask(
        con,
        "select e.campaign_code, sum(a.n_people)::bigint, sum(a.net_amount_cny), min(e.verdict) "
        "from marts.campaign_effect as e join marts.campaign_arm as a using (campaign_code, arm) "
        "where e.verdict <> 'no holdout' group by 1 order by 1 limit 1",
    )
    page = watch(console + "/campaigns?only=measured").page
    line = page.locator("tr", has=page.locator(f"a[href='/campaigns/{code}']"))
    assert count(people) in line.inner_text()
    assert money(net) in line.inner_text()
    words = {"shown": "已显示", "not shown": "未显示", "too small": "样本过小"}
    assert words[verdict] in line.inner_text()
    line.get_by_role("link").click()
    n_arms = ask(con, f"select count(*) from marts.campaign_arm where campaign_code = '{code}'")[0]
    assert page.locator("#funnel thead th.number").count() == n_arms
    assert page.request.get(console + "/campaigns/nothing").status == 404


@pytest.mark.parametrize("width", [390, 1440])
def test_a_campaign_is_split_by_store_staff_and_channel(watch, console, con, width):
    code, n_stores, n_staff = ask(
        con,
        "select campaign_code, count(*) filter (breakdown = 'store'), count(*) filter (breakdown = 'staff') "
        "from marts.campaign_breakdown where n_holdout is not null or breakdown <> 'channel' group by 1 "
        "having count(*) filter (breakdown = 'store') > 1 order by 3 desc, 1 limit 1",
    )
    seen = watch(f"{console}/campaigns/{code}", width=width, language="en")
    page = seen.page
    assert page.locator("#breakdown tbody tr").count() == min(n_stores, FIRST)
    page.locator("#breakdown").get_by_role("link", name="Staff").click()
    page.wait_for_url("**by=staff**")
    assert page.locator("#breakdown tbody tr").count() == min(n_staff, FIRST)
    told = ask(
        con,
        "select n_people, coalesce(n_holdout, 0), verdict from marts.campaign_breakdown where campaign_code = "
        f"'{code}' and breakdown = 'staff' order by breakdown_value = 'unknown', n_people desc, breakdown_value "
        "limit 1",
    )
    first = page.locator("#breakdown tbody tr").first.inner_text()
    assert count(told[0]) in first and f"held out {count(told[1])}" in first and told[2] in first
    assert not seen.is_wider_than_the_screen()
    assert seen.serious_faults() == []


@pytest.mark.parametrize(
    ("effect", "zh", "en"),
    [
        ({"verdict": "no holdout"}, "没有对照组", "no holdout"),
        ({"verdict": "too small"}, "至少 30 人", "Too few"),
        ({"verdict": "shown", "": 2.5, "_low": 1, "_high": 4}, "多花 2.50 元", "2.50 yuan more"),
        ({"verdict": "shown", "": -2.5, "_low": -4, "_high": -1}, "少花 2.50 元", "2.50 yuan less"),
        ({"verdict": "not shown", "": 2, "_low": -2, "_high": 6}, "约需 4,000 人", "about 4,000 people"),
    ],
)
def test_a_verdict_is_explained_in_plain_words(effect, zh, en):
    told = {f"net_uplift_per_head{name}_cny" if name != "verdict" else name: value for name, value in effect.items()}
    texts = meaning({"n_people": 1000, **told})
    assert zh in texts[0]
    assert en in texts[1]


def test_people_needed_grow_with_the_square_of_the_interval():
    assert people_needed(1, -1, 3, 100) == 400
    assert people_needed(1, 0.5, 1.5, 100) is None
    assert people_needed(0, -1, 1, 100) is None
    assert people_needed(0.001, -1, 1, 100) is None


def test_stores_show_the_month_that_is_chosen_and_one_store_its_own(watch, console, con):
    month, code, net = ask(
        con,
        "select strftime(month_start_date, '%Y-%m'), store_code, net_amount_cny from marts.store_monthly "
        "where n_orders > 0 and store_code in (select store_code from core.store) "
        "order by month_start_date, net_amount_cny desc limit 1",
    )
    page = watch(console + "/stores").page
    page.get_by_label("月份").select_option(month)
    page.wait_for_url(f"**/stores?month={month}")
    line = page.locator("tr", has=page.locator(f"a[href='/stores/store/{code}']")).first
    assert money(net) in line.inner_text()
    line.get_by_role("link").click()
    assert page.locator("svg.chart").count() == 2
    for place in ("staff", "partners", "targets"):
        assert page.request.get(f"{console}/stores/{place}").status == 200
    assert page.request.get(console + "/stores/store/none").status == 404


def test_the_commission_account_of_staff_is_the_statements(watch, console, con):
    who, closing = ask(
        con,
        "select payee_id, closing_balance_cny from marts.commission_statement where payee = 'staff' "
        "order by statement_month desc, payee_id limit 1",
    )
    page = watch(f"{console}/stores/staff/{who}", language="en").page
    assert page.locator("table tbody tr").first.inner_text().endswith(f"¥{closing:,.2f}")


def test_a_store_differs_where_its_interval_leaves_out_its_class(con):
    for part in scorecard(con, 365):
        for row in part["rows"]:
            assert row["tone"] is None or row["low"] >= 0 or row["high"] <= 0
            assert part["scale"][0] <= row["low"] <= row["middle"] <= row["high"] <= part["scale"][1]


def test_what_changed_is_taken_apart_into_causes_that_add_up(con):
    run = {"run_id": "b", "n_people": 12, "n_buyers": 9, "n_members": None, "net_amount_cny": 500.0}
    before = {
        "run_id": "a", "as_of_date": dt.date(1999, 1, 1), "n_people": 10, "n_buyers": 7, "n_members": None,
        "net_amount_cny": 100.0,
    }  # fmt: skip
    found = changes_since(con, run, before)
    assert [row["name_en"] for row in found] == ["People", "Buyers", "Net sales so far"]
    for row in found:
        assert sum(cause["part"] for cause in row["causes"]) == pytest.approx(row["change"])
    assert changes_since(con, run, None) == []


def test_bands_of_a_flow_are_as_broad_as_there_are_people():
    drawn = charts.flow([("a", "b", 30, "good"), ("a", "c", 10, "")], title="moves", says=str.upper, order=["c", "b"])
    assert drawn.count("band-of") == 2
    assert 'stroke-width="142.5"' in drawn
    assert "A 40" in drawn
    assert drawn.index("C 10") < drawn.index("B 30")
    assert charts.flow([], title="moves", says=str) == ""


def test_an_interval_is_coloured_by_what_it_leaves_out_unless_told_otherwise():
    drawn = {"least": -3, "most": 3, "label": "x"}
    assert "interval bad" in charts.interval(-2, -1.5, -1, **drawn)
    assert "interval good" in charts.interval(1, 1.5, 2, **drawn)
    assert "interval open" in charts.interval(-2, 0.5, 1, **drawn)
    assert "interval open" in charts.interval(1, 1.5, 2, tone="open", **drawn)
    assert charts.interval(None, 1, 2, **drawn) == ""


def test_a_plan_of_the_home_is_listed_with_its_state_and_a_wrong_one_is_told(watch, own_home):
    folder = own_home.path / "campaigns"
    folder.mkdir(exist_ok=True)
    plan = (
        "name: recall\ncode: RC-1\nlabel: {zh: 春季召回, en: Spring recall}\naudience: silent_high_value\n"
        "starts_on: 2000-01-01\nends_on: 2000-01-31\nholdout: {share: 0.1}\nowner: crm\n"
    )
    (folder / "recall.yml").write_text(plan, encoding="utf-8")
    with serving(own_home) as address:
        page = watch(address + "/campaigns", language="en").page
        line = page.locator("#plans tbody tr").inner_text()
        assert "Spring recall" in line
        assert "began without an export" in line
        (folder / "recall.yml").write_text(plan.replace("share: 0.1", "share: 2"), encoding="utf-8")
        page.reload()
        assert "recall.yml" in page.get_by_role("alert").inner_text()


def test_the_first_page_is_ready_before_anybody_asks_where_a_run_is_published(home, tmp_path):
    app = create_app(home)
    make_ready(app.state.console.warehouse)
    found = app.state.console.warehouse.once("page: today", lambda published: pytest.fail("worked out again"))
    assert found["people"]["n_people"] > 0
    make_ready(create_app(Home(tmp_path)).state.console.warehouse)


def test_checks_are_one_count_on_every_page(console, watch, con):
    n_checks, n_missed = ask(con, "select count(*), count(*) filter (where not is_passed) from ops.run_check")
    today = watch(console + "/").page.locator("a[href='/health#checks']").inner_text()
    health = watch(console + "/health").page
    assert f"{n_checks:,}" in today
    tile = health.locator("a.tile[href='#checks']").inner_text()
    assert f"{n_checks - n_missed:,}" in tile and f"{n_checks:,}" in tile
    assert health.locator("#checks p.message.warn, #checks p.message.bad").count() == n_missed
