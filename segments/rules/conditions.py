"""The condition tree of an audience: which conditions there are and what each may say.

Shapes and the checks that need no warehouse live here. Whether a column exists and fits its value is the
compiler's matter (`segments.rules.render`); a new kind of condition is one model here and one renderer there.
"""

from typing import Annotated, Any, Final

from pydantic import Discriminator, Field, StrictBool, StrictInt, StrictStr, StringConstraints, Tag, model_validator

from segments.rules.terms import (
    MAX_DAYS,
    Ago,
    Comparison,
    Count,
    Day,
    DaysAgo,
    DurableStatus,
    Name,
    OneOrMore,
    Strict,
    Text,
)
from segments.saying import say

MAX_IDS: Final = 10_000  # more people than this are a list
MAX_SQL: Final = 20_000  # characters
OneId = Annotated[StrictStr, StringConstraints(pattern=r"^P[0-9A-Z]+$", max_length=40)]


class ColumnCondition(Comparison):
    """A column of customer.customer_360 compared with a value, or a date with days before the as-of date."""

    column: Name
    days_ago: DaysAgo | None = None
    ago: Ago | None = None


class TagCondition(Strict):
    """The person carries a tag, or carried it on a day; with a value or since a time where that is asked."""

    tag: Text
    value: Comparison | None = None
    on: Day | None = None
    since_days_ago: DaysAgo | None = None

    @model_validator(mode="after")
    def _asks_of_one_day(self) -> "TagCondition":
        if self.on is not None and self.since_days_ago is not None:
            raise ValueError(say("tag_on_or_since"))
        return self


class Windowed(Strict):
    """Something that happened, in a window."""

    days_ago: DaysAgo | None = None
    ago: Ago | None = None

    @model_validator(mode="after")
    def _has_one_window(self) -> "Windowed":
        if self.days_ago is not None and self.ago is not None:
            raise ValueError(say("one_window"))
        return self


class EventSpec(Windowed):
    """Which events count, and how many of them there must be (at least one unless said)."""

    type: OneOrMore
    subtype: OneOrMore | None = None
    channel: OneOrMore | None = None
    store_id: OneOrMore | None = None
    campaign: OneOrMore | None = None
    count: Count = Count(gte=1)


class OrderSpec(Windowed):
    """Which valid orders count, and how many of them there must be (at least one unless said)."""

    channel: OneOrMore | None = None
    source: OneOrMore | None = None
    store_id: OneOrMore | None = None
    category: OneOrMore | None = None
    count: Count = Count(gte=1)


class DurableSpec(Strict):
    """Which durables the person owns: by category, by place in their life, by the day the last one was bought."""

    category: OneOrMore | None = None
    status: Annotated[list[DurableStatus], Field(min_length=1)] | None = None
    bought_days_ago: DaysAgo | None = None
    bought_ago: Ago | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "DurableSpec":
        if not self.model_fields_set:
            raise ValueError(say("durable_says"))
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


class Step(Strict):
    """One end of a sequence: events, or valid orders."""

    events: EventSpec | None = None
    orders: OrderSpec | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Step":
        if (self.events is None) == (self.orders is None):
            raise ValueError(say("events_or_orders"))
        if "count" in self.spec.model_fields_set:
            raise ValueError(say("no_count_in_sequence"))
        return self

    @property
    def spec(self) -> EventSpec | OrderSpec:
        """What is said of it."""
        return self.events or self.orders  # type: ignore[return-value]  # one of them is said


class SequenceSpec(Strict):
    """One thing, and another within so many days after it; or none, once these days are over."""

    first: Step
    then: Step
    within_days: Annotated[StrictInt, Field(ge=0, le=MAX_DAYS)]
    happens: StrictBool = True

    @model_validator(mode="after")
    def _then_has_no_window_of_its_own(self) -> "SequenceSpec":
        if self.then.spec.days_ago is not None or self.then.spec.ago is not None:
            raise ValueError(say("no_window_in_then"))
        return self


class SequenceCondition(Strict):
    """First one thing, then another."""

    sequence: SequenceSpec


class AudienceCondition(Strict):
    """Whom another audience describes, with values for its parameters; reachable or not."""

    audience: Name
    parameters: dict[Name, Any] = Field(default_factory=dict)


class IdsCondition(Strict):
    """These people; the ids of those who were merged lead to who they are now."""

    ids: Annotated[list[OneId], Field(min_length=1, max_length=MAX_IDS)]


class ListCondition(Strict):
    """The people of a list in HOME/lists."""

    list_: Annotated[Name, Field(alias="list")]


class SqlCondition(Strict):
    """The people whom a query gives as one_id."""

    sql: Annotated[StrictStr, StringConstraints(min_length=1, max_length=MAX_SQL)]


class AllOf(Strict):
    """Every condition must hold."""

    all_: Annotated[list["Condition"], Field(min_length=1, alias="all")]


class AnyOf(Strict):
    """At least one condition must hold."""

    any_: Annotated[list["Condition"], Field(min_length=1, alias="any")]


class Not(Strict):
    """The condition must not hold; what is not known does not hold."""

    not_: Annotated["Condition", Field(alias="not")]


KINDS: Final = (
    "all", "any", "not", "column", "tag", "events", "orders", "durable", "sequence", "audience", "ids", "list", "sql",
)  # fmt: skip


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
    | Annotated[DurableCondition, Tag("<durable>")]
    | Annotated[SequenceCondition, Tag("<sequence>")]
    | Annotated[AudienceCondition, Tag("<audience>")]
    | Annotated[IdsCondition, Tag("<ids>")]
    | Annotated[ListCondition, Tag("<list>")]
    | Annotated[SqlCondition, Tag("<sql>")],
    Discriminator(
        _kind,
        custom_error_type="condition_kind",
        custom_error_message=f"a condition needs exactly one of {', '.join(KINDS)}",
    ),
]
