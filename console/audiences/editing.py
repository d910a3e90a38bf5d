"""The actions of the builder's buttons: each is a text such as `add:n0:column:recency_days`."""

from dataclasses import dataclass

from console.audiences.operators import default_operator
from console.audiences.sheet import ParameterRow, Sheet
from console.audiences.tree import Fields, add, change
from console.audiences.vocabulary import Vocabulary


@dataclass
class Edited:
    """What an action left open.

    Attributes:
        picking: the group that a condition is being chosen for.
        fresh: the node that was added, so that its first field is ready for typing.
    """

    picking: str = ""
    fresh: str = ""


def edit(sheet: Sheet, action: str, vocabulary: Vocabulary) -> Edited:
    """Carries out an action on a sheet; one that makes no sense changes nothing.

    Args:
        sheet: the form, which is changed.
        action: what the button says.
        vocabulary: of the run.
    """
    what, _, rest = action.partition(":")
    if what == "pick":
        return Edited(picking=rest)
    if what == "add":
        group, _, about = rest.partition(":")
        kind, _, name = about.partition(":")
        node = add(sheet.root, group, kind, _first_fields(kind, name, vocabulary))
        return Edited(fresh=node.id if node else "")
    if what == "group":
        node = add(sheet.root, rest, "any")
        return Edited(picking=node.id if node else "")
    if what in ("column", "order", "parameter"):
        _edit_rows(sheet, what, rest, vocabulary)
    else:
        change(sheet.root, what, rest)
    return Edited()


def _first_fields(kind: str, name: str, vocabulary: Vocabulary) -> Fields:
    """The fields of a fresh condition."""
    if kind == "column":
        return {"column": [name], "op": [default_operator(vocabulary.family(name))], "unit": ["days"]}
    if kind == "events":
        return {"type": [name] if name else [], "when.op": ["days.lte"], "when.v": ["90"], "when.unit": ["days"]}
    if kind == "orders":
        return {"when.op": ["days.lte"], "when.v": ["365"], "when.unit": ["days"]}
    if kind == "sequence":
        return {"first.what": ["events"], "then.what": ["orders"], "within_days": ["7"], "happens": ["0"],
                "first.when.op": ["days.lte"], "first.when.v": ["30"], "first.when.unit": ["days"]}  # fmt: skip
    return {kind: [name]} if kind in ("tag", "audience", "list") and name else {}


def _edit_rows(sheet: Sheet, what: str, rest: str, vocabulary: Vocabulary) -> None:
    """Rows of columns, orders and parameters: `column:add:city`, `column:up:2`, `parameter:remove:0`."""
    action, _, at = rest.partition(":")
    if action == "add":
        _add_row(sheet, what, at, vocabulary)
        return
    rows: list[object] = {"column": sheet.columns, "order": sheet.order, "parameter": sheet.parameters}[what]  # type: ignore[assignment]
    if not at.isdigit() or int(at) >= len(rows):
        return
    place = int(at)
    if action == "remove":
        rows.pop(place)
    to = place - 1 if action == "up" else place + 1
    if action in ("up", "down") and 0 <= to < len(rows):
        rows[place], rows[to] = rows[to], rows[place]


def _add_row(sheet: Sheet, what: str, name: str, vocabulary: Vocabulary) -> None:
    if what == "parameter":
        sheet.parameters.append(ParameterRow())
        return
    if what == "order":
        sheet.order.append(("clv_12m_cny" if "clv_12m_cny" in vocabulary.columns else "one_id", "desc"))
        return
    taken = {column for column, _, _ in sheet.columns}
    name = name or sheet.texts.get("add_column", "")
    if name in vocabulary.columns and name not in taken:
        sheet.columns.append((name, vocabulary.columns[name].zh, vocabulary.columns[name].en))
