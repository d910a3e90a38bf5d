"""Conditions as SQL: one renderer for each kind, checked against the data dictionary as it goes.

Every condition is about one person, the row `person` of customer.customer_360. Consent is not a condition: it is
added by `segments.rules.compile` whatever the tree says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlglot import exp

from segments.rules import conditions as c
from segments.rules.comparisons import (
    Calendar,
    Unfit,
    admits_zero,
    compare,
    compare_days_ago,
    compare_number,
    literal,
)
from segments.rules.dictionary import PERSON, ColumnInfo, DataDictionary
from segments.rules.load import Audience, Location

PERSON_ALIAS: Final = "person"
TAG: Final = "customer.tag"
EVENTS: Final = "core.events"
ORDERS: Final = "core.orders"
ORDER_LINES: Final = "core.order_lines"
DURABLE: Final = "customer.durable"


@dataclass(frozen=True)
class Mention:
    """Text values that an audience asks of a published column, and where it does."""

    location: Location
    table: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Rendering:
    """What every renderer needs: whose rule it is, what the warehouse holds, and which day it is."""

    audience: Audience
    dictionary: DataDictionary
    calendar: Calendar
    mentions: list[Mention] = field(default_factory=list)

    def column(self, table: str, name: str, location: Location) -> ColumnInfo:
        """A published column.

        Raises:
            DefinitionError: the warehouse has no such table or column.
        """
        missing = self.dictionary.missing(table, name)
        if missing:
            raise self.audience.fault(location, *missing)
        return self.dictionary.tables[table][name]

    def compare(self, alias: str, table: str, name: str, comparison: c.Comparison, location: Location) -> exp.Expr:
        """A published column compared, its faults told with their place in the file."""
        info = self.column(table, name, location)
        if info.family == "text":
            self.mention(table, name, [comparison.eq, comparison.ne, *(comparison.in_ or ())], location)
        try:
            return compare(exp.column(name, table=alias), info.family, comparison)
        except Unfit as error:
            problem = f"{table}.{name}: {error.problem}"
            raise self.audience.fault((*location, error.operator), problem, error.remedy) from error

    def days_ago(self, alias: str, table: str, name: str, days: c.DaysAgo, location: Location) -> exp.Expr:
        """A published date or moment compared with days before the as-of date."""
        info = self.column(table, name, location)
        try:
            return compare_days_ago(exp.column(name, table=alias), info.family, days, self.calendar)
        except Unfit as error:
            raise self.audience.fault(location, f"{table}.{name}: {error.problem}", error.remedy) from error

    def matches(
        self, alias: str, table: str, spec: c.Strict, names: Sequence[str], location: Location
    ) -> list[exp.Expr]:
        """The text columns of a spec that say one value or a list of values."""
        terms = []
        for name in names:
            wanted = getattr(spec, name)
            if wanted is not None:
                self.column(table, name, (*location, name))
                terms.append(self.one_of(alias, table, name, wanted, (*location, name)))
        return terms

    def one_of(self, alias: str, table: str, name: str, wanted: str | list[str], location: Location) -> exp.Expr:
        """A text column that must have one of some values."""
        column = exp.column(name, table=alias)
        values = [wanted] if isinstance(wanted, str) else wanted
        self.mention(table, name, values, location)
        if isinstance(wanted, str):
            return exp.EQ(this=column, expression=literal(wanted))
        return exp.In(this=column, expressions=[literal(one) for one in wanted])

    def mention(self, table: str, name: str, values: Sequence[object], location: Location) -> None:
        """Notes values that are asked for, so that those nobody has can be told."""
        texts = tuple(value for value in values if isinstance(value, str))
        if texts:
            self.mentions.append(Mention(location, table, name, texts))


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
    if isinstance(inner, exp.Exists):
        return exp.not_(inner)
    # What is unknown does not hold, so its negation does; plain NOT would drop those people from both sides.
    return exp.not_(exp.Is(this=exp.paren(inner), expression=exp.Boolean(this=True)))


def _column(condition: c.ColumnCondition, how: Rendering, location: Location) -> exp.Expr:
    terms = []
    how.column(PERSON, condition.column, (*location, "column"))
    if condition.model_fields_set - {"column", "days_ago"}:
        terms.append(how.compare(PERSON_ALIAS, PERSON, condition.column, condition, location))
    if condition.days_ago is not None:
        place = (*location, "days_ago")
        terms.append(how.days_ago(PERSON_ALIAS, PERSON, condition.column, condition.days_ago, place))
    return exp.and_(*terms)


def _tag(condition: c.TagCondition, how: Rendering, location: Location) -> exp.Expr:
    how.column(TAG, "tag", (*location, "tag"))
    terms: list[exp.Expr] = [how.one_of("t", TAG, "tag", condition.tag, (*location, "tag"))]
    if condition.value is not None:
        terms.append(_tag_value(condition.value, how, (*location, "value")))
    if condition.since_days_ago is not None:
        place = (*location, "since_days_ago")
        terms.append(how.days_ago("t", TAG, "since", condition.since_days_ago, place))
    return _exists(TAG, "t", terms)


def _tag_value(comparison: c.Comparison, how: Rendering, location: Location) -> exp.Expr:
    """A tag's value is text; compared with numbers it is read as one."""
    how.column(TAG, "value", location)
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
    place, spec = (*location, "events"), condition.events
    terms = how.matches("e", EVENTS, spec, ("type", "subtype", "channel", "store_id", "campaign"), place)
    terms += _window("e", EVENTS, "event_date", spec.days_ago, how, place)
    return _counted(EVENTS, "e", terms, spec.count, distinct="event_id")


def _orders(condition: c.OrderCondition, how: Rendering, location: Location) -> exp.Expr:
    """Orders of a category are counted by their lines, which carry all that can be asked of an order."""
    place, spec = (*location, "orders"), condition.orders
    table, alias = (ORDERS, "o") if spec.category is None else (ORDER_LINES, "l")
    for name in ("order_key", "is_valid"):
        how.column(table, name, place)
    terms: list[exp.Expr] = [exp.column("is_valid", table=alias)]
    terms += how.matches(alias, table, spec, ("channel", "source", "store_id", "category"), place)
    terms += _window(alias, table, "ordered_date", spec.days_ago, how, place)
    return _counted(table, alias, terms, spec.count, distinct="order_key")


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
    return _exists(DURABLE, "d", terms)


def _window(
    alias: str, table: str, name: str, days: c.DaysAgo | None, how: Rendering, location: Location
) -> list[exp.Expr]:
    """The days that count; never past the as-of date, which the core tables may hold."""
    how.column(table, name, location)
    until = exp.LTE(this=exp.column(name, table=alias), expression=literal(how.calendar.as_of))
    return [until] if days is None else [until, how.days_ago(alias, table, name, days, (*location, "days_ago"))]


def _counted(table: str, alias: str, terms: list[exp.Expr], count: c.Count, *, distinct: str) -> exp.Expr:
    """People with so many rows; people without any count as having none."""
    if count == c.Count(gte=1):
        return _exists(table, alias, terms)
    number = exp.Count(this=exp.Distinct(expressions=[exp.column(distinct, table=alias)]))
    if admits_zero(count):
        counted = _select(table, alias, [_belongs(alias), *terms], number).subquery(copy=False)
        return compare_number(counted, count)
    one_id = exp.column("one_id", table=alias)
    grouped = _select(table, alias, terms, one_id).group_by(one_id).having(compare_number(number, count))
    return exp.In(this=exp.column("one_id", table=PERSON_ALIAS), query=grouped.subquery(copy=False))


def _exists(table: str, alias: str, terms: list[exp.Expr]) -> exp.Expr:
    return exp.Exists(this=_select(table, alias, [_belongs(alias), *terms]))


def _belongs(alias: str) -> exp.Expr:
    return exp.EQ(this=exp.column("one_id", table=alias), expression=exp.column("one_id", table=PERSON_ALIAS))


def _select(table: str, alias: str, terms: list[exp.Expr], what: exp.Expr | None = None) -> exp.Select:
    source = exp.to_table(table).as_(alias)
    return exp.select(what or exp.Literal.number(1)).from_(source).where(*terms)


RENDERERS: Final[dict[type, Callable[[Any, Rendering, Location], exp.Expr]]] = {
    c.AllOf: _all_of,
    c.AnyOf: _any_of,
    c.Not: _not,
    c.ColumnCondition: _column,
    c.TagCondition: _tag,
    c.EventCondition: _events,
    c.OrderCondition: _orders,
    c.DurableCondition: _durable,
}
