"""The word lists of the world, read from `data/words.yml` when they are first needed."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from common.yaml_text import load_yaml

DATA: Final = Path(__file__).parent / "data"


@lru_cache(maxsize=1)
def _lists() -> dict[str, Any]:
    text = (DATA / "words.yml").read_text(encoding="utf-8")
    return dict(load_yaml(text))


def words(name: str) -> list[str]:
    """One of the lists, e.g. `surnames`."""
    return str(_lists()[name]).split()


def table(name: str) -> list[list[str]]:
    """The rows of `data/<name>.csv` without its header."""
    text = (DATA / f"{name}.csv").read_text(encoding="utf-8")
    return [line.split(",") for line in text.splitlines()[1:]]
