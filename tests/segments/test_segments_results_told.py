"""What a tool reports of a campaign, through the real contracts and the real models: leads, clicks, revocations."""

import datetime as dt

import duckdb
import polars as pl
import pytest
from segments_world import EVERYBODY, World, audience, export, plan

from dbt_like_sql.project import load_project
from dbt_like_sql.runner import Runner, mount
from segments.campaigns.links import read_links
from segments.campaigns.results import take_results
from touchpoints.contracts import load_contracts
from touchpoints.ingest import ingest

N = 8
SHARED = N - 2
TYPES = {
    "varchar": pl.String, "bigint": pl.Int64, "double": pl.Float64, "date": pl.Date, "boolean": pl.Boolean,
    "timestamp": pl.Datetime("us"), "integer": pl.Int32,
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The links of a small campaign, and the warehouse of the run after its results were taken."""
    folder = tmp_path_factory.mktemp("told")
    world = World()
    for number in range(N):
        world.reachable(world.person(f"P{number}", n_records=1, preferred_store_id=f"S{number % 2}"), phone(number))
        world.add("core.events", event_id=str(number), one_id=f"P{number}", type="scan", staff_code=f"G{number % 3}",
                  event_at=dt.datetime(2026, 1, 1))  # fmt: skip
    home = world.publish(folder / "home")
    plan(home, holdout={"share": 0.0}, link={"base": "https://brand.example/p"})
    export(home, audience(folder, EVERYBODY), campaign="spring")
    links = {row["one_id"]: row for row in read_links(home, "SP-1").to_dicts()}
    lines = ["token,手机号,事件,回复内容,时间"]
    lines += [f"{links[f'P{number}']['token']},,点击,,2026-11-22 12:00:0{number}" for number in (0, 1, 2)]
    lines += [f",{phone(number)},送达,,2026-11-22 11:00:00" for number in range(N - 1)]
    lines += [f",{phone(3)},,好的,2026-11-22 13:00:00", f",{phone(4)},,退订,2026-11-22 13:00:00"]
    lines += [f",{phone(4)},,TD,2026-11-23 13:00:00"]
    (folder / "report.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    taken = take_results(home, folder / "report.csv", at=dt.datetime(2026, 11, 23, 9), campaign="SP-1")
    assert taken.refused == {}
    contracts = [one for one in load_contracts() if one.source in ("campaign", "reference")]
    ingest(home / "landing", lake=folder / "lake", out=folder / "touchpoints", key=b"k", contracts=contracts)
    return links, warehouse(folder)


def phone(number):
    return f"1390000012{number}"  # 13800000000 stands for nobody


def warehouse(folder):
    """The models over what was read, each party being the person whose phone its record names.

    The last phone that was written to is two people's: what its records say is nobody's that is known.
    """
    project = load_project()
    whose = [f"P{n}" if n != SHARED else "P-doubtful" for n in range(N)]
    holders = pl.DataFrame({"id_value": [phone(n) for n in range(N)], "one_id": whose})
    known = pl.DataFrame({"one_id": [*(f"P{n}" for n in range(N)), "P-doubtful"]})
    named = pl.read_parquet(folder / "touchpoints" / "identifier.parquet").join(holders, on="id_value", how="inner")
    people = {
        "record_map": named.select("record_id", "role", "one_id").unique(),
        "one_id": known.with_columns(status=pl.lit("active")),
    }
    needed = set().union(*(project.upstream([name]) for name in ("events", "consent_state", "campaign_arm")))
    read = {pair for name in needed for pair in project.model(name).sources}
    con = duckdb.connect()
    con.execute("attach ':memory:' as lake")
    for name, source in project.sources.items():
        for table in source.tables:
            if name != "touchpoints" and (name, table.name) in read:
                schema = {column.name: TYPES[column.data_type] for column in table.columns}
                rows = people.get(table.name, pl.DataFrame()) if name == "identity" else pl.DataFrame()
                whole = pl.concat([pl.DataFrame(schema=schema), rows], how="diagonal_relaxed")
                (folder / name).mkdir(exist_ok=True)
                whole.write_parquet(folder / name / f"{table.name}.parquet")
        if any(pair[0] == name for pair in read):
            mount(con, project, name, folder / name)
    runner = Runner(con, project, {"as_of": "2026-11-30", "run_id": "2026-11-30.1"})
    for name in project.order():
        if name in needed:
            runner.run(name)
    return con


def test_a_click_is_a_lead_of_the_person_the_campaign_the_arm_and_who_serves_them(told):
    links, con = told
    leads = con.sql(
        "select one_id, campaign, subtype, staff_code, store_id, channel, event_at from core.events "
        "where type = 'lead_created' order by one_id"
    ).fetchall()
    assert leads == [
        (one, "SP-1", links[one]["arm"], f"G{n % 3}", f"S{n % 2}", "sms", dt.datetime(2026, 11, 22, 4, 0, n))
        for n, one in enumerate(("P0", "P1", "P2"))
    ]


def test_deliveries_clicks_and_replies_are_events_of_the_campaign(told):
    _, con = told
    counted = con.sql(
        "select type, subtype, count(distinct one_id) from core.events "
        "where campaign = 'SP-1' and type like 'message_%' group by all order by all"
    ).fetchall()
    assert counted == [
        ("message_clicked", None, 3), ("message_delivered", None, N - 1), ("message_replied", "opt_out", 1),
        ("message_replied", None, 1),
    ]  # fmt: skip


def test_a_delivery_to_a_number_of_two_people_is_whose_link_it_was(told):
    _, con = told
    delivered = con.sql("select distinct one_id from core.events where type = 'message_delivered'").fetchall()
    assert (f"P{SHARED}",) in delivered and ("P-doubtful",) not in delivered


def test_only_who_replied_so_has_opted_out(told):
    _, con = told
    revoked = con.sql("select one_id, channel, state, basis, stated_at from customer.consent_state").fetchall()
    assert revoked == [("P4", "sms", "revoked", "opt_out_reply", dt.datetime(2026, 11, 23, 5))]


def test_the_report_counts_them_by_arm_and_knows_whose_they_were(told):
    links, con = told
    arms = con.sql("select arm, n_people, n_delivered, n_clicked from marts.campaign_arm order by arm").fetchall()
    assert sum(row[1] for row in arms) == N and sum(row[2] for row in arms) == N - 1
    for arm, n_people, _, n_clicked in arms:
        mine = [one for one, link in links.items() if link["arm"] == arm]
        assert (n_people, n_clicked) == (len(mine), sum(one in ("P0", "P1", "P2") for one in mine))
    whose = con.sql("select one_id, store_code, staff_code from core.campaign_member order by one_id").fetchall()
    assert whose == [(f"P{n}", f"S{n % 2}", f"G{n % 3}") for n in range(N)]
