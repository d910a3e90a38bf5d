"""People who are named rather than described: by their ids, by a list, by a query that somebody wrote."""

from sqlglot import exp

from segments.rules import conditions as c
from segments.rules.comparisons import literal
from segments.rules.dictionary import ONE_ID
from segments.rules.lists import UnusableList
from segments.rules.load import Location
from segments.rules.raw_sql import UnsafeSql, bounded, safe_query
from segments.rules.rendering import Rendering, is_in


def render_ids(condition: c.IdsCondition, how: Rendering, location: Location) -> exp.Expr:
    """The people of these ids; the id of somebody who was merged leads to who it is now."""
    place = (*location, "ids")
    for name in ("one_id", "merged_into"):
        how.column(ONE_ID, name, place)
    how.mention(ONE_ID, "one_id", condition.ids, place)
    one_id = exp.column("one_id")
    now = exp.func("coalesce", exp.column("merged_into"), one_id).as_("one_id")
    wanted = exp.In(this=one_id.copy(), expressions=[literal(one) for one in condition.ids])
    return is_in(exp.select(now).from_(ONE_ID).where(wanted))


def render_list(condition: c.ListCondition, how: Rendering, location: Location) -> exp.Expr:
    """The people of a list, which lies as a table of its own beside the warehouse."""
    try:
        found = how.lists(condition.list_)
    except UnusableList as error:
        raise how.audience.fault((*location, "list"), error.problem, error.remedy) from error
    how.notes.append(found.note)
    return is_in(exp.select("one_id").from_(exp.to_table(found.relation)))


def render_sql(condition: c.SqlCondition, how: Rendering, location: Location) -> exp.Expr:
    """The people whom a query gives; only what can do nothing but read the published tables is let through."""
    place = (*location, "sql")
    try:
        query = safe_query(condition.sql, how.dictionary)
    except UnsafeSql as error:
        raise how.audience.fault(place, error.problem, error.remedy) from error
    how.queries.append((place, query))
    known = exp.not_(exp.Is(this=exp.column("one_id"), expression=exp.Null()))
    written = exp.select("one_id").distinct().from_(bounded(query).subquery("written", copy=False)).where(known)
    written.add_comments(["written by hand"])
    return is_in(written)
