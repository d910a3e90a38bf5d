"""What somebody typed into a search box, as what is looked for: words in letters, Chinese whole and by its parts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
# More than this of what is typed finds no more.
_LONGEST: Final = 80
# Words by which people look for what is called otherwise: a phone is what text messages reach.
_RELATED: Final = {
    "手机": ("phone", "短信", "sms"), "电话": ("phone", "手机", "sms"), "号码": ("phone", "手机", "sms"),
    "邮件": ("email", "邮箱"), "邮箱": ("email", "邮件"), "授权": ("consent", "同意"), "同意": ("consent", "授权"),
    "名单": ("触达", "reach"), "退订": ("consent", "撤回"), "客户": ("one_id", "customer"), "微信": ("wechat",),
    "企微": ("wecom", "企业微信"), "公众号": ("wechat_oa",),
}  # fmt: skip


@dataclass(frozen=True)
class Query:
    """What is looked for, in lower case.

    Attributes:
        words: in letters; all must be there.
        runs: the Chinese, as it was typed.
        parts: its pairs of characters that occur at all, or single characters that stand alone.
        related: other words for some of it.
    """

    words: tuple[str, ...]
    runs: tuple[str, ...]
    parts: tuple[str, ...]
    related: tuple[str, ...]

    def tier(self, text: str) -> tuple[int, int] | None:
        """How well a text answers, best first: whole, all parts, a third of them, related; and how many parts it lacks.

        None where it does not.
        """
        if not all(word in text for word in self.words) or not (self.words or self.runs):
            return None
        if all(run in text for run in self.runs):
            return 0, 0
        n_lacking = sum(part not in text for part in self.parts)
        if self.parts and n_lacking == 0:
            return 1, 0
        if self.parts and (len(self.parts) - n_lacking) * 3 >= len(self.parts):
            return 2, n_lacking
        return (3, 0) if any(word in text for word in self.related) else None

    def said(self, text: str) -> list[str]:
        """The words of the query that a text has, for ranking by where it has them."""
        if all(run in text for run in self.runs):
            return [*self.words, *self.runs]
        return [*self.words, *(word for word in (self.parts or self.related) if word in text)]


def read_query(said: str, texts: Iterable[str]) -> Query:
    """A query on some texts.

    Args:
        said: as it was typed.
        texts: in lower case; pairs of characters that none of them has are no words and are left out.
    """
    text = said[:_LONGEST].lower().replace("/", " ")
    runs = tuple(dict.fromkeys(_HAN.findall(text)))
    drafts = dict.fromkeys(part for run in runs for part in (_pairs(run) if len(run) > 1 else [run]))
    all_texts = "\n".join(texts) if drafts else ""
    related = dict.fromkeys(
        word for key, words in _RELATED.items() if any(key in run for run in runs) for word in words
    )
    return Query(
        tuple(_HAN.sub(" ", text).split()), runs, tuple(part for part in drafts if part in all_texts), tuple(related)
    )


def _pairs(run: str) -> list[str]:
    return [run[n : n + 2] for n in range(len(run) - 1)]
