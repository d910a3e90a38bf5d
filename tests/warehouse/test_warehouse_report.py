"""The run's report: everything on one page, nothing fetched, nothing that a file says is taken for markup."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from warehouse.report import REPORT, write_report
from warehouse.report.page import equity_plot

MODEL = {"purchases_total_error": 0.05, "spend_total_error": -0.02, "spend_gini": 0.46, "spend_rmse": 494.0,
         "spend_mae": 184.0, "p_buy_calibration_error": 0.016}  # fmt: skip
BACKTEST = {"gate": None, "split": "2025-10-31", "holdout_days": 365, "n_customers": 2375, "loses": None,
            "model": MODEL, "last_year": MODEL}  # fmt: skip
TABLES = """
create schema customer; create schema marts; create schema identity; create schema ops;
create table customer.customer_360 as select 'P' || i as one_id, i as n_purchases, true as is_member, true as reach_sms,
    false as reach_email, false as reach_wechat_oa, false as reach_wecom, 2 as n_sources, 100.0 * i as net_amount_cny,
    50.0 * i as net_amount_365d_cny, 7.0 * i as clv_12m_cny, 0.5 * i as expected_purchases_365d, 0.5 as p_alive
    from range(10) t(i);
create table marts.lifecycle_summary as select 'active' as lifecycle_stage, '活跃' as lifecycle_stage_zh, 4 as n_people,
    1226881.0 as net_amount_365d_cny, 70.0 as clv_12m_cny;
create table marts.customer_equity as select 'gold' as clv_tier, 4 as n_people, 70.0 as clv_12m_cny,
    3.0 as expected_purchases_365d, 50.0 as net_amount_365d_cny;
create table marts.customer_equity_monthly as select date '2026-08-31' + to_months(i::int) as month_end_date,
    100.0 * i as clv_12m_cny from range(3) t(i);
create table customer.value_model (gate varchar, is_held_back boolean, backtest varchar);
create table identity.quality as select 'r' as run_id, 'people' as metric, '' as part, 10.0 as value, 'people' as unit,
    null::double as limit_value, 'ok' as state, 'People found' as meaning, '找到的人数' as meaning_zh;
create table ops.source_file as select 'pos' as source, 5 as rows_read, 4 as rows_accepted, 0 as rows_repeated,
    1 as rows_rejected, 'unknown' as status, 'misc/<script>alert(1)</script>.csv' as path;
create table ops.reject as select 'bad_time' as reason;
create table ops.source_expectation as select 'freshness' as expectation, 'pos' as source, 'till' as account,
    'pos_order' as contract, false as is_met, 'late' as message, '晚到' as message_zh;
create table ops.balance_alert as select 1 as alert_id;
"""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute(TABLES)
    return made


def page(con: duckdb.DuckDBPyConnection, folder: Path, gate: str | None, held: bool, backtest: dict | None) -> str:
    con.execute("delete from customer.value_model")
    con.execute(
        "insert into customer.value_model values (?, ?, ?)", [gate, held, json.dumps(backtest) if backtest else None]
    )
    picture = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
    path = write_report(
        con, folder / REPORT, run_id="r", as_of=date(2026, 10, 31), pictures={"p": picture} if backtest else {}
    )
    return path.read_text(encoding="utf-8")


class Strict(HTMLParser):
    """Collects addresses and unclosed elements."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [name for name, _ in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> Strict:
    parser = Strict()
    parser.feed(text)
    assert not parser.open
    return parser


@pytest.mark.parametrize(
    ("gate", "held", "backtest", "said"),
    [
        (None, False, BACKTEST, "优于“与去年相同”"),
        ("Scores held back: x.", True, BACKTEST | {"loses": "Scores held back: x."}, "不及“与去年相同”"),
        ("No value scores: 3 customers.", False, None, "No value scores: 3 customers."),
        (None, False, {"gate": "too short"}, "历史太短，无法回测"),
    ],
)
def test_the_page_is_whole_and_fetches_nothing_whatever_the_run_found(con, tmp_path, gate, held, backtest, said):
    text = page(con, tmp_path, gate, held, backtest)
    found = read(text)
    assert not found.fetched
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert said in "".join(found.texts)
    for heading in ("提醒", "客户生命周期", "客户价值", "回测与校准", "归一质量", "来源与拒收"):
        assert heading in found.texts


def test_what_files_are_called_is_text_and_never_markup(con, tmp_path):
    text = page(con, tmp_path, None, False, BACKTEST)
    assert "misc/&lt;script&gt;" in text
    assert "<script" not in text


def test_figures_are_those_of_the_warehouse(con, tmp_path):
    texts = read(page(con, tmp_path, None, False, BACKTEST)).texts
    assert {"¥1,226,881", "+5.0%", "¥494", "1.6%"} <= set(texts)


def test_a_run_without_months_has_no_line():
    assert equity_plot([]) == ""


def test_equity_of_nought_is_drawn_too():
    months = [{"month_end_date": date(2026, m, 28), "clv_12m_cny": 0.0} for m in (1, 2)]
    assert "<polyline" in equity_plot(months)
