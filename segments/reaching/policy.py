"""The brand's policy on pressure and fairness, read from `HOME/policy.yml` or else from `segments/policy.yml`.

What it may say lives here; how it keeps people out is `segments.reaching.pressure`.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import Field, StrictBool, StrictFloat, StrictInt, ValidationError

from common.errors import DefinitionError
from segments.rules.conditions import Name, OneOrMore, Strict, Text
from segments.rules.definition import Channel
from segments.rules.findings import names_of, what_is_wrong
from segments.saying import say

DEFAULT: Final = Path(__file__).parents[1] / "policy.yml"
POLICY: Final = "policy.yml"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Days = Annotated[StrictInt, Field(ge=1, le=3650)]


class Exclude(Strict):
    """People who are in no list."""

    employees: StrictBool = True
    minors_under_years: Annotated[StrictInt, Field(ge=1, le=30)] | None = 18
    business_accounts: StrictBool = False
    audiences: list[Name] = Field(default_factory=list)
    tags: list[Text] = Field(default_factory=list)


class Quiet(Strict):
    """Days on which nothing goes out."""

    weekdays: list[Weekday] = Field(default_factory=list)
    dates: list[dt.date] = Field(default_factory=list)

    def holds(self, day: dt.date) -> bool:
        """Whether a day is quiet."""
        return day in self.dates or WEEKDAYS[day.weekday()] in self.weekdays


class Cap(Strict):
    """So many messages at most in so many days, the day of the list among them."""

    messages: Annotated[StrictInt, Field(ge=1)]
    days: Days


class Cooling(Strict):
    """Nothing for so many days after such an event."""

    type: OneOrMore
    subtype: OneOrMore | None = None
    days: Days


class UniversalHoldout(Strict):
    """A share of all people whom no campaign writes to, so that all campaigns together can be measured."""

    share: Annotated[StrictFloat | StrictInt, Field(ge=0, lt=1)] = 0.0


class CampaignHoldouts(Strict):
    """People whom a running campaign holds out stay out of the other lists, so that it can be measured.

    Attributes:
        keep_out: whether they do.
        days: for how long from being held out at least, the day itself not counted; as long as orders are counted.
    """

    keep_out: StrictBool = True
    days: Days = 14


class Policy(Strict):
    """Every rule of a brand's policy.

    Attributes:
        salt: of every draw; another salt moves everybody.
        covered_by: purposes that the brand's consent to another purpose covers, as its terms say.
    """

    exclude: Exclude = Exclude()
    quiet: dict[Channel, Quiet] = Field(default_factory=dict)
    caps: dict[Channel, Cap] = Field(default_factory=dict)
    cooling: list[Cooling] = Field(default_factory=list)
    universal_holdout: UniversalHoldout = UniversalHoldout()
    campaign_holdouts: CampaignHoldouts = CampaignHoldouts()
    salt: Text
    covered_by: dict[Name, Name] = Field(default_factory=dict)

    def purpose(self, wanted: str) -> str:
        """The purpose whose consent is asked for."""
        return self.covered_by.get(wanted, wanted)


def load_policy(home: Path) -> Policy:
    """The policy of a home; the built-in one where it has none of its own.

    Raises:
        DefinitionError: the file cannot be read, or says something that cannot be; no list is made then.
    """
    own = Path(home) / POLICY
    path = own if own.exists() or own.is_symlink() else DEFAULT
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(path, say("policy_unreadable"), say("make_readable")) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(path, say("policy_not_yaml"), say("correct_it")) from error
    try:
        return Policy.model_validate(raw)
    except ValidationError as error:
        problem, remedy = what_is_wrong(
            error, raw, names_of(Policy, Exclude, Quiet, Cap, Cooling, UniversalHoldout, CampaignHoldouts)
        )
        raise DefinitionError(path, say("policy_wrong", problem=problem), remedy) from error
