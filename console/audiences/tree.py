"""The builder's rule as its form holds it: a tree of nodes, each with its fields.

The form says the tree by one hidden field a node, `node` = "id parent kind", in the order of the page; a node's own
fields are named `f.<id>.<field>`. So the whole state lies in the form, and any part of it can be drawn again.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

GROUPS: Final = ("all", "any")
CONDITIONS: Final = (
    "column", "tag", "events", "orders", "durable", "sequence", "audience", "ids", "list", "sql", "other",
)  # fmt: skip
ROOT: Final = "n0"
MOST: Final = 200
DEEPEST: Final = 12

_MORE: Final = re.compile(r"[,，、\n]")

Fields = dict[str, list[str]]


@dataclass
class Node:
    """A group or a condition.

    Attributes:
        id: as the form names it.
        kind: one of GROUPS or CONDITIONS.
        fields: what was filled in, by name; several values where several were chosen.
        is_not: whether it must not hold.
        children: of a group.
    """

    id: str
    kind: str
    fields: Fields = field(default_factory=dict)
    is_not: bool = False
    children: list["Node"] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        """Whether it holds others."""
        return self.kind in GROUPS

    def one(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        values = self.fields.get(name)
        return values[0].strip() if values else default

    def many(self, name: str) -> list[str]:
        """The values of a field that say something."""
        return [value.strip() for value in self.fields.get(name, ()) if value.strip()]

    def walk(self) -> Iterator["Node"]:
        """It and everything below."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_tree(form: list[tuple[str, str]]) -> Node:
    """The tree of a form; what does not belong to it is left out, an empty form is an empty group.

    Args:
        form: names and values in the order of the page.
    """
    fields: dict[str, Fields] = {}
    for name, value in form:
        prefix, _, rest = name.partition(".")
        node_id, _, own = rest.partition(".")
        if prefix == "f" and own:
            # What was typed beside the choices joins them.
            parts = _MORE.split(value) if own.endswith(".more") else [value]
            fields.setdefault(node_id, {}).setdefault(own.removesuffix(".more"), []).extend(parts)
    root = Node(ROOT, "all")
    nodes, depths = {ROOT: root}, {ROOT: 0}
    for node_id, parent, kind in (value.split(" ") for name, value in form if name == "node" and value.count(" ") == 2):
        own_fields = fields.get(node_id, {})
        if node_id == ROOT:
            root.kind = _kind(kind, own_fields)
            root.is_not = own_fields.get("not") == ["1"]
            continue
        if parent not in nodes or node_id in nodes or not nodes[parent].is_group or len(nodes) >= MOST:
            continue
        if kind not in (*GROUPS, *CONDITIONS) or depths[parent] >= DEEPEST:
            continue
        node = Node(node_id, _kind(kind, own_fields), own_fields, own_fields.get("not") == ["1"])
        nodes[parent].children.append(node)
        nodes[node_id], depths[node_id] = node, depths[parent] + 1
    return root


def _kind(kind: str, fields: Fields) -> str:
    """A group's kind is a choice of its own."""
    chosen = fields.get("join", [kind])[0]
    return chosen if kind in GROUPS and chosen in GROUPS else kind


def find(root: Node, node_id: str) -> Node | None:
    """The node of that id."""
    return next((node for node in root.walk() if node.id == node_id), None)


def parent_of(root: Node, node_id: str) -> Node | None:
    """The group that holds a node."""
    return next((node for node in root.walk() if any(child.id == node_id for child in node.children)), None)


def depth_of(root: Node, node_id: str) -> int:
    """How deep a node lies; the root at 0."""
    parent = parent_of(root, node_id)
    return 0 if parent is None else 1 + depth_of(root, parent.id)


def add(root: Node, group_id: str, kind: str, fields: Fields | None = None) -> Node | None:
    """A new node at the end of a group; None where there is no such group or no room."""
    group = find(root, group_id)
    if group is None or not group.is_group or kind not in (*GROUPS, *CONDITIONS):
        return None
    if sum(1 for _ in root.walk()) >= MOST or depth_of(root, group_id) >= DEEPEST:
        return None
    node = Node(_fresh(root), kind, dict(fields or {}))
    group.children.append(node)
    return node


def change(root: Node, action: str, node_id: str) -> None:
    """Removes, copies, wraps or moves a node; a node that is not there is left alone.

    Args:
        root: the tree, which is changed.
        action: remove, copy, wrap, up, down or out.
        node_id: of the node; the root stays where it is.
    """
    parent = parent_of(root, node_id)
    if parent is None:
        return
    at = next(i for i, child in enumerate(parent.children) if child.id == node_id)
    node = parent.children[at]
    if action == "remove":
        parent.children.pop(at)
    elif action == "copy" and sum(1 for _ in root.walk()) + sum(1 for _ in node.walk()) <= MOST:
        parent.children.insert(at + 1, _copied(root, node))
    elif action == "wrap" and depth_of(root, node_id) < DEEPEST - 1:
        parent.children[at] = Node(_fresh(root), "any" if parent.kind == "all" else "all", children=[node])
    elif action in ("up", "down"):
        _shift(root, parent, at, -1 if action == "up" else 1)
    elif action == "out":
        _move_out(root, parent, at, after=1)


def _shift(root: Node, parent: Node, at: int, step: int) -> None:
    """One place up or down; at the end of a group, out of it."""
    to = at + step
    if 0 <= to < len(parent.children):
        parent.children[at], parent.children[to] = parent.children[to], parent.children[at]
    else:
        _move_out(root, parent, at, after=1 if step > 0 else 0)


def _move_out(root: Node, parent: Node, at: int, *, after: int) -> None:
    above = parent_of(root, parent.id)
    if above is None:
        return
    place = next(i for i, child in enumerate(above.children) if child.id == parent.id)
    above.children.insert(place + after, parent.children.pop(at))


def _fresh(root: Node) -> str:
    taken = [int(node.id[1:]) for node in root.walk() if node.id[1:].isdigit()]
    return f"n{max(taken, default=0) + 1}"


def _copied(root: Node, node: Node) -> Node:
    made = copy.deepcopy(node)
    number = int(_fresh(root)[1:])
    for one in made.walk():
        one.id = f"n{number}"
        number += 1
    return made
