"""What every renderer needs: whose rule it is, what the warehouse holds, which day it is; and what a rule mentions.

Faults are told with their place in the audience's file.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from sqlglot import exp

from segments.rules.comparisons import (
    Calendar,
    Unfit,
    compare,
    compare_ago,
    compare_days_ago,
    literal,
    refuse_impossible,
    refuse_unaccepted,
)
from segments.rules.dictionary import ColumnInfo, DataDictionary
from segments.rules.lists import NO_LISTS, Lists
from segments.rules.load import Audience, Location
from segments.rules.terms import Ago, Comparison, DaysAgo, Strict
from segments.saying import say

PERSON_ALIAS: Final = "person"
MAX_AUDIENCES: Final = 100  # that one rule may be made of


@dataclass(frozen=True)
class Mention:
    """Text values that an audience asks of a published column, and where it does."""

    location: Location
    table: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Rendering:
    """What every renderer needs.

    Attributes:
        audience: whose rule it is.
        dictionary: what the warehouse holds.
        calendar: which day it is.
        find: gives the audience of a name; None where there are no others.
        lists: gives the lists of the home.
        mentions: the text values that are asked for, gathered on the way.
        notes: what people should know of the rule, gathered on the way.
        queries: the SQL that the rule holds as it was written, gathered on the way.
        way: the audiences that led here, the outermost first.
        seen: all audiences that the rule is made of so far.
    """

    audience: Audience
    dictionary: DataDictionary
    calendar: Calendar
    find: Callable[[str], Audience] | None = None
    lists: Lists = NO_LISTS
    mentions: list[Mention] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    queries: list[tuple[Location, exp.Query]] = field(default_factory=list)
    way: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)
    past_tags: list[tuple[Location, str, dt.date]] = field(default_factory=list)

    def column(self, table: str, name: str, location: Location) -> ColumnInfo:
        """A published column.

        Raises:
            DefinitionError: the warehouse has no such table or column.
        """
        missing = self.dictionary.missing(table, name)
        if missing:
            raise self.audience.fault(location, *missing)
        return self.dictionary.tables[table][name]

    def compare(self, alias: str, table: str, name: str, comparison: Comparison, location: Location) -> exp.Expr:
        """A published column compared, its faults told with their place in the file."""
        info = self.column(table, name, location)
        if info.family == "text":
            self.mention(table, name, [comparison.eq, comparison.ne, *(comparison.in_ or ())], location)
        try:
            refuse_impossible(comparison, low=info.low, high=info.high, accepted=info.accepted)
            return compare(exp.column(name, table=alias), info.family, comparison)
        except Unfit as error:
            problem = say("of_column", column=f"{table}.{name}", problem=error.problem)
            raise self.audience.fault((*location, error.operator), problem, error.remedy) from error

    def days_ago(self, alias: str, table: str, name: str, days: DaysAgo, location: Location) -> exp.Expr:
        """A published date or moment compared with days before the as-of date."""
        info = self.column(table, name, location)
        try:
            return compare_days_ago(exp.column(name, table=alias), info.family, days, self.calendar)
        except Unfit as error:
            problem = say("of_column", column=f"{table}.{name}", problem=error.problem)
            raise self.audience.fault(location, problem, error.remedy) from error

    def ago(self, alias: str, table: str, name: str, ago: Ago, location: Location) -> exp.Expr:
        """A published date or moment compared with a window by the calendar."""
        info = self.column(table, name, location)
        try:
            return compare_ago(exp.column(name, table=alias), info.family, ago, self.calendar)
        except Unfit as error:
            problem = say("of_column", column=f"{table}.{name}", problem=error.problem)
            raise self.audience.fault(location, problem, error.remedy) from error

    def known_tag(self, tag: str, location: Location) -> None:
        """Refuses a tag that there is none of; under `not` it would keep nobody out."""
        if self.dictionary.tags is not None and tag not in self.dictionary.tags:
            near = get_close_matches(tag, self.dictionary.tags, n=1)
            remedy = say("did_you_mean", near=near[0]) if near else say("where_tags_are")
            raise self.audience.fault(location, say("no_tag", tag=tag), remedy)

    def matches(self, alias: str, table: str, spec: Strict, names: Sequence[str], location: Location) -> list[exp.Expr]:
        """The text columns of a spec that say one value or a list of values."""
        terms = []
        for name in names:
            wanted = getattr(spec, name)
            if wanted is not None:
                self.column(table, name, (*location, name))
                terms.append(self.one_of(alias, table, name, wanted, (*location, name)))
        return terms

    def one_of(self, alias: str, table: str, name: str, wanted: str | list[str], location: Location) -> exp.Expr:
        """A text column that must have one of some values."""
        column = exp.column(name, table=alias)
        values = [wanted] if isinstance(wanted, str) else wanted
        accepted = self.dictionary.tables[table][name].accepted
        try:
            for one in values if accepted is not None else ():
                refuse_unaccepted(name, one, accepted or ())
        except Unfit as error:
            problem = say("of_column", column=f"{table}.{name}", problem=error.problem)
            raise self.audience.fault(location, problem, error.remedy) from error
        self.mention(table, name, values, location)
        if isinstance(wanted, str):
            return exp.EQ(this=column, expression=literal(wanted))
        return exp.In(this=column, expressions=[literal(one) for one in wanted])

    def mention(self, table: str, name: str, values: Sequence[object], location: Location) -> None:
        """Notes values that are asked for, so that those nobody has can be told."""
        texts = tuple(value for value in values if isinstance(value, str))
        if texts:
            self.mentions.append(Mention(location, table, name, texts))


def person_id() -> exp.Column:
    """The OneID of the row that a condition is about."""
    return exp.column("one_id", table=PERSON_ALIAS)


def belongs(alias: str) -> exp.Expr:
    """That a row is the person's."""
    return exp.EQ(this=exp.column("one_id", table=alias), expression=person_id())


def select_from(table: str, alias: str, terms: Sequence[exp.Expr], what: exp.Expr | None = None) -> exp.Select:
    """Rows of a table for which all terms hold."""
    source = exp.to_table(table).as_(alias)
    return exp.select(what or exp.Literal.number(1)).from_(source).where(*terms)


def people_of(table: str, alias: str, terms: Sequence[exp.Expr]) -> exp.Select:
    """Whose the rows of a table are for which all terms hold, each person once.

    Once, because DuckDB then looks at the other columns before it reads an id; a plain semi join reads all ids first.
    """
    one_id = exp.column("one_id", table=alias)
    known = exp.not_(exp.Is(this=one_id.copy(), expression=exp.Null()))
    return select_from(table, alias, [*terms, known], one_id).distinct()


def is_in(query: exp.Query) -> exp.Expr:
    """That the person is one of those whom a query gives; never unknown, as long as the query gives no null."""
    return exp.In(this=person_id(), query=query.subquery(copy=False))
