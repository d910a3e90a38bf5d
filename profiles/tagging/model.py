"""What a tag may say, kind by kind. Reading files is for `load`, SQL for `compile`."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

KINDS: Final = (
    "rule", "aggregate", "first", "last", "top_n", "percentile", "tier_ladder", "model_score", "imported_list",
)  # fmt: skip
# A person has one value at most of such a tag.
SINGLE_VALUED: Final = ("aggregate", "first", "last", "percentile", "tier_ladder", "model_score")
TABLES: Final = (
    "core.orders",
    "core.order_lines",
    "core.events",
    "core.ledger",
    "core.consent",
    "customer.purchase_day",
    "customer.category_purchase_day",
    "customer.rfm",
    "customer.lifecycle",
    "customer.consent_state",
    "customer.clv",
    "customer.durable",
    "customer.person_category",
    "customer.price_sensitivity",
    "customer.new_product_affinity",
    "customer.churn",
    "customer.loyalty",
    "customer.satisfaction",
    "customer.bundle_gap",
)

Table = Literal[TABLES]  # type: ignore[valid-type]  # one list for SQL and types
Sql = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Strict):
    """A name for people, in both languages."""

    zh: Text
    en: Text


def _twice(said: object) -> object:
    """A brand may say in one language what it says to itself; it then stands for both."""
    return {"zh": said, "en": said} if isinstance(said, str) else said


Said = Annotated[Label, BeforeValidator(_twice)]


class Named(Strict):
    """What every tag says of itself.

    Attributes:
        path: the file it was read from.
        tag: its name in customer.tag; the file is called so too.
        label: its name for people.
        description: who gets it, and what it is for.
        owner: who decides what it means.
        refresh: how often it is computed: in every run, or in the first run of a week (from Monday) or month; in
            between it is kept.
        sensitivity: public | internal | sensitive (as in: tells of money troubles, health, faith, children).
        no_data: what it means that a person does not have the tag.
        values: labels of its values, where they are words.
        values_of: of what its values are the codes: categories of goods or stores, which have names elsewhere.
    """

    path: Path
    tag: Name
    label: Label
    description: Said
    owner: Text
    refresh: Literal["daily", "weekly", "monthly"]
    sensitivity: Literal["public", "internal", "sensitive"]
    no_data: Said
    values: dict[str, Label] = {}
    values_of: Literal["category", "store"] | None = None


class Base(Named):
    """A tag made from tables of the warehouse.

    Attributes:
        from_: the tables it is made from; more than one are joined by one_id.
        where: SQL predicate over their columns.
    """

    from_: Annotated[list[Table], Field(alias="from", min_length=1)]
    where: Sql | None = None


class Windowed(Base):
    """A tag over things that happened: the newest `window_days` up to the as-of date, or all of them."""

    date: Name
    window_days: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _has_one_table(self) -> "Windowed":
        if len(self.from_) > 1:
            raise ValueError("a tag that counts or ranks takes one table; joined rows would count several times")
        return self


class RuleTag(Base):
    """Rows for which the predicate holds. One value for each different `value` of a person's rows."""

    kind: Literal["rule"]
    value: Sql = "'true'"
    since: Sql


class AggregateTag(Windowed):
    """Measures over a person's rows in the window, and a condition on them."""

    kind: Literal["aggregate"]
    measures: Annotated[dict[Name, Sql], Field(min_length=1)]
    having: Sql
    value: Sql = "'true'"


class PickTag(Windowed):
    """The value of a column in a person's first or last row."""

    kind: Literal["first", "last"]
    value: Sql


class TopTag(Windowed):
    """The values of a column that weigh most among a person's rows, best first."""

    kind: Literal["top_n"]
    value: Sql
    weight: Sql = "count(*)"
    n: Annotated[int, Field(gt=0, le=20)] = 1
    min_weight: float = 0.0


class Shrink(Strict):
    """Pull a measure of few observations towards the mean of all people, as if `by` more had been seen there."""

    by: Annotated[float, Field(gt=0)]


class Band(Strict):
    """A value from a percentile (0 lowest, 100 highest) on."""

    value: Text
    from_percentile: Annotated[float, Field(ge=0, lt=100)]


class PercentileTag(Windowed):
    """Where a person's measure stands among everyone's; the first band from the top that it reaches."""

    kind: Literal["percentile"]
    measure: Sql
    count: Sql = "count(*)"
    min_count: Annotated[int, Field(ge=1)] = 1
    shrink: Shrink | None = None
    bands: Annotated[list[Band], Field(min_length=1)]

    @model_validator(mode="after")
    def _falls(self) -> "PercentileTag":
        edges = [band.from_percentile for band in self.bands]
        if edges != sorted(set(edges), reverse=True):
            raise ValueError("bands have to fall from the highest from_percentile to the lowest")
        return self


class Tier(Strict):
    """A value and the condition for it."""

    value: Text
    when: Sql


class TierLadderTag(Windowed):
    """Tiers over measures of a person's rows; the first that matches wins."""

    kind: Literal["tier_ladder"]
    measures: Annotated[dict[Name, Sql], Field(min_length=1)]
    tiers: Annotated[list[Tier], Field(min_length=1)]

    @model_validator(mode="after")
    def _differ(self) -> "TierLadderTag":
        values = [tier.value for tier in self.tiers]
        if len(set(values)) < len(values):
            raise ValueError("two tiers have the same value")
        return self


class ScoreBand(Strict):
    """A value from a score on."""

    value: Text
    from_score: float


class ScoreTag(Base):
    """A model's score in bands: the first from the top that it reaches. The model's run is kept with it."""

    kind: Literal["model_score"]
    score: Sql
    model_run: Sql = "model_run"
    bands: Annotated[list[ScoreBand], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_one_falling_score(self) -> "ScoreTag":
        edges = [band.from_score for band in self.bands]
        if edges != sorted(set(edges), reverse=True):
            raise ValueError("bands have to fall from the highest from_score to the lowest")
        if len(self.from_) > 1:
            raise ValueError("a score is taken from one table")
        return self


class ImportedTag(Named):
    """A list that somebody keeps: a CSV file beside the tag. `value` is for rows without one of their own."""

    kind: Literal["imported_list"]
    file: Annotated[str, Field(pattern=r"^[^/\\]+\.csv$")]
    value: Text = "true"


Tag = RuleTag | AggregateTag | PickTag | TopTag | PercentileTag | TierLadderTag | ScoreTag | ImportedTag
ANY_TAG: Final[TypeAdapter[Tag]] = TypeAdapter(Annotated[Tag, Field(discriminator="kind")])
