"""Funnels: the closed format of their files, the steps that people come to, and why they do not."""

from datetime import date, datetime

import duckdb
import polars as pl
import pytest

from analyses.funnel import FOLDER, Funnel, load_funnel, load_funnels
from analyses.funnel_sql import build_funnels
from common.errors import DefinitionError

AS_OF = date(2026, 6, 30)
STEPS = [
    {"step": "visit", "zh": "访问", "en": "Visit", "events": ["visit"]},
    {"step": "cart", "zh": "加购", "en": "Cart", "events": ["add_to_cart"]},
    {"step": "bought", "zh": "购买", "en": "Bought", "orders": "valid"},
]


def funnel(**more: object) -> Funnel:
    told = {"funnel": "shop", "zh": "漏斗", "en": "Shop", "description": "…", "window_days": 7, "steps": STEPS}
    return Funnel.model_validate(told | more)


class Happened:
    """What happened, as core.events and core.orders have it."""

    def __init__(self) -> None:
        self.events: list[tuple] = []
        self.orders: list[tuple] = []

    def event(
        self, one_id: str, kind: str, moment: str, channel: str = "web", subtype: str | None = None
    ) -> "Happened":
        at = datetime.fromisoformat(moment)
        self.events.append((one_id, kind, subtype, at, at.date(), channel))
        return self

    def order(self, one_id: str, moment: str, is_paid: bool = True) -> "Happened":
        at = datetime.fromisoformat(moment)
        self.orders.append(
            (one_id, at, at.date(), "online_store", "paid" if is_paid else "closed", False, is_paid, is_paid)
        )
        return self

    def build(self, *funnels: Funnel) -> tuple[pl.DataFrame, pl.DataFrame]:
        con = duckdb.connect()
        con.execute("create schema core")
        con.execute(
            "create table core.events (one_id varchar, type varchar, subtype varchar, event_at timestamp, "
            "event_date date, channel varchar)"
        )
        con.execute(
            "create table core.orders (one_id varchar, ordered_at timestamp, ordered_date date, channel varchar, "
            "status varchar, is_return boolean, is_paid boolean, is_valid boolean)"
        )
        for table, rows in (("events", self.events), ("orders", self.orders)):
            for row in rows:
                con.execute(f"insert into core.{table} values ({', '.join('?' * len(row))})", row)
        return build_funnels(con, funnels, AS_OF)


def reached(steps: pl.DataFrame) -> list[int]:
    return steps.group_by("step_number").agg(pl.col("n_reached").sum()).sort("step_number")["n_reached"].to_list()


def reasons(losses: pl.DataFrame) -> dict[tuple[str, str, str], int]:
    return {(row["step"], row["reason"], row["detail"]): row["n_people"] for row in losses.to_dicts()}


def test_people_come_from_step_to_step_in_order_and_within_the_window():
    world = Happened()
    world.event("A", "visit", "2026-05-01").event("A", "add_to_cart", "2026-05-02").order("A", "2026-05-04")
    world.event("B", "add_to_cart", "2026-04-30").event("B", "visit", "2026-05-01").order("B", "2026-05-02")
    world.event("C", "visit", "2026-05-01").event("C", "add_to_cart", "2026-05-08")
    steps, losses = world.build(funnel())
    assert reached(steps) == [3, 1, 1]
    assert steps["median_days_from_before"].to_list() == [0.0, 1.0, 2.0]
    assert steps["median_days_from_entry"].to_list() == [0.0, 1.0, 3.0]
    assert reasons(losses) == {("visit", "no_further_step", "none"): 1, ("visit", "out_of_window", "none"): 1}


def test_the_first_occurrence_after_the_step_before_counts():
    world = Happened().event("A", "visit", "2026-05-01").event("A", "visit", "2026-05-03")
    world.event("A", "add_to_cart", "2026-05-02").event("A", "add_to_cart", "2026-05-04")
    steps, _ = world.build(funnel())
    assert steps["median_days_from_entry"].to_list() == [0.0, 1.0, None]


def test_the_same_thing_twice_is_two_steps_only_if_it_happens_twice():
    again = [STEPS[2], {**STEPS[2], "step": "again"}]
    once = Happened().order("A", "2026-05-01")
    assert reached(once.build(funnel(steps=again))[0]) == [1, 0]
    assert reached(once.order("A", "2026-05-02").build(funnel(steps=again))[0]) == [1, 1]


def test_a_person_enters_once_or_anew_in_each_month():
    world = Happened().event("A", "visit", "2026-04-01").event("A", "visit", "2026-05-01")
    assert world.build(funnel())[0]["cohort_month"].unique().to_list() == [date(2026, 4, 1)]
    monthly = world.build(funnel(entry="each_month"))[0]
    assert sorted(set(monthly["cohort_month"])) == [date(2026, 4, 1), date(2026, 5, 1)]


def test_the_first_declared_reason_that_happened_is_the_reason():
    losses = [
        {"reason": "lead_lost", "events": ["lead_lost"], "detail": "subtype"},
        {"reason": "unpaid_order", "after": ["cart"], "orders": "unpaid", "detail": "status"},
    ]
    world = Happened()
    world.event("A", "visit", "2026-05-01").event("A", "lead_lost", "2026-05-02", subtype="too dear")
    world.event("B", "visit", "2026-05-01").event("B", "add_to_cart", "2026-05-02").order("B", "2026-05-02", False)
    world.event("C", "visit", "2026-05-01").order("C", "2026-05-02", False)  # not after the visit
    world.event("D", "visit", "2026-05-01").event("D", "lead_lost", "2026-05-20")  # after the window
    world.event("E", "visit", "2026-06-28")
    _, lost = world.build(funnel(losses=losses))
    assert reasons(lost.filter(pl.col("cohort_month") == date(2026, 5, 1))) == {
        ("visit", "lead_lost", "too dear"): 1,
        ("cart", "unpaid_order", "closed"): 1,
        ("visit", "no_further_step", "none"): 2,
    }
    assert reasons(lost.filter(pl.col("cohort_month") == date(2026, 6, 1))) == {("visit", "within_window", "none"): 1}


def test_everybody_who_entered_is_at_the_end_or_lost_once():
    world = Happened()
    for number in range(60):
        one_id, day = f"P{number}", 1 + number % 28
        world.event(one_id, "visit", f"2026-05-{day:02}", channel=("web", "app")[number % 2])
        if number % 3:
            world.event(one_id, "add_to_cart", f"2026-05-{day:02} 12:00")
        if number % 4 == 1:
            world.order(one_id, f"2026-05-{day:02} 13:00")
    steps, losses = world.build(funnel())
    assert reached(steps)[0] - losses["n_people"].sum() == reached(steps)[-1]
    assert set(steps["channel"]) == {"web", "app"}


def test_conditions_narrow_what_counts():
    only = [STEPS[0] | {"channel": ["app"]}, STEPS[2]]
    world = Happened().event("A", "visit", "2026-05-01").event("B", "visit", "2026-05-01", channel="app")
    assert reached(world.build(funnel(steps=only))[0]) == [1, 0]


def test_the_built_in_funnels_are_in_order_and_named_after_their_files():
    names = [one.funnel for one in load_funnels()]
    assert names == sorted(names) and len(names) == 5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("window_days: 90", "window_days: 0", "window_days"),
        ("events: [store_visit]", "", "either `events:`"),
        ("step: visited", "step: lead", "there twice"),
        ("reason: lead_lost", "reason: within_window", "time alone"),
        ("detail: subtype", "detail: status", "orders a `status`"),
        ("detail: subtype", "after: [bought]", "no step that another follows"),
        ("window_days", "window", "window"),
        ("funnel: lead_to_buyer", "funnel: leads", "Call the file and the funnel the same"),
        ("funnel: lead_to_buyer", "funnel: [", "no valid YAML"),
    ],
)
def test_a_mistake_in_a_funnel_is_refused_with_the_remedy(tmp_path, old, new, says):
    text = (FOLDER / "lead_to_buyer.yml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "lead_to_buyer.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=says):
        load_funnel(path)
