"""Attribution: exact Markov chains, and credits that sum to the conversions whatever the journeys were."""

from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.attribution import DIRECT, MODELS, NO_CAMPAIGN, SCHEMA, attribute, markov_shares

SIMPLE = [name for name in MODELS if name != "markov"]
CREDITS = {
    "conversion_month": pl.Date, "channel": pl.String, "campaign": pl.String, "n_touches": pl.Int64,
    "n_conversions": pl.Int64, "net_amount_cny": pl.Float64,
    **{f"{name}_{what}": pl.Float64 for name in SIMPLE for what in ("conversions", "net_amount_cny")},
}  # fmt: skip
JOURNEYS = {
    "journey_month": pl.Date, "path": pl.String, "n_conversions": pl.Int64, "n_non_conversions": pl.Int64,
}  # fmt: skip


# --- Markov


def test_a_removal_effect_is_the_chance_that_is_lost():
    # start → a 2/3, start → b 1/3; a → b 1/2, a → nothing 1/2; b → conversion. All: 2/3; without a: 1/3; without b: 0.
    shares = markov_shares([["a", "b"], ["a"], ["b"]], [1, 0, 1], [0, 1, 0])
    assert shares == pytest.approx({"a": 1 / 3, "b": 2 / 3})


def test_a_lone_channel_has_it_all_and_no_conversion_has_no_share():
    assert markov_shares([["a"], ["a"]], [3, 0], [0, 5]) == {"a": 1.0}
    assert markov_shares([["a", "b"]], [0], [5]) == {}


def test_consecutive_repeats_change_nothing():
    once = markov_shares([["a", "b"], ["b", "a"]], [2, 1], [1, 3])
    assert markov_shares([["a", "a", "b", "b"], ["b", "a", "a"]], [2, 1], [1, 3]) == once


def test_the_exact_chain_is_what_walking_it_gives():
    paths = [["a", "b", "a"], ["b", "c"], ["c", "a"], ["c"]]
    won, lost = [30, 20, 5, 10], [70, 40, 60, 90]
    shares = markov_shares(paths, won, lost)
    rng = np.random.default_rng(7)
    steps: dict[str, list[str]] = {}
    for path, n_won, n_lost in zip(paths, won, lost, strict=True):
        for end, n in (("+", n_won), ("-", n_lost)):
            states = ["start", *path, end]
            for here, there in pairwise(states):
                steps.setdefault(here, []).extend([there] * n)

    def walked(removed: str) -> float:
        wins = 0
        for _ in range(20_000):
            here = "start"
            while here not in ("+", "-"):
                here = steps[here][rng.integers(len(steps[here]))]
                here = "-" if here == removed else here
            wins += here == "+"
        return wins / 20_000

    whole = walked("")
    effects = {name: 1 - walked(name) / whole for name in "abc"}
    for name in "abc":
        assert shares[name] == pytest.approx(effects[name] / sum(effects.values()), abs=0.03)


# --- all models


def told(paths: list[tuple[int, list[str], float]], n_direct: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Credits and journeys of converting paths (month, channels, net), with equal weights for the simple models."""
    rows, journeys = [], []
    for month, channels, net in paths:
        when = date(2026, month, 1)
        journeys.append((when, " > ".join(channels), 1, 2))
        for place, channel in enumerate(channels):
            weight, is_first = 1 / len(channels), place == 0
            rows.append(
                (when, channel, NO_CAMPAIGN, 1, int(is_first), net * is_first, *(weight, weight * net) * len(SIMPLE))
            )
    if n_direct:
        rows.append((date(2026, 1, 1), DIRECT, NO_CAMPAIGN, 0, n_direct, 9.99, *(float(n_direct), 9.99) * len(SIMPLE)))
    credits = pl.DataFrame(rows, schema=CREDITS, orient="row")
    return (
        credits.group_by("conversion_month", "channel", "campaign").sum(),
        pl.DataFrame(journeys, schema=JOURNEYS, orient="row")
        .group_by("journey_month", "path")
        .agg(pl.col("n_conversions").sum(), pl.col("n_non_conversions").sum()),
    )


channels = st.lists(st.sampled_from("abcde"), min_size=1, max_size=6)
cents = st.integers(1, 10_000_000).map(lambda n: n / 100)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 3), channels, cents), max_size=25), st.integers(0, 3))
def test_credits_of_every_model_sum_to_the_conversions_and_their_revenue(paths, n_direct):
    credits, journeys = told(paths, n_direct)
    found = attribute(credits, journeys)
    assert found.schema == pl.Schema(SCHEMA)
    expected = credits.group_by("conversion_month").agg(pl.col("n_conversions").sum(), pl.col("net_amount_cny").sum())
    for name in MODELS:
        sums = found.filter(model=name).group_by("conversion_month").agg(
            pl.col("conversions").sum().round(4), pl.col("net_amount_cny").sum().round(2)
        )  # fmt: skip
        both = expected.join(sums, on="conversion_month", suffix="_credited")
        assert both.height == expected.height
        assert both["n_conversions"].to_list() == both["conversions"].to_list()
        assert both["net_amount_cny"].to_list() == pytest.approx(both["net_amount_cny_credited"].to_list(), abs=0.005)
    assert (found["conversions"] >= 0).all()


def test_what_nothing_led_to_is_direct_in_every_model():
    found = attribute(*told([], 3))
    assert found.select("model", "channel", "conversions").rows() == [(name, DIRECT, 3.0) for name in sorted(MODELS)]


def test_no_conversions_give_no_credits():
    found = attribute(pl.DataFrame(schema=CREDITS), pl.DataFrame(schema=JOURNEYS))
    assert found.is_empty() and found.schema == pl.Schema(SCHEMA)
