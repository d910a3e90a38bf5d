"""Pressure and fairness: one reason for everybody who is kept out, and no list where the policy cannot be asked."""

import datetime as dt

import duckdb
import polars as pl
import pytest
import yaml
from segments_world import AS_OF, World, audience, export

from common.errors import DefinitionError, UsageError
from segments.api import open_published, preview, why
from segments.reaching.policy import DEFAULT, Policy, load_policy

EVERYBODY = "{column: n_records, gte: 1}"
BARE = {"exclude": {"employees": False, "minors_under_years": None}, "caps": {}, "salt": "s"}


@pytest.fixture
def world():
    world = World()
    for number in range(1, 7):
        world.reachable(world.person(f"P{number}", n_records=1), f"1380000000{number}")
    return world


def policy(home, **more):
    (home / "policy.yml").write_text(yaml.safe_dump({**BARE, **more}, allow_unicode=True), encoding="utf-8")
    return home


def dropped(home, tmp_path, **more):
    report = export(home, audience(tmp_path, EVERYBODY), **more)
    assert report.rows + sum(report.dropped.values()) == report.matching == 6
    return {reason: n for reason, n in report.dropped.items() if n}


def test_the_built_in_policy_keeps_out_employees_and_minors(tmp_path, world):
    world.add("identity.relation", one_id="P1", relation="employee")
    world.add("identity.relation", one_id="P2", relation="household")
    for one_id, year in {"P3": 2010, "P4": 2008, "P5": 2007}.items():
        next(person for person in world.people if person["one_id"] == one_id)["birth_year"] = year
    home = world.publish(tmp_path / "home")
    assert dropped(home, tmp_path) == {"employee": 1, "minor": 2}  # who turns 18 this year may not have yet


def test_every_rule_keeps_out_its_people_for_one_reason_each(tmp_path, world):
    world.add("core.business_person", one_id="P1", business_id="B1")
    world.add("core.business_person", one_id=None, business_id="B2")
    world.add("customer.tag", one_id="P1", tag="blacklist")
    world.add("customer.tag", one_id="P2", tag="blacklist")
    world.add("customer.consent_state", one_id="P3", channel="sms", purpose="profiling", state="revoked")
    world.add("core.events", event_id="e", one_id="P4", type="ticket_opened", event_date=AS_OF - dt.timedelta(days=2))
    world.add("core.events", event_id="f", one_id="P5", type="ticket_opened", event_date=AS_OF - dt.timedelta(days=20))
    home = policy(
        world.publish(tmp_path / "home"),
        exclude={**BARE["exclude"], "business_accounts": True, "tags": ["blacklist"]},
        cooling=[{"type": "ticket_opened", "days": 14}],
    )
    assert dropped(home, tmp_path) == {
        "business_account": 1,
        "excluded_tag": 1,
        "profiling_refused": 1,
        "cooling_off": 1,
    }
    assert "profiling_refused" not in dropped(home, tmp_path, variant="non_personalised")


def test_people_of_an_excluded_audience_are_out_whether_reachable_or_not(tmp_path, world):
    world.people[0]["city"] = "上海"
    home = world.publish(tmp_path / "home")
    (home / "audiences").mkdir()
    text = audience(tmp_path, "{column: city, eq: 上海}", channel=None).path.read_text(encoding="utf-8")
    (home / "audiences" / "blocked.yml").write_text(text.replace("name: sample", "name: blocked"), encoding="utf-8")
    policy(home, exclude={**BARE["exclude"], "audiences": ["blocked"]})
    assert dropped(home, tmp_path) == {"excluded_audience": 1}
    policy(home, exclude={**BARE["exclude"], "audiences": ["blcked"]})
    with pytest.raises(UsageError, match="blcked"):
        export(home, audience(tmp_path, EVERYBODY))


@pytest.mark.parametrize("quiet", [{"weekdays": ["sun"]}, {"dates": [dt.date(2026, 11, 22)]}])
def test_on_a_quiet_day_nobody_is_on_the_list(tmp_path, world, quiet):
    home = policy(world.publish(tmp_path / "home"), quiet={"sms": quiet})
    assert dropped(home, tmp_path) == {"quiet_day": 6}
    assert dropped(home, tmp_path, send_on=dt.date(2026, 11, 23)) == {}
    with open_published(home) as published:
        assert preview(published, audience(tmp_path, EVERYBODY), people=0).reach.reachable == 6


def sent(world, one_id, days_ago, channel="sms"):
    day = AS_OF - dt.timedelta(days=days_ago)
    number = len(world.rows.get("core.events", []))
    world.add("core.events", event_id=f"m{number}", one_id=one_id, type="message_sent", channel=channel, event_date=day)


def test_a_cap_counts_the_messages_of_its_window_and_channel(tmp_path, world):
    for days_ago in (0, 1):
        sent(world, "P1", days_ago)
    for days_ago in (1, 30):
        sent(world, "P2", days_ago)
    for channel in ("sms", "email"):
        sent(world, "P3", 1, channel)
    home = policy(world.publish(tmp_path / "home"), caps={"sms": {"messages": 2, "days": 7}})
    assert dropped(home, tmp_path) == {"frequency_cap": 1}


def test_our_own_lists_count_until_their_messages_are_seen(tmp_path, world):
    cap = {"sms": {"messages": 2, "days": 7}}
    home = policy(world.publish(tmp_path / "home"), caps=cap)
    export(home, audience(tmp_path, EVERYBODY), is_sending=False)
    assert dropped(home, tmp_path) == {}
    assert dropped(home, tmp_path) == {}  # made again from the same run, it takes its own place
    sent(world, "P1", -2)  # the message that came of the list
    sent(world, "P2", 1)  # one before it, from elsewhere
    sent(world, "P3", -2)
    sent(world, "P3", -2)
    world.publish(home, "2026-11-24.1")
    policy(home, caps=cap)
    assert dropped(home, tmp_path, at=dt.datetime(2026, 11, 24)) == {"frequency_cap": 2}
    world.publish(home, "2026-11-25.1")
    assert dropped(home, tmp_path, at=dt.datetime(2026, 11, 25)) == {"frequency_cap": 6}
    assert dropped(home, tmp_path, at=dt.datetime(2026, 12, 9)) == {}


def test_a_list_under_a_merged_id_counts_for_the_survivor(tmp_path, world):
    home = policy(world.publish(tmp_path / "home"), caps={"sms": {"messages": 2, "days": 7}})
    export(home, audience(tmp_path, EVERYBODY))
    world.people.pop(0)
    world.add("identity.one_id", one_id="P1", status="merged", merged_into="P2")
    world.publish(home, "2026-11-23.1")
    report = export(home, audience(tmp_path, EVERYBODY))
    assert (report.matching, report.dropped["frequency_cap"]) == (5, 1)


def test_who_was_in_a_list_and_is_not_known_any_more_stops_the_next(tmp_path, world):
    home = policy(world.publish(tmp_path / "home"), caps={"sms": {"messages": 2, "days": 7}})
    report = export(home, audience(tmp_path, EVERYBODY))
    (home / "exports" / "register" / f"{report.export_id}.parquet").unlink()
    world.publish(home, "2026-11-23.1")
    with pytest.raises(Exception, match="is gone"):
        export(home, audience(tmp_path, EVERYBODY))


def test_the_universal_holdout_is_in_no_list_whatever_the_campaign(tmp_path, world):
    home = policy(world.publish(tmp_path / "home"), universal_holdout={"share": 0.5})
    first, second = (export(home, audience(tmp_path, EVERYBODY), holdout=share) for share in (0.1, None))
    held = first.dropped["universal_holdout"]
    assert 0 < held < 6
    assert second.dropped["universal_holdout"] == held


@pytest.mark.parametrize(
    "text", ["salt: s\ncaps: {sms: {messages: 0, days: 7}}", "salt: [", "nonsense: 1\nsalt: s", "[]", ""]
)
def test_a_policy_that_cannot_be_read_stops_every_list(tmp_path, world, text):
    home = world.publish(tmp_path / "home")
    (home / "policy.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match="no list is made"):
        export(home, audience(tmp_path, EVERYBODY))
    (home / "policy.yml").unlink()
    (home / "policy.yml").symlink_to(home / "gone.yml")
    with pytest.raises(DefinitionError, match="no list is made"):
        export(home, audience(tmp_path, EVERYBODY))


@pytest.mark.parametrize(
    "table", ["customer.consent_state", "identity.review_item", "identity.relation", "core.events"]
)
def test_a_table_that_cannot_be_asked_stops_every_list(tmp_path, world, table):
    home = world.publish(tmp_path / "home")
    with duckdb.connect(str((home / "warehouse.duckdb").resolve())) as con:
        con.execute(f"DROP TABLE {table}")
    with pytest.raises((UsageError, DefinitionError), match=table.replace(".", r"\.")):
        export(home, audience(tmp_path, EVERYBODY))
    assert not list((home / "exports").rglob("*.csv"))


def test_the_built_in_policy_says_every_rule_that_there_is(tmp_path):
    assert set(yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))) == set(Policy.model_fields)
    assert load_policy(tmp_path).exclude.employees


def test_each_row_has_the_consent_that_it_rests_on(tmp_path, world):
    world.says("P1", "13800000001", on=5)
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY))
    found = pl.read_parquet(report.evidence)
    assert found["one_id"].to_list() == [f"P{n}" for n in range(1, 7)]
    first = found.row(0, named=True)
    assert (first["stated_at"], first["basis"], first["legal_basis"]) == (
        dt.datetime(2026, 1, 6),
        "membership_terms",
        "consent",
    )
    assert (first["source"], first["file_id"], first["row_no"]) == ("pos", "f1", 0)
    assert "1380000" not in str(found.rows())


def test_one_can_ask_why_somebody_may_or_may_not_be_reached(tmp_path, world):
    world.state("P2", "revoked")
    world.says("P2", "13800000002", "revoked", on=9)
    world.add("identity.relation", one_id="P3", relation="employee")
    world.add("identity.one_id", one_id="P0", status="merged", merged_into="P1")
    with open_published(world.publish(tmp_path / "home")) as published:
        yes, no, staff = (why(published, one, channel="sms") for one in ("P0", "P2", "P3"))
        assert why(published, "P1", channel="email").reason == "no_consent_recorded"
        with pytest.raises(UsageError, match="P99"):
            why(published, "P99", channel="sms")
    assert (yes.one_id, yes.reason, yes.legal_basis) == ("P1", None, "consent")
    assert (no.reason, no.legal_basis, staff.reason) == ("consent_revoked", None, "employee")
    assert no.statements["state"].to_list() == ["granted", "revoked"]
    assert no.statements["point"].to_list() == ["138******02"] * 2
