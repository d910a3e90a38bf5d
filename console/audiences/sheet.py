"""The builder's whole form: what an audience file says, beside its rule.

A sheet is read from the form's fields or from a definition, and becomes a definition again. What the form has no
field for is carried along as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from console.audiences.from_rule import read_rule
from console.audiences.to_rule import EVERYBODY, Built, Gap, Reading, build, day, number
from console.audiences.tree import Node, read_tree
from console.audiences.vocabulary import Vocabulary
from console.audiences.words import flat, tell

Form = list[tuple[str, str]]
TYPES: Final = ("integer", "number", "text", "date", "list")
_TEXTS: Final = ("name", "label_zh", "label_en", "description_zh", "description_en", "owner", "channel", "limit",
    "add_column",
)  # fmt: skip
_OWN: Final = frozenset({
    "name", "label", "description", "owner", "channel", "parameters", "where", "columns", "personal", "order_by",
    "limit",
})  # fmt: skip
_FIRST_COLUMNS: Final = ("lifecycle_stage_zh", "last_order_date", "net_amount_cny", "city")


@dataclass
class ParameterRow:
    """A parameter as it is typed."""

    name: str = ""
    type: str = "integer"
    default: str = ""
    zh: str = ""
    en: str = ""


@dataclass
class Sheet:
    """The form.

    Attributes:
        root: the rule.
        texts: the single fields, by name.
        personal: personal fields that go into the file.
        columns: column, Chinese and English header, in order.
        order: column and direction.
        rest: what the definition says beside, as YAML.
    """

    root: Node = field(default_factory=lambda: Node("n0", "all"))
    texts: dict[str, str] = field(default_factory=dict)
    personal: list[str] = field(default_factory=list)
    columns: list[tuple[str, str, str]] = field(default_factory=list)
    order: list[tuple[str, str]] = field(default_factory=list)
    parameters: list[ParameterRow] = field(default_factory=list)
    rest: str = ""

    def text(self, name: str) -> str:
        """A single field."""
        return self.texts.get(name, "").strip()

    def reading(self, vocabulary: Vocabulary) -> Reading:
        """What its values are read with."""
        return Reading(vocabulary, {row.name for row in self.parameters if row.name})


@dataclass
class Draft:
    """A definition from a sheet, with what is still missing.

    Attributes:
        raw: the definition; its rule is everybody where nothing is asked yet.
        built: the rule with its places and gaps.
        gaps: of the fields beside the rule, by field: Chinese and English.
    """

    raw: dict[str, Any]
    built: Built
    gaps: dict[str, tuple[str, str]]

    @property
    def is_complete(self) -> bool:
        """Whether it may be saved."""
        return not self.gaps and not self.built.gaps and self.built.where is not None


def read_sheet(form: Form) -> Sheet:
    """The sheet of a posted form."""
    listed: dict[str, list[str]] = {}
    for name, value in form:
        listed.setdefault(name, []).append(value)

    def rows(*names: str) -> list[tuple[str, ...]]:
        return list(zip(*(listed.get(name, []) for name in names), strict=False))

    return Sheet(
        root=read_tree(form),
        texts={name: listed.get(f"m.{name}", [""])[0] for name in _TEXTS},
        personal=listed.get("m.personal", []),
        columns=[(column, zh, en) for column, zh, en in rows("col", "col.zh", "col.en") if column],
        order=[(column, way) for column, way in rows("by", "by.way") if column],
        parameters=[ParameterRow(*row) for row in rows("p.name", "p.type", "p.default", "p.zh", "p.en")],
        rest=listed.get("m.rest", [""])[0],
    )


def fresh_sheet(vocabulary: Vocabulary, *, owner: str) -> Sheet:
    """An empty rule for the SMS channel, with the columns that most lists have."""
    names = [name for name in _FIRST_COLUMNS if name in vocabulary.columns or name == "lifecycle_stage_zh"]
    headers = [_header(vocabulary, name) for name in names]
    return Sheet(texts={"channel": "sms", "owner": owner}, personal=["name"],
                 columns=[(name, zh, en) for name, (zh, en) in zip(names, headers, strict=True)])  # fmt: skip


def _header(vocabulary: Vocabulary, name: str) -> tuple[str, str]:
    asked = vocabulary.columns.get(name)
    if asked is None:
        return ("生命周期", "Stage") if name == "lifecycle_stage_zh" else (name, name)
    return asked.zh, asked.en


def sheet_of(raw: Mapping[str, Any], vocabulary: Vocabulary) -> Sheet:
    """The sheet of a definition.

    Args:
        raw: the definition as plain values, as `Audience.raw` has it.
        vocabulary: of the run.
    """
    label, about = raw.get("label") or {}, raw.get("description") or {}
    texts = {
        "name": raw.get("name"), "label_zh": label.get("zh"), "label_en": label.get("en"),
        "description_zh": about.get("zh"), "description_en": about.get("en"), "owner": raw.get("owner"),
        "channel": raw.get("channel") or "", "limit": raw.get("limit"),
    }  # fmt: skip
    rest = {key: value for key, value in raw.items() if key not in _OWN}
    return Sheet(
        root=read_rule(raw["where"], vocabulary),
        texts={name: "" if value is None else str(value) for name, value in texts.items()},
        personal=list(raw.get("personal") or ()),
        columns=[_column_row(one) for one in raw.get("columns") or ()],
        order=[(one["column"], one.get("direction", "asc")) for one in raw.get("order_by") or ()],
        parameters=[_parameter_row(name, one) for name, one in (raw.get("parameters") or {}).items()],
        rest=yaml.safe_dump(rest, allow_unicode=True) if rest else "",
    )


def _column_row(one: Mapping[str, Any]) -> tuple[str, str, str]:
    label = one.get("label") or {}
    return one["column"], label.get("zh", ""), label.get("en", "")


def _parameter_row(name: str, one: Mapping[str, Any]) -> ParameterRow:
    default, label = one.get("default"), one.get("label") or {}
    text = ", ".join(str(value) for value in default) if isinstance(default, list) else str(default)
    return ParameterRow(name, str(one.get("type")), text, label.get("zh", ""), label.get("en", ""))


def draft_of(sheet: Sheet, vocabulary: Vocabulary) -> Draft:
    """The definition that a sheet says.

    What may be left out is made up for: a description from the rule's words, an English label from the Chinese one.

    Args:
        sheet: the form.
        vocabulary: of the run.
    """
    gaps: dict[str, tuple[str, str]] = {}
    built = build(sheet.root, sheet.reading(vocabulary))
    where = built.where or EVERYBODY
    told = tell(where, vocabulary)
    zh, en = sheet.text("label_zh"), sheet.text("label_en")
    if not (zh or en):
        gaps["label_zh"] = ("请填写名称", "Give it a title")
    if not sheet.text("name"):
        gaps["name"] = ("请填写标识", "Give it a name")
    raw: dict[str, Any] = {
        "name": sheet.text("name") or "unnamed",
        "label": {"zh": zh or en or "…", "en": en or zh or "…"},
        "description": {
            "zh": sheet.text("description_zh") or flat(told, "zh"),
            "en": sheet.text("description_en") or sheet.text("description_zh") or flat(told, "en"),
        },
        "owner": sheet.text("owner") or "crm",
        "channel": sheet.text("channel") or None,
        "where": where,
        "personal": list(dict.fromkeys(sheet.personal)) if sheet.text("channel") else [],
        "columns": [_column(*row) for row in sheet.columns] or [{"column": "one_id"}],
        "order_by": [{"column": name} | ({"direction": way} if way == "desc" else {}) for name, way in sheet.order],
        "parameters": _parameters(sheet, gaps),
    }
    if sheet.text("limit"):
        _try(gaps, "limit", lambda: raw.update(limit=number(sheet.text("limit"))))
    if sheet.rest:
        rest = yaml.safe_load(sheet.rest)
        raw |= {key: value for key, value in rest.items() if key not in _OWN} if isinstance(rest, dict) else {}
    return Draft(raw, built, gaps)


def _column(name: str, zh: str, en: str) -> dict[str, Any]:
    zh, en = zh.strip(), en.strip()
    return {"column": name} | ({"label": {"zh": zh or en, "en": en or zh}} if zh or en else {})


def _parameters(sheet: Sheet, gaps: dict[str, tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, row in enumerate(sheet.parameters):
        if not row.name:
            gaps[f"p{place}"] = ("请填写参数标识", "Give the parameter a name")
            continue
        label = {"zh": row.zh or row.en or row.name, "en": row.en or row.zh or row.name}

        def put(row: ParameterRow = row, label: dict[str, str] = label) -> None:
            found[row.name] = {"type": row.type, "default": _default(row), "label": label}

        _try(gaps, f"p{place}", put)
    return found


def _default(row: ParameterRow) -> Any:
    text = row.default.strip()
    if row.type in ("integer", "number"):
        return number(text)
    if row.type == "date":
        return day(text)
    if row.type == "list":
        parts = [part.strip() for part in text.replace("，", ",").replace("、", ",").split(",")]
        return [part for part in parts if part]
    return text


def _try(gaps: dict[str, tuple[str, str]], name: str, work: Any) -> None:
    try:
        work()
    except Gap as gap:
        gaps[name] = (gap.zh, gap.en)
