"""The condition tree of an audience: which conditions there are and what each may say.

Shapes and the checks that need no warehouse live here. Whether a column exists and fits its value is the
compiler's matter (`segments.rules.render`); a new kind of condition is one model here and one renderer there.
"""

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    Tag,
    model_validator,
)

MAX_DAYS: Final = 36_500  # a hundred years: further away is a slip of the pen

# Infinity and NaN are numbers to YAML and names to SQL.
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Number = StrictInt | Finite
Value = StrictBool | StrictInt | Finite | Annotated[dt.date, Field(strict=True)] | StrictStr
Text = Annotated[StrictStr, StringConstraints(min_length=1)]
Name = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
DurableStatus = Literal["not_due", "window", "overdue"]  # before, within and after the usual replacement window
OneOrMore = Text | Annotated[list[Text], Field(min_length=1)]


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
        raise ValueError("compare with something: eq, ne, gt, gte, lt, lte, between, in, is_null, days_ago")
    low = comparison.gte if comparison.gte is not None else comparison.gt
    high = comparison.lte if comparison.lte is not None else comparison.lt
    for lower, upper in [(low, high), tuple(comparison.between or (None, None))]:
        if lower is not None and upper is not None and _is_above(lower, upper):
            raise ValueError(f"nothing lies between {lower} and {upper}: the lower value comes first")


def _is_above(lower: Value, upper: Value) -> bool:
    try:
        return bool(lower > upper)  # type: ignore[operator]  # other types raise, and are answered below
    except TypeError:
        raise ValueError(f"{lower} and {upper} are of different kinds") from None


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
                raise ValueError(f"days must be whole and at most {MAX_DAYS}, not {value}")
        return self


class Count(NumberComparison):
    """How many: never negative."""

    @model_validator(mode="after")
    def _is_a_count(self) -> "Count":
        for value in numbers_of(self):
            if isinstance(value, float) or value < 0:
                raise ValueError(f"a count must be whole and not negative, not {value}")
        if self.gte == 0 or (self.lt == 0):
            raise ValueError("this count is true of everybody or of nobody")
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


class ColumnCondition(Comparison):
    """A column of customer.customer_360 compared with a value, or a date with days before the as-of date."""

    column: Name
    days_ago: DaysAgo | None = None


class TagCondition(Strict):
    """The person carries a tag, with a value or since a time where that is asked."""

    tag: Text
    value: Comparison | None = None
    since_days_ago: DaysAgo | None = None


class EventSpec(Strict):
    """Which events count, and how many of them there must be (at least one unless said)."""

    type: OneOrMore
    subtype: OneOrMore | None = None
    channel: OneOrMore | None = None
    store_id: OneOrMore | None = None
    campaign: OneOrMore | None = None
    days_ago: DaysAgo | None = None
    count: Count = Count(gte=1)


class OrderSpec(Strict):
    """Which valid orders count, and how many of them there must be (at least one unless said)."""

    channel: OneOrMore | None = None
    source: OneOrMore | None = None
    store_id: OneOrMore | None = None
    category: OneOrMore | None = None
    days_ago: DaysAgo | None = None
    count: Count = Count(gte=1)


class DurableSpec(Strict):
    """Which durables the person owns: by category, by place in their life, by the day the last one was bought."""

    category: OneOrMore | None = None
    status: Annotated[list[DurableStatus], Field(min_length=1)] | None = None
    bought_days_ago: DaysAgo | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "DurableSpec":
        if self.category is None and self.status is None and self.bought_days_ago is None:
            raise ValueError("say a category, a status or when it was bought")
        return self


class EventCondition(Strict):
    """Events of the person in a window."""

    events: EventSpec


class OrderCondition(Strict):
    """Valid orders of the person in a window."""

    orders: OrderSpec


class DurableCondition(Strict):
    """Durables that the person owns."""

    durable: DurableSpec


class AllOf(Strict):
    """Every condition must hold."""

    all_: Annotated[list["Condition"], Field(min_length=1, alias="all")]


class AnyOf(Strict):
    """At least one condition must hold."""

    any_: Annotated[list["Condition"], Field(min_length=1, alias="any")]


class Not(Strict):
    """The condition must not hold; what is not known does not hold."""

    not_: Annotated["Condition", Field(alias="not")]


KINDS: Final = ("all", "any", "not", "column", "tag", "events", "orders", "durable")


def _kind(value: object) -> str | None:
    keys = value if isinstance(value, dict) else {name.rstrip("_") for name in getattr(value, "model_fields_set", ())}
    found = [kind for kind in KINDS if kind in keys]
    return f"<{found[0]}>" if len(found) == 1 else None


Condition = Annotated[
    Annotated[AllOf, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[Not, Tag("<not>")]
    | Annotated[ColumnCondition, Tag("<column>")]
    | Annotated[TagCondition, Tag("<tag>")]
    | Annotated[EventCondition, Tag("<events>")]
    | Annotated[OrderCondition, Tag("<orders>")]
    | Annotated[DurableCondition, Tag("<durable>")],
    Discriminator(
        _kind,
        custom_error_type="condition_kind",
        custom_error_message=f"a condition needs exactly one of {', '.join(KINDS)}",
    ),
]
