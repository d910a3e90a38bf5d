"""Anonymous to known: devices go by logins and time, and never make two people one."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.around.anonymous import stitch
from identity.registry import load_registry
from identity.rules.judge import judge
from identity.rules.lifetimes import parties_in_time
from identity.rules.sure import sure_clusters

REGISTRY = load_registry()
START = datetime(2026, 1, 1)
WANG = {"name": "王小伟", "surname": "王"}
LI = {"name": "李娜", "surname": "李"}


class Site:
    """A website's behaviour: visits with a cookie, logins with a member's id."""

    def __init__(self, world) -> None:
        self.world = world

    def visit(self, key, day, *ids):
        """One visit, by devices alone or with somebody logged in."""
        record = self.world.say(key, ids, source="web", role="contact", day=day, record_type="behaviour")
        self.world.rows["event"].append(
            {"event_id": f"e-{key}", "record_id": record, "type": "visit", "at": START + timedelta(days=day),
             "actor_role": "contact"}
        )  # fmt: skip

    def login(self, key, day, device, user, kind="distinct_id"):
        """An explicit link, as a `track_signup` is."""
        record = self.world.say(key, [("user_id", user)], source="web", role="contact", day=day, record_type="login")
        self.world.rows["identity_link"].append(
            {"record_id": record, "role": "contact", "from_type": kind, "from_scope": "", "from_value": device,
             "to_type": "user_id", "to_scope": "", "to_value": user, "at": START + timedelta(days=day), "kind": "login"}
        )  # fmt: skip

    def stitched(self):
        """Event → owner's user id; the history; and how many people there are."""
        folder = self.world.write()
        parties = parties_in_time(folder, REGISTRY)
        sure = sure_clusters(parties, judge(parties, REGISTRY), REGISTRY)
        of_party = parties.party.select("party", pl.Series("one_id", [f"P{n}" for n in sure.label]))
        user = parties.identifier.filter(pl.col("id_type") == "user_id").join(of_party, on="party")
        name = dict(user.select("one_id", "id_value").iter_rows())
        found = stitch(parties, of_party, folder, REGISTRY, b"key")
        history = found.device_history.with_columns(pl.col("one_id").replace(name))
        owners = found.event_owner.with_columns(pl.col("one_id").replace(name))
        return {r["event_id"]: (r["one_id"], r["basis"]) for r in owners.to_dicts()}, history, of_party["one_id"]


@pytest.fixture
def site(world):
    return Site(world)


def cookie(value="c1"):
    return ("distinct_id", value)


def test_events_after_a_login_belong_to_who_logged_in_until_another_does(site):
    site.login("wang logs in", 10, "c1", "wang")
    site.login("li logs in", 20, "c1", "li")
    for day in (5, 10, 15, 20, 25):
        site.visit(day, day, cookie())
    owner, history, _ = site.stitched()
    assert {key: one for key, (one, _) in owner.items()} == {
        "e-10": "wang", "e-15": "wang", "e-20": "li", "e-25": "li",
    }  # fmt: skip
    spans = history.select("one_id", "valid_from", "valid_to", "is_shared").rows()
    day10, day20 = START + timedelta(days=10), START + timedelta(days=20)
    assert spans == [("wang", day10, day20, True), ("li", day20, None, True)]


def test_events_before_the_first_login_go_to_the_only_one_who_ever_logged_in_within_a_window(site):
    site.login("wang logs in", 40, "c1", "wang")
    site.visit("long before", 5, cookie())
    site.visit("before", 15, cookie())
    owner, history, _ = site.stitched()
    assert owner == {"e-before": ("wang", "before_first_login")}
    assert history["basis"].to_list() == ["before_first_login", "logged_in"]


def test_a_shared_device_never_merges_two_people(site):
    site.world.say("wang", [("user_id", "wang"), ("phone", "13900000001"), cookie()], day=1, **WANG)
    site.world.say("li", [("user_id", "li"), ("phone", "13900000002"), cookie()], day=2, **LI)
    site.visit("wang at home", 3, cookie(), ("user_id", "wang"))
    _, history, people = site.stitched()
    assert people.n_unique() == 2
    assert history["one_id"].to_list() == ["wang", "li", "wang"]


def test_a_visit_with_both_a_device_and_a_known_id_is_a_login(site):
    site.visit("logged in", 10, cookie(), ("user_id", "wang"))
    site.visit("later", 12, cookie())
    owner, *_ = site.stitched()
    assert owner == {"e-later": ("wang", "logged_in")}  # the first needs no owner: its party is somebody


def test_a_device_that_nobody_logged_in_on_has_no_owner_and_makes_no_person(site):
    site.visit("anonymous", 10, cookie("c9"))
    owner, history, people = site.stitched()
    assert owner == {} and history.is_empty() and people.is_empty()


def test_a_network_address_is_forgotten_after_its_lifetime(site):
    site.visit("portal", 0, ("mac", "aa:bb"), ("user_id", "wang"))
    site.visit("soon", 80, ("mac", "aa:bb"))
    site.visit("too late", 100, ("mac", "aa:bb"))
    owner, history, _ = site.stitched()
    assert set(owner) == {"e-soon"}
    assert history.filter(pl.col("basis") == "logged_in")["valid_to"].to_list() == [START + timedelta(days=90)]


def test_of_several_devices_the_surer_kind_tells(site):
    site.login("wang logs in", 0, "c1", "wang")
    site.login("li logs in", 1, "f1", "li", kind="idfa")
    site.visit("both", 5, ("idfa", "f1"), cookie())
    owner, *_ = site.stitched()
    assert owner["e-both"][0] == "wang"


def test_the_tablet_at_a_till_is_nobodys(site):
    most = REGISTRY["distinct_id"].block_ids
    for number in range(most + 1):
        site.login(f"customer {number}", number, "tablet", f"u{number}")
        if number < most:
            site.login(f"relative {number}", number, "big family's", f"u{number}")
    site.visit("at the till", most + 2, cookie("tablet"))
    site.visit("at home", most + 2, cookie("big family's"))
    owner, history, _ = site.stitched()
    assert set(owner) == {"e-at home"}
    assert history["value_hash"].n_unique() == 1


def test_a_device_id_that_stands_for_nobody_is_nobodys(site):
    site.login("wang logs in", 0, "00000000-0000-0000-0000-000000000000", "wang", kind="idfa")
    site.visit("elsewhere", 5, ("idfa", "00000000-0000-0000-0000-000000000000"))
    owner, history, _ = site.stitched()
    assert owner == {} and history.is_empty()


def test_a_link_to_a_value_that_one_person_alone_carries_is_enough(site):
    site.world.say("member", [("user_id", "wang"), ("phone", "13900000001")], **WANG)
    site.world.rows["identity_link"].append(
        {"record_id": "no party", "role": "contact", "from_type": "mac", "from_scope": "", "from_value": "aa:bb",
         "to_type": "phone", "to_scope": "", "to_value": "13900000001", "at": START, "kind": "login"}
    )  # fmt: skip
    site.visit("later", 1, ("mac", "aa:bb"))
    owner, *_ = site.stitched()
    assert owner == {"e-later": ("wang", "logged_in")}


def test_the_history_holds_no_device_in_the_clear(site):
    site.login("wang logs in", 0, "c1-secret", "wang")
    _, history, _ = site.stitched()
    assert "c1-secret" not in str(history.rows())
    assert history["value_hash"].str.starts_with("h:").all()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    logins=st.dictionaries(st.integers(0, 60), st.sampled_from(["wang", "li", "zhao"]), max_size=6),
    visits=st.sets(st.integers(0, 60), max_size=8),
)
def test_every_event_is_the_last_one_to_log_ins_or_the_only_ones(site, tmp_path_factory, logins, visits):
    other = Site(type(site.world)(tmp_path_factory.mktemp("w")))
    for day, user in logins.items():
        other.login(f"login {day}", day, "c1", user)
    for day in visits:
        other.visit(day, day, cookie())
    owner, history, _ = other.stitched()
    expected = {}
    for day in visits:
        before = [at for at in logins if at <= day]
        if before:
            expected[f"e-{day}"] = (logins[max(before)], "logged_in")
        elif len(set(logins.values())) == 1 and min(logins) - day <= 30:
            expected[f"e-{day}"] = (logins[min(logins)], "before_first_login")
    assert owner == expected
    ends = history["valid_to"].to_list()[:-1]
    assert ends == history["valid_from"].to_list()[1:]  # span follows span, without gap or overlap
