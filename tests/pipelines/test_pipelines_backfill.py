"""Past days of tags: the same answer as having run on those days, and one snapshot published for all of them."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from common.errors import UsageError
from pipelines.run import run_backfill, run_job
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

TABLES = ("tag_history", "tag_observation")


def _as_of(home: Home) -> date:
    return date.fromisoformat(home.manifest(home.require_published())["as_of"])


def _tables(home: Home) -> list[list[tuple]]:
    with open_warehouse(home) as con:
        return [con.sql(f"select * from customer.{name} order by all").fetchall() for name in TABLES]


def _contents(home: Home) -> dict[str, str]:
    """A digest of each table."""
    kept = home.manifest(home.require_published())["tables"]
    with open_warehouse(home) as con:
        return {
            f"{table['schema']}.{table['table']}": str(
                con.sql(f'select count(*), sum(hash(t)) from {table["schema"]}."{table["table"]}" as t').fetchall()
            )
            for table in kept
        }


@pytest.mark.slow
def test_a_day_that_is_filled_in_is_as_a_run_of_that_day_and_doing_it_again_changes_nothing(
    world: Path, home: Home, own_home: Home, tmp_path: Path
) -> None:
    (own_home.tags / "orders_of_a_month.yml").write_text(
        "tag: orders_of_a_month\nkind: aggregate\nlabel: {zh: 月单量, en: Orders of a month}\nowner: crm\n"
        "description: Orders of the last 30 days.\nrefresh: daily\nsensitivity: internal\nno_data: None.\n"
        "from: core.orders\nwhere: is_valid\ndate: ordered_date\nwindow_days: 30\n"
        "measures: {n: count(*)}\nhaving: n >= 1\nvalue: n\n",
        encoding="utf-8",
    )
    before = _contents(own_home)
    last, past = _as_of(own_home), _as_of(own_home) - timedelta(days=25)
    filled = run_backfill(own_home, past, past)
    assert filled.run_id == f"{last}.2", "published as of the same day"
    after = _contents(own_home)
    assert {name for name in before if before[name] != after[name]} == {
        "customer.tag_history", "customer.tag_observation", "ops.run",
    }  # fmt: skip
    found = _tables(own_home)
    assert found[1] != _tables(home)[1]
    assert {when for _, when in found[1]} == {past, last}

    run_backfill(own_home, past, past)
    assert _tables(own_home) == found, "the same day again"

    run_job(own_home, world / "landing", past)
    with open_warehouse(own_home) as con:
        ran = con.sql("select one_id, tag, value from customer.tag order by all").fetchall()
        then = con.execute("select one_id, tag, value from tag_on(?) order by all", [past]).fetchall()
    assert ran == then, "what the run of that day says is what was filled in"
    assert _tables(own_home) == found
    assert any(tag == "orders_of_a_month" for _, tag, _ in ran)


def test_days_after_what_is_published_cannot_be_filled_in(own_home: Home) -> None:
    last = _as_of(own_home)
    for first, until in ((last, last + timedelta(days=1)), (last, last - timedelta(days=1))):
        with pytest.raises(UsageError, match="cannot be filled in"):
            run_backfill(own_home, first, until)


def test_a_home_without_a_run_has_nothing_to_fill_in(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Nothing is published"):
        run_backfill(Home(tmp_path), date(2026, 1, 1), date(2026, 1, 1))


def test_who_had_a_tag_on_a_day_is_one_line(home: Home) -> None:
    with open_warehouse(home) as con:
        now = con.execute("select one_id, value from tag_on(?) where tag = 'vip_tier'", [_as_of(home)]).fetchall()
        tags = con.sql("select one_id, value from customer.tag where tag = 'vip_tier'").fetchall()
        tomorrow = con.execute("from tag_on(?)", [_as_of(home) + timedelta(days=1)]).fetchall()
    assert sorted(now) == sorted(tags) != []
    assert tomorrow == []
