"""Slips that are no errors: a stage, tag or category that no row of this run has.

Such a rule runs, and means nobody or, under `not`, everybody; people should see that before they send.
"""

from typing import Final

import duckdb
from sqlglot import exp

from segments.rules.comparisons import literal
from segments.rules.compile import Compiled, to_sql
from segments.rules.load import place_of
from segments.rules.render import TAG_OBSERVATION, Mention
from segments.saying import say

# Past this many the values are names or numbers, not a vocabulary that one could print.
_VOCABULARY: Final = 30


def unseen_values(con: duckdb.DuckDBPyConnection, compiled: Compiled) -> list[str]:
    """Sentences about values that the audience asks for and that no row of this run has."""
    notes = [*compiled.notes, *_past_tags(con, compiled)]
    for mention in compiled.mentions:
        seen = {value for (value,) in con.sql(to_sql(_values(mention, among=mention.values))).fetchall()}
        unseen = [value for value in mention.values if value not in seen]
        if unseen:
            notes.append(_sentence(con, mention, unseen))
    return notes


def _past_tags(con: duckdb.DuckDBPyConnection, compiled: Compiled) -> list[str]:
    """Tags that were computed on no day up to the one that is asked for: nobody is known to have had them then."""
    notes: list[str] = []
    for location, tag, day in compiled.past_tags:
        first = con.execute(f"SELECT min(observed_date) FROM {TAG_OBSERVATION} WHERE tag = ?", [tag]).fetchall()[0][0]
        if first is None or first > day:
            place = place_of(location)
            notes.append(
                say("tag_known_from", place=place, tag=tag, day=day, first=first)
                if first
                else say("tag_not_computed", place=place, tag=tag, day=day)
            )
    return notes


def _sentence(con: duckdb.DuckDBPyConnection, mention: Mention, unseen: list[str]) -> str:
    vocabulary = [value for (value,) in con.sql(to_sql(_values(mention).limit(_VOCABULARY + 1))).fetchall()]
    place, column, asked = place_of(mention.location), f"{mention.table}.{mention.column}", ", ".join(unseen)
    if 0 < len(vocabulary) <= _VOCABULARY:
        return say("unseen_of", place=place, column=column, asked=asked, known=", ".join(vocabulary))
    return say("unseen", place=place, column=column, asked=asked)


def _values(mention: Mention, among: tuple[str, ...] | None = None) -> exp.Select:
    column = exp.column(mention.column)
    found = exp.select(column).distinct().from_(mention.table).order_by(column.copy())
    if among is None:
        return found.where(exp.not_(exp.Is(this=column.copy(), expression=exp.Null())))
    return found.where(exp.In(this=column.copy(), expressions=[literal(value) for value in among]))
