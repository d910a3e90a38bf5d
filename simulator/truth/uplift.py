"""What each campaign truly changed: person by person what they would have done without it and what they did."""

import polars as pl

from simulator.campaigns import HOLDOUT, PLANS, counted
from simulator.fulfilment import Sales
from simulator.model import World


def campaign_persons(world: World, ids: pl.Series) -> pl.DataFrame:
    """One row per campaign and person on its list, held out or not.

    `would_convert` and `would_net_cny` are of the world without the campaign, `converts` and `net_cny` of the one with
    it; both count valid orders within the window from the drawing of the arms on, what came back later taken off.
    """
    ran, sales = world.campaigns, world.sales
    extra = sales.orders["order"].is_in(ran.extra["order"].implode())
    without = pl.concat([sales.orders.filter(~extra), ran.lost_orders.select(sales.orders.columns)])
    rows = ran.members.select("campaign", "person", "arm", "assigned_at")
    parts = ((sales, "converts", "net_cny"), (Sales(without, sales.lines), "would_convert", "would_net_cny"))
    for told, converts, net in parts:
        made = counted(told, ran.members).group_by("campaign", "person").agg(pl.col("net").sum().round(2).alias(net))
        rows = rows.join(made, on=["campaign", "person"], how="left", maintain_order="left")
        rows = rows.with_columns(pl.col(net).is_not_null().alias(converts), pl.col(net).fill_null(0.0))
    arms = [[*(arm.name for arm in plan.arms), HOLDOUT] for plan in PLANS]
    return rows.select(
        campaign_code=pl.Series([PLANS[c].code for c in rows["campaign"]], dtype=pl.String),
        person_id=ids.gather(rows["person"]),
        arm=pl.Series([arms[c][a] for c, a in rows.select("campaign", "arm").iter_rows()], dtype=pl.String),
        is_holdout=pl.col("arm") < 0,
        would_convert="would_convert",
        converts="converts",
        would_net_cny="would_net_cny",
        net_cny="net_cny",
    )


def campaign_truth(persons: pl.DataFrame) -> pl.DataFrame:
    """One row per campaign and arm: people, conversions and net with and without it, and the difference."""
    rows = persons.group_by("campaign_code", "arm", maintain_order=True).agg(
        pl.col("is_holdout").first(),
        n_people=pl.len(),
        n_converted=pl.col("converts").sum(),
        n_converted_without=pl.col("would_convert").sum(),
        net_cny=pl.col("net_cny").sum().round(2),
        net_without_cny=pl.col("would_net_cny").sum().round(2),
    )
    more = pl.col("n_converted").cast(pl.Int64) - pl.col("n_converted_without").cast(pl.Int64)
    planned = {(plan.code, arm.name): arm.uplift for plan in PLANS for arm in plan.arms}
    keys = rows.select("campaign_code", "arm").iter_rows()
    return rows.with_columns(
        incremental_conversions=more,
        uplift=more / pl.col("n_people"),
        incremental_net_cny=(pl.col("net_cny") - pl.col("net_without_cny")).round(2),
        intended_uplift=pl.Series([planned.get(key, 0.0) for key in keys], dtype=pl.Float64),
    ).sort("campaign_code", "arm")
