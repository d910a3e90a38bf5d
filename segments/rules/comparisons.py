"""Comparisons as SQL expressions: a typed value never becomes SQL except as a literal of sqlglot's own making.

Knows columns, values and their types; which table and which condition they come from is `segments.rules.render`.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlglot import exp

from common.labels import label
from segments.rules.dictionary import Family
from segments.rules.terms import Ago, Comparison, NumberComparison, Since, Value
from segments.saying import Said, say

Scalar = Value | int | float

_OPERATORS: Final[dict[str, type[exp.Binary]]] = {
    "eq": exp.EQ,
    "gt": exp.GT,
    "gte": exp.GTE,
    "lt": exp.LT,
    "lte": exp.LTE,
}
_ORDERED: Final = frozenset({"gt", "gte", "lt", "lte", "between"})
_FITTING: Final[dict[str, tuple[type, ...]]] = {
    "number": (int, float),
    "text": (str,),
    "date": (dt.date,),
    "boolean": (bool,),
    "list": (str, int, float),
}


class Unfit(ValueError):
    """A comparison that does not fit its column; `problem` and `remedy` say why and what to do."""

    def __init__(self, operator: str, problem: str, remedy: str) -> None:
        self.operator, self.problem, self.remedy = operator, problem, remedy
        super().__init__(problem)


def literal(value: Scalar) -> exp.Expr:
    """A value as an SQL literal."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int | float):
        return exp.Neg(this=exp.Literal.number(-value)) if value < 0 else exp.Literal.number(value)
    if isinstance(value, dt.date):
        return exp.cast(exp.Literal.string(value.isoformat()), exp.DType.DATE)
    return exp.Literal.string(value)


def compare(column: exp.Expr, family: Family, comparison: Comparison) -> exp.Expr:
    """A column compared as a comparison says; unknown values make it unknown, save for `ne` and `is_null`.

    Args:
        column: the column's expression.
        family: how the column may be compared.

    Raises:
        Unfit: an operator or a value does not fit the column.
    """
    terms = [_term(column, family, operator, value) for operator, value in _operators(comparison)]
    return exp.and_(*terms)


def refuse_impossible(
    comparison: Comparison, *, low: float | None, high: float | None, accepted: Sequence[str] | None
) -> None:
    """Refuses values that the column cannot have, by the data dictionary.

    Args:
        comparison: what the column is compared with.
        low: its least value, where one is known.
        high: its greatest value, where one is known.
        accepted: its only values, where they are known.

    Raises:
        Unfit: a value is none of them, or lies outside.
    """
    for operator, value in _operators(comparison):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and accepted is not None and operator != "contains":
                refuse_unaccepted(operator, one, accepted)
            if isinstance(one, int | float) and not isinstance(one, bool) and not _is_between(one, low, high):
                raise Unfit(operator, say("never", value=one), say("values_lie", span=_span(low, high)))


def refuse_unaccepted(operator: str, value: str, accepted: Sequence[str]) -> None:
    """Refuses a text that is none of a column's only values.

    Raises:
        Unfit: it is none of them.
    """
    if value not in accepted:
        near = get_close_matches(value, accepted, n=1)
        values = ", ".join(accepted)
        remedy = say("guess_and_choose", near=near[0], values=values) if near else say("choose_from", values=values)
        raise Unfit(operator, say("never", value=value), remedy)


def _is_between(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _span(low: float | None, high: float | None) -> Said:
    if low is None or high is None:
        return say("span_up", low=f"{low:g}") if high is None else say("span_down", high=f"{high:g}")
    return say("span", low=f"{low:g}", high=f"{high:g}")


def compare_number(quantity: exp.Expr, comparison: NumberComparison) -> exp.Expr:
    """A number, such as a count, compared as a comparison says."""
    return exp.and_(*(_number_term(quantity, name, value) for name, value in _operators(comparison)))


@dataclass(frozen=True)
class Calendar:
    """The day that relative dates are counted from, and the zone whose days they are."""

    as_of: dt.date
    time_zone: ZoneInfo

    def back(self, number: int, unit: str = "days") -> dt.date:
        """The day so many days, weeks, months or years before the as-of date; not before the year 1000.

        A month that is shorter ends on its last day, as in SQL.
        """
        if unit in ("days", "weeks"):
            days = min(number * (7 if unit == "weeks" else 1), (self.as_of - _FIRST).days)
            return self.as_of - dt.timedelta(days=days)
        months = self.as_of.year * 12 + self.as_of.month - 1 - number * (12 if unit == "years" else 1)
        year, month = divmod(months, 12)
        if year < _FIRST.year:
            return _FIRST
        return dt.date(year, month + 1, min(self.as_of.day, monthrange(year, month + 1)[1]))

    def start(self, day: dt.date) -> exp.Expr:
        """The moment in UTC at which a day begins."""
        local = dt.datetime.combine(day, dt.time(), self.time_zone)
        return exp.cast(exp.Literal.string(local.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")), exp.DType.TIMESTAMP)


_FIRST: Final = dt.date(1000, 1, 1)
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Bound:
    """A first or last day that counts, and how the audience said it."""

    day: dt.date
    said: str


def compare_days_ago(column: exp.Expr, family: Family, comparison: NumberComparison, calendar: Calendar) -> exp.Expr:
    """A date or a moment compared with days before the as-of date; the bounds are worked out, the days noted.

    Raises:
        Unfit: the column holds neither.
    """
    terms: list[exp.Expr] = []
    for newest, oldest in (_days(name, value) for name, value in _operators(comparison)):
        bounds = [
            None if one is None else Bound(calendar.back(one), f"{one} days before {calendar.as_of}")
            for one in (oldest, newest)
        ]
        terms += _within(column, family, bounds[0], bounds[1], calendar, operator="days_ago")
    return exp.and_(*terms)


def compare_ago(column: exp.Expr, family: Family, ago: Ago, calendar: Calendar) -> exp.Expr:
    """A date or a moment compared with a window by the calendar, such as five to eight years ago.

    Raises:
        Unfit: the column holds neither.
    """
    span = getattr(ago, ago.unit)
    if isinstance(span, Since):
        first = [(span.lte, 0), (span.lt, 1)]
        last = [(span.gte, 0), (span.gt, -1)]
    else:
        first, last = [(span[1], 0)], [(span[0], 0)]
    bounds = [
        next(
            (
                Bound(calendar.back(number, ago.unit) + shift * _DAY, f"{number} {ago.unit} before {calendar.as_of}")
                for number, shift in one
                if number is not None
            ),
            None,
        )
        for one in (first, last)
    ]
    return exp.and_(*_within(column, family, bounds[0], bounds[1], calendar, operator="ago"))


def _within(
    column: exp.Expr, family: Family, first: Bound | None, last: Bound | None, calendar: Calendar, *, operator: str
) -> list[exp.Expr]:
    """A date or moment from the first day on and up to the end of the last."""
    if family not in ("date", "timestamp"):
        problem = say("needs_date", family=label("family", family), operator=operator)
        raise Unfit(operator, problem, say("use_date"))
    terms: list[exp.Expr] = []
    if first is not None:
        low = literal(first.day) if family == "date" else calendar.start(first.day)
        note = first.said if family == "date" else f"start of the day {first.said}"
        terms.append(exp.GTE(this=column.copy(), expression=_noted(low, note)))
    if last is not None and family == "date":
        terms.append(exp.LTE(this=column.copy(), expression=_noted(literal(last.day), last.said)))
    elif last is not None:
        high = _noted(calendar.start(last.day + _DAY), f"end of the day {last.said}")
        terms.append(exp.LT(this=column.copy(), expression=high))
    return terms


def _days(operator: str, value: Any) -> tuple[int | None, int | None]:
    """The newest and the oldest day that a comparison admits, in days ago."""
    if isinstance(value, list):
        return value[0], value[1]
    return {
        "eq": (value, value),
        "gt": (value + 1, None),
        "gte": (value, None),
        "lt": (None, value - 1),
        "lte": (None, value),
    }[operator]


def _noted(expression: exp.Expr, note: str) -> exp.Expr:
    expression.add_comments([note])
    return expression


def admits_zero(comparison: NumberComparison) -> bool:
    """Whether a count of nothing satisfies the comparison."""
    tests: dict[str, Callable[[float], bool]] = {
        "eq": lambda v: v == 0,
        "gt": lambda v: v < 0,
        "gte": lambda v: v <= 0,
        "lt": lambda v: v > 0,
        "lte": lambda v: v >= 0,
    }
    return all(
        value[0] <= 0 if isinstance(value, list) else tests[name](value) for name, value in _operators(comparison)
    )


def _operators(comparison: Comparison | NumberComparison) -> Iterator[tuple[str, Any]]:
    names = Comparison.model_fields if isinstance(comparison, Comparison) else NumberComparison.model_fields
    for name in names:
        value = getattr(comparison, name)
        if value is not None:
            yield name.rstrip("_"), value


def _number_term(quantity: exp.Expr, name: str, value: Any) -> exp.Expr:
    if name == "between":
        return exp.Between(this=quantity.copy(), low=literal(value[0]), high=literal(value[1]))
    return _OPERATORS[name](this=quantity.copy(), expression=literal(value))


def _term(column: exp.Expr, family: Family, operator: str, value: Any) -> exp.Expr:
    if operator == "is_null":
        is_null = exp.Is(this=column.copy(), expression=exp.Null())
        return is_null if value else exp.not_(is_null)
    _refuse_unfit(family, operator, value)
    if operator == "ne":
        return exp.NullSafeNEQ(this=column.copy(), expression=literal(value))
    if operator == "in":
        return exp.In(this=column.copy(), expressions=[literal(one) for one in value])
    if operator == "contains":
        if family == "list":
            return exp.func("list_contains", column.copy(), literal(value))
        return exp.func("contains", column.copy(), literal(value))
    return _number_term(column, operator, value)


def _refuse_unfit(family: Family, operator: str, value: Any) -> None:
    fitting = _FITTING.get(family)
    if fitting is None:
        remedy = say("ask_days_ago") if family == "timestamp" else say("only_is_null")
        raise Unfit(operator, say("operator_unfit", operator=operator), remedy)
    if family == "list" and operator != "contains":
        raise Unfit(operator, say("holds_list"), say("ask_contains"))
    if operator == "contains" and family not in ("list", "text"):
        raise Unfit(operator, say("no_contains", family=label("family", family)), say("use_eq_between"))
    if operator in _ORDERED and family in ("boolean", "text"):
        problem = say("no_sense", operator=operator, family=label("family", family))
        raise Unfit(operator, problem, say("use_eq_in"))
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, fitting) or (isinstance(one, bool) and family != "boolean"):
            problem = say("value_is_none", family=label("family", family), value=repr(one))
            raise Unfit(operator, problem, _wanted(family))


def _wanted(family: Family) -> Said:
    if family == "number":
        return say("write_number")
    if family == "date":
        return say("write_date")
    return say("write_truth") if family == "boolean" else say("write_text")
