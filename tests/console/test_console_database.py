"""What pages read: a new run is prepared before it is read, and moments are those of the brand's clocks."""

import datetime as dt
import json
import shutil
from zoneinfo import ZoneInfo

import duckdb
import pytest
from jinja2 import Environment

from console import times
from console.data.campaigns import campaign, campaigns
from console.database import Warehouse
from warehouse.home import Home

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def publish_again(home: Home, run_id: str) -> None:
    """The published run once more, as another one."""
    old = home.require_published()
    shutil.copytree(home.snapshot(old), home.snapshot(run_id))
    path = home.snapshot(run_id) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"run_id": run_id}), encoding="utf-8")
    fresh = home.path / "fresh"
    fresh.symlink_to(home.warehouse.readlink().parent.parent / run_id / home.warehouse.name)
    fresh.replace(home.warehouse)


def run_of(warehouse: Warehouse) -> str:
    with warehouse.reading() as published:
        return published.run_id


def test_a_new_run_is_prepared_before_a_request_reads_it(own_home):
    warehouse, first = Warehouse(own_home), own_home.require_published()
    seen = []

    def prepare(fresh: Warehouse) -> None:
        seen.append((run_of(fresh), run_of(warehouse), warehouse.known("figure")))
        fresh.once("figure", lambda published: published.run_id)

    warehouse.once("figure", lambda published: published.run_id)
    assert not warehouse.renew(prepare)  # it reads what is published already
    publish_again(own_home, "2099-01-01.1")
    assert run_of(warehouse) == first  # until the new one is prepared
    assert warehouse.renew(prepare)
    # While it was prepared, requests went on reading the one before, with what was worked out on it.
    assert seen == [("2099-01-01.1", first, first)]
    assert run_of(warehouse) == warehouse.known("figure") == "2099-01-01.1"
    assert warehouse.manifest()["run_id"] == "2099-01-01.1"
    assert not warehouse.renew(prepare)
    assert len(seen) == 1


def test_a_run_that_cannot_be_prepared_is_read_all_the_same(own_home):
    warehouse = Warehouse(own_home)
    run_of(warehouse)
    publish_again(own_home, "2099-01-01.1")

    def fail(fresh: Warehouse) -> None:
        run_of(fresh)
        raise duckdb.Error("no figures")

    with pytest.raises(duckdb.Error, match="no figures"):
        warehouse.renew(fail)
    assert run_of(warehouse) == "2099-01-01.1"


def test_the_new_run_is_read_at_once_where_the_one_before_was_taken_away(own_home):
    warehouse, first = Warehouse(own_home), own_home.require_published()
    warehouse.renew(run_of)
    publish_again(own_home, "2099-01-01.1")
    shutil.rmtree(own_home.snapshot(first))
    assert run_of(warehouse) == "2099-01-01.1"


def shown(template: str, **given: object) -> str:
    environment = Environment(autoescape=True)
    environment.filters.update(day=times.day, moment=times.moment, ago=times.ago)
    return environment.from_string("{{ " + template + " }}").render(**given)


@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        (SHANGHAI, "2026-11-01", "2026-11-01 02:30"),
        (NEW_YORK, "2026-10-31", "2026-10-31 14:30"),
        (None, "2026-11-01", "2026-11-01 02:30"),  # nothing is published yet
    ],
)
def test_a_moment_is_told_by_the_clocks_of_the_brand(zone, day, moment):
    at = dt.datetime(2026, 10, 31, 18, 30)
    assert shown("at|day", at=at, zone=zone) == day
    assert shown("at|moment", at=at, zone=zone) == moment
    assert shown("at|moment", at=at.replace(tzinfo=dt.UTC), zone=zone) == moment
    assert shown("at|day", at=dt.date(2026, 10, 31), zone=zone) == "2026-10-31"  # a day is that day everywhere
    assert shown("at|moment", at=None, zone=zone) == "–"


@pytest.mark.parametrize(
    ("at", "of", "zh", "en"),
    [
        (dt.datetime(2026, 10, 31, 18, 30), dt.date(2026, 11, 2), "1 天前", "1 days ago"),
        (dt.date(2026, 9, 1), dt.date(2026, 10, 30), "59 天前", "59 days ago"),
        (dt.date(2026, 9, 1), dt.date(2026, 10, 31), "2 个月前", "2 months ago"),
        (dt.date(2024, 10, 31), dt.date(2026, 10, 31), "2 年前", "2 years ago"),
    ],
)
def test_how_long_ago_is_counted_in_the_days_of_the_brand(at, of, zh, en):
    given = {"at": at, "of": of, "zone": SHANGHAI}
    assert shown("at|ago(of)", **given, lang="zh") == zh
    assert shown("at|ago(of)", **given, lang="en") == en


def test_a_campaign_that_no_file_lists_began_on_the_day_that_it_was_for_the_brand():
    with duckdb.connect() as con:
        con.execute("create schema marts; create schema core")
        con.execute(
            "create table marts.campaign_arm as select 'C1' as campaign_code, 'A' as arm, 'sms' as channel, "
            "null::varchar as campaign_name, timestamp '2026-10-31 18:30:00' as first_assigned_at, "
            "false as is_window_complete, false as is_holdout, 9 as n_people, 9 as n_delivered, 1 as n_orders, "
            "1.0 as net_amount_cny, 1.0 as cost_cny"
        )
        con.execute("create table marts.campaign_effect (campaign_code varchar, arm varchar, verdict varchar)")
        con.execute(
            "create table core.campaign (campaign_code varchar, campaign_name varchar, campaign_kind varchar, "
            "status varchar, channel varchar, start_date date, end_date date)"
        )
        (listed,) = campaigns(con, SHANGHAI)["campaigns"]
        assert listed["start_date"] == dt.date(2026, 11, 1)
        (listed,) = campaigns(con, NEW_YORK)["campaigns"]
        assert listed["start_date"] == dt.date(2026, 10, 31)
        assert campaign(con, "C2", SHANGHAI) is None
