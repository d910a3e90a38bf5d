"""A made-up customer base with known parameters, for every test of the value models."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

DAYS = 900
AS_OF = date(2026, 11, 21)


def simulate(n: int, seed: int = 7, k: int = 1, r: float = 0.8, alpha: float = 60.0, a: float = 0.9, b: float = 2.2):
    """Purchases of `n` customers who follow MBG/CNBD-k and Gamma-Gamma for DAYS days up to AS_OF."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(r, 1 / alpha, n)
    dropout = rng.beta(a, b, n)
    who, time = np.arange(n), rng.integers(0, DAYS, n).astype(float)
    people, times = [who], [time]
    while who.size:
        stays = rng.random(who.size) >= dropout[who]
        who, time = who[stays], time[stays]
        time = time + rng.gamma(k, 1 / np.maximum(rate[who], 1e-9))
        who, time = who[time < DAYS], time[time < DAYS]
        people.append(who)
        times.append(time)
    everyone, day = np.concatenate(people), np.concatenate(times).astype(int)
    scale = rng.gamma(3.7, 1 / 15.0, n)
    value = rng.gamma(6.0, 1 / scale[everyone])
    start = AS_OF - timedelta(days=DAYS - 1)
    return (
        pl.DataFrame({"one_id": [f"P{i:06d}" for i in everyone], "day": day, "net_amount_cny": value.round(2) + 0.01})
        .with_columns(purchase_date=pl.lit(start) + pl.duration(days="day"))
        .group_by("one_id", "purchase_date")
        .agg(pl.col("net_amount_cny").sum())
        .sort("one_id", "purchase_date")
    )


@pytest.fixture(scope="session")
def simulated() -> Callable[..., pl.DataFrame]:
    return simulate


@pytest.fixture(scope="session")
def purchases() -> pl.DataFrame:
    return simulate(6000)


@pytest.fixture(scope="session")
def as_of() -> date:
    return AS_OF
