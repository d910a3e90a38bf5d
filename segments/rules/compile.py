"""The compiler: an audience becomes one readable SQL statement over the published tables, consent included.

For an audience with a channel the statement can only ever give people whose consent for that channel and purpose is
recorded as granted; nothing in the tree, the parameters or the columns can take that away.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from segments.published import Published
from segments.reaching.doubt import COLUMNS as REVIEW_COLUMNS
from segments.reaching.gates import CONSENT_STATE, Gate, pass_gates
from segments.rules.comparisons import Calendar
from segments.rules.definition import AudienceDefinition
from segments.rules.dictionary import PERSON, REVIEW_ITEM, DataDictionary
from segments.rules.library import find_audience
from segments.rules.lists import NO_LISTS, Lists, lists_of
from segments.rules.load import Audience, Location
from segments.rules.raw_sql import UnsafeSql, try_out
from segments.rules.render import PERSON_ALIAS, Mention, Rendering, render


@dataclass(frozen=True)
class Compiled:
    """An audience as SQL.

    Attributes:
        audience: what was compiled.
        definition: it, with values in place of its parameters.
        as_of: the day that relative dates are counted from.
        columns: the columns of customer.customer_360 that the statement gives after one_id, in order.
        matching: everybody that the rule describes, reachable or not; gives one_id.
        people: those of them with consent and without open doubt who they are, with their columns in order; what is
            exported.
        mentions: the text values that the rule asks for.
        gates: what keeps people out of the list beside consent and doubt.
        purpose: what people must have agreed to.
        notes: what people should know of the rule, such as how its lists fared.
        queries: the SQL that the rule holds as somebody wrote it, with the place.
        past_tags: the tags that are asked for as of a day gone by.
    """

    audience: Audience
    definition: AudienceDefinition
    as_of: dt.date
    columns: tuple[str, ...]
    matching: exp.Select
    people: exp.Select
    mentions: tuple[Mention, ...]
    gates: tuple[Gate, ...]
    purpose: str
    notes: tuple[str, ...] = ()
    queries: tuple[tuple[Location, exp.Query], ...] = ()
    past_tags: tuple[tuple[Location, str, dt.date], ...] = ()

    @property
    def sql(self) -> str:
        """The whole statement, as it is shown and as it runs."""
        channel = self.definition.channel
        use = f"{channel}, {self.purpose}" if channel else "no channel"
        head = f"-- audience {self.definition.name}; {use}; as of {self.as_of}"
        return f"{head}\n{to_sql(self.limited())}\n"

    @property
    def is_raw(self) -> bool:
        """Whether part of the rule is SQL that somebody wrote by hand."""
        return bool(self.queries)

    def limited(self) -> exp.Select:
        """The statement with the audience's limit, where it has one."""
        limit = self.definition.limit
        return self.people.copy() if limit is None else self.people.limit(limit)


def to_sql(expression: exp.Expr) -> str:
    """An expression as DuckDB's SQL, laid out for people."""
    return expression.sql(dialect="duckdb", pretty=True, max_text_width=100)


def compile_for(
    published: Published,
    audience: Audience,
    parameters: Mapping[str, Any] | None = None,
    *,
    gates: Sequence[Gate] = (),
    purpose: str | None = None,
) -> Compiled:
    """Compiles an audience for an open run; parameters and errors as `compile_audience`.

    Lists that the rule names become tables of the run's connection; SQL that was written by hand is tried out.
    """
    compiled = compile_audience(
        audience,
        published.dictionary,
        calendar=published.calendar,
        parameters=parameters,
        gates=gates,
        purpose=purpose,
        find=lambda name: find_audience(name, published.home.path),
        lists=lists_of(published),
    )
    for location, query in compiled.queries:
        try:
            try_out(published.con, query)
        except UnsafeSql as error:
            raise audience.fault(location, error.problem, error.remedy) from error
    return compiled


def compile_audience(
    audience: Audience,
    dictionary: DataDictionary,
    *,
    calendar: Calendar,
    parameters: Mapping[str, Any] | None = None,
    gates: Sequence[Gate] = (),
    purpose: str | None = None,
    find: Callable[[str], Audience] | None = None,
    lists: Lists = NO_LISTS,
) -> Compiled:
    """Compiles an audience for one published run.

    Args:
        audience: the audience.
        dictionary: the run's tables, see `segments.rules.dictionary.read_dictionary`.
        calendar: the run's as-of date and time zone.
        parameters: values that replace the defaults.
        gates: what keeps people out beside consent and doubt.
        purpose: what people must have agreed to, where it is another than the audience's.
        find: gives the audience of a name, for audiences that are made of others.
        lists: gives the home's lists.

    Raises:
        DefinitionError: the audience names what the warehouse does not hold, or a value does not fit.
        UsageError: a parameter is unknown or of the wrong type.
    """
    definition = audience.bind(parameters)
    how = Rendering(audience=audience, dictionary=dictionary, calendar=calendar, find=find, lists=lists)
    rule = render(definition.where, how)
    matching = exp.select(_person("one_id")).from_(_people()).where(rule)
    columns = _columns(definition, how)
    people = exp.select(*(_person(name) for name in ("one_id", *columns))).from_(_people()).where(rule.copy())
    if definition.channel is not None:
        for name in ("one_id", "channel", "purpose", "state"):
            how.column(CONSENT_STATE, name, ("channel",))
        for name in REVIEW_COLUMNS:
            how.column(REVIEW_ITEM, name, ("channel",))
        people = pass_gates(people, _person("one_id"), definition.channel, purpose or definition.purpose, gates)
    people = people.order_by(*_order(definition, how))
    return Compiled(
        audience, definition, calendar.as_of, columns, matching, people, tuple(how.mentions), tuple(gates),
        purpose or definition.purpose, tuple(how.notes), tuple(how.queries), tuple(how.past_tags),
    )  # fmt: skip


def _columns(definition: AudienceDefinition, how: Rendering) -> tuple[str, ...]:
    for index, column in enumerate(definition.columns):
        how.column(PERSON, column.column, ("columns", index, "column"))
    return tuple(column.column for column in definition.columns if column.column != "one_id")


def _order(definition: AudienceDefinition, how: Rendering) -> list[exp.Expr]:
    """The audience's order, then one_id, so that the same run always gives the same file."""
    order: list[exp.Expr] = []
    for index, by in enumerate(definition.order_by):
        how.column(PERSON, by.column, ("order_by", index, "column"))
        order.append(exp.Ordered(this=_person(by.column), desc=by.direction == "desc", nulls_first=False))
    order.append(exp.Ordered(this=_person("one_id"), nulls_first=False))
    return order


def _person(name: str) -> exp.Column:
    return exp.column(name, table=PERSON_ALIAS)


def _people() -> exp.Expr:
    return exp.to_table(PERSON).as_(PERSON_ALIAS)
