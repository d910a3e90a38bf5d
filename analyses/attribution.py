"""Attribution: whose doing a conversion is, by seven models whose credits sum to the conversions, to the last digit.

Belongs here: the Markov chain over distinct journeys, and sharing out so that sums hold. The models that look at one
path at a time (first, last, linear, position, time decay, Shapley) are weights in `int_conversion_touch`.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

MODELS: Final = ("first", "last", "linear", "position", "time_decay", "markov", "shapley")
DIRECT: Final = "direct"
NO_CAMPAIGN: Final = "none"
SEPARATOR: Final = " > "
SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "model": pl.String,
    "conversion_month": pl.Date,
    "channel": pl.String,
    "campaign": pl.String,
    "conversions": pl.Float64,
    "net_amount_cny": pl.Float64,
}
# Credits are whole numbers of these units, so that they add up as money does.
CONVERSION_UNIT: Final = 1e-4
MONEY_UNIT: Final = 1e-2

_KEY = ["conversion_month", "channel", "campaign"]
_GROUP = ["model", "conversion_month"]


def attribute(credits: pl.DataFrame, journeys: pl.DataFrame) -> pl.DataFrame:
    """Credits of all models.

    Args:
        credits: conversion_month, channel, campaign, n_touches, n_conversions, net_amount_cny, and for each model that
            looks at one path its `<model>_conversions` and `<model>_net_amount_cny`. The row of channel `direct` has
            the conversions without a touch; of the others n_conversions and net_amount_cny are those whose first
            touch it was, so that a month's sum is the month's conversions.
        journeys: journey_month, path (channels with ` > ` between), n_conversions, n_non_conversions: distinct ones.

    Returns:
        `SCHEMA`, in order of its key. Within each model and month the credits sum to n_conversions and
        net_amount_cny; rows without credit are left out.
    """
    simple = [name for name in MODELS if name != "markov"]
    frames = [
        credits.select(
            pl.lit(name).alias("model"),
            *_KEY,
            pl.col(f"{name}_conversions").cast(pl.Float64).alias("conversions"),
            pl.col(f"{name}_net_amount_cny").cast(pl.Float64).alias("net_amount_cny"),
        )
        for name in simple
    ]
    together = pl.concat([*frames, _markov(credits, journeys)])
    if together.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    totals = credits.group_by("conversion_month").agg(
        pl.col("n_conversions").sum().cast(pl.Float64).alias("all_conversions"),
        pl.col("net_amount_cny").sum().alias("all_net"),
    )
    order = [*_GROUP, "channel", "campaign"]
    told = together.join(totals, on="conversion_month").sort(order)
    return (
        told.with_columns(
            _in_units("conversions", "all_conversions", CONVERSION_UNIT),
            _in_units("net_amount_cny", "all_net", MONEY_UNIT),
        )
        .filter((pl.col("conversions") != 0) | (pl.col("net_amount_cny") != 0))
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    )


def _in_units(column: str, total: str, unit: float) -> pl.Expr:
    """The column in whole units that sum to the total of each model and month: the largest remainders get one more."""
    digits = round(-np.log10(unit))
    # What parallel sums differ by is rounded off, so that it never decides who gets the last unit.
    exact = (pl.col(column) / unit).round(4)
    whole = exact.floor()
    left = ((pl.col(total) / unit).round().first() - whole.sum()).over(_GROUP)
    rank = (exact - whole).rank("ordinal", descending=True).over(_GROUP)
    return ((whole + (rank <= left).cast(pl.Float64)) * unit).round(digits).alias(column)


def _markov(credits: pl.DataFrame, journeys: pl.DataFrame) -> pl.DataFrame:
    """Each month's conversions by the removal effects of its channels; within a channel by touches."""
    touched = credits.filter(pl.col("channel") != DIRECT)
    sums = touched.group_by("conversion_month").agg(
        pl.col("n_conversions").sum().cast(pl.Float64).alias("conversions"), pl.col("net_amount_cny").sum()
    )
    shares = [
        _month_shares(month, of_month)
        for (month,), of_month in journeys.filter(pl.col("n_conversions") > 0)
        .select("journey_month")
        .unique()
        .sort("journey_month")
        .join(journeys, on="journey_month")
        .group_by("journey_month", maintain_order=True)
    ]
    schema = {"conversion_month": pl.Date, "channel": pl.String, "share": pl.Float64}
    by_channel = pl.concat([pl.DataFrame(schema=schema), *shares])
    # A channel may hold up other channels' paths without being in one that converted: it has no campaign then.
    campaigns = touched.select(
        *_KEY,
        (pl.col("n_touches") / pl.col("n_touches").sum().over("conversion_month", "channel")).alias("part"),
    )
    found = (
        by_channel.join(sums, on="conversion_month")
        .join(campaigns, on=["conversion_month", "channel"], how="left")
        .with_columns(
            (pl.col("share") * pl.col("part").fill_null(1.0)).alias("weight"), pl.col("campaign").fill_null(NO_CAMPAIGN)
        )
        .select(
            pl.lit("markov").alias("model"),
            *_KEY,
            pl.col("conversions") * pl.col("weight"),
            pl.col("net_amount_cny") * pl.col("weight"),
        )
    )
    direct = credits.filter(pl.col("channel") == DIRECT).select(
        pl.lit("markov").alias("model"),
        *_KEY,
        pl.col("n_conversions").cast(pl.Float64).alias("conversions"),
        pl.col("net_amount_cny").cast(pl.Float64),
    )
    return pl.concat([found, direct])


def _month_shares(month: object, journeys: pl.DataFrame) -> pl.DataFrame:
    rows = journeys.sort("path")
    paths = [str(path).split(SEPARATOR) for path in rows["path"]]
    shares = markov_shares(paths, rows["n_conversions"].to_numpy(), rows["n_non_conversions"].to_numpy())
    return pl.DataFrame(
        {"conversion_month": [month] * len(shares), "channel": list(shares), "share": list(shares.values())},
        schema={"conversion_month": pl.Date, "channel": pl.String, "share": pl.Float64},
    )


def markov_shares(paths: list[list[str]], converted: npt.ArrayLike, not_converted: npt.ArrayLike) -> dict[str, float]:
    """Shares of channels by their removal effects in a first-order Markov chain.

    Source: Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey" (IJRM 33, 2016). The chain runs
    from the start through the channels to conversion or to nothing; consecutive repeats count once. A channel's
    removal effect is the share of the chance to convert that is lost when whoever comes to it goes to nothing
    instead; chances are solved for exactly, not simulated.

    Args:
        paths: distinct journeys.
        converted: how many of each ended with a conversion.
        not_converted: how many did not.

    Returns:
        channel → share, in order of name; they sum to 1, unless nothing converted.
    """
    names = sorted({channel for path in paths for channel in path})
    number = {name: index + 1 for index, name in enumerate(names)}  # 0 is the start
    size = len(names) + 1
    steps, wins = np.zeros((size, size)), np.zeros(size)
    ends = np.zeros(size)
    for path, won, lost in zip(paths, np.asarray(converted, float), np.asarray(not_converted, float), strict=True):
        states = [0, *(number[channel] for channel in path)]
        kept = [states[0]] + [now for before, now in pairwise(states) if now != before]
        np.add.at(steps, (kept[:-1], kept[1:]), won + lost)
        wins[kept[-1]] += won
        ends[kept[-1]] += won + lost
    leaving = steps.sum(axis=1) + ends
    known = leaving > 0
    steps[known] /= leaving[known, None]
    wins[known] /= leaving[known]
    whole = _chance(steps, wins)
    if whole <= 0:
        return {}
    lost_by = np.array([whole - _chance_without(steps, wins, index) for index in range(1, size)])
    effects = np.maximum(lost_by / whole, 0.0)
    return dict(zip(names, (effects / effects.sum()).tolist(), strict=True))


def _chance(steps: npt.NDArray[np.float64], wins: npt.NDArray[np.float64]) -> float:
    """Chance to convert from the start: the solution of (I - Q) p = r."""
    return float(np.linalg.solve(np.eye(len(wins)) - steps, wins)[0])


def _chance_without(steps: npt.NDArray[np.float64], wins: npt.NDArray[np.float64], index: int) -> float:
    kept = np.arange(len(wins)) != index
    return _chance(steps[np.ix_(kept, kept)], wins[kept])
