"""Comparisons as SQL expressions: a typed value never becomes SQL except as a literal of sqlglot's own making.

Knows columns, values and their types; which table and which condition they come from is `segments.rules.render`.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlglot import exp

from segments.rules.conditions import Comparison, NumberComparison, Value
from segments.rules.dictionary import Family

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


def compare_number(quantity: exp.Expr, comparison: NumberComparison) -> exp.Expr:
    """A number, such as a count, compared as a comparison says."""
    return exp.and_(*(_number_term(quantity, name, value) for name, value in _operators(comparison)))


@dataclass(frozen=True)
class Calendar:
    """The day that relative dates are counted from, and the zone whose days they are."""

    as_of: dt.date
    time_zone: ZoneInfo

    def day(self, days_ago: int) -> exp.Expr:
        """The date that many days before the as-of date."""
        return _noted(literal(self.as_of - dt.timedelta(days=days_ago)), f"{days_ago} days before {self.as_of}")

    def start(self, days_ago: int) -> exp.Expr:
        """The moment in UTC at which the day that many days before the as-of date begins."""
        return _noted(self._midnight(days_ago), f"start of the day {days_ago} days before {self.as_of}")

    def end(self, days_ago: int) -> exp.Expr:
        """The moment in UTC at which that day is over."""
        return _noted(self._midnight(days_ago - 1), f"end of the day {days_ago} days before {self.as_of}")

    def _midnight(self, days_ago: int) -> exp.Expr:
        local = dt.datetime.combine(self.as_of - dt.timedelta(days=days_ago), dt.time(), self.time_zone)
        text = local.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
        return exp.cast(exp.Literal.string(text), exp.DType.TIMESTAMP)


def compare_days_ago(column: exp.Expr, family: Family, comparison: NumberComparison, calendar: Calendar) -> exp.Expr:
    """A date or a moment compared with days before the as-of date; the bounds are worked out, the days noted.

    Raises:
        Unfit: the column holds neither.
    """
    if family not in ("date", "timestamp"):
        raise Unfit("days_ago", f"the column holds {family} values, days_ago needs a date.", "Use a _date column.")
    terms: list[exp.Expr] = []
    for newest, oldest in (_days(name, value) for name, value in _operators(comparison)):
        if oldest is not None:
            low = calendar.day(oldest) if family == "date" else calendar.start(oldest)
            terms.append(exp.GTE(this=column.copy(), expression=low))
        if newest is not None and family == "date":
            terms.append(exp.LTE(this=column.copy(), expression=calendar.day(newest)))
        elif newest is not None:
            terms.append(exp.LT(this=column.copy(), expression=calendar.end(newest)))
    return exp.and_(*terms)


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
        remedy = "Ask with days_ago, or is_null." if family == "timestamp" else "Only is_null fits it."
        raise Unfit(operator, f"{operator} does not fit a column of this kind.", remedy)
    if family == "list" and operator != "contains":
        raise Unfit(operator, "the column holds a list.", "Ask with contains, or is_null.")
    if operator == "contains" and family not in ("list", "text"):
        raise Unfit(operator, f"contains is not for a {family} column.", "Use eq or between.")
    if operator in _ORDERED and family in ("boolean", "text"):
        raise Unfit(operator, f"{operator} makes no sense for a {family} column.", "Use eq or in.")
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, fitting) or (isinstance(one, bool) and family != "boolean"):
            kinds = {"number": "a number", "text": "text in quotes", "date": "a date like 2026-01-31"}
            remedy = f"Write {kinds.get(family, 'true or false')}."
            raise Unfit(operator, f"the column holds {family} values, {one!r} is none.", remedy)
