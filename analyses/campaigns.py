"""Campaigns against their holdout: what each arm, channel, store or employee brought, and whether that is shown.

Belongs here: which arms can be compared, and the step from differences a head to money and return. The intervals are
`uplift`'s matter.
"""

from typing import Final

import numpy as np
import polars as pl

from analyses.uplift import CONFIDENCE, Floats, Interval, Moments, cuped, newcombe

# Below, nothing is compared: 30 people a side; and for revenue 10 buyers on both together. To ask for buyers on each
# side would pick the holdouts that happened to have many, and the intervals of those miss too often.
LEAST_PEOPLE: Final = 30
LEAST_BUYERS: Final = 10
SHOWN, NOT_SHOWN, NO_HOLDOUT, TOO_SMALL = "shown", "not shown", "no holdout", "too small"

_RATE, _MONEY = 6, 2
SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "campaign_code": pl.String,
    "arm": pl.String,
    "is_window_complete": pl.Boolean,
    **dict.fromkeys(("n_people", "n_holdout", "n_converted", "n_holdout_converted"), pl.Int64),
    **dict.fromkeys(
        (
            *("conversion_rate", "holdout_conversion_rate"),
            *("conversion_uplift", "conversion_uplift_low", "conversion_uplift_high"),
            *("net_per_head_cny", "holdout_net_per_head_cny"),
            *("net_uplift_per_head_cny", "net_uplift_per_head_low_cny", "net_uplift_per_head_high_cny"),
            "variance_left_share",
            *("incremental_conversions", "incremental_conversions_low", "incremental_conversions_high"),
            *("incremental_net_cny", "incremental_net_low_cny", "incremental_net_high_cny"),
            *("incremental_margin_cny", "incremental_margin_low_cny", "incremental_margin_high_cny"),
            *("cost_cny", "roi", "roi_low", "roi_high"),
        ),
        pl.Float64,
    ),
    "conversion_verdict": pl.String,
    "verdict": pl.String,
    **dict.fromkeys(("confidence", "gross_margin"), pl.Float64),
}
# Of channels, stores and staff the same figures but those that only whole arms are told by.
_OF_ARMS = frozenset(
    (
        *("campaign_code", "arm", "is_window_complete", "n_people", "variance_left_share", "cost_cny", "gross_margin"),
        *("incremental_margin_cny", "incremental_margin_low_cny", "incremental_margin_high_cny", "roi_low", "roi_high"),
    )
)
BREAKDOWN_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    **dict.fromkeys(("campaign_code", "breakdown", "breakdown_value"), pl.String),
    "n_compared": pl.Int64,
    **{name: kind for name, kind in SCHEMA.items() if name not in _OF_ARMS},
}
_MOMENTS = {
    "n": "n_people",
    "mean": "net_mean_cny",
    "variance": "net_variance",
    "before_mean": "before_mean_cny",
    "before_variance": "before_variance",
    "covariance": "covariance",
}
# What is said of the holdout, under other names than what is said of the arm.
_OF_HOLDOUT = ("n_converted", *_MOMENTS.values())


def campaign_effect(moments: pl.DataFrame, arms: pl.DataFrame, gross_margin: float) -> pl.DataFrame:
    """What each arm brought beyond its campaign's holdout.

    Source of the figures: intention to treat, so everybody assigned counts; conversion by Newcombe (1998), revenue a
    head by CUPED (Deng and others 2013). Incremental sums are differences a head times the people of the arm; ROI is
    (incremental margin - cost) / cost, its limits are those of the margin.

    Args:
        moments: campaign_code, arm, is_holdout, n_people, n_converted, net_mean_cny, before_mean_cny, net_variance,
            before_variance, covariance; one row per campaign and arm.
        arms: campaign_code, arm, n_people, cost_cny, is_window_complete of the arms as they were assigned.
        gross_margin: share of net revenue that is margin, 0 to 1.

    Returns:
        `SCHEMA`, one row per campaign and arm that is no holdout, in their order. What cannot be compared has nulls.
    """
    columns = ["campaign_code", *_OF_HOLDOUT]
    control = moments.filter("is_holdout").select(columns).rename({name: f"holdout_{name}" for name in _OF_HOLDOUT})
    sizes = arms.select(
        "campaign_code", "arm", pl.col("n_people").alias("n_assigned"), "cost_cny", "is_window_complete"
    )
    pairs = (
        moments.filter(~pl.col("is_holdout"))
        .join(control, on="campaign_code", how="left")
        .join(sizes, on=["campaign_code", "arm"], how="left")
        .sort("campaign_code", "arm")
    )
    return _told(pairs, gross_margin, np.full(pairs.height, CONFIDENCE)).select(_typed(SCHEMA))


def breakdown_effect(moments: pl.DataFrame, gross_margin: float) -> pl.DataFrame:
    """What each channel, store and employee of a campaign brought beyond those of its own people who were held out.

    All arms that something was sent to count together. Of many stores one in twenty would be shown by chance alone:
    the intervals of a breakdown are so much wider (Bonferroni) that all of its comparable values hold together at
    `CONFIDENCE`.

    Args:
        moments: campaign_code, breakdown, breakdown_value, is_holdout, n_assigned, n_people, n_converted, cost_cny,
            and the moments as in `campaign_effect`; one row per campaign, breakdown, value and side.
        gross_margin: share of net revenue that is margin, 0 to 1.

    Returns:
        `BREAKDOWN_SCHEMA`, one row per campaign, breakdown and value with people who were not held out, in their order.
    """
    keys = ["campaign_code", "breakdown", "breakdown_value"]
    held = moments.filter("is_holdout", pl.col("n_people") > 0).select(*keys, *_OF_HOLDOUT)
    control = held.rename({name: f"holdout_{name}" for name in _OF_HOLDOUT})
    pairs = moments.filter(~pl.col("is_holdout")).join(control, on=keys, how="left").sort(keys)
    is_large = (pl.col("n_people") >= LEAST_PEOPLE) & (pl.col("holdout_n_people") >= LEAST_PEOPLE)
    n_compared = pairs.select(is_large.fill_null(value=False).sum().over(keys[:2])).to_series().to_numpy()
    confidence = 1 - (1 - CONFIDENCE) / np.maximum(n_compared, 1)
    told = _told(pairs, gross_margin, confidence).with_columns(n_compared=pl.col("n_people"))
    return told.select(_typed(BREAKDOWN_SCHEMA))


def _typed(schema: dict[str, type[pl.DataType]]) -> list[pl.Expr]:
    return [pl.col(name).cast(kind) for name, kind in schema.items()]


def _told(pairs: pl.DataFrame, gross_margin: float, confidence: Floats) -> pl.DataFrame:
    """Pairs with every figure of both schemas, untyped."""
    number = {name: pairs[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in _numbers(pairs)}
    arm = Moments(**{field: number[name] for field, name in _MOMENTS.items()})
    control = Moments(**{field: number[f"holdout_{name}"] for field, name in _MOMENTS.items()})
    is_held = pairs["holdout_n_people"].is_not_null().to_numpy()
    is_large = is_held & (arm.n >= LEAST_PEOPLE) & (control.n >= LEAST_PEOPLE)
    buyers = number["n_converted"] + number["holdout_n_converted"]
    has_buyers = is_large & (buyers >= LEAST_BUYERS)

    converted = _only(
        newcombe(number["n_converted"], arm.n, number["holdout_n_converted"], control.n, confidence), is_large
    )
    net, left = cuped(arm, control, confidence)
    net = _only(net, has_buyers)
    margin = net.times(gross_margin * number["n_assigned"])
    with np.errstate(invalid="ignore", divide="ignore"):
        roi = Interval(*(np.where(number["cost_cny"] > 0, limit / number["cost_cny"] - 1, np.nan) for limit in margin))
    figures: dict[str, np.ndarray] = {
        "conversion_rate": np.round(number["n_converted"] / arm.n, _RATE),
        "holdout_conversion_rate": np.round(number["holdout_n_converted"] / control.n, _RATE),
        "net_per_head_cny": np.round(arm.mean, 4),
        "holdout_net_per_head_cny": np.round(control.mean, 4),
        "variance_left_share": np.round(np.where(has_buyers, left, np.nan), 4),
        "cost_cny": number["cost_cny"],
        **_limits(converted, "conversion_uplift{}", _RATE),
        **_limits(net, "net_uplift_per_head{}_cny", 4),
        **_limits(converted.times(number["n_assigned"]), "incremental_conversions{}", _MONEY),
        **_limits(net.times(number["n_assigned"]), "incremental_net{}_cny", _MONEY),
        **_limits(margin, "incremental_margin{}_cny", _MONEY),
        **_limits(roi, "roi{}", 4),
    }
    return pairs.with_columns(
        pl.col("holdout_n_people").alias("n_holdout"),
        pl.col("holdout_n_converted").alias("n_holdout_converted"),
        *(pl.Series(name, values).fill_nan(None) for name, values in figures.items()),
        pl.Series("conversion_verdict", _verdicts(converted, is_held, is_large), dtype=pl.String),
        pl.Series("verdict", _verdicts(net, is_held, has_buyers), dtype=pl.String),
        pl.Series("confidence", np.round(confidence, 6)),
        gross_margin=pl.lit(gross_margin),
    )


def _numbers(pairs: pl.DataFrame) -> list[str]:
    return [name for name, kind in pairs.schema.items() if kind.is_numeric()]


def _only(found: Interval, where: np.ndarray) -> Interval:
    return Interval(*(np.where(where, limit, np.nan) for limit in found))


def _limits(found: Interval, name: str, digits: int) -> dict[str, np.ndarray]:
    ends = ("", "_low", "_high")
    return {name.format(end): np.round(limit, digits) for end, limit in zip(ends, found, strict=True)}


def _verdicts(found: Interval, is_held: np.ndarray, is_told: np.ndarray) -> list[str]:
    with np.errstate(invalid="ignore"):
        is_shown = (found.low > 0) | (found.high < 0)
    told = np.where(is_shown, SHOWN, NOT_SHOWN)
    return [str(text) for text in np.where(~is_held, NO_HOLDOUT, np.where(~is_told, TOO_SMALL, told))]
