"""A campaign's report on the screen: split as asked, readable in 80 columns, nothing claimed where nothing is shown."""

import json
import shutil

import duckdb
import polars as pl
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from analyses.campaigns import breakdown_effect
from common.errors import UsageError
from pipelines.cli.app import app
from segments.api import campaign_report, open_published

LISTED = ~pl.col("is_holdout") & (pl.col("value") != "unlisted")


@pytest.fixture(scope="module")
def measured(home, tmp_path_factory):
    """A copy of the small home in which one campaign's stores have figures worth telling, by the real computation."""
    own = tmp_path_factory.mktemp("measured")
    run = (home.path / "warehouse.duckdb").resolve().parent
    (own / "snapshots").mkdir()
    shutil.copytree(run, own / "snapshots" / run.name)
    (own / "warehouse.duckdb").symlink_to(f"snapshots/{run.name}/warehouse.duckdb")
    with duckdb.connect(str(own / "warehouse.duckdb")) as con:
        ((code,),) = con.execute("select any_value(campaign_code) from marts.campaign_arm").fetchall()
        moments = con.sql("""
            select 'X-1' as campaign_code, 'store' as breakdown, store as breakdown_value, is_holdout,
                n as n_assigned, n as n_people, n // 5 as n_converted, mean as net_mean_cny, 10.0 as before_mean_cny,
                900.0 as net_variance, 400.0 as before_variance, 100.0 as covariance, 1234567.5 as cost_cny
            from (values ('store_001', false, 900000, 60.0), ('store_001', true, 100000, 50.0),
                ('store_002', false, 90, 60.0), ('store_002', true, 90, 60.0),
                ('store_003', false, 20, 60.0), ('store_003', true, 20, 50.0)) as told (store, is_holdout, n, mean)
        """).pl()
        con.register("effect", breakdown_effect(moments, 0.4))
        con.execute("""
            insert into marts.campaign_breakdown by name
            select effect.*, '一家名字很长很长的旗舰店' as store_name, true as is_window_complete,
                n_compared as n_people,
                n_compared as n_sent, n_compared as n_delivered, 12345 as n_opened, 12345 as n_clicked,
                12345 as n_ordered, 12345 as n_orders, 12345 as n_returned_orders, 45678901.25 as net_amount_cny,
                1234567.5 as cost_cny, 0.333 as cost_share
            from effect
        """)
        con.execute("""
            insert into marts.campaign_arm by name
            select * replace ('X-1' as campaign_code) from marts.campaign_arm where campaign_code = ?
        """, [code])  # fmt: skip
    return own


def told(home, *arguments):
    done = CliRunner().invoke(app, ["campaign", "report", "X-1", "--home", str(home), *arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("by", ["arm", "channel", "store", "staff"])
def test_a_report_fits_into_eighty_columns_also_when_it_is_piped(measured, by):
    for line in told(measured, "--by", by).splitlines():
        assert cell_len(line.rstrip()) <= 80, line


def test_by_store_each_store_has_its_row_and_what_spans_nothing_is_not_shown(measured):
    text = told(measured, "--by", "store")
    for words in ("未显示 not shown", "样本过小 too small", "97.50%", "store_001", "旗舰店"):
        assert words in text
    rows = {row["value"]: row for row in json.loads(told(measured, "--by", "store", "--json"))["rows"]}
    assert rows["store_001"]["incremental_net_cny"] == pytest.approx(9_000_000, rel=0.01)
    assert rows["store_001"]["conversion_verdict"] == "not shown" and rows["store_001"]["conversion_uplift"] is None
    assert rows["store_002"]["verdict"] == "not shown" and rows["store_002"]["incremental_net_cny"] is None
    assert rows["store_002"]["incremental_net_low_cny"] < 0 < rows["store_002"]["incremental_net_high_cny"]
    assert rows["store_003"]["verdict"] == "too small" and rows["store_003"]["incremental_net_low_cny"] is None


def test_the_splits_of_a_campaign_sum_to_its_arms(home):
    with open_published(home.path) as published:
        codes = [code for (code,) in published.con.execute(
            "select campaign_code from marts.campaign_arm group by 1 having bool_or(is_holdout) order by 1"
        ).fetchall()]  # fmt: skip
    assert codes
    for code in codes:
        sums = {
            by: campaign_report(home.path, code, by).rows.filter(LISTED).select(
                "n_people", "n_orders", "net_amount_cny"
            ).sum().row(0)
            for by in ("arm", "channel", "store", "staff")
        }  # fmt: skip
        assert all(found == pytest.approx(sums["arm"]) for found in sums.values()), (code, sums)


def test_what_cannot_be_reported_is_said_in_a_sentence(home):
    with pytest.raises(UsageError, match="no campaign"):
        campaign_report(home.path, "nothing-of-the-kind")
    with pytest.raises(UsageError, match="choose one of: arm, channel, store, staff"):
        campaign_report(home.path, "X-1", "city")
