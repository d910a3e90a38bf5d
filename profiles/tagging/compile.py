"""Turns a tag into one SQL query over the warehouse: select one_id, tag, value, since.

`since` is the date of the newest fact that the tag rests on, unless the tag says otherwise; a model's score also has
`model_run`. The query takes
the parameter `$as_of` (a date), and `$time_zone` where the tag turns a time into a local date.
"""

from profiles.tagging.model import (
    AggregateTag,
    Base,
    ImportedTag,
    PercentileTag,
    PickTag,
    RuleTag,
    ScoreTag,
    Tag,
    TierLadderTag,
    TopTag,
    Windowed,
)


def compile(tag: Tag) -> str:
    """The query of a tag: columns one_id, tag, value (text), since (date); at most one row for each value."""
    match tag:
        case RuleTag():
            return _rule(tag)
        case AggregateTag():
            return _aggregate(tag)
        case PickTag():
            return _pick(tag)
        case TopTag():
            return _top(tag)
        case PercentileTag():
            return _percentile(tag)
        case TierLadderTag():
            return _ladder(tag)
        case ScoreTag():
            return _score(tag)
        case ImportedTag():
            return _imported(tag)


def _rule(tag: RuleTag) -> str:
    return f"""select
    one_id,
    '{tag.tag}' as tag,
    cast({tag.value} as varchar) as value,
    min(cast({tag.since} as date)) as since
{_rows(tag)}
group by all
"""


def _aggregate(tag: AggregateTag) -> str:
    return f"""with

{_measured(tag, tag.measures)}

select
    one_id,
    '{tag.tag}' as tag,
    cast({tag.value} as varchar) as value,
    last_date as since
from measured
where {_bracket(tag.having)}
"""


def _ladder(tag: TierLadderTag) -> str:
    whens = "\n".join(f"            when {_bracket(tier.when)} then {_quote(tier.value)}" for tier in tag.tiers)
    return f"""with

{_measured(tag, tag.measures)},

placed as (
    select
        one_id,
        last_date,
        case
{whens}
        end as tier
    from measured
)

select
    one_id,
    '{tag.tag}' as tag,
    tier as value,
    last_date as since
from placed
where tier is not null
"""


def _pick(tag: PickTag) -> str:
    direction = "" if tag.kind == "first" else " desc"
    return f"""with

happened as (
    select
        one_id,
        {tag.date} as happened_date,
        cast({tag.value} as varchar) as value
{_indent(_rows(tag))}
)

select
    one_id,
    '{tag.tag}' as tag,
    value,
    happened_date as since
from happened
where value is not null
qualify row_number() over (partition by one_id order by happened_date{direction}, value) = 1
"""


def _top(tag: TopTag) -> str:
    return f"""with

weighed as (
    select
        one_id,
        cast({tag.value} as varchar) as value,
        {tag.weight} as weight,
        max({tag.date}) as last_date
{_indent(_rows(tag))}
    group by one_id, cast({tag.value} as varchar)
)

select
    one_id,
    '{tag.tag}' as tag,
    value,
    last_date as since
from weighed
where value is not null and weight >= {tag.min_weight:g}
qualify row_number() over (partition by one_id order by weight desc, last_date desc, value) <= {tag.n}
"""


def _percentile(tag: PercentileTag) -> str:
    measures = {"measure": tag.measure, "n_seen": tag.count}
    score = "measure"
    if tag.shrink:
        by = f"{tag.shrink.by:g}"
        score = f"(n_seen * measure + {by} * avg(measure) over ()) / (n_seen + {by})"
    whens = "\n".join(
        f"        when percentile >= {band.from_percentile:g} then {_quote(band.value)}" for band in tag.bands
    )
    return f"""with

{_measured(tag, measures)},

scored as (
    select
        one_id,
        last_date,
        n_seen,
        -- in whole millionths: sums of floats end differently with another number of threads
        round({score}, 6) as score
    from measured
    where measure is not null
),

ranked as (
    select
        one_id,
        last_date,
        100 * percent_rank() over (order by score) as percentile
    from scored
    where n_seen >= {tag.min_count}
),

placed as (
    select
        one_id,
        last_date,
        case
{_indent(whens)}
        end as band
    from ranked
)

select
    one_id,
    '{tag.tag}' as tag,
    band as value,
    last_date as since
from placed
where band is not null
"""


def _score(tag: ScoreTag) -> str:
    whens = "\n".join(f"            when score >= {band.from_score:g} then {_quote(band.value)}" for band in tag.bands)
    return f"""with

scored as (
    select
        one_id,
        {tag.score} as score,
        cast({tag.model_run} as varchar) as model_run
{_indent(_rows(tag))}
),

placed as (
    select
        one_id,
        model_run,
        case
{whens}
        end as band
    from scored
)

select
    one_id,
    '{tag.tag}' as tag,
    band as value,
    cast($as_of as date) as since,
    model_run
from placed
where band is not null
"""


def _imported(tag: ImportedTag) -> str:
    return f"""select
    one_id,
    '{tag.tag}' as tag,
    coalesce(value, {_quote(tag.value)}) as value,
    valid_from as since
from tag_list
where tag = '{tag.tag}'
    and (valid_from is null or valid_from <= $as_of)
    and (expires_date is null or expires_date >= $as_of)
"""


def _measured(tag: Windowed, measures: dict[str, str]) -> str:
    columns = "\n".join(f"        {text} as {name}," for name, text in measures.items())
    return f"""measured as (
    select
        one_id,
{columns}
        max({tag.date}) as last_date
{_indent(_rows(tag))}
    group by one_id
)"""


def _rows(tag: Base) -> str:
    """From and where: the tables joined by person, the tag's own predicate, the window."""
    first, *others = tag.from_
    lines = [f"from {first} as {_short(first)}"]
    lines += [f"inner join {table} as {_short(table)} using (one_id)" for table in others]
    terms = ["one_id is not null"]
    if tag.where:
        terms.append(_bracket(tag.where))
    if isinstance(tag, Windowed):
        terms.append(f"{tag.date} <= $as_of")
        if tag.window_days:
            terms.append(f"{tag.date} > $as_of - {tag.window_days}")
    return "\n".join([*lines, "where " + "\n    and ".join(terms)])


def _short(table: str) -> str:
    return table.split(".")[1]


def _bracket(text: str) -> str:
    return f"({text.strip()})"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
