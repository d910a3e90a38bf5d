"""What codes are called for people to read, in Chinese and English: reads `labels.yml` when first asked.

Belongs here: names of values that Guiyi itself writes. A code without a name is shown as it is.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from common.yaml_text import load_yaml

Pair = tuple[str, str]  # Chinese, English
FILE: Final = Path(__file__).with_name("labels.yml")
# Where nothing says of what a code is, the first of these that knows it.
_ANY: Final = (
    "truth", "channel", "durable_status", "rfm_group", "lifecycle_stage", "ladder_step", "loyalty_band",
    "satisfaction_band", "price_level", "level", "clv_tier", "gender", "event", "source",
)  # fmt: skip
# Events that follow from an order have its status as their subtype.
_OF_ORDERS: Final = ("order_created", "order_paid", "order_shipped", "order_completed", "order_closed", "refund")


def names(kind: str) -> Mapping[str, Pair]:
    """The names of a kind of codes, by code.

    Raises:
        KeyError: there is no such kind.
    """
    return _kinds()[kind]


def label(kind: str, code: str | None) -> Pair:
    """What a code of a kind is called; the code itself where nobody named it, a dash for none."""
    if not code:
        return "–", "–"
    return names(kind).get(code, (code, code.replace("_", " ")))


def of_column(column: str, value: Any, table: str = "") -> Pair | None:
    """What a value of a published column is called.

    Args:
        column: its name.
        value: the value as the table has it.
        table: `schema.table`, where columns of that name differ.

    Returns:
        None for values that have no name.
    """
    kind = kind_of(column, table)
    return names(kind).get(str(value)) if kind else None


def kind_of(column: str, table: str = "") -> str | None:
    """Of what a published column's values are the codes; None where they are not."""
    columns: Mapping[str, str] = _file()["columns"]
    return columns.get(f"{table}.{column}") or columns.get(column)


def of_subtype(event: str, subtype: str) -> Pair | None:
    """What an event's subtype is called; None for the brand's own words."""
    return _subtypes().get("order" if event in _OF_ORDERS else event, {}).get(subtype)


def name_of(value: object) -> Pair:
    """What a value is called where nothing says of what it is; itself where it is no code that we know."""
    text = str(value)
    return next((names(kind)[text] for kind in _ANY if text in names(kind)), (text, text))


@cache
def _file() -> Mapping[str, Any]:
    content: Mapping[str, Any] = load_yaml(FILE.read_text(encoding="utf-8"))
    return content


@cache
def _kinds() -> Mapping[str, Mapping[str, Pair]]:
    return {kind: _pairs(codes) for kind, codes in _file()["kinds"].items()}


@cache
def _subtypes() -> Mapping[str, Mapping[str, Pair]]:
    return {event: _pairs(codes) for event, codes in _file()["subtypes"].items()}


def _pairs(codes: Mapping[str, Mapping[str, str]]) -> dict[str, Pair]:
    return {code: (name["zh"], name["en"]) for code, name in codes.items()}
