"""Comments of an audience file: they stay where what they are about stays, whatever else is saved.

A comment is about the entry (a key or an item of a list) that begins on its line, or that begins next below it. The
canonical text is written anew at each saving; comments are then put back beside the entries that are still there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from segments.rules.yaml_words import read

_HEADS: Final = ("events", "orders", "durable", "sequence")


@dataclass(frozen=True)
class _Comment:
    """A comment: its line, from 0, and whether the line holds nothing else."""

    line: int
    text: str
    is_alone: bool


def carried_over(before: str, after: str) -> tuple[str, tuple[str, ...]]:
    """A text with the comments of an earlier one, and those that have no place in it any more.

    Args:
        before: the text as it lies in the file; one that is no YAML has no comments to keep.
        after: the canonical text of what is saved, without comments.
    """
    try:
        old, new = yaml.compose(before, Loader=yaml.SafeLoader), yaml.compose(after, Loader=yaml.SafeLoader)
        comments = list(_comments(before))
    except yaml.YAMLError:
        return after, ()
    if old is None or new is None or not comments:
        return after, ()
    places = dict(_pairs(old, new))
    begins = sorted(_lines(old))
    lines = after.splitlines(keepends=True)
    above: dict[int, list[str]] = {}
    beside: dict[int, str] = {}
    lost = []
    for comment in comments:
        line = _place(comment, begins, places, len(lines))
        if line is None:
            lost.append(comment.text)
        elif comment.is_alone or line in beside or line == len(lines):
            above.setdefault(line, []).append(comment.text)
        else:
            beside[line] = comment.text
    made = "".join(_with(lines, above, beside))
    if read(made)[1] != read(after)[1]:  # never a comment at the price of what the file says
        return after, tuple(comment.text for comment in comments)
    return made, tuple(lost)


def comments_of(text: str) -> list[str]:
    """The comments of a YAML text, in order."""
    return [comment.text for comment in _comments(text)]


def _with(lines: Sequence[str], above: dict[int, list[str]], beside: dict[int, str]) -> Iterator[str]:
    for number, line in enumerate([*lines, ""]):
        indent = line[: len(line) - len(line.lstrip(" "))]
        yield from (f"{indent}{text}\n" for text in above.get(number, ()))
        yield f"{line.rstrip()}  {beside[number]}\n" if number in beside else line


def _place(comment: _Comment, begins: Sequence[int], places: dict[int, int], end: int) -> int | None:
    """The line of the new text that a comment belongs to; None where it is no more."""
    if comment.is_alone:
        about = next((line for line in begins if line > comment.line), None)
        return end if about is None else places.get(about)
    about = next((line for line in reversed(begins) if line <= comment.line), None)
    return None if about is None else places.get(about)


def _comments(text: str) -> Iterator[_Comment]:
    inside = {
        position
        for token in yaml.scan(text, Loader=yaml.SafeLoader)
        if isinstance(token, yaml.ScalarToken)
        for position in range(token.start_mark.index, token.end_mark.index)
    }
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        marks = (i for i, sign in enumerate(line) if sign == "#" and start + i not in inside)
        place = next(marks, None)
        if place is not None:
            yield _Comment(number, line[place:].rstrip(), not line[:place].strip())
        start += len(line)


def _lines(node: yaml.Node) -> set[int]:
    """The lines on which an entry begins."""
    return {line for _, line, child in _entries(node) for line in (line, *_lines(child))}


def _entries(node: yaml.Node) -> Iterator[tuple[Any, int, yaml.Node]]:
    """The entries of a node: key or None, the line, what it holds."""
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, key.start_mark.line, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from ((None, value.start_mark.line, value) for value in node.value)


def _pairs(old: yaml.Node, new: yaml.Node) -> Iterator[tuple[int, int]]:
    """Lines of the old text with those of the new on which the same entry begins, the outermost last."""
    for (_, old_line, old_child), (_, new_line, new_child) in _matched(list(_entries(old)), list(_entries(new))):
        yield from _pairs(old_child, new_child)
        yield old_line, new_line


def _matched(old: list[Any], new: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Keys by name; items first by what they say in full, then by what they are about."""
    left = list(new)
    for same in (_whole, _about):
        rest = []
        for entry in old:
            found = next((one for one in left if same(one) == same(entry)), None)
            if found is None:
                rest.append(entry)
                continue
            left.remove(found)
            yield entry, found
        old = rest


def _whole(entry: tuple[Any, int, yaml.Node]) -> object:
    key, _, node = entry
    return key if key is not None else _content(node)


def _content(node: yaml.Node) -> object:
    """What a node says, whatever its layout and the order of its keys."""
    if isinstance(node, yaml.MappingNode):
        return frozenset((key.value, _content(value)) for key, value in node.value)
    return tuple(_content(value) for value in node.value) if isinstance(node, yaml.SequenceNode) else node.value


def _about(entry: tuple[Any, int, yaml.Node]) -> object:
    """An item's first key with its value, where that is one; `not` is about what it excludes."""
    key, _, node = entry
    if key is not None or not isinstance(node, yaml.MappingNode) or not node.value:
        return key if key is not None else object()
    first, value = node.value[0]
    if first.value in ("not", *_HEADS):
        return first.value, _about((None, 0, value))
    return first.value, value.value if isinstance(value, yaml.ScalarNode) else ""
