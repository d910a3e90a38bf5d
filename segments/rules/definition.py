"""What an audience file says: who is meant, for which channel, which columns go out.

The file's shape only; reading it is `segments.rules.load`, turning it into SQL is `segments.rules.compile`.
"""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictInt, model_validator

from common.labels import label
from segments.rules.conditions import Condition
from segments.rules.terms import Name, Strict, Text
from segments.saying import say

Channel = Literal["sms", "email", "wechat_oa", "wecom", "phone"]
PersonalField = Literal["name", "nickname", "birth_date"]

PYTHON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "date": (dt.date,),
    "list": (list,),
}


class Label(Strict):
    """What people read: Chinese and English."""

    zh: Text
    en: Text


class Parameter(Strict):
    """A value that an audience leaves open, with its default; used in the tree as `$name`."""

    type: Literal["integer", "number", "text", "date", "list"]
    default: Any
    label: Label

    @model_validator(mode="after")
    def _default_fits(self) -> "Parameter":
        self.check(self.default)
        return self

    def check(self, value: object) -> None:
        """Refuses a value of another type.

        Raises:
            ValueError: the value is not of the parameter's type.
        """
        if isinstance(value, bool) or not isinstance(value, PYTHON_TYPES[self.type]):
            raise ValueError(say("type_must_be", type=label("parameter_type", self.type)))


class Column(Strict):
    """A column of customer.customer_360 that goes into the file, under its header."""

    column: Name
    label: Label | None = None


class OrderBy(Strict):
    """A column that the rows are ordered by; unknown values come last."""

    column: Name
    direction: Literal["asc", "desc"] = "asc"


class AudienceDefinition(Strict):
    """One audience: a rule over the published tables, its channel, and the columns of its file."""

    name: Name
    label: Label
    description: Label
    owner: Text
    channel: Channel | None
    purpose: Literal["marketing"] = "marketing"
    variant: Literal["personalised", "non_personalised"] = "personalised"
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    where: Condition
    columns: Annotated[list[Column], Field(min_length=1)]
    personal: list[PersonalField] = Field(default_factory=list)
    order_by: list[OrderBy] = Field(default_factory=list)
    limit: Annotated[StrictInt, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _personal_data_needs_a_channel(self) -> "AudienceDefinition":
        if self.personal and self.channel is None:
            raise ValueError(say("personal_needs_channel"))
        return self

    @model_validator(mode="after")
    def _non_personalised_says_nothing_of_people(self) -> "AudienceDefinition":
        if self.personal and self.variant == "non_personalised":
            raise ValueError(say("no_personal_fields"))
        return self

    @model_validator(mode="after")
    def _columns_are_named_once(self) -> "AudienceDefinition":
        names = [column.column for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(say("columns_twice", names=", ".join(twice)))
        return self
