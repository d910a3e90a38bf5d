"""Sentences of the library, which speaks English and knows its Chinese, as pairs for the page."""

import re
from collections.abc import Sequence
from typing import Final

from common.errors import DefinitionError, GuiyiError
from common.labels import Pair
from segments import api

_COLUMN: Final = re.compile(r"^[a-z_]\w*(\.\w+)+(：|: )")


def in_chinese(text: str) -> str:
    """A sentence in Chinese; one that has none as it is."""
    return api.in_chinese(text)


def both(texts: Sequence[str]) -> list[Pair]:
    """Texts as pairs, Chinese and English."""
    return [(in_chinese(text), str(text)) for text in texts]


def joined(*texts: str) -> Pair:
    """Sentences one after another, in each language."""
    known = [text for text in texts if text]
    return "".join(in_chinese(text) for text in known), " ".join(known)


def told(error: GuiyiError) -> Pair:
    """An error of the library: what is wrong and what to do; of a file where in it."""
    if isinstance(error, api.RuleFault):
        zh, en = joined(error.problem, error.remedy)
        where = f"{error.place} " if error.place else ""
        return f"第 {error.line} 行 {where}{zh}", f"line {error.line}: {where}{en}"
    if isinstance(error, DefinitionError):
        zh, en = joined(error.problem, error.remedy)
        return f"{error.path}：{zh}", f"{error.path}: {en}"
    return joined(*(str(one) if not isinstance(one, str) else one for one in error.args[:1]))


def told_without_place(error: GuiyiError) -> Pair:
    """An error for somebody who has a form before them, not the file: without the line, the place and the column."""
    if not isinstance(error, api.RuleFault):
        return told(error)
    zh, en = joined(error.problem, error.remedy)
    return _COLUMN.sub("", zh), _COLUMN.sub("", en)
