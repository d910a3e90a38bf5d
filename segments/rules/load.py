"""Reads one audience: YAML in, a checked definition out, every fault with its file, line and remedy.

Needs no warehouse: that columns exist and fit is checked when an audience is compiled. Which files there are is
`segments.rules.library`.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import ValidationError

from common.errors import DefinitionError, UsageError
from segments.rules import conditions as c
from segments.rules import terms, yaml_words
from segments.rules.definition import AudienceDefinition, Column, Label, OrderBy, Parameter
from segments.rules.findings import Location, findings, names_of
from segments.saying import say

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
        faults = [fault(path, lines, *found) for found in findings(error, raw, _KEYS)]
        faults[0].others = tuple(faults[1:])
        raise faults[0] from error


_MODELS: Final = (
    AudienceDefinition, Label, Parameter, Column, OrderBy, c.ColumnCondition, c.TagCondition, c.EventSpec, c.OrderSpec,
    c.DurableSpec, c.SequenceSpec, c.AudienceCondition, terms.Count, terms.DaysAgo, terms.Ago,
)  # fmt: skip
_KEYS: Final = sorted({*c.KINDS, *names_of(*_MODELS)})
