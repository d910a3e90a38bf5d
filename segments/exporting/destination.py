"""Destinations: what a tool wants its list to look like, as YAML files here and in `HOME/destinations`.

A template names the columns under the tool's own headers, how identifiers are normalised and hashed, the file's form,
and which consent it takes. It never widens who may be in a list: the consent of its channel and purpose is compiled in
as for any other.
"""

from collections import Counter
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import Field, StrictBool, StrictInt, ValidationError, model_validator

from common.errors import DefinitionError, UsageError
from segments.exporting.cells import Encoding
from segments.exporting.formats import Format
from segments.exporting.hashing import Hash, Normalisation
from segments.rules.definition import Channel, Label
from segments.rules.findings import names_of, what_is_wrong
from segments.rules.terms import Name, Strict, Text
from segments.saying import say

DESTINATIONS: Final = Path(__file__).parent / "destinations"

Source = Literal[
    "one_id", "contact", "contact_scope", "name", "nickname", "arm", "link", "staff_code", "store_code",
    "audience", "audience_label", "campaign", "columns",
]  # fmt: skip
Split = Literal["arm", "store_code", "staff_code"]
_IDENTIFYING: Final = ("one_id", "contact", "contact_scope")


class DestinationColumn(Strict):
    """A column of a tool's file.

    Attributes:
        header: as the tool wants it; for `columns` there is none, each has its own label.
        source: what is in it; `columns` stands for the audience's own columns, in order.
        text: the same text in every row, in place of a source.
        channel: for `contact`: of another channel than the list's, given only where the person has agreed to that one.
        normalise: how an identifier is brought to the tool's form before it is written or hashed.
        hash: the hash that the tool asks for, as lower-case hex.
    """

    header: Text | None = None
    source: Source | None = Field(default=None, alias="from")
    text: Text | None = None
    channel: Channel | None = None
    normalise: Normalisation | None = None
    hash: Hash | None = None

    @model_validator(mode="after")
    def _says_what_is_in_it(self) -> "DestinationColumn":
        if (self.source is None) == (self.text is None):
            raise ValueError(say("from_or_text"))
        if (self.header is None) != (self.source == "columns"):
            raise ValueError(say("header_needed"))
        if self.source != "contact" and (self.channel or self.normalise or self.hash):
            raise ValueError(say("contact_alone"))
        return self

    @property
    def is_identifying(self) -> bool:
        """Whether the tool knows a person by it, so that a delta can take the person out."""
        return self.source in _IDENTIFYING


class Destination(Strict):
    """A tool's template.

    Attributes:
        channel: the channel whose consent and contact point it takes; null takes the audience's.
        purpose: what the person must have agreed to; uploads to an advertiser are not messages.
        grade: how sure the template is: A the vendor's documentation, M waits for somebody's real file.
        countries: whose phones the tool reaches, as ISO codes; null: any.
        max_rows: rows of a file at most, the header apart; more rows make more files.
        split_by: one file for each value.
    """

    name: Name
    label: Label
    description: Label
    grade: Literal["A", "B", "C", "M"]
    evidence: Text
    channel: Channel | None = None
    countries: list[Annotated[str, Field(pattern="^[A-Z]{2}$")]] | None = None
    purpose: Name = "marketing"
    format: Format = "csv"
    encoding: Encoding = "utf-8"
    has_header: StrictBool = True
    max_rows: Annotated[StrictInt, Field(gt=0)] | None = None
    split_by: Split | None = None
    columns: Annotated[list[DestinationColumn], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_be_delivered(self) -> "Destination":
        headers = Counter(column.header for column in self.columns if column.header)
        twice = [header for header, n in headers.items() if n > 1]
        if twice:
            raise ValueError(say("header_twice", header=twice[0]))
        if not any(column.is_identifying for column in self.columns):
            raise ValueError(say("nobody_meant"))
        return self


def load_destination(path: Path) -> Destination:
    """Reads one template.

    Raises:
        DefinitionError: the file is not YAML, or says something that cannot be.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(path, say("not_yaml"), say("correct_yaml")) from error
    try:
        destination = Destination.model_validate(raw)
    except ValidationError as error:
        keys = names_of(Destination, DestinationColumn, Label)
        raise DefinitionError(path, *what_is_wrong(error, raw, keys)) from error
    if destination.name != path.stem:
        raise DefinitionError(path, say("destination_named", name=destination.name), say("name_as_file"))
    return destination


def load_destinations(home: Path | None = None) -> dict[str, Destination]:
    """Every destination by name; one in `HOME/destinations` takes the place of a built-in one of its name.

    Raises:
        DefinitionError: one of the files is wrong.
    """
    return {name: load_destination(path) for name, path in sorted(_paths(home).items())}


def find_destination(name: str, home: Path | None = None) -> Destination:
    """The destination of that name.

    Raises:
        UsageError: there is none.
        DefinitionError: its file is wrong.
    """
    paths = _paths(home)
    if name not in paths:
        known = ", ".join(sorted(paths)) or say("none_yet")
        raise UsageError(say("no_destination", name=repr(name), known=known))
    return load_destination(paths[name])


def _paths(home: Path | None) -> dict[str, Path]:
    folders = [DESTINATIONS] if home is None else [DESTINATIONS, Path(home) / "destinations"]
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.yml"))}
