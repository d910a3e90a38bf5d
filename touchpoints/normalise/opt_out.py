"""Opt-outs: whether what somebody answered to a message ends the consent.

Replies are typed by hand: punctuation, blanks and widths vary. In doubt it is an opt-out; `T恤` is a garment.
"""

from typing import Final

import polars as pl

_ANY: Final = r"[^\p{L}\p{N}]*"
_LETTER: Final = rf"(?i)^{_ANY}(回{_ANY}复?{_ANY})?(TD|T[^\p{{L}}\p{{N}}]+D|T|N|R)($|[^A-Za-z0-9恤])"
_REFUSAL: Final = (
    rf"退{_ANY}[订訂]|拒{_ANY}收|取{_ANY}消{_ANY}[订訂]{_ANY}[阅閱]"
    rf"|(不{_ANY}要|[别別勿]){_ANY}再{_ANY}[发發]|勿{_ANY}打?{_ANY}[扰擾]"
)
_CANCEL: Final = rf"^{_ANY}取{_ANY}消{_ANY}$"
# The words that carriers abroad obey; alone in the message, as carriers read them.
_ENGLISH: Final = (
    rf"(?i)^{_ANY}(STOP{_ANY}(ALL|NOW|PLEASE)?|UNSUBSCRIBE( ME)?|CANCEL|END|QUIT|OPT{_ANY}OUT|REVOKE|ARR[EÊ]T){_ANY}$"
)
_WORDS: Final = (_LETTER, _REFUSAL, _CANCEL, _ENGLISH)


def is_opt_out(texts: pl.Series) -> pl.Series:
    """Whether each text asks to be left alone; null where there is none.

    Args:
        texts: replies as they were typed.

    Returns:
        Boolean series of the same length and name.
    """
    words = pl.col(texts.name).str.normalize("NFKC")
    return texts.to_frame().select(pl.any_horizontal(words.str.contains(word) for word in _WORDS)).to_series()
