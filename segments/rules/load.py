"""Reads audience files: YAML in, checked definitions out, every fault with its file, line and remedy.

Needs no warehouse: that columns exist and fit is checked when an audience is compiled.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from common.errors import DefinitionError, UsageError
from segments.rules.conditions import (
    KINDS,
    ColumnCondition,
    Count,
    DaysAgo,
    DurableSpec,
    EventSpec,
    OrderSpec,
    Strict,
    TagCondition,
)
from segments.rules.definition import AudienceDefinition, Column, Label, OrderBy, Parameter

AUDIENCES: Final = Path(__file__).parents[1] / "audiences"
Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Audience:
    """An audience as its file says it, before its parameters have values.

    Attributes:
        path: the file.
        raw: the file's content as plain values.
        lines: 1-based line of each node, by its place in the tree.
        definition: the checked definition with the default parameters filled in.
    """

    path: Path
    raw: Mapping[str, Any]
    lines: Mapping[Location, int] = field(repr=False)
    definition: AudienceDefinition

    @property
    def name(self) -> str:
        """The audience's name, which is also its file's."""
        return self.definition.name

    def bind(self, parameters: Mapping[str, Any] | None = None) -> AudienceDefinition:
        """The definition with values in place of its parameters.

        Args:
            parameters: values that replace the defaults, by name.

        Raises:
            UsageError: a parameter is unknown or of the wrong type.
            DefinitionError: with these values the definition says something impossible.
        """
        values = {name: one.default for name, one in self.definition.parameters.items()}
        for name, value in (parameters or {}).items():
            if name not in values:
                known = ", ".join(sorted(values)) or "none"
                raise UsageError(f"The audience {self.name} has no parameter {name}; it has: {known}.")
            try:
                self.definition.parameters[name].check(value)
            except ValueError as error:
                raise UsageError(f"Parameter {name} of the audience {self.name}: {error}.") from error
            values[name] = value
        return _validate(self.path, _fill(self.raw, values), self.lines)

    def fault(self, location: Location, problem: str, remedy: str = "") -> DefinitionError:
        """A definition error at a place of this file."""
        return fault(self.path, self.lines, location, problem, remedy)


def fault(
    path: Path, lines: Mapping[Location, int], location: Location, problem: str, remedy: str = ""
) -> DefinitionError:
    """A definition error that names file, line and the place in the tree."""
    known = location
    while known and known not in lines:
        known = known[:-1]
    place = place_of(location)
    return DefinitionError(f"{path}:{lines.get(known, 1)}", f"{place}: {problem}" if place else problem, remedy)


def place_of(location: Location) -> str:
    """A place in the tree as people write it: `where.all[1].column`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def load_audience(path: Path) -> Audience:
    """Reads one audience file.

    Raises:
        DefinitionError: the file is not YAML, or says something that cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        remedy = "Correct the indentation or the quotes there."
        raise DefinitionError(f"{path}:{line}", "this is not valid YAML.", remedy) from error
    if not isinstance(raw, dict) or node is None:
        raise DefinitionError(path, "the file holds no audience.", "Begin with name, label, where and columns.")
    lines = dict(_lines(path, node, ()))
    defaults = _defaults(raw)
    _refuse_unknown_references(path, lines, raw, defaults)
    definition = _validate(path, _fill(raw, defaults), lines)
    if definition.name != path.stem:
        problem = f"the audience is named {definition.name}, its file {path.stem}."
        raise fault(path, lines, ("name",), problem, "Give both the same name.")
    return Audience(path=path, raw=raw, lines=lines, definition=definition)


def load_audiences(folder: Path = AUDIENCES) -> dict[str, Audience]:
    """Reads all audience files of a folder, by name in alphabetical order.

    Raises:
        DefinitionError: one of the files is wrong.
    """
    return {path.stem: load_audience(path) for path in sorted(folder.glob("*.yml"))}


def find_audience(name: str, folder: Path = AUDIENCES) -> Audience:
    """The audience of that name.

    Raises:
        UsageError: there is none.
        DefinitionError: its file is wrong.
    """
    path = folder / f"{name}.yml"
    names = sorted(one.stem for one in folder.glob("*.yml"))
    if name not in names:
        raise UsageError(f"There is no audience {name!r}. Choose one of: {', '.join(names) or 'none yet'}.")
    return load_audience(path)


def _lines(path: Path, node: yaml.Node, location: Location) -> Iterator[tuple[Location, int]]:
    yield location, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(path, item, (*location, index))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line, place = key.start_mark.line + 1, (*location, str(key.value))
            if place[-1] in seen:
                raise DefinitionError(f"{path}:{line}", f"{place_of(place)} is written twice.", "Keep one.")
            seen.add(str(key.value))
            yield from _lines(path, value, place)
            yield place, line  # after the value, so that the key's line wins over where its value begins


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")


def _defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters' defaults; a malformed block gives none, and validation then says why."""
    block = raw.get("parameters")
    items = block.items() if isinstance(block, dict) else ()
    return {name: one["default"] for name, one in items if isinstance(one, dict) and "default" in one}


def _refuse_unknown_references(
    path: Path, lines: Mapping[Location, int], raw: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    for location, value in _leaves({key: raw[key] for key in raw if key != "parameters"}, ()):
        if _is_reference(value) and value[1:] not in values:
            remedy = f"Declare {value[1:]} under parameters with a default, or write $$ for a plain dollar sign."
            raise fault(path, lines, location, f"{value} is no parameter of this audience.", remedy)


def _leaves(raw: Any, location: Location) -> Iterator[tuple[Location, Any]]:
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _leaves(value, (*location, str(key)))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _leaves(value, (*location, index))
    else:
        yield location, raw


def _fill(raw: Any, values: Mapping[str, Any]) -> Any:
    """The raw tree with `$name` replaced by its value and `$$` by one dollar sign."""
    if isinstance(raw, Mapping):
        return {key: _fill(value, values) if key != "parameters" else value for key, value in raw.items()}
    if isinstance(raw, list):
        return [_fill(item, values) for item in raw]
    if _is_reference(raw):
        return values.get(raw[1:], raw)
    return raw[1:] if isinstance(raw, str) and raw.startswith("$$") else raw


def _validate(path: Path, raw: Mapping[str, Any], lines: Mapping[Location, int]) -> AudienceDefinition:
    try:
        return AudienceDefinition.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        location = _locate(raw, first["loc"])
        alike = [one for one in error.errors() if _locate(raw, one["loc"]) == location]
        problem, remedy = _explain(first, alike)
        raise fault(path, lines, location, problem, remedy) from error


def _locate(raw: Any, steps: tuple[int | str, ...]) -> Location:
    """The place in the file that an error is about: its steps without those that only name a model."""
    location: Location = ()
    for step in steps:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            continue
        location = (*location, step)
    return location


def _explain(error: ErrorDetails, alike: list[ErrorDetails]) -> tuple[str, str]:
    name = str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        near = get_close_matches(name, _KEYS, n=1)
        return "this key is not known.", f"Did you mean {near[0]}?" if near else "Remove it."
    if error["type"] == "missing":
        return f"{name} is missing.", f"Add {name}."
    message = error["msg"].removeprefix("Value error, ")
    if len(alike) > 1:
        kinds = sorted({one["type"].removesuffix("_type") for one in alike})
        return f"this value is none of {', '.join(kinds)}.", "Write one of these."
    return f"{message}.", "Correct it."


def _field_names(model: type[Strict]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


_MODELS: Final = (
    AudienceDefinition, Label, Parameter, Column, OrderBy, ColumnCondition, TagCondition, EventSpec, OrderSpec,
    DurableSpec, Count, DaysAgo,
)  # fmt: skip
_KEYS: Final = sorted(set(KINDS).union(*(_field_names(model) for model in _MODELS)))
