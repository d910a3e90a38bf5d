"""The word lists of the world, read from `data/words.yml` when they are first needed."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


@lru_cache(maxsize=1)
def _lists() -> dict[str, Any]:
    text = (files("simulator") / "data" / "words.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def words(name: str) -> list[str]:
    """One of the lists, e.g. `surnames`."""
    return str(_lists()[name]).split()


def table(name: str) -> list[list[str]]:
    """The rows of `data/<name>.csv` without its header."""
    text = (files("simulator") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return [line.split(",") for line in text.splitlines()[1:]]
