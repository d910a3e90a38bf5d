"""An audience's parameters as fields of a form: what may be chosen, within which bounds, and what was typed."""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.labels import Pair
from console.audiences.vocabulary import Choice, Vocabulary
from segments.api import Audience, Published, RuleFault, read_names

_PERSON: Final = "customer.customer_360"
_SPECS: Final = ("events", "orders", "durable")
_WANTED: Final[Mapping[str, Pair]] = {
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "text": ("文字", "a text"),
    "date": ("日期，如 2026-01-31", "a date, such as 2026-01-31"),
    "list": ("以逗号分隔的值", "values with commas between them"),
}


@dataclass(frozen=True)
class Known:
    """What the dictionary knows of a column's values: the least and greatest number, or the only values there are."""

    low: float | None
    high: float | None
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Field:
    """A parameter in a form.

    Attributes:
        type: integer, number, text, date or list.
        label: Chinese and English.
        choices: the values there can be, with their names; empty where they are typed.
        low: least number that makes sense, where the dictionary knows one.
        high: greatest number.
        given: what is in it: one text, or of a list that is chosen from the values that are.
    """

    name: str
    type: str
    label: Pair
    choices: tuple[Choice, ...]
    low: float | None
    high: float | None
    given: tuple[str, ...]

    @property
    def key(self) -> str:
        """What the form calls it."""
        return f"parameter.{self.name}"


def known_columns(published: Published) -> dict[str, Known]:
    """What the dictionary knows of the columns of customer_360; reads no people."""
    names = read_names(published)
    found = {}
    for name, one in published.dictionary.tables[_PERSON].items():
        accepted = one.accepted if one.family == "text" else None
        choices = tuple(Choice(value, *(names.of_column(name, value) or (value, value))) for value in accepted or ())
        found[name] = Known(one.low, one.high, choices)
    return found


def fields_of(
    audience: Audience,
    known: Mapping[str, Known],
    vocabulary: Callable[[], Vocabulary],
    given: Mapping[str, Sequence[str]],
) -> list[Field]:
    """The fields of an audience's parameters.

    Args:
        audience: the audience.
        known: as `known_columns` gives them.
        vocabulary: gives that of the run; asked only for values that the dictionary does not know.
        given: what was typed, by parameter; the defaults hold for the others.
    """
    found = []
    for name, one in audience.definition.parameters.items():
        uses = list(_uses(audience.raw.get("where"), f"${name}"))
        choices = _choices(uses, known, vocabulary) if one.type in ("text", "list") else ()
        values = [str(value) for value in one.default] if isinstance(one.default, list) else [str(one.default)]
        # A default that nobody has now stays a choice.
        choices += tuple(Choice(v, v, v) for v in values if choices and v not in {c.value for c in choices})
        low, high = _between([known[column] for kind, column in uses if kind == "column" and column in known])
        typed = given.get(name, [shown(one.default)] if one.type == "list" and not choices else values)
        found.append(Field(name, one.type, (one.label.zh, one.label.en), choices, low, high, tuple(typed)))
    return found


def read(
    audience: Audience, fields: Sequence[Field], given: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], dict[str, Pair]]:
    """The parameters whose values differ from their defaults, typed; and what is wrong with one, by its field."""
    values: dict[str, Any] = {}
    problems: dict[str, Pair] = {}
    for field in fields:
        if field.name not in given:
            continue
        value, problem = _value(field)
        if problem is not None:
            problems[field.key] = problem
        elif value != audience.definition.parameters[field.name].default:
            values[field.name] = value
    return values, problems


def field_at_fault(audience: Audience, fault: RuleFault) -> str | None:
    """The parameter that a fault of the rule is about, by the place that it is found at; None where it is none's."""
    node: Any = audience.raw
    for step in fault.location:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
    used = [name for name in audience.definition.parameters if f"${name}" in _leaves(node)]
    return used[0] if len(used) == 1 else None


def shown(value: object) -> str:
    """A parameter's value as a field shows it; a list by commas."""
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _value(field: Field) -> tuple[Any, Pair | None]:
    texts = [text.strip() for text in field.given if text.strip()]
    if not texts:
        zh, en = ("至少选一项", "choose at least one") if field.choices else ("填写", "fill this in")
        return None, (f"请{zh}。", f"Please {en}.")
    if field.choices:
        if set(texts) - {one.value for one in field.choices}:
            return None, ("请从列出的值中选择。", "Choose from the values that are listed.")
        return (texts if field.type == "list" else texts[0]), None
    try:
        value = _READ[field.type](texts[0])
    except ValueError:
        zh, en = _WANTED[field.type]
        return None, (f"请填{zh}。", f"Write {en}.")
    return value, _out_of_bounds(field, value)


def _out_of_bounds(field: Field, value: Any) -> Pair | None:
    if field.type not in ("integer", "number"):
        return None
    low = -math.inf if field.low is None else field.low
    high = math.inf if field.high is None else field.high
    if low <= value <= high and math.isfinite(value):
        return None
    if field.low is not None and field.high is not None:
        return (f"请填 {low:g} 到 {high:g} 之间的数。", f"Write a number from {low:g} to {high:g}.")
    if field.low is not None:
        return (f"请填不小于 {low:g} 的数。", f"Write a number of {low:g} or more.")
    return (f"请填不大于 {high:g} 的数。", f"Write a number of {high:g} or less.")


def _list(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[,，、]", text) if one.strip()]


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "integer": int,
    "number": float,
    "text": str,
    "date": dt.date.fromisoformat,
    "list": _list,
}


def _leaves(node: Any) -> list[Any]:
    if isinstance(node, Mapping):
        return [leaf for one in node.values() for leaf in _leaves(one)]
    if isinstance(node, list):
        return [leaf for one in node for leaf in _leaves(one)]
    return [node]


def _uses(node: Any, wanted: str) -> Iterator[tuple[str, str]]:
    """Where a rule asks for a parameter itself, as kind and field: ("column", "m_score"), ("orders", "category")."""
    if isinstance(node, list):
        for one in node:
            yield from _uses(one, wanted)
    if not isinstance(node, Mapping):
        return
    for key, said in node.items():
        is_value = said == wanted or (isinstance(said, list) and wanted in said)
        if "column" in node and is_value:
            yield "column", str(node["column"])
        elif "tag" in node and key == "value":
            yield from (("tag", str(node["tag"])) for leaf in _leaves(said) if leaf == wanted)
        elif key in _SPECS and isinstance(said, Mapping):
            yield from ((key, name) for name, value in said.items() if wanted in (value, *_listed(value)))
        else:
            yield from _uses(said, wanted)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _choices(
    uses: Sequence[tuple[str, str]], known: Mapping[str, Known], vocabulary: Callable[[], Vocabulary]
) -> tuple[Choice, ...]:
    """The values that a parameter may have wherever it is used; none where one of its places has none."""
    found: dict[str, Choice] = {}
    for kind, name in uses:
        choices = known[name].choices if kind == "column" and name in known else ()
        choices = choices or _seen(vocabulary(), kind, name)
        if not choices:
            return ()
        found |= {one.value: one for one in choices if one.value not in found}
    return tuple(found.values())


def _seen(vocabulary: Vocabulary, kind: str, name: str) -> tuple[Choice, ...]:
    asked = {"column": vocabulary.columns, "tag": vocabulary.tags}.get(kind, {}).get(name)
    if asked is not None:
        return asked.choices
    listed = {"events": vocabulary.events, "orders": vocabulary.orders, "durable": vocabulary.durables}
    return listed.get(kind, {}).get(name, ())


def _between(known: Sequence[Known]) -> tuple[float | None, float | None]:
    lows, highs = [one.low for one in known if one.low is not None], [one.high for one in known if one.high is not None]
    return max(lows, default=None), min(highs, default=None)
