"""What `guiyi segment preview` shows fits 80 columns, keeps a OneID whole and has a name for every reason."""

import io

import polars as pl
from rich.cells import cell_len
from rich.console import Console

from common.labels import names
from pipelines.cli.segment_preview import show_people, show_reach
from segments.api import Label, Names, Preview, Reach
from segments.reaching.gates import IN_DOUBT, NO_CONSENT, REVOKED


def shown(show, *what) -> list[str]:
    console = Console(file=io.StringIO(), width=80, no_color=True)
    show(console, *what)
    return console.file.getvalue().splitlines()


def test_a_person_is_a_paragraph_of_eighty_columns_with_values_in_words():
    cells = {f"column_{n}": [n * 1000.0] for n in range(9)}
    people = pl.DataFrame(
        {"one_id": ["PZ6YHYXYEB4PT"], "contact.value": ["185******91"], "lifecycle_stage": ["silent"], **cells}
    )
    seen = Preview.__new__(Preview)
    object.__setattr__(seen, "people", people)
    heads = {name: Label(zh="一个相当长的字段名称", en="A long name") for name in cells}
    lines = shown(show_people, seen, Names(), heads)
    assert "PZ6YHYXYEB4PT" in lines
    text = "\n".join(lines)
    assert "联系方式 contact 185******91" in text and "沉默 " in text and "8,000" in text
    assert max(cell_len(line) for line in lines) <= 80


def test_every_reason_is_told_in_words():
    reasons = {NO_CONSENT: 3, REVOKED: 2, IN_DOUBT: 1}
    text = "\n".join(shown(show_reach, Reach(matching=9, reachable=3, unreachable=reasons)))
    assert not any(reason in text for reason in reasons)
    assert all(reason in names("unreachable_reason") for reason in reasons)
    assert "3 无授权记录 No consent on record" in text
