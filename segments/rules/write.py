"""Audiences as text: a definition that somebody put together becomes the one YAML text that says it.

The same definition always gives the same text, so saving twice changes nothing and a diff shows what was changed alone.
Where it is saved is `segments.rules.saving`.
"""

import datetime as dt
from collections.abc import Mapping
from difflib import unified_diff
from io import StringIO
from pathlib import Path
from typing import Any, Final

import yaml

from segments.rules.load import MAX_DEPTH, Audience, Origin, RuleFault, parse_audience, too_deep
from segments.rules.yaml_words import Dumper
from segments.saying import say

_WIDTH: Final = 90  # up to which a condition stays on one line
_TOP: Final = (
    "name", "label", "description", "owner", "channel", "purpose", "parameters", "where", "personal", "columns",
    "order_by", "limit",
)  # fmt: skip
# Which keys come first within one mapping; others follow as they were written.
_WITHIN: Final = (
    "all", "any", "not", "column", "tag", "events", "orders", "durable", "sequence", "audience", "ids", "list", "sql",
    "zh", "en", "first", "then", "within_days", "happens",
    "type", "default", "subtype", "channel", "source", "store_id", "campaign", "category", "status", "bought_days_ago",
    "bought_ago",
    "eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "contains", "is_null",
    "value", "on", "since_days_ago", "days_ago", "ago", "count", "parameters", "label", "direction",
)  # fmt: skip
_BLOCKS: Final = frozenset({"parameters", "columns", "order_by", "all", "any"})  # one line an entry, however short
_HEADS: Final = frozenset({"not", "events", "orders", "durable", "sequence"})  # a condition that begins a line


def audience_from(raw: Mapping[str, Any], path: Path, origin: Origin = "own") -> Audience:
    """A definition that lies in no file yet, checked as if it lay at `path`.

    Args:
        raw: the definition as plain values, as `Audience.raw` has it; keys with nothing in them are left out.
        path: the file that it is meant for.
        origin: where it comes from.

    Raises:
        RuleFault: it says something that cannot be; `location` and `line` are those of the canonical text.
    """
    return parse_audience(to_text(raw, path), path, origin)


def to_text(raw: Mapping[str, Any], path: Path) -> str:
    """The canonical YAML of a definition.

    Args:
        raw: the definition as plain values.
        path: of the file, for faults.

    Raises:
        RuleFault: it holds what YAML has no word for, or is nested too deep.
    """
    ordered = _ordered(dict(raw), path, _TOP, 0)
    node = Dumper(StringIO(), sort_keys=False).represented(ordered)
    _lay_out(node)
    return str(yaml.serialize(node, Dumper=Dumper, allow_unicode=True, width=10_000))


def diff_text(before: str, after: str, name: str) -> str:
    """What a saving changes, as a unified diff; empty when it changes nothing."""
    file = f"{name}.yml"
    return "".join(unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), file, file))


def head_of(text: str) -> str:
    """The comment lines that a text begins with: they belong to the file, not to a key of it, and outlive a saving."""
    lines = []
    for line in text.splitlines(keepends=True):
        if not line.startswith("#"):
            break
        lines.append(line)
    return "".join(lines)


def _ordered(value: Any, path: Path, order: tuple[str, ...], depth: int) -> Any:
    """Plain values with their keys in order; what says nothing is left out."""
    if depth > MAX_DEPTH:
        raise too_deep(path, 1)
    if isinstance(value, Mapping):
        names = _sorted_keys(value, order)
        inner = {name: () if name == "parameters" else _WITHIN for name in names}
        return {
            str(name): _ordered(value[name], path, inner[name], depth + 1)
            for name in names
            if not _is_nothing(name, value[name])
        }
    if isinstance(value, list | tuple):
        return [_ordered(one, path, _WITHIN, depth + 1) for one in value]
    if value is None or isinstance(value, bool | int | float | str | dt.date):
        return value
    problem = say("no_value_of_file", kind=type(value).__name__)
    raise RuleFault(path, 1, (), problem, say("use_text"))


def _sorted_keys(value: Mapping[Any, Any], order: tuple[str, ...]) -> list[Any]:
    """By `order`; keys that it does not name come last, as they were written."""
    if not order:
        return list(value)
    rank = {name: place for place, name in enumerate(order)}
    return sorted(value, key=lambda name: rank.get(name, len(rank)))


def _is_nothing(name: Any, value: Any) -> bool:
    """Whether a key may be left out. A channel of null is said on purpose: it means counts only."""
    return (value is None and name not in ("channel", "default")) or (value in ({}, []) and name in _OPTIONAL)


_OPTIONAL: Final = frozenset({"parameters", "personal", "order_by"})


def _lay_out(node: yaml.Node, name: str = "", depth: int = 0) -> None:
    """Decides for each mapping and list whether it stands on one line or on several."""
    if not isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        return
    is_block = depth == 0 or name in _BLOCKS or _is_branching(node) or _is_headed(node)
    node.flow_style = not is_block and _length(node) <= _WIDTH
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _lay_out(value, key.value, depth + 1)
            if name == "parameters" and isinstance(value, yaml.MappingNode):
                value.flow_style = False
    else:
        for value in node.value:
            _lay_out(value, "", depth + 1)


def _is_headed(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) and any(key.value in _HEADS for key, _ in node.value)


def _is_branching(node: yaml.Node) -> bool:
    """Whether conditions are nested below: a tree is read by its indentation."""
    if isinstance(node, yaml.MappingNode):
        return any(key.value in _BLOCKS or _is_headed(value) or _is_branching(value) for key, value in node.value)
    return isinstance(node, yaml.SequenceNode) and any(_is_branching(value) for value in node.value)


def _length(node: yaml.Node) -> int:
    """About how long a node is on one line."""
    if isinstance(node, yaml.MappingNode):
        return sum(_length(key) + _length(value) + 4 for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return sum(_length(value) + 2 for value in node.value)
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in node.value)
