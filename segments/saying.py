"""Sentences of audiences, exports and campaigns in both languages: English is the text, Chinese goes along with it.

Every sentence has a code in `sentences.yml`; whoever shows it in Chinese asks `in_chinese`.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from common.labels import Pair
from common.yaml_text import load_yaml

FILE: Final = Path(__file__).with_name("sentences.yml")


class Said(str):
    """An English sentence that knows its Chinese one.

    Attributes:
        code: of the sentence.
        zh: it in Chinese.
    """

    code: str
    zh: str

    def __new__(cls, code: str, zh: str, en: str) -> "Said":
        """A sentence that was filled in."""
        made = super().__new__(cls, en)
        made.code, made.zh = code, zh
        return made


def say(code: str, **facts: object) -> Said:
    """A sentence with its facts filled in.

    Args:
        code: of the sentence.
        facts: what it names in braces: texts and numbers as they are; names as pairs, Chinese and English; other
            sentences.

    Raises:
        KeyError: there is no such sentence, or it names another fact.
    """
    text = sentences()[code]
    zh = {name: fact[0] if isinstance(fact, tuple) else in_chinese(fact) for name, fact in facts.items()}
    en = {name: fact[1] if isinstance(fact, tuple) else fact for name, fact in facts.items()}
    return Said(code, text[0].format(**zh), text[1].format(**en))


def in_chinese(text: object) -> str:
    """A sentence in Chinese; a text that has none as it is."""
    return text.zh if isinstance(text, Said) else str(text)


@cache
def sentences() -> Mapping[str, Pair]:
    """Every sentence by its code, Chinese and English."""
    content = load_yaml(FILE.read_text(encoding="utf-8"))
    return {code: (said["zh"], said["en"]) for code, said in content.items()}
