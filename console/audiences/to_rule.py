"""From the builder's tree to the rule that an audience file says, with the place of each node in it.

What is not filled in yet is no fault: it is told as a gap at its node, and left out of the rule.
"""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from console.audiences.tree import Node
from console.audiences.vocabulary import Vocabulary

Location = tuple[str | int, ...]
Raw = dict[str, Any]
EVERYBODY: Final[Raw] = {"column": "one_id", "is_null": False}


class Gap(Exception):
    """Something is still to be filled in, or cannot be read; `zh` and `en` say what."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass
class Built:
    """A rule from a tree.

    Attributes:
        where: the rule; None where nothing is asked yet.
        places: the id of the node that stands at each place of the audience's file.
        gaps: by node id, what is still to be filled in, Chinese and English.
    """

    where: Raw | None = None
    places: dict[Location, str] = field(default_factory=dict)
    gaps: dict[str, tuple[str, str]] = field(default_factory=dict)

    def node_at(self, location: Location) -> str | None:
        """The node that a place in the file belongs to."""
        while location and location not in self.places:
            location = location[:-1]
        return self.places.get(location)


@dataclass(frozen=True)
class Reading:
    """What the values of a form are read with: the columns' families and the names of the parameters."""

    vocabulary: Vocabulary
    parameters: Collection[str]

    def value(self, text: str, family: str) -> Any:
        """A typed text as a value.

        Raises:
            Gap: it is empty, or none of that family.
        """
        if not text:
            raise Gap("请填写数值", "Fill in a value")
        if text.startswith("$") and text[1:] in self.parameters:
            return text
        if family == "number":
            return number(text)
        if family == "date":
            return day(text)
        return f"${text}" if text.startswith("$") else text

    def values(self, texts: list[str], family: str) -> Any:
        """One value or a list; a parameter alone stands for the whole list."""
        found = [self.value(text, family) for text in texts]
        if not found:
            raise Gap("请选择或填写", "Choose or fill in")
        return found[0] if len(found) == 1 else found


def build(root: Node, reading: Reading) -> Built:
    """The rule of a tree."""
    built = Built()
    where = _group(root, reading, built, ("where",), is_root=True)
    built.where = where
    return built


def number(text: str) -> int | float:
    """A number as people type it."""
    plain = text.replace(",", "").replace("，", "").strip()
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        found = float(plain)
    except ValueError:
        raise Gap("请填写数字", "Fill in a number") from None
    if found != found or found in (float("inf"), float("-inf")):
        raise Gap("请填写数字", "Fill in a number")
    return found


def day(text: str) -> dt.date:
    """A date as date inputs give it."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Gap("请填写日期，如 2026-01-31", "Fill in a date, such as 2026-01-31") from None


def _group(node: Node, reading: Reading, built: Built, location: Location, *, is_root: bool = False) -> Raw | None:
    inner = (*location, "not") if node.is_not else location
    built.places[location] = built.places[inner] = node.id
    alone = _alone(node) if is_root and not node.is_not else None
    if alone is not None:
        # One condition needs no group around it.
        return _one(alone, reading, built, location)
    found: list[Raw] = []
    for child in node.children:
        raw = _one(child, reading, built, (*inner, node.kind, len(found)))
        if raw is not None:
            found.append(raw)
    if not found:
        return None
    rule: Raw = {node.kind: found}
    return {"not": rule} if node.is_not else rule


def _alone(node: Node) -> Node | None:
    only = node.children[0] if len(node.children) == 1 else None
    return only if only is not None and node.one("keep") != "1" else None


def _one(node: Node, reading: Reading, built: Built, location: Location) -> Raw | None:
    if node.is_group:
        return _group(node, reading, built, location)
    inner = (*location, "not") if node.is_not else location
    try:
        raw = _CONDITIONS[node.kind](node, reading)
    except Gap as gap:
        built.gaps[node.id] = (gap.zh, gap.en)
        return None
    built.places[location] = built.places[inner] = node.id
    return {"not": raw} if node.is_not else raw


def _column(node: Node, reading: Reading) -> Raw:
    name = node.one("column")
    if not name:
        raise Gap("请选择字段", "Choose a column")
    return {"column": name, **compared(node, "", reading.vocabulary.family(name), reading)}


def compared(node: Node, prefix: str, family: str, reading: Reading) -> Raw:
    """What the fields `op`, `v`, `w` under a prefix compare with."""
    op = node.one(f"{prefix}op")
    fixed: dict[str, Raw] = {"known": {"is_null": False}, "unknown": {"is_null": True},
                             "yes": {"eq": True}, "no": {"eq": False}}  # fmt: skip
    if op in fixed:
        return fixed[op]
    if op.startswith("days."):
        return window(node, prefix, "days_ago", reading, op.removeprefix("days."))
    values = node.many(f"{prefix}v")
    if op == "between":
        low, high = node.one(f"{prefix}v"), node.one(f"{prefix}w")
        return {"between": [reading.value(low, family), reading.value(high, family)]}
    if op in ("in", "ne"):
        return _among(op, reading.values(_split(values) if family == "number" else values, family), node, prefix)
    return {op or "eq": reading.value(values[0] if values else "", "text" if op == "contains" else family)}


def _among(op: str, value: Any, node: Node, prefix: str) -> Raw:
    if op == "ne":
        if isinstance(value, list):
            raise Gap("“不是”只能选一个；多个请选“是”并勾选“排除”",
                      "“is not” takes one value; for several take “is” and exclude")  # fmt: skip
        return {"ne": value}
    if isinstance(value, list) or node.one(f"{prefix}as") == "list":
        is_reference = isinstance(value, str) and value.startswith("$") and not value.startswith("$$")
        return {"in": value if isinstance(value, list) or is_reference else [value]}
    return {"eq": value}


def window(node: Node, prefix: str, key: str, reading: Reading, op: str | None = None) -> Raw:
    """What the fields of a window say, under `days_ago` or another key; nothing where it is open."""
    op = node.one(f"{prefix}op").removeprefix("days.") if op is None else op
    if not op:
        return {}
    low = reading.value(node.one(f"{prefix}v"), "number")
    if op == "next":
        return {key: {"between": [-low if isinstance(low, int) else low, 0]}}
    value = [low, reading.value(node.one(f"{prefix}w"), "number")] if op == "between" else low
    unit = node.one(f"{prefix}unit", "days") or "days"
    if unit == "days" or key != "days_ago":
        return {key: {op: value}}
    if op == "eq":
        value = [low, low]
    return {"ago": {unit: value if isinstance(value, list) else {op: value}}}


def counted(node: Node, prefix: str, reading: Reading) -> Raw:
    """How many there must be; nothing where at least one is enough."""
    op = node.one(f"{prefix}op", "gte") or "gte"
    low = reading.value(node.one(f"{prefix}v", "1") or "1", "number")
    if op == "between":
        return {"count": {"between": [low, reading.value(node.one(f"{prefix}w"), "number")]}}
    return {} if (op, low) == ("gte", 1) else {"count": {op: low}}


def _split(values: list[str]) -> list[str]:
    texts = [part.strip() for value in values for part in value.replace("，", ",").replace("、", ",").split(",")]
    return [text for text in texts if text]


def _chosen(node: Node, prefix: str, names: tuple[str, ...], reading: Reading) -> Raw:
    """Choices of one or more values, under their names; those that say nothing are left out."""
    found: Raw = {}
    for name in names:
        values = node.many(f"{prefix}{name}")
        if values:
            value = reading.values(values, "text")
            found[name] = [value] if node.one(f"{prefix}{name}.as") == "list" and not isinstance(value, list) \
                and not value.startswith("$") else value  # fmt: skip
    return found


_SPECS: Final = {
    "events": ("type", "subtype", "channel", "store_id", "campaign"),
    "orders": ("channel", "source", "store_id", "category"),
}


def _happening(what: str, node: Node, prefix: str, reading: Reading, *, is_counted: bool) -> Raw:
    spec = _chosen(node, prefix, _SPECS[what], reading)
    if what == "events" and "type" not in spec:
        raise Gap("请选择行为类型", "Choose what happened")
    spec |= window(node, f"{prefix}when.", "days_ago", reading)
    return spec | counted(node, f"{prefix}count.", reading) if is_counted else spec


def _sequence(node: Node, reading: Reading) -> Raw:
    steps = {}
    for step in ("first", "then"):
        what = node.one(f"{step}.what", "events")
        if what not in _SPECS:
            raise Gap("请选择行为或订单", "Choose events or orders")
        steps[step] = {what: _happening(what, node, f"{step}.", reading, is_counted=False)}
    within = reading.value(node.one("within_days"), "number")
    return {"sequence": {**steps, "within_days": within, "happens": node.one("happens", "1") == "1"}}


def _tag(node: Node, reading: Reading) -> Raw:
    tags = node.many("tag")
    if not tags:
        raise Gap("请选择标签", "Choose a tag")
    raw: Raw = {"tag": reading.values(tags, "text")}
    if node.one("value.op"):
        is_number = node.one("value.op") in ("gte", "lte", "gt", "lt", "between")
        raw["value"] = compared(node, "value.", "number" if is_number else "text", reading)
    if node.one("on"):
        raw["on"] = reading.value(node.one("on"), "date")
    return raw | window(node, "since.", "since_days_ago", reading)


def _durable(node: Node, reading: Reading) -> Raw:
    spec = _chosen(node, "", ("category",), reading)
    status = node.many("status")
    if status:
        value = reading.values(status, "text")
        spec["status"] = value if isinstance(value, list) or value.startswith("$") else [value]
    spec |= window(node, "bought.", "bought_days_ago", reading)
    if not spec:
        raise Gap("请选择品类、状态或购买时间", "Choose a category, a status or when it was bought")
    return {"durable": spec}


def _audience(node: Node, reading: Reading) -> Raw:
    if not node.one("audience"):
        raise Gap("请选择人群", "Choose an audience")
    parameters = node.one("parameters")
    return {"audience": node.one("audience")} | ({"parameters": _yaml(parameters)} if parameters else {})


def _ids(node: Node, reading: Reading) -> Raw:
    ids = node.one("ids").replace(",", " ").replace("，", " ").split()
    if not ids:
        raise Gap("请粘贴客户编号", "Paste the OneIDs")
    return {"ids": list(dict.fromkeys(ids))}


def _named(name: str, zh: str, en: str) -> Callable[[Node, Reading], Raw]:
    def read(node: Node, reading: Reading) -> Raw:
        if not node.one(name):
            raise Gap(zh, en)
        return {name: node.one(name).replace("\r\n", "\n")}

    return read


def _other(node: Node, reading: Reading) -> Raw:
    found = _yaml(node.one("yaml"))
    if not isinstance(found, dict):
        raise Gap("请按 YAML 写一个条件", "Write one condition as YAML")
    return found


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise Gap("YAML 写法有误，请检查缩进与引号", "This is not valid YAML; check indentation and quotes") from None


_CONDITIONS: Final[dict[str, Callable[[Node, Reading], Raw]]] = {
    "column": _column,
    "tag": _tag,
    "events": lambda node, reading: {"events": _happening("events", node, "", reading, is_counted=True)},
    "orders": lambda node, reading: {"orders": _happening("orders", node, "", reading, is_counted=True)},
    "durable": _durable,
    "sequence": _sequence,
    "audience": _audience,
    "ids": _ids,
    "list": _named("list", "请选择名单", "Choose a list"),
    "sql": _named("sql", "请填写查询", "Write the query"),
    "other": _other,
}
