"""Sentences of the library, which speaks English, for readers of Chinese: those that a builder of audiences meets."""

import re
from collections.abc import Sequence
from typing import Final

# What comes back as it is where nothing fits: an English sentence is better than none.
_KNOWN: Final[tuple[tuple[str, str], ...]] = (
    (r"nothing lies between (.+?) and (.+?): the lower value comes first\.?", r"\1 与 \2 之间没有值，小的写在前面。"),
    (r"days must be whole and at most (\d+), not (.+?)\.?", r"天数须为整数且不超过 \1，不能是 \2。"),
    (r"a count must be whole and not negative, not (.+?)\.?", r"次数须为不小于 0 的整数，不能是 \1。"),
    (r"this count is true of everybody or of nobody\.?", "这个次数对所有人都成立或都不成立。"),
    (r"the column is never (.+?)\.", r"这个字段不会是 \1。"),
    (r"this leads back to itself: (.+?)\.", r"人群互相引用成环：\1。"),
    (r"[\w.]+: the column holds (\w+) values, (.+?) is none\.", r"字段类型是 \1，\2 不合适。"),
    (r"(\d+) columns? names? (.+?) more than once\.?", r"字段 \2 重复。"),
    (r"Correct it\.", "请改正。"),
    (r"Did you mean (.+?)\?", r"是否想写 \1？"),
    (
        r"Too small for a holdout of (.+?): (\d+) of (\d+) people would be held out and the smallest arm has (\d+); "
        r"under (\d+) a side nothing is compared\. About ([\d,]+) people would be enough\.",
        r"人数不够做 \1 的对照：\3 人中留出 \2 人，最小的一组 \4 人；每边不足 \5 人时不作比较，约需 \6 人。",
    ),
    (r"(\S+): in this run no (\S+) is (.+?)\.", r"\1：当前批次里没有 \2 为 \3 的记录。"),
)
_PATTERNS: Final = tuple((re.compile(english), chinese) for english, chinese in _KNOWN)


def in_chinese(text: str) -> str:
    """A text with its known sentences in Chinese; the others as they are."""
    for pattern, chinese in _PATTERNS:
        text = pattern.sub(chinese, text)
    return text


def both(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Texts as pairs, Chinese and English."""
    return [(in_chinese(text), text) for text in texts]
