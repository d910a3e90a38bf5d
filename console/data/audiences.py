"""The audiences of a home: their sizes on the published run, how these moved, and what was exported of them."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from common.labels import Pair
from console.audiences.sentences import told
from console.audiences.vocabulary import Vocabulary, arrange, trimmed
from console.audiences.words import Line, tell
from console.database import Warehouse
from segments.api import (
    Audience,
    ExportEntry,
    Names,
    Published,
    Reach,
    RuleFault,
    Shelf,
    column_labels,
    export_entries,
    preview,
    read_names,
    read_vocabulary,
    survey_audiences,
)
from warehouse.home import Home

TREND = 12


@dataclass(frozen=True)
class Sized:
    """The sizes of an audience, or why there are none."""

    reach: Reach | None
    fault: Pair = ("", "")


def shelf(home: Home) -> Shelf:
    """The audiences of a home, and the files that cannot be read."""
    return survey_audiences(home.path)


def vocabulary(warehouse: Warehouse) -> Vocabulary:
    """What a rule may ask for on the published run; read once a run."""

    return warehouse.once("vocabulary", lambda published: arrange(read_vocabulary(published)))


def names(warehouse: Warehouse) -> Names:
    """What the values of the published run are called; read once a run."""
    return warehouse.once("names", read_names)


def column_names(warehouse: Warehouse) -> dict[str, Pair]:
    """Short names of the columns of customer_360, Chinese and English; known long before the whole vocabulary."""

    def read(published: Published) -> dict[str, Pair]:
        return {name: (trimmed(one.zh), trimmed(one.en)) for name, one in column_labels(published).items()}

    return warehouse.once("column names", read)


def size(warehouse: Warehouse, audience: Audience) -> Sized:
    """The sizes of an audience, counted once a run and definition."""

    def count(published: Published) -> Sized:
        try:
            return Sized(preview(published, audience, people=0, has_notes=False).reach)
        except RuleFault as error:
            return Sized(None, told(error))

    return warehouse.once(size_key(audience), count)


def size_key(audience: Audience) -> str:
    """What a size is kept under."""
    return f"size {audience.name} {audience.sha256}"


def exports(home: Home) -> dict[str, list[ExportEntry]]:
    """The exports of each audience, oldest first."""
    found: dict[str, list[ExportEntry]] = defaultdict(list)
    for entry in export_entries(home.exports):
        found[entry.audience].append(entry)
    return found


def trend(entries: list[ExportEntry]) -> list[float]:
    """How many people the whole list had, one figure a run, the last of each run; the newest runs."""
    by_run: dict[str, float] = {}
    for entry in entries:
        if entry.destination is None and entry.campaign is None:
            by_run[entry.run_id] = entry.rows
    return [by_run[run] for run in sorted(by_run)][-TREND:]


def matches(audience: Audience, wanted: str) -> bool:
    """Whether a search's words are in what is told of an audience."""
    d = audience.definition
    text = " ".join((d.name, d.label.zh, d.label.en, d.description.zh, d.description.en, d.owner)).lower()
    return all(word in text for word in wanted.lower().split())


def rule_in_words(audience: Audience, words: Vocabulary, titles: dict[str, tuple[str, str]]) -> Line:
    """The rule with the parameters' defaults."""
    where: Any = audience.definition.where.model_dump(by_alias=True, exclude_unset=True)
    return tell(where, words, titles)


def titles(found: Shelf) -> dict[str, tuple[str, str]]:
    """The names of audiences, Chinese and English."""
    return {name: (one.definition.label.zh, one.definition.label.en) for name, one in found.audiences.items()}
