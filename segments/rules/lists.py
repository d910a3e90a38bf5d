"""Lists of people that a brand keeps as files: `HOME/lists/<name>.csv` with OneIDs or member cards.

A list becomes a table of the connection, `list_<name>`, so that a rule's SQL can name it. Cards are found in the vault.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import UsageError
from segments.published import Published
from segments.saying import say

_HEADERS: Final = {
    "one_id": ("one_id", "oneid", "客户编号"),
    "card": ("card", "member_card", "card_no", "会员卡号", "会员卡", "卡号"),
}
CARD_TYPES: Final = ("pos_card", "member_card")
MAX_BYTES: Final = 200_000_000


class UnusableList(ValueError):
    """A list that cannot be used; `problem` and `remedy` say why and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(problem)


@dataclass(frozen=True)
class LaidList:
    """A list as a table.

    Attributes:
        relation: the table's name; it has the column one_id.
        note: how many of its rows lead to people, as a sentence.
    """

    relation: str
    note: str


Lists = Callable[[str], LaidList]


def NO_LISTS(name: str) -> LaidList:  # a value to whoever uses it
    """Where there is no home, there are no lists."""
    raise UnusableList(say("no_list", name=name), say("lists_lie"))


def lists_of(published: Published) -> Lists:
    """The lists of an open home; each is read when it is asked for."""

    def lay(name: str) -> LaidList:
        folder = published.home.lists
        path = folder / f"{name}.csv"
        if not path.is_file():
            near = get_close_matches(name, [one.stem for one in folder.glob("*.csv")], n=1)
            remedy = say("did_you_mean", near=near[0]) if near else say("put_list", path=path)
            raise UnusableList(say("no_list", name=name), remedy)
        return _lay(published, name, _rows(path))

    return lay


def _rows(path: Path) -> pl.DataFrame:
    """The list's rows: one_id and card, as text; one of them may be missing."""
    if path.stat().st_size > MAX_BYTES:
        raise UnusableList(say("list_too_large", file=path.name, size=MAX_BYTES // 1_000_000), say("split_list"))
    table = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(_text(path))) if any(map(str.strip, row))]
    header = [cell.lower() for cell in table[0]] if table else []
    places = {
        column: next((header.index(one) for one in known if one in header), None) for column, known in _HEADERS.items()
    }
    if all(place is None for place in places.values()):
        raise UnusableList(say("list_names_nobody", file=path.name), say("head_list"))
    columns = {
        column: [None if place is None or place >= len(row) else row[place] or None for row in table[1:]]
        for column, place in places.items()
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(_HEADERS, pl.String)).with_row_index("row_no")


def _text(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnusableList(say("list_encoding", file=path.name), say("save_list"))


def _lay(published: Published, name: str, rows: pl.DataFrame) -> LaidList:
    con, relation = published.con, f"list_{name}"
    con.register("list_rows", rows.with_columns(pl.col("one_id").str.to_uppercase()).to_arrow())
    cards = rows["card"].drop_nulls().len() > 0
    try:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {relation} AS
            WITH found AS (
                SELECT l.row_no, coalesce(p.merged_into, p.one_id) AS one_id
                FROM list_rows AS l JOIN identity.one_id AS p ON p.one_id = l.one_id
                {"UNION " + _BY_CARD if cards else ""}
            )
            SELECT DISTINCT min(one_id) AS one_id FROM found GROUP BY row_no HAVING count(DISTINCT one_id) = 1
            """,
            [str(published.vault_table("touchpoints", "identifier")), list(CARD_TYPES)] if cards else [],
        )
        n_people = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    except UsageError as error:
        raise UnusableList(error.args[0], "") from error
    finally:
        con.unregister("list_rows")
    note = say("list_note", name=name, rows=f"{rows.height:,}", people=f"{n_people:,}")
    return LaidList(relation, note)


_BY_CARD: Final = """
    SELECT l.row_no, party.one_id
    FROM list_rows AS l
    JOIN read_parquet(?) AS i ON i.id_value = l.card AND list_contains(?, i.id_type)
    JOIN identity.record_map AS party ON party.record_id = i.record_id AND party.role = i.role
    WHERE l.one_id IS NULL
"""
