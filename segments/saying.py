"""Sentences of audiences, exports and campaigns: each has a code in `sentences.yml`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from common.labels import Pair
from common.saying import Said, Sentences, in_chinese

__all__ = ["Said", "in_chinese", "say", "sentences"]

_SENTENCES: Final = Sentences(Path(__file__).with_name("sentences.yml"))
say: Final = _SENTENCES.say


def sentences() -> Mapping[str, Pair]:
    """Every sentence by its code, Chinese and English."""
    return _SENTENCES.known
