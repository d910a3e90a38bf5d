"""What an audience may ask of a published run, for whoever puts one together: columns, tags, events, stores, audiences.

Each with its name in both languages and with the values that people of this run have, most frequent first. A run's
vocabulary never changes, so it may be kept for as long as the run is published.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlglot import exp

from common import labels
from segments.published import Published
from segments.rules.compile import to_sql
from segments.rules.definition import Label
from segments.rules.dictionary import CATALOGUE, PERSON, ColumnInfo, Family
from segments.rules.library import survey_audiences
from segments.rules.load import Origin
from segments.rules.naming import Names, read_names

MAX_VALUES: Final = 200  # of a column; one that has more is searched, not listed
_IDS: Final = frozenset({"one_id", "household_id", "value_model_run", "next_best_product"})


@dataclass(frozen=True)
class Seen:
    """A value that the run has, and how many people (of events: events) have it."""

    value: str
    n: int
    label: Label | None = None


@dataclass(frozen=True)
class AskableColumn:
    """A column of customer.customer_360.

    Attributes:
        family: how it may be compared.
        label: a short name; the first clause of the meaning.
        meaning: what it means, in full.
        values: of text, list and truth-value columns, the values seen; empty for others and where there are too many.
        n_values: how many there are; None where they were not counted.
        accepted: the only values there can be, where they are known.
        low: least number there can be, where one is known.
        high: greatest number there can be.
        seen_low: least number or first day that somebody has.
        seen_high: greatest number or last day.
        n_known: people of whom it is known.
        personal: what it still tells of a person, as `region`.
    """

    name: str
    family: Family
    label: Label
    meaning: Label
    values: tuple[Seen, ...]
    n_values: int | None
    accepted: tuple[str, ...] | None
    low: float | None
    high: float | None
    seen_low: float | dt.date | dt.datetime | None
    seen_high: float | dt.date | dt.datetime | None
    n_known: int
    personal: str | None


@dataclass(frozen=True)
class AskableTag:
    """A tag, with the values that people carry it with; `first_day` is the first day that its history knows."""

    tag: str
    label: Label
    description: Label
    kind: str
    sensitivity: str
    n_people: int
    values: tuple[Seen, ...]
    first_day: dt.date | None


@dataclass(frozen=True)
class AskableEvent:
    """A type of event, with its finer kinds and the channels that it comes by."""

    type: str
    label: Label
    n: int
    subtypes: tuple[Seen, ...]
    channels: tuple[Seen, ...]


@dataclass(frozen=True)
class AskableAudience:
    """Another audience; `label` is None where its file cannot be read."""

    name: str
    label: Label | None
    origin: Origin | None


@dataclass(frozen=True)
class Vocabulary:
    """All that an audience may ask of one run.

    Attributes:
        n_people: everybody.
        order_channels: channels of valid orders; so sources, stores (by what orders call them) and categories.
        durable_categories: categories of appliances that people own.
        campaigns: campaigns of events.
        lists: names of the lists in HOME/lists.
    """

    run_id: str
    as_of: dt.date
    n_people: int
    columns: tuple[AskableColumn, ...]
    tags: tuple[AskableTag, ...]
    events: tuple[AskableEvent, ...]
    order_channels: tuple[Seen, ...]
    order_sources: tuple[Seen, ...]
    stores: tuple[Seen, ...]
    categories: tuple[Seen, ...]
    durable_categories: tuple[Seen, ...]
    campaigns: tuple[Seen, ...]
    audiences: tuple[AskableAudience, ...]
    lists: tuple[str, ...]


def read_vocabulary(published: Published) -> Vocabulary:
    """The vocabulary of an open run; one scan of each table that audiences ask about."""
    names = read_names(published)
    n_people = published.con.execute(f"SELECT count(*) FROM {PERSON}").fetchall()[0][0]
    return Vocabulary(
        run_id=published.run_id,
        as_of=published.calendar.as_of,
        n_people=n_people,
        columns=_columns(published, names),
        tags=_tags(published, names) if CATALOGUE in published.dictionary.tables else (),
        events=_events(published),
        order_channels=_seen(published, names, "core.orders", "channel", valid=True),
        order_sources=_seen(published, names, "core.orders", "source", valid=True),
        stores=_seen(published, names, "core.orders", "store_id", valid=True),
        categories=_seen(published, names, "core.order_lines", "category", valid=True),
        durable_categories=_seen(published, names, "customer.durable", "category"),
        campaigns=_seen(published, names, "core.events", "campaign"),
        audiences=audiences_of(published),
        lists=tuple(sorted(path.stem for path in published.home.lists.glob("*.csv"))),
    )


def audiences_of(published: Published) -> tuple[AskableAudience, ...]:
    """The audiences as they are now; unlike the rest of a vocabulary they may change while a run is published."""
    shelf = survey_audiences(published.home.path)
    found = [AskableAudience(name, one.definition.label, one.origin) for name, one in shelf.audiences.items()]
    found += [AskableAudience(name, None, None) for name in shelf.faults]
    return tuple(sorted(found, key=lambda one: one.name))


def column_labels(published: Published) -> dict[str, Label]:
    """Short names of the columns of customer_360, from what the dictionary says of them."""
    infos = published.dictionary.tables[PERSON].values()
    return {info.name: _short(_meaning(info)) for info in infos}


def search_values(published: Published, column: str, part: str, *, limit: int = 20) -> tuple[Seen, ...]:
    """Values of a text column of customer_360 that hold a text, the most frequent first.

    Args:
        published: the open run.
        column: the column; one that there is none of, or that holds no text, has no values.
        part: what the values must hold; upper and lower case alike.
        limit: how many at most.
    """
    info = published.dictionary.tables[PERSON].get(column)
    if info is None or info.family != "text":
        return ()
    query = _counted(PERSON, column).where(
        exp.func("contains", exp.func("lower", exp.column(column)), exp.Placeholder())
    )
    rows = published.con.execute(to_sql(query.limit(limit)), [part.lower()]).fetchall()
    names = read_names(published)
    return tuple(Seen(value, n, _label(names.of_column(column, value))) for value, n in rows)


def _columns(published: Published, names: Names) -> tuple[AskableColumn, ...]:
    infos = [info for info in published.dictionary.tables[PERSON].values() if info.family != "other"]
    parts: list[exp.Expr] = []
    for info in infos:
        column = exp.column(info.name)
        parts.append(exp.Count(this=column))
        is_spread = info.family in ("number", "date", "timestamp")
        parts += [exp.Min(this=column.copy()), exp.Max(this=column.copy())] if is_spread else [exp.Null(), exp.Null()]
        is_text = info.family == "text" and info.name not in _IDS
        parts.append(exp.func("approx_count_distinct", column.copy()) if is_text else exp.Null())
    row = published.con.execute(to_sql(exp.select(*parts).from_(PERSON))).fetchall()[0]
    facts = [row[place : place + 4] for place in range(0, len(row), 4)]
    return tuple(_column(published, names, info, *fact) for info, fact in zip(infos, facts, strict=True))


def _column(
    published: Published, names: Names, info: ColumnInfo, n_known: int, low: Any, high: Any, about: int | None
) -> AskableColumn:
    values: tuple[Seen, ...] = ()
    n_values = about
    is_listed = info.family in ("boolean", "list") or (about is not None and about <= MAX_VALUES * 1.2)
    if is_listed:
        rows = published.con.execute(to_sql(_counted(PERSON, info.name, is_list=info.family == "list"))).fetchall()
        n_values = len(rows)
        if len(rows) <= MAX_VALUES:
            values = tuple(
                Seen(
                    str(value).lower() if isinstance(value, bool) else str(value),
                    n,
                    _label(names.of_column(info.name, value)),
                )
                for value, n in rows
            )
    meaning = _meaning(info)
    return AskableColumn(
        name=info.name, family=info.family, label=_short(meaning), meaning=meaning, values=values, n_values=n_values,
        accepted=info.accepted, low=info.low, high=info.high, seen_low=low, seen_high=high, n_known=n_known,
        personal=info.personal,
    )  # fmt: skip


def _tags(published: Published, names: Names) -> tuple[AskableTag, ...]:
    known = published.dictionary.tables[CATALOGUE]
    said = "c.description_zh" if "description_zh" in known else "NULL AS description_zh"
    rows = published.con.execute(
        f"""
        WITH carried AS (
            SELECT tag, value, count(*) AS n, sum(count(*)) OVER (PARTITION BY tag) AS n_all,
                row_number() OVER (PARTITION BY tag ORDER BY count(*) DESC, value) AS place
            FROM customer.tag GROUP BY tag, value
        ), people AS (SELECT tag, count(DISTINCT one_id) AS n_people FROM customer.tag GROUP BY tag),
        first AS (SELECT tag, min(observed_date) AS day FROM customer.tag_observation GROUP BY tag)
        SELECT c.tag, c.label_zh, c.label_en, c.description, {said}, c.kind, c.sensitivity,
            coalesce(any_value(n_people), 0),
            list((carried.value, carried.n) ORDER BY place) FILTER (WHERE place <= {MAX_VALUES}), any_value(first.day)
        FROM {CATALOGUE} AS c LEFT JOIN people USING (tag) LEFT JOIN first USING (tag) LEFT JOIN carried USING (tag)
        GROUP BY ALL ORDER BY c.tag
        """
    ).fetchall()
    return tuple(
        AskableTag(
            tag, Label(zh=zh or tag, en=en or tag), _described(tag, text, text_zh), kind, sensitivity, n,
            tuple(
                Seen(value, count, _label(names.of_tag(tag, value)))
                for value, count in values or ()
                if value is not None
            ),
            day,
        )
        for tag, zh, en, text, text_zh, kind, sensitivity, n, values, day in rows
    )  # fmt: skip


def _events(published: Published) -> tuple[AskableEvent, ...]:
    rows = published.con.execute(
        "SELECT type, subtype, channel, count(*) AS n FROM core.events WHERE one_id IS NOT NULL "
        "GROUP BY ALL ORDER BY type, n DESC, subtype, channel"
    ).fetchall()
    found: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    totals: dict[str, int] = {}
    for kind, subtype, channel, n in rows:
        totals[kind] = totals.get(kind, 0) + n
        for value, counts in zip((subtype, channel), found.setdefault(kind, ({}, {})), strict=True):
            if value is not None:
                counts[value] = counts.get(value, 0) + n
    return tuple(
        AskableEvent(
            kind,
            _label(labels.names("event").get(kind)) or Label(zh=kind, en=kind),
            totals[kind],
            _ranked(subtypes, partial(labels.of_subtype, kind)),
            _ranked(channels, partial(labels.of_column, "channel")),
        )
        for kind, (subtypes, channels) in sorted(found.items(), key=lambda pair: (-totals[pair[0]], pair[0]))
    )


def _ranked(counts: dict[str, int], named: Callable[[str], labels.Pair | None]) -> tuple[Seen, ...]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Seen(value, n, _label(named(value))) for value, n in ranked[:MAX_VALUES])


def _seen(published: Published, names: Names, table: str, column: str, *, valid: bool = False) -> tuple[Seen, ...]:
    if column not in published.dictionary.tables.get(table, {}):
        return ()
    query = _counted(table, column)
    query = query.where(exp.column("is_valid")) if valid else query
    rows = published.con.execute(to_sql(query.limit(MAX_VALUES))).fetchall()
    return tuple(Seen(value, n, _label(names.of_column(column, value, table))) for value, n in rows)


def _counted(table: str, column: str, *, is_list: bool = False) -> exp.Select:
    """The values of a column with how often they come, the most frequent first."""
    value = exp.func("unnest", exp.column(column)) if is_list else exp.column(column)
    inner = exp.select(value.as_(column)).from_(table).subquery("held") if is_list else table
    known = exp.not_(exp.Is(this=exp.column(column), expression=exp.Null()))
    counted = exp.select(exp.column(column), exp.Count(this=exp.Star()).as_("n")).from_(inner).where(known)
    return counted.group_by(exp.column(column)).order_by(
        exp.Ordered(this=exp.column("n"), desc=True), exp.Ordered(this=exp.column(column))
    )


def _label(name: labels.Pair | None) -> Label | None:
    return Label(zh=name[0], en=name[1]) if name else None


def _described(tag: str, english: str | None, chinese: str | None) -> Label:
    """What a tag means; a run of an earlier version says it in English alone."""
    text = (english or "").strip()
    return Label(zh=(chinese or "").strip() or text or tag, en=text or tag)


def _meaning(info: ColumnInfo) -> Label:
    return Label(zh=info.meaning_zh or info.name, en=info.meaning or info.name)


def _short(meaning: Label) -> Label:
    """The first clause of what a column means: enough to find it in a menu."""
    english, chinese = meaning.en, meaning.zh
    for sign in (";", ":", ", see ", ", CNY", ", UTC"):
        english = english.split(sign)[0]
    for sign in ("，", "；", "：", "（"):
        chinese = chinese.split(sign)[0]
    return Label(zh=chinese, en=english)
