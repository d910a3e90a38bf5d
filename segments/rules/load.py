"""Reads one audience: YAML in, a checked definition out, every fault with its file, line and remedy.

Needs no warehouse: that columns exist and fit is checked when an audience is compiled. Which files there are is
`segments.rules.library`.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from common.errors import DefinitionError, UsageError
from segments.rules import conditions as c
from segments.rules import terms, yaml_words
from segments.rules.definition import AudienceDefinition, Column, Label, OrderBy, Parameter
from segments.saying import Said, say

Location = tuple[str | int, ...]
Origin = Literal["built_in", "own"]
MAX_DEPTH: Final = 40
MAX_NODES: Final = 200_000


class RuleFault(DefinitionError):
    """A fault of an audience, with its place in the tree, so that an editor can show it there.

    Attributes:
        location: the steps to it, as `("where", "all", 1, "column")`.
        place: it as people write it: `where.all[1].column`.
        line: of the file, from 1.
        others: faults that were found at the same time, at other places.
    """

    def __init__(self, path: Path, line: int, location: Location, problem: str, remedy: str) -> None:
        self.location, self.line = location, line
        self.others: tuple[RuleFault, ...] = ()
        self.place = place_of(location)
        super().__init__(f"{path}:{line}", f"{self.place}: {problem}" if self.place else problem, remedy)
        self.problem = problem


@dataclass(frozen=True)
class Audience:
    """An audience as its file says it, before its parameters have values.

    Attributes:
        path: the file.
        raw: the file's content as plain values.
        lines: 1-based line of each node, by its place in the tree.
        definition: the checked definition with the default parameters filled in.
        text: the file's text.
        origin: whether it came with Guiyi or is the brand's own.
    """

    path: Path
    raw: Mapping[str, Any]
    lines: Mapping[Location, int] = field(repr=False)
    definition: AudienceDefinition
    text: str = field(repr=False, default="")
    origin: Origin = "built_in"

    @property
    def sha256(self) -> str:
        """Of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

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
                known = ", ".join(sorted(values)) or say("none")
                raise UsageError(say("unknown_parameter", audience=self.name, name=name, known=known))
            try:
                self.definition.parameters[name].check(value)
            except ValueError as error:
                problem = error.args[0]
                raise UsageError(say("wrong_parameter", audience=self.name, name=name, problem=problem)) from error
            values[name] = value
        return _validate(self.path, _fill(self.raw, values), self.lines)

    def fault(self, location: Location, problem: str, remedy: str = "") -> RuleFault:
        """A definition error at a place of this file."""
        return fault(self.path, self.lines, location, problem, remedy)


def fault(path: Path, lines: Mapping[Location, int], location: Location, problem: str, remedy: str = "") -> RuleFault:
    """A definition error that names file, line and the place in the tree."""
    known = location
    while known and known not in lines:
        known = known[:-1]
    return RuleFault(path, lines.get(known, 1), location, problem, remedy)


def place_of(location: Location) -> str:
    """A place in the tree as people write it: `where.all[1].column`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def too_deep(path: Path, line: int) -> RuleFault:
    """The fault of a rule that is nested deeper than anybody could read."""
    return RuleFault(path, line, (), say("too_deep", most=MAX_DEPTH), say("split"))


def load_audience(path: Path, origin: Origin = "built_in") -> Audience:
    """Reads one audience file.

    Raises:
        DefinitionError: the file is not YAML, or says something that cannot be.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise RuleFault(path, 1, (), say("not_utf8"), say("save_as_utf8")) from error
    return _kept(text, path, origin)


@lru_cache(maxsize=256)
def _kept(text: str, path: Path, origin: Origin) -> "Audience":
    """Read once: every audience that names another one reads it, and each step of a run reads all."""
    return parse_audience(text, path, origin)


def parse_audience(text: str, path: Path, origin: Origin = "built_in") -> Audience:
    """Reads the text of an audience file.

    Args:
        text: the YAML.
        path: the file that it stands in, or is to stand in; its name is the audience's.
        origin: where the audience comes from.

    Raises:
        DefinitionError: the text is not YAML, or says something that cannot be.
    """
    try:
        node, raw = yaml_words.read(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise RuleFault(path, line, (), say("not_yaml"), say("correct_yaml")) from error
    except RecursionError as error:
        raise too_deep(path, 1) from error
    if not isinstance(raw, dict) or node is None:
        raise RuleFault(path, 1, (), say("no_audience_in_file"), say("begin_audience"))
    _refuse_depth(path, node)
    lines = dict(_lines(path, node, ()))
    defaults = _defaults(raw)
    _refuse_unknown_references(path, lines, raw, defaults)
    definition = _validate(path, _fill(raw, defaults), lines)
    if definition.name != path.stem:
        problem = say("other_name", name=definition.name, file=path.stem)
        raise fault(path, lines, ("name",), problem, say("same_name"))
    return Audience(path=path, raw=raw, lines=lines, definition=definition, text=text, origin=origin)


def _refuse_depth(path: Path, node: yaml.Node) -> None:
    level, depth = [node], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH or len(level) > MAX_NODES:
            raise too_deep(path, level[0].start_mark.line + 1)
        level = [child for one in level for child in _children(one)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return node.value if isinstance(node, yaml.SequenceNode) else []


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
                raise RuleFault(path, line, place, say("key_twice"), say("keep_one"))
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
            remedy = say("declare_parameter", name=value[1:])
            raise fault(path, lines, location, say("no_parameter", name=value), remedy)


def _leaves(raw: Any, location: Location) -> Iterator[tuple[Location, Any]]:
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _leaves(value, (*location, str(key)))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _leaves(value, (*location, index))
    else:
        yield location, raw


def _fill(raw: Any, values: Mapping[str, Any], *, is_top: bool = True) -> Any:
    """The raw tree with `$name` replaced by its value and `$$` by one dollar sign."""
    if isinstance(raw, Mapping):
        keep = "parameters" if is_top else None  # where they are declared; below, another audience is given its own
        return {key: value if key == keep else _fill(value, values, is_top=False) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_fill(item, values, is_top=False) for item in raw]
    if _is_reference(raw):
        return values.get(raw[1:], raw)
    return raw[1:] if isinstance(raw, str) and raw.startswith("$$") else raw


def _validate(path: Path, raw: Mapping[str, Any], lines: Mapping[Location, int]) -> AudienceDefinition:
    try:
        return AudienceDefinition.model_validate(raw)
    except ValidationError as error:
        found = [(_locate(raw, one["loc"]), one) for one in error.errors()]
        faults = []
        for location, group in groupby(found, key=lambda pair: pair[0]):
            alike = [one for _, one in group]
            faults.append(fault(path, lines, location, *_explain(alike[0], alike)))
        faults[0].others = tuple(faults[1:])
        raise faults[0] from error


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


def _explain(error: ErrorDetails, alike: list[ErrorDetails]) -> tuple[Said, Said]:
    name = str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        near = get_close_matches(name, _KEYS, n=1)
        return say("unknown_key"), say("did_you_mean", near=near[0]) if near else say("remove_it")
    if error["type"] == "missing":
        return say("missing", name=name), say("add_it", name=name)
    if len(alike) > 1:
        kinds = ", ".join(sorted({one["type"].removesuffix("_type") for one in alike}))
        return say("none_of_kinds", kinds=kinds), say("one_of_these")
    return _in_words(error), say("correct_it")


# What pydantic finds, by its own names for it; the facts of a sentence are those that it gives along.
_FOUND: Final = frozenset(
    {
        "greater_than", "greater_than_equal", "less_than", "less_than_equal", "too_short", "too_long",
        "string_too_short", "string_too_long", "string_pattern_mismatch", "literal_error", "string_type", "int_type",
        "int_from_float", "float_type", "finite_number", "bool_type", "list_type", "dict_type", "model_type",
        "model_attributes_type", "date_type",
    }
)  # fmt: skip


def _in_words(error: ErrorDetails) -> Said:
    found = error.get("ctx", {}).get("error")
    if isinstance(found, ValueError) and found.args and isinstance(found.args[0], Said):
        return say("sentence", text=found.args[0])
    if error["type"] in _FOUND:
        return say("sentence", text=say(error["type"], **error.get("ctx", {})))
    if error["type"] == "condition_kind":
        return say("sentence", text=say("condition_kind", kinds=", ".join(c.KINDS)))
    return say("wrong_value", message=error["msg"].removeprefix("Value error, "))


def _field_names(model: type[terms.Strict]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


_MODELS: Final = (
    AudienceDefinition, Label, Parameter, Column, OrderBy, c.ColumnCondition, c.TagCondition, c.EventSpec, c.OrderSpec,
    c.DurableSpec, c.SequenceSpec, c.AudienceCondition, terms.Count, terms.DaysAgo, terms.Ago,
)  # fmt: skip
_KEYS: Final = sorted(set(c.KINDS).union(*(_field_names(model) for model in _MODELS)))
