"""Sentences in both languages: English is the text, Chinese goes along with it.

A library keeps its sentences in a YAML file of its own, each under a code; whoever shows one in Chinese asks
`in_chinese`.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from common.labels import Pair
from common.yaml_text import load_yaml


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


class Sentences:
    """The sentences of a library, read when the first is said."""

    def __init__(self, file: Path) -> None:
        """Of a YAML file: `zh` and `en` by code, facts in braces."""
        self._file = file

    @cached_property
    def known(self) -> Mapping[str, Pair]:
        """Every sentence by its code, Chinese and English."""
        content = load_yaml(self._file.read_text(encoding="utf-8"))
        return {code: (said["zh"], said["en"]) for code, said in content.items()}

    def say(self, code: str, **facts: object) -> Said:
        """A sentence with its facts filled in.

        Args:
            code: of the sentence.
            facts: what it names in braces: texts and numbers as they are; names as pairs, Chinese and English; other
                sentences.

        Raises:
            KeyError: there is no such sentence, or it names another fact.
        """
        text = self.known[code]
        zh = {name: fact[0] if isinstance(fact, tuple) else in_chinese(fact) for name, fact in facts.items()}
        en = {name: fact[1] if isinstance(fact, tuple) else fact for name, fact in facts.items()}
        return Said(code, text[0].format(**zh), text[1].format(**en))


def in_chinese(text: object) -> str:
    """A sentence in Chinese; a text that has none as it is."""
    return text.zh if isinstance(text, Said) else str(text)
