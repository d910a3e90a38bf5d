"""What conditions are made of: values, comparisons, counts, and windows of time.

Shapes and the checks that need no warehouse; the conditions themselves are in `segments.rules.conditions`.
"""

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, StringConstraints, model_validator

from segments.saying import say

MAX_DAYS: Final = 36_500  # a hundred years: further away is a slip of the pen

# Infinity and NaN are numbers to YAML and names to SQL.
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Number = StrictInt | Finite
Day = Annotated[dt.date, Field(strict=True)]
Value = StrictBool | StrictInt | Finite | Day | StrictStr
Text = Annotated[StrictStr, StringConstraints(min_length=1)]
Name = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
DurableStatus = Literal["not_due", "window", "overdue"]  # before, within and after the usual replacement window
OneOrMore = Text | Annotated[list[Text], Field(min_length=1)]


Units = Annotated[StrictInt, Field(ge=0, le=MAX_DAYS)]
Span = Annotated[list[Units], Field(min_length=2, max_length=2)]
AGO_UNITS: Final = ("years", "months", "weeks", "days")


class Strict(BaseModel):
    """A model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def numbers_of(comparison: "NumberComparison") -> list[int | float]:
    """The numbers that a comparison names."""
    single = (comparison.eq, comparison.gt, comparison.gte, comparison.lt, comparison.lte)
    return [value for value in (*single, *(comparison.between or ())) if value is not None]


def check_range(comparison: "NumberComparison | Comparison") -> None:
    """Refuses a comparison that says nothing, or that no value can satisfy.

    Raises:
        ValueError: the reason, as one clause.
    """
    said = {name for name in comparison.model_fields_set if getattr(comparison, name) is not None}
    if not said - {"column"}:
        raise ValueError(say("compare_with", ways="eq, ne, gt, gte, lt, lte, between, in, is_null, days_ago, ago"))
    low = comparison.gte if comparison.gte is not None else comparison.gt
    high = comparison.lte if comparison.lte is not None else comparison.lt
    for lower, upper in [(low, high), tuple(comparison.between or (None, None))]:
        if lower is not None and upper is not None and _is_above(lower, upper):
            raise ValueError(say("nothing_between", low=lower, high=upper))


def _is_above(lower: Value, upper: Value) -> bool:
    try:
        return bool(lower > upper)  # type: ignore[operator]  # other types raise, and are answered below
    except TypeError:
        raise ValueError(say("different_kinds", low=lower, high=upper)) from None


class NumberComparison(Strict):
    """A comparison with numbers: of a count, or of days before the as-of date."""

    eq: Number | None = None
    gt: Number | None = None
    gte: Number | None = None
    lt: Number | None = None
    lte: Number | None = None
    between: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _says_something_possible(self) -> "NumberComparison":
        check_range(self)
        return self


class DaysAgo(NumberComparison):
    """Days before the as-of date: 0 is the as-of day itself, negative lies ahead."""

    @model_validator(mode="after")
    def _lies_within_a_century(self) -> "DaysAgo":
        for value in numbers_of(self):
            if isinstance(value, float) or abs(value) > MAX_DAYS:
                raise ValueError(say("whole_days", most=MAX_DAYS, value=value))
        return self


class Since(Strict):
    """How many of a calendar unit ago: `gte: 5` is five of them ago or longer."""

    gt: Units | None = None
    gte: Units | None = None
    lt: Units | None = None
    lte: Units | None = None

    @model_validator(mode="after")
    def _says_something_possible(self) -> "Since":
        low = self.gte if self.gte is not None else self.gt
        high = self.lte if self.lte is not None else self.lt
        if low is None and high is None:
            raise ValueError(say("compare_with", ways="gt, gte, lt, lte"))
        if low is not None and high is not None and low > high:
            raise ValueError(say("nothing_between", low=low, high=high))
        return self


class Ago(Strict):
    """A window by the calendar: `{years: [5, 8]}` is five to eight years ago, both days included."""

    years: Span | Since | None = None
    months: Span | Since | None = None
    weeks: Span | Since | None = None
    days: Span | Since | None = None

    @model_validator(mode="after")
    def _is_one_window(self) -> "Ago":
        found = [unit for unit in AGO_UNITS if getattr(self, unit) is not None]
        if len(found) != 1:
            raise ValueError(say("one_unit", units=", ".join(AGO_UNITS)))
        span = getattr(self, found[0])
        if isinstance(span, list) and span[0] > span[1]:
            raise ValueError(say("nothing_between", low=span[0], high=span[1]))
        return self

    @property
    def unit(self) -> str:
        """The calendar unit that is said."""
        return next(unit for unit in AGO_UNITS if getattr(self, unit) is not None)


class Count(NumberComparison):
    """How many: never negative."""

    @model_validator(mode="after")
    def _is_a_count(self) -> "Count":
        for value in numbers_of(self):
            if isinstance(value, float) or value < 0:
                raise ValueError(say("whole_count", value=value))
        if self.gte == 0 or (self.lt == 0):
            raise ValueError(say("empty_count"))
        return self


class Comparison(Strict):
    """What a column or a tag's value is compared with; several operators must all hold."""

    eq: Value | None = None
    ne: Value | None = None
    gt: Value | None = None
    gte: Value | None = None
    lt: Value | None = None
    lte: Value | None = None
    between: Annotated[list[Value], Field(min_length=2, max_length=2)] | None = None
    in_: Annotated[list[Value], Field(min_length=1)] | None = Field(default=None, alias="in")
    contains: Value | None = None
    is_null: StrictBool | None = None

    @model_validator(mode="after")
    def _says_something_possible(self) -> "Comparison":
        check_range(self)
        return self
