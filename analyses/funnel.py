"""Funnels: their files, one a funnel, and what may be written in them.

Belongs here: the closed format, its checks, and reading it. What a funnel becomes in SQL is `funnel_sql`.
"""

from pathlib import Path
from typing import Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.errors import DefinitionError
from common.yaml_text import load_yaml

FOLDER: Final = Path(__file__).parent / "funnels"
# Reasons that follow from time alone; a file may not use them for its own.
OF_TIME: Final = ("within_window", "out_of_window", "no_further_step")
_NAME: Final = r"^[a-z][a-z0-9_]*$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Happening(_Part):
    """Something that people do: events of some types, or orders in some state, narrowed by conditions."""

    events: list[str] = Field(default=[], description="types of core.events")
    orders: Literal["placed", "paid", "valid", "unpaid"] | None = None
    channel: list[str] = Field(default=[], description="only on these channels")
    subtype: list[str] = Field(default=[], description="only these subtypes of the events")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.events) == (self.orders is not None):
            raise ValueError("write either `events:` with types or `orders:` with a state")
        if self.orders and self.subtype:
            raise ValueError("orders have no subtype")
        return self

    def overlaps(self, other: "Happening") -> bool:
        """Whether one and the same happening may be both."""
        if self.orders:
            return self.orders == other.orders
        return bool(set(self.events) & set(other.events))


class Step(Happening):
    """A step of a funnel."""

    step: str = Field(pattern=_NAME)
    zh: str
    en: str


class Loss(Happening):
    """What may have kept people from the next step; the first of a funnel's list that happened is the reason."""

    reason: str = Field(pattern=_NAME)
    after: list[str] = Field(default=[], description="steps after which it can be the reason; else any")
    detail: Literal["subtype", "status"] | None = Field(
        default=None, description="what is told besides: an event's subtype, an order's status"
    )

    @model_validator(mode="after")
    def _has_its_detail(self) -> Self:
        if self.reason in OF_TIME:
            raise ValueError(f"the reason {self.reason} follows from time alone; name it otherwise")
        if self.detail and (self.detail == "status") != (self.orders is not None):
            raise ValueError("events have a `subtype`, orders a `status`")
        return self


class Funnel(_Part):
    """Ordered steps within a window from the first: first occurrence after the step before, per person."""

    funnel: str = Field(pattern=_NAME)
    zh: str
    en: str
    description: str
    entry: Literal["first", "each_month"] = Field(
        default="first", description="a person enters with the first such thing ever, or anew in each month"
    )
    window_days: int = Field(gt=0, le=3660)
    steps: list[Step] = Field(min_length=2, max_length=12)
    losses: list[Loss] = []

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [step.step for step in self.steps]
        reasons = [loss.reason for loss in self.losses]
        for kind, said in (("step", names), ("reason", reasons)):
            if twice := sorted({name for name in said if said.count(name) > 1}):
                raise ValueError(f"the {kind} {twice[0]} is there twice")
        if strangers := sorted({name for loss in self.losses for name in loss.after} - set(names[:-1])):
            raise ValueError(f"a loss is `after` {strangers[0]}, which is no step that another follows")
        return self


def load_funnels(folder: Path = FOLDER) -> list[Funnel]:
    """Every funnel of a folder (`*.yml`), by name.

    Raises:
        DefinitionError: a file is no YAML or says what a funnel cannot.
    """
    return [load_funnel(path) for path in sorted(folder.glob("*.yml"))]


def load_funnel(path: Path) -> Funnel:
    """One funnel from its file.

    Raises:
        DefinitionError: see `load_funnels`.
    """
    try:
        funnel = Funnel.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise DefinitionError(path, "this is no valid YAML.", str(error).replace("\n", " ")) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the funnel"
        remedy = "Write it as the files in analyses/funnels do."
        raise DefinitionError(path, f"{place}: {first['msg'].removeprefix('Value error, ')}.", remedy) from error
    if funnel.funnel != path.stem:
        remedy = f"Call the file and the funnel the same: funnel: {path.stem}."
        raise DefinitionError(path, f"the funnel is called {funnel.funnel}.", remedy)
    return funnel
