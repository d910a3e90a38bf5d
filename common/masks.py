"""Masks: how a personal value may be shown to a person who is not entitled to see it."""

import json
import re
from typing import Final

# A header name is kept; a key that could be somebody's number or address is not.
_NO_NAME: Final = re.compile(r"[0-9]{4}|@")


def mask(value: str | None) -> str:
    """A value with all but its first and last characters starred, `13812345678` as `138******78`.

    Short values keep only their first character, so that a two-character name is not given away.
    """
    if not value:
        return ""
    if len(value) <= 4:
        return value[0] + "*" * (len(value) - 1)
    head, tail = (3, 2) if len(value) >= 8 else (1, 1)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]


def shape(text: str | None, most: int = 200) -> str:
    """A text's shape: `#` for a digit, `x` for a Latin letter, `字` for a Chinese character, `*` for other signs.

    What separates cells stays as it is: it is what is wrong with a row more often than not. Cut at `most` characters.
    """
    return "".join(_shape_of(sign) for sign in (text or "")[:most])


def row_shape(text: str | None, column: str | None = None, most: int = 200) -> str:
    """What a row looks like: `header: shape` of its cells that say something, the one at fault first.

    Args:
        text: a JSON object of the row's cells; any other text is shown by its shape alone.
        column: header name of the cell at fault.
        most: characters.
    """
    try:
        cells = json.loads(text or "")
    except ValueError:
        return shape(text, most)
    if not isinstance(cells, dict):
        return shape(text, most)
    said = sorted((name for name in cells if name == column or cells[name]), key=lambda name: name != column)
    told = (f"{shape(n) if _NO_NAME.search(n) else n}: {shape(str(cells[n] or ''), 60)}" for n in said)
    return ", ".join(told)[:most]


def _shape_of(sign: str) -> str:
    if sign in ',;|\t"{}[]: ':
        return sign
    if sign.isdigit():
        return "#"
    if sign.isascii() and sign.isalpha():
        return "x"
    return "字" if "\u3400" <= sign <= "\u9fff" or sign > "\uffff" else "*"
