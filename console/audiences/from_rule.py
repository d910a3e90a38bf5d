"""From the rule of an audience file to the builder's tree.

What the form has no fields for becomes a node of YAML, so that nothing that a file says is lost by opening it.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import yaml

from console.audiences.tree import ROOT, Fields, Node
from console.audiences.vocabulary import Vocabulary

_NUMERIC: Final = ("eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "contains")


class _Unfit(Exception):
    """The form has no fields for this."""


def read_rule(where: Any, vocabulary: Vocabulary) -> Node:
    """The tree of a rule.

    Args:
        where: the rule as plain values.
        vocabulary: of the run.
    """
    maker = _Maker(vocabulary)
    node = maker.node(where)
    if node.is_group:
        node.fields["keep"] = ["1"]
        root = node
    else:
        root = Node("", "all", children=[node])
    for number, one in enumerate(root.walk()):
        one.id = f"n{number}"
    assert root.id == ROOT
    return root


class _Maker:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def node(self, raw: Any) -> Node:
        try:
            return self._node(raw)
        except (_Unfit, KeyError, TypeError, AttributeError, IndexError):
            text = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, default_flow_style=None)
            return Node("", "other", {"yaml": [text]})

    def _node(self, raw: Mapping[str, Any]) -> Node:
        if "not" in raw:
            inner = self.node(raw["not"])
            if inner.is_not:
                return Node("", "all", is_not=True, children=[inner])
            inner.is_not = True
            return inner
        for kind in ("all", "any"):
            if kind in raw:
                return Node("", kind, children=[self.node(one) for one in raw[kind]])
        kind = next((kind for kind in _READERS if kind in raw), "")
        if kind == "column":
            return self._column(raw)
        return Node("", kind, _READERS[kind](raw))

    def _column(self, raw: Mapping[str, Any]) -> Node:
        """Several comparisons of one column become a group of conditions."""
        name, family = raw["column"], self.vocabulary.family(raw["column"])
        parts: list[Fields] = []
        rest = {key: value for key, value in raw.items() if key != "column"}
        for key, value in rest.items():
            if key in ("days_ago", "ago"):
                parts.append(_window({key: value}, "", is_days=True))
        plain = {key: value for key, value in rest.items() if key not in ("days_ago", "ago")}
        parts += [_comparison({key: value}, "", family) for key, value in plain.items()]
        nodes = [Node("", "column", {"column": [name], **fields}) for fields in parts]
        if not nodes:
            raise _Unfit
        return nodes[0] if len(nodes) == 1 else Node("", "all", children=nodes)


def _comparison(raw: Mapping[str, Any], prefix: str, family: str) -> Fields:
    (op, value), = raw.items()  # fmt: skip
    if op == "is_null":
        return {f"{prefix}op": ["unknown" if value else "known"]}
    if isinstance(value, bool):
        if op != "eq":
            raise _Unfit
        return {f"{prefix}op": ["yes" if value else "no"]}
    if op not in _NUMERIC:
        raise _Unfit
    if op == "between":
        return {f"{prefix}op": ["between"], f"{prefix}v": [_text(value[0])], f"{prefix}w": [_text(value[1])]}
    if op == "in":
        values = [_text(one) for one in (value if isinstance(value, list) else [value])]
        return {f"{prefix}op": ["in"], f"{prefix}v": values, f"{prefix}as": ["list"]}
    if op == "eq" and family == "text":
        op = "in"
    return {f"{prefix}op": [op], f"{prefix}v": [_text(value)]}


def _window(raw: Mapping[str, Any], prefix: str, *, is_days: bool = False) -> Fields:
    """The fields of a window; `raw` holds it under its one key."""
    (key, said), = raw.items()  # fmt: skip
    unit = "days"
    if key == "ago":
        (unit, said), = said.items()  # fmt: skip
        said = {"between": said} if isinstance(said, list) else said
    if set(said) == {"gte", "lte"}:
        said = {"between": [said["gte"], said["lte"]]}
    (op, value), = said.items()  # fmt: skip  # several others: no fields for it
    low, high = value if op == "between" else (value, "")
    if op == "between" and is_days and isinstance(low, int) and low < 0 and high == 0:
        op, low, high = "next", -low, ""
    head = "days." if is_days or prefix in ("when.", "first.when.") else ""
    fields = {f"{prefix}op": [f"{head}{op}"], f"{prefix}v": [_text(low)], f"{prefix}unit": [unit]}
    return fields | ({f"{prefix}w": [_text(high)]} if high != "" else {})


def _spec(spec: Mapping[str, Any], prefix: str, names: tuple[str, ...]) -> Fields:
    fields: Fields = {}
    for name, value in spec.items():
        if name in names:
            fields[f"{prefix}{name}"] = [_text(one) for one in (value if isinstance(value, list) else [value])]
            if isinstance(value, list):
                fields[f"{prefix}{name}.as"] = ["list"]
        elif name in ("days_ago", "ago"):
            fields |= _window({name: value}, f"{prefix}when.", is_days=True)
        elif name == "count":
            fields |= _comparison(value, f"{prefix}count.", "number")
        else:
            raise _Unfit
    return fields


_EVENT: Final = ("type", "subtype", "channel", "store_id", "campaign")
_ORDER: Final = ("channel", "source", "store_id", "category")


def _tag(raw: Mapping[str, Any]) -> Fields:
    tags = raw["tag"] if isinstance(raw["tag"], list) else [raw["tag"]]
    fields: Fields = {"tag": tags}
    for key, value in raw.items():
        if key == "value":
            fields |= _comparison(value, "value.", "text")
        elif key == "since_days_ago":
            fields |= _window({key: value}, "since.", is_days=True)
        elif key == "on":
            fields["on"] = [_text(value)]
        elif key != "tag":
            raise _Unfit
    return fields


def _durable(raw: Mapping[str, Any]) -> Fields:
    fields: Fields = {}
    for key, value in raw["durable"].items():
        if key == "bought_days_ago":
            fields |= _window({key: value}, "bought.", is_days=True)
        else:
            fields[key] = [_text(one) for one in (value if isinstance(value, list) else [value])]
            if isinstance(value, list):
                fields[f"{key}.as"] = ["list"]
    return fields


def _sequence(raw: Mapping[str, Any]) -> Fields:
    said = raw["sequence"]
    fields: Fields = {
        "within_days": [_text(said["within_days"])],
        "happens": ["1" if said.get("happens", True) else "0"],
    }
    for step in ("first", "then"):
        (what, spec), = said[step].items()  # fmt: skip
        fields |= {f"{step}.what": [what]} | _spec(spec, f"{step}.", _EVENT if what == "events" else _ORDER)
    return fields


def _audience(raw: Mapping[str, Any]) -> Fields:
    parameters = raw.get("parameters")
    text = yaml.safe_dump(parameters, allow_unicode=True, default_flow_style=None) if parameters else ""
    return {"audience": [raw["audience"]], "parameters": [text]}


def _text(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool | dict | list):
        raise _Unfit
    text = str(value)
    return text[1:] if text.startswith("$$") else text


_READERS: Final[dict[str, Any]] = {
    "column": None,
    "tag": _tag,
    "events": lambda raw: _spec(raw["events"], "", _EVENT),
    "orders": lambda raw: _spec(raw["orders"], "", _ORDER),
    "durable": _durable,
    "sequence": _sequence,
    "audience": _audience,
    "ids": lambda raw: {"ids": [" ".join(raw["ids"])]},
    "list": lambda raw: {"list": [raw["list"]]},
    "sql": lambda raw: {"sql": [raw["sql"]]},
}
