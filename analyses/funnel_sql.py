"""Funnels as SQL over core.events and core.orders, and the two tables that they become.

Belongs here: the query of a funnel. One pass a step: the first happening of each person at or after their step before,
within the window from their first. Nothing is drawn by chance and ties change no figure.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import duckdb
import polars as pl

from analyses.funnel import Funnel, Happening, Step

STEP_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "funnel": pl.String,
    "cohort_month": pl.Date,
    "channel": pl.String,
    "step_number": pl.Int64,
    "step": pl.String,
    "step_zh": pl.String,
    "is_window_complete": pl.Boolean,
    "n_entered": pl.Int64,
    "n_before": pl.Int64,
    "n_reached": pl.Int64,
    "median_days_from_before": pl.Float64,
    "median_days_from_entry": pl.Float64,
}
LOSS_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "funnel": pl.String,
    "cohort_month": pl.Date,
    "channel": pl.String,
    "step_number": pl.Int64,
    "step": pl.String,
    "next_step": pl.String,
    "reason": pl.String,
    "detail": pl.String,
    "n_people": pl.Int64,
}
_ORDERS: Final = {
    "placed": "not is_return",
    "paid": "is_paid",
    "valid": "is_valid",
    "unpaid": "not is_return and not is_paid",
}
_DAY: Final = 86400.0


def build_funnels(
    con: duckdb.DuckDBPyConnection, funnels: Sequence[Funnel], as_of: date, time_zone: str = "Asia/Shanghai"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Steps and losses of all funnels.

    Args:
        con: connection with core.events and core.orders up to the as-of day.
        funnels: their definitions.
        as_of: last local day that counts.
        time_zone: of the as-of day.

    Returns:
        steps (`STEP_SCHEMA`, one row per funnel, cohort month, channel of the first step and step) and losses
        (`LOSS_SCHEMA`, one row per these and reason and detail), in order of their keys.
    """
    steps, losses = [pl.DataFrame(schema=STEP_SCHEMA)], [pl.DataFrame(schema=LOSS_SCHEMA)]
    for funnel in sorted(funnels, key=lambda one: one.funnel):
        con.execute(f"create or replace temp table funnel_journey as {journey_sql(funnel)}")
        con.execute(f"set variable funnel_end = {_end(as_of, time_zone)}")
        steps += [_shaped(con, step_sql(funnel, number, as_of), STEP_SCHEMA) for number in range(len(funnel.steps))]
        losses += [_shaped(con, loss_sql(funnel, number), LOSS_SCHEMA) for number in range(len(funnel.steps) - 1)]
    con.execute("drop table if exists funnel_journey")
    order = ["funnel", "cohort_month", "channel", "step_number"]
    return pl.concat(steps).sort(order), pl.concat(losses).sort([*order, "reason", "detail"])


def _shaped(con: duckdb.DuckDBPyConnection, sql: str, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return con.sql(sql).pl().select(pl.col(name).cast(kind) for name, kind in schema.items())


def _end(as_of: date, time_zone: str) -> str:
    """The first moment in UTC that no longer counts."""
    return f"timezone('UTC', timezone({_text(time_zone)}, timestamp '{as_of} 00:00:00' + interval 1 day))"


def journey_sql(funnel: Funnel) -> str:
    """One row per person and entry: cohort_month, channel, and at_0, at_1, … when each step was reached."""
    sources = [f"source_{i} as ({_source(step)})" for i, step in enumerate(funnel.steps)]
    by_month = ", cast(date_trunc('month', happened_date) as date)" if funnel.entry == "each_month" else ""
    entered = (
        "entered as (select one_id, cast(date_trunc('month', min(happened_date)) as date) as cohort_month, "
        "min(happened_at) as at_0, arg_min(channel, (happened_at, channel)) as channel "
        f"from source_0 group by one_id{by_month})"
    )
    reached, columns, joins = [], ["entered.at_0"], []
    for i in range(1, len(funnel.steps)):
        before = "entered" if i == 1 else f"reached_{i - 1}"
        after = ">" if funnel.steps[i].overlaps(funnel.steps[i - 1]) else ">="
        reached.append(
            f"reached_{i} as (select one.one_id, one.cohort_month, one.at_0, min(next.happened_at) as at_{i} "
            f"from {before} as one inner join source_{i} as next on one.one_id = next.one_id "
            f"and next.happened_at {after} one.at_{i - 1} "
            f"and next.happened_at < one.at_0 + interval {funnel.window_days} day "
            "group by one.one_id, one.cohort_month, one.at_0)"
        )
        columns.append(f"reached_{i}.at_{i}")
        joins.append(f"left join reached_{i} using (one_id, cohort_month)")
    parts = ",\n".join([*sources, entered, *reached])
    return (
        f"with {parts}\nselect entered.one_id, entered.cohort_month, entered.channel, {', '.join(columns)} "
        f"from entered {' '.join(joins)}"
    )


def step_sql(funnel: Funnel, number: int, as_of: date) -> str:
    """How many of each cohort and channel came to a step, and how long it took them."""
    step: Step = funnel.steps[number]
    before = f"at_{number - 1}" if number else "at_0"
    wait = f"date_diff('microsecond', {{}}, at_{number}) / {_DAY * 1e6}"
    return f"""
        select
            {_text(funnel.funnel)} as funnel, cohort_month, channel, {number + 1} as step_number,
            {_text(step.step)} as step, {_text(step.zh)} as step_zh,
            last_day(cohort_month) + {funnel.window_days} <= date '{as_of}' as is_window_complete,
            count(*) as n_entered, count({before}) as n_before, count(at_{number}) as n_reached,
            round(median({wait.format(before)}), 4) as median_days_from_before,
            round(median({wait.format("at_0")}), 4) as median_days_from_entry
        from funnel_journey group by cohort_month, channel
    """


def loss_sql(funnel: Funnel, number: int) -> str:
    """Why those who came to a step did not come to the next: the first declared reason that happened, else time."""
    window = f"interval {funnel.window_days} day"
    hits = " union all ".join(
        f"select one_id, happened_at, {place} as place, {_text(loss.reason)} as reason, "
        f"{'detail' if loss.detail else 'cast(null as varchar)'} as detail from ({_source(loss)})"
        for place, loss in enumerate(funnel.losses)
        if not loss.after or funnel.steps[number].step in loss.after
    )
    hits = hits or (
        "select cast(null as varchar) as one_id, cast(null as timestamp) as happened_at, 0 as place, "
        "cast(null as varchar) as reason, cast(null as varchar) as detail where false"
    )
    return f"""
        with lost as (
            select *, at_0 + {window} as closes_at from funnel_journey
            where at_{number} is not null and at_{number + 1} is null
        ),
        hit as ({hits}),
        why as (
            select lost.one_id, lost.cohort_month,
                arg_min(hit.reason, (hit.place, hit.happened_at, coalesce(hit.detail, ''))) as reason,
                arg_min(coalesce(hit.detail, ''), (hit.place, hit.happened_at, coalesce(hit.detail, ''))) as detail
            from lost inner join hit on lost.one_id = hit.one_id
                and hit.happened_at >= lost.at_{number} and hit.happened_at < lost.closes_at
            group by lost.one_id, lost.cohort_month
        ),
        late as (
            select lost.one_id, lost.cohort_month from lost
            inner join ({_source(funnel.steps[number + 1])}) as next
                on lost.one_id = next.one_id and next.happened_at >= lost.closes_at
            group by lost.one_id, lost.cohort_month
        )
        select
            {_text(funnel.funnel)} as funnel, lost.cohort_month, lost.channel, {number + 1} as step_number,
            {_text(funnel.steps[number].step)} as step, {_text(funnel.steps[number + 1].step)} as next_step,
            case
                when why.reason is not null then why.reason
                when lost.closes_at > getvariable('funnel_end') then 'within_window'
                when late.one_id is not null then 'out_of_window'
                else 'no_further_step'
            end as reason,
            coalesce(nullif(why.detail, ''), 'none') as detail,
            count(*) as n_people
        from lost
        left join why on lost.one_id = why.one_id and lost.cohort_month = why.cohort_month
        left join late on lost.one_id = late.one_id and lost.cohort_month = late.cohort_month
        group by all
    """


def _source(what: Happening) -> str:
    """one_id, happened_at, happened_date, channel, detail of what is meant."""
    channel = f" and channel in ({_texts(what.channel)})" if what.channel else ""
    if what.orders:
        return (
            "select one_id, ordered_at as happened_at, ordered_date as happened_date, "
            "coalesce(channel, 'unknown') as channel, status as detail "
            f"from core.orders where one_id is not null and {_ORDERS[what.orders]}{channel}"
        )
    subtype = f" and subtype in ({_texts(what.subtype)})" if what.subtype else ""
    return (
        "select one_id, event_at as happened_at, event_date as happened_date, "
        "coalesce(channel, 'unknown') as channel, subtype as detail "
        f"from core.events where one_id is not null and type in ({_texts(what.events)}){channel}{subtype}"
    )


def _texts(values: Sequence[str]) -> str:
    return ", ".join(_text(value) for value in values)


def _text(value: str) -> str:
    """An SQL literal."""
    return "'" + value.replace("'", "''") + "'"
