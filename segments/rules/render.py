"""Conditions as SQL: one renderer for each kind, checked against the data dictionary as it goes.

Every condition is about one person, the row `person` of customer.customer_360. Consent is not a condition: it is
added by `segments.rules.compile` whatever the tree says.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlglot import exp

from common.errors import UsageError
from segments.rules import conditions as c
from segments.rules.comparisons import Unfit, admits_zero, compare, compare_number, literal
from segments.rules.dictionary import PERSON
from segments.rules.happenings import DURABLE, TABLES, event_terms, order_terms, render_sequence
from segments.rules.load import Location
from segments.rules.named import render_ids, render_list, render_sql
from segments.rules.rendering import (
    MAX_AUDIENCES,
    PERSON_ALIAS,
    Mention,
    Rendering,
    belongs,
    is_in,
    people_of,
    select_from,
)
from segments.rules.terms import Comparison, Count
from segments.saying import say

TAG: Final = "customer.tag"
TAG_HISTORY: Final = "customer.tag_history"
TAG_OBSERVATION: Final = "customer.tag_observation"

__all__ = ["PERSON_ALIAS", "Mention", "Rendering", "render"]


def render(condition: Any, how: Rendering, location: Location = ("where",)) -> exp.Expr:
    """A condition as an SQL expression over the row `person`.

    Args:
        condition: a model of `segments.rules.conditions`.
        how: the audience, the dictionary and the as-of date.
        location: the condition's place in the file.

    Raises:
        DefinitionError: a column or table does not exist, or a value does not fit.
    """
    return RENDERERS[type(condition)](condition, how, location)


def _all_of(condition: c.AllOf, how: Rendering, location: Location) -> exp.Expr:
    terms = [render(one, how, (*location, "all", i)) for i, one in enumerate(condition.all_)]
    return exp.and_(*terms)


def _any_of(condition: c.AnyOf, how: Rendering, location: Location) -> exp.Expr:
    terms = [render(one, how, (*location, "any", i)) for i, one in enumerate(condition.any_)]
    return exp.paren(exp.or_(*terms), copy=False)


def _not(condition: c.Not, how: Rendering, location: Location) -> exp.Expr:
    inner = render(condition.not_, how, (*location, "not"))
    if (isinstance(inner, exp.In) and inner.args.get("query")) or isinstance(condition.not_, c.AudienceCondition):
        return exp.not_(inner)  # which is never unknown
    # What is unknown does not hold, so its negation does; plain NOT would drop those people from both sides.
    return exp.not_(exp.Is(this=exp.paren(inner), expression=exp.Boolean(this=True)))


def _column(condition: c.ColumnCondition, how: Rendering, location: Location) -> exp.Expr:
    terms = []
    how.column(PERSON, condition.column, (*location, "column"))
    if condition.model_fields_set - {"column", "days_ago", "ago"}:
        terms.append(how.compare(PERSON_ALIAS, PERSON, condition.column, condition, location))
    if condition.days_ago is not None:
        place = (*location, "days_ago")
        terms.append(how.days_ago(PERSON_ALIAS, PERSON, condition.column, condition.days_ago, place))
    if condition.ago is not None:
        terms.append(how.ago(PERSON_ALIAS, PERSON, condition.column, condition.ago, (*location, "ago")))
    return exp.and_(*terms)


def _tag(condition: c.TagCondition, how: Rendering, location: Location) -> exp.Expr:
    table = TAG if condition.on is None else TAG_HISTORY
    how.column(table, "tag", (*location, "tag"))
    how.known_tag(condition.tag, (*location, "tag"))
    terms: list[exp.Expr] = [how.one_of("t", table, "tag", condition.tag, (*location, "tag"))]
    if condition.value is not None:
        terms.append(_tag_value(condition.value, table, how, (*location, "value")))
    if condition.on is not None:
        terms += _on_that_day(condition, how, (*location, "on"))
    if condition.since_days_ago is not None:
        place = (*location, "since_days_ago")
        terms.append(how.days_ago("t", TAG, "since", condition.since_days_ago, place))
    return is_in(people_of(table, "t", terms))


def _on_that_day(condition: c.TagCondition, how: Rendering, location: Location) -> list[exp.Expr]:
    """As the macro tag_on(day) of the warehouse: days both included, open while it lasts."""
    day = condition.on
    if day is None or day > how.calendar.as_of:
        raise how.audience.fault(location, say("after_as_of", day=day, as_of=how.calendar.as_of), say("day_over"))
    for name in ("valid_from", "valid_to"):
        how.column(TAG_HISTORY, name, location)
    how.past_tags.append((location, condition.tag, day))
    until = exp.column("valid_to", table="t")
    lasts = exp.Is(this=until.copy(), expression=exp.Null())
    return [
        exp.LTE(this=exp.column("valid_from", table="t"), expression=literal(day)),
        exp.paren(exp.or_(exp.GTE(this=until, expression=literal(day)), lasts), copy=False),
    ]


def _tag_value(comparison: Comparison, table: str, how: Rendering, location: Location) -> exp.Expr:
    """A tag's value is text; compared with numbers it is read as one."""
    how.column(table, "value", location)
    column: exp.Expr = exp.column("value", table="t")
    values = [getattr(comparison, name) for name in comparison.model_fields_set]
    numeric = any(isinstance(one, int | float) for v in values for one in (v if isinstance(v, list) else [v]))
    if numeric and comparison.is_null is None:
        column = exp.TryCast(this=column, to=exp.DataType.build("double"))
    try:
        return compare(column, "number" if numeric else "text", comparison)
    except Unfit as error:
        raise how.audience.fault((*location, error.operator), error.problem, error.remedy) from error


def _events(condition: c.EventCondition, how: Rendering, location: Location) -> exp.Expr:
    terms = event_terms("e", condition.events, how, (*location, "events"))
    return _counted(TABLES["events"], "e", terms, condition.events.count, distinct="event_id")


def _orders(condition: c.OrderCondition, how: Rendering, location: Location) -> exp.Expr:
    """Orders of a category are counted by their lines, which carry all that can be asked of an order."""
    spec = condition.orders
    table, alias = (TABLES["orders"], "o") if spec.category is None else (TABLES["order_lines"], "l")
    terms = order_terms(table, alias, spec, how, (*location, "orders"))
    return _counted(table, alias, terms, spec.count, distinct="order_key")


def _audience(condition: c.AudienceCondition, how: Rendering, location: Location) -> exp.Expr:
    """The other audience's rule in the place of its name: who is described, whatever channel or limit it has."""
    way = (*(how.way or (how.audience.name,)), condition.audience)
    place = (*location, "audience")
    if condition.audience in way[:-1]:
        circle = " → ".join(way[way.index(condition.audience) :])
        raise how.audience.fault(place, say("circle", circle=circle), say("break_circle"))
    how.seen.append(condition.audience)
    if len(how.seen) > MAX_AUDIENCES:
        raise how.audience.fault(place, say("too_many_audiences", most=MAX_AUDIENCES), say("use_fewer"))
    try:
        if how.find is None:
            raise UsageError(say("no_other_audiences"))
        other = how.find(condition.audience)
        definition = other.bind(condition.parameters)
    except UsageError as error:
        raise how.audience.fault(place, error.args[0]) from error
    inner = replace(how, audience=other, way=way, mentions=[], queries=[])
    rule = exp.paren(render(definition.where, inner), copy=False)
    how.mentions.extend(replace(mention, location=place) for mention in inner.mentions)
    how.queries.extend((place, query) for _, query in inner.queries)
    rule.add_comments([f"audience {other.name}"])
    # Unknown is not described, also where this stands beside others under a not.
    return exp.Is(this=rule, expression=exp.Boolean(this=True))


def _durable(condition: c.DurableCondition, how: Rendering, location: Location) -> exp.Expr:
    place, spec = (*location, "durable"), condition.durable
    how.column(DURABLE, "one_id", place)
    terms = how.matches("d", DURABLE, spec, ("category",), place)
    if spec.status is not None:
        how.column(DURABLE, "status", (*place, "status"))
        wanted = [literal(status) for status in spec.status]
        terms.append(exp.In(this=exp.column("status", table="d"), expressions=wanted))
    if spec.bought_days_ago is not None:
        window = (*place, "bought_days_ago")
        terms.append(how.days_ago("d", DURABLE, "last_purchase_date", spec.bought_days_ago, window))
    if spec.bought_ago is not None:
        terms.append(how.ago("d", DURABLE, "last_purchase_date", spec.bought_ago, (*place, "bought_ago")))
    return is_in(people_of(DURABLE, "d", terms))


def _counted(table: str, alias: str, terms: list[exp.Expr], count: Count, *, distinct: str) -> exp.Expr:
    """People with so many rows; people without any count as having none."""
    if count == Count(gte=1):
        return is_in(people_of(table, alias, terms))
    number = exp.Count(this=exp.Distinct(expressions=[exp.column(distinct, table=alias)]))
    if admits_zero(count):
        counted = select_from(table, alias, [belongs(alias), *terms], number).subquery(copy=False)
        return compare_number(counted, count)
    one_id = exp.column("one_id", table=alias)
    known = exp.not_(exp.Is(this=one_id.copy(), expression=exp.Null()))
    grouped = select_from(table, alias, [*terms, known], one_id).group_by(one_id).having(compare_number(number, count))
    return is_in(grouped)


RENDERERS: Final[dict[type, Callable[[Any, Rendering, Location], exp.Expr]]] = {
    c.AllOf: _all_of,
    c.AnyOf: _any_of,
    c.Not: _not,
    c.ColumnCondition: _column,
    c.TagCondition: _tag,
    c.EventCondition: _events,
    c.OrderCondition: _orders,
    c.DurableCondition: _durable,
    c.SequenceCondition: render_sequence,
    c.AudienceCondition: _audience,
    c.IdsCondition: render_ids,
    c.ListCondition: render_list,
    c.SqlCondition: render_sql,
}
