"""Jinja in its sandbox. Each text is taken apart once: all are read at every start, and again by each model."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, Template, nodes
from jinja2.sandbox import SandboxedEnvironment

_JINJA: Final = SandboxedEnvironment(undefined=StrictUndefined)
_MOST: Final = 4096  # texts that are kept


@dataclass(frozen=True)
class Plain:
    """A text without anything of Jinja's, as most tests are."""

    text: str

    def render(self, **_: Any) -> str:
        """The text."""
        return self.text


@lru_cache(maxsize=_MOST)
def parse(text: str) -> nodes.Template:
    """The tree of a text, to be looked at and not to be changed.

    Raises:
        TemplateError: the text is no template.
    """
    return _JINJA.parse(text)


@lru_cache(maxsize=_MOST)
def from_string(text: str) -> Template | Plain:
    """A text ready to be rendered.

    Raises:
        TemplateError: the text is no template.
    """
    return _JINJA.from_string(text) if "{" in text else Plain(text)
