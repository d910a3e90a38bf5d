"""Events and orders as SQL: which of them count, and sequences of one after another."""

from typing import Final

from sqlglot import exp

from segments.rules import conditions as c
from segments.rules.comparisons import literal
from segments.rules.load import Location
from segments.rules.rendering import Rendering, is_in, people_of, select_from

DURABLE: Final = "customer.durable"
TABLES: Final = {"events": "core.events", "orders": "core.orders", "order_lines": "core.order_lines"}
# The day and the moment of what happened; lines have the moment of their order.
_DATE: Final = {"events": "event_date", "orders": "ordered_date"}
_MOMENT: Final = {"events": "event_at", "orders": "ordered_at"}


def event_terms(alias: str, spec: c.EventSpec, how: Rendering, location: Location) -> list[exp.Expr]:
    """What must hold of a row of core.events."""
    table = TABLES["events"]
    terms = how.matches(alias, table, spec, ("type", "subtype", "channel", "store_id", "campaign"), location)
    return terms + window_terms(alias, table, _DATE["events"], spec, how, location)


def order_terms(table: str, alias: str, spec: c.OrderSpec, how: Rendering, location: Location) -> list[exp.Expr]:
    """What must hold of a row of core.orders, or of core.order_lines where a category is asked for."""
    for name in ("order_key", "is_valid"):
        how.column(table, name, location)
    terms: list[exp.Expr] = [exp.column("is_valid", table=alias)]
    terms += how.matches(alias, table, spec, ("channel", "source", "store_id", "category"), location)
    return terms + window_terms(alias, table, _DATE["orders"], spec, how, location)


def window_terms(
    alias: str, table: str, name: str, spec: c.Windowed, how: Rendering, location: Location
) -> list[exp.Expr]:
    """The days that count; never past the as-of date, which the core tables may hold."""
    how.column(table, name, location)
    terms: list[exp.Expr] = [exp.LTE(this=exp.column(name, table=alias), expression=literal(how.calendar.as_of))]
    if spec.days_ago is not None:
        terms.append(how.days_ago(alias, table, name, spec.days_ago, (*location, "days_ago")))
    if spec.ago is not None:
        terms.append(how.ago(alias, table, name, spec.ago, (*location, "ago")))
    return terms


def render_sequence(condition: c.SequenceCondition, how: Rendering, location: Location) -> exp.Expr:
    """People with a first one and another after it within the days, or with none after it once the days are over.

    After is by the moment; within the days is by the day, so that 0 days is the same day.
    """
    spec, place = condition.sequence, (*location, "sequence")
    first_kind, first_terms = _step("a", spec.first, how, (*place, "first"))
    then_kind, then_terms = _step("b", spec.then, how, (*place, "then"))
    days = exp.Literal.number(spec.within_days)
    last_day = exp.Add(this=exp.column(_DATE[first_kind], table="a"), expression=days)
    follows = [
        exp.EQ(this=exp.column("one_id", table="b"), expression=exp.column("one_id", table="a")),
        exp.GT(this=exp.column(_MOMENT[then_kind], table="b"), expression=exp.column(_MOMENT[first_kind], table="a")),
        exp.LTE(this=exp.column(_DATE[then_kind], table="b"), expression=last_day),
        *then_terms,
    ]
    after = exp.Exists(this=select_from(TABLES[then_kind], "b", follows))
    if not spec.happens:
        over = exp.LTE(this=last_day.copy(), expression=literal(how.calendar.as_of))
        first_terms += [over, exp.not_(after)]
    else:
        first_terms.append(after)
    return is_in(people_of(TABLES[first_kind], "a", first_terms))


def _step(alias: str, step: c.Step, how: Rendering, location: Location) -> tuple[str, list[exp.Expr]]:
    """A step's table and what must hold of its rows; orders of a category are those with such a line."""
    if step.events is not None:
        place = (*location, "events")
        how.column(TABLES["events"], _MOMENT["events"], place)
        return "events", event_terms(alias, step.events, how, place)
    spec = step.spec
    assert isinstance(spec, c.OrderSpec)
    place = (*location, "orders")
    how.column(TABLES["orders"], _MOMENT["orders"], place)
    terms = order_terms(TABLES["orders"], alias, spec.model_copy(update={"category": None}), how, place)
    if spec.category is not None:
        lines, inner = TABLES["order_lines"], f"{alias}_line"
        how.column(lines, "category", (*place, "category"))
        wanted = how.one_of(inner, lines, "category", spec.category, (*place, "category"))
        with_it = select_from(lines, inner, [wanted], exp.column("order_key", table=inner)).distinct()
        terms.append(exp.In(this=exp.column("order_key", table=alias), query=with_it.subquery(copy=False)))
    return "orders", terms
