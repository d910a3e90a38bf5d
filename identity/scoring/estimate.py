"""Estimating m, u and the prior of a scheme from a table without labels: EM over counted patterns of agreement.

Belongs here: expectation maximisation for the Fellegi-Sunter model (Winkler 1988; the same model as Splink's own
training). Pairs are compared once, by Splink's SQL; after that only the counts of their patterns matter, so that the
rounds cost nothing, the order of rows and threads changes nothing, and all blocking rules teach together.

Two samples are used. Random pairs teach u, each counted by its chance of being a non-match: in a small table the
matches among them would otherwise drown what is rare. Blocked pairs teach m and the number of matches.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from identity.scoring.scheme import Scheme
from identity.scoring.score import compare_pairs

Floats = NDArray[np.float64]
# Pairs compared for the estimate, of each kind.
RANDOM_PAIRS: Final = 300_000
BLOCKED_PAIRS: Final = 200_000
# What is expected before any data weighs as much as so many matches, and so many random pairs.
EXPECTED_MATCHES: Final = 100.0
EXPECTED_PAIRS: Final = 2_000.0
MOST_ROUNDS: Final = 40
CONVERGED: Final = 1e-4


@dataclass(frozen=True)
class Estimate:
    """Trained settings and how they came about.

    Attributes:
        settings: Splink's, with m and u probabilities and the prior.
        n_matches: matches expected among the blocked pairs.
        n_random: random pairs compared.
        n_blocked: blocked pairs compared, of all.
        rounds: of EM.
    """

    settings: dict[str, Any]
    n_matches: float
    n_random: int
    n_blocked: int
    rounds: int


def estimate(con: duckdb.DuckDBPyConnection, table: str, scheme: Scheme, *, seed: int = 1) -> Estimate:
    """Trains the scheme on `table`, whose pairs lie in table `blocked_pairs`.

    Args:
        con: holds both tables; `unique_id` of the table counts from 0.
        seed: of the random pairs.
    """
    n_rows = _count(con, table)
    _sample(con, n_rows, seed)
    settings = expected_settings(scheme)
    names = [str(one["output_column_name"]) for one in scheme.comparisons]
    compared = compare_pairs(con, table, "sampled_pairs", levels_as_weights(settings), parts=True)
    gammas = ", ".join(f"round(mw_{name})::int - 1 as gamma_{name}" for name in names)
    counted = con.sql(f"select match_key, {gammas}, count(*) as n from {compared} group by all order by all").pl()
    con.execute(f"drop table {compared}")
    n_blocked = _count(con, "blocked_pairs")
    is_random = counted["match_key"].to_numpy() == "random"
    n = counted["n"].to_numpy().astype(float)
    patterns = counted.select([f"gamma_{name}" for name in names]).to_numpy().astype(int)
    seen = float(n[~is_random].sum())
    em = _Em(patterns, n, is_random, [scheme.expected[name] for name in names], n_rows, n_blocked / max(seen, 1.0))
    rounds = em.run()
    return Estimate(em.settings(settings), em.n_matches, int(n[is_random].sum()), int(seen), rounds)


def expected_settings(scheme: Scheme) -> dict[str, Any]:
    """Splink's settings with the m and u probabilities that the scheme expects."""
    settings = scheme.settings()
    settings["comparisons"] = [
        {
            **one,
            "comparison_levels": _with_probabilities(
                one["comparison_levels"], scheme.expected[str(one["output_column_name"])]
            ),
        }
        for one in settings["comparisons"]
    ]
    return settings


def levels_as_weights(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings under which the weight of a comparison is its level plus one, and 0 where it is not told.

    Splink keeps levels only together with every column that they were made from, which is ten times the memory.
    """
    rare = 2.0**-64
    comparisons = []
    for one in settings["comparisons"]:
        n = sum(not level.get("is_null_level") for level in one["comparison_levels"])
        doubled = [(rare * 2.0 ** (n - k), rare) for k in range(n)]
        comparisons.append({**one, "comparison_levels": _with_probabilities(one["comparison_levels"], doubled)})
    return {**settings, "comparisons": comparisons}


def _with_probabilities(levels: list[dict[str, Any]], m_and_u: list[tuple[float, float]]) -> list[dict[str, Any]]:
    found = iter(m_and_u)
    made = []
    for one in levels:
        if not one.get("is_null_level"):
            m, u = next(found)
            one = {**one, "m_probability": m, "u_probability": u}
        made.append(one)
    return made


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.sql(f"select count(*) from {table}").fetchall()[0][0])


def _sample(con: duckdb.DuckDBPyConnection, n_rows: int, seed: int) -> None:
    """Creates `sampled_pairs`: random ones (all there are, in a small table) and some of the blocked ones."""
    every = n_rows * (n_rows - 1) // 2
    if every <= RANDOM_PAIRS:
        a, b = np.triu_indices(n_rows, 1)
    else:
        drawn = np.random.default_rng(seed).integers(0, n_rows, size=(2, RANDOM_PAIRS))
        a, b = drawn.min(axis=0), drawn.max(axis=0)
        once = np.unique(a[a < b] * n_rows + b[a < b])
        a, b = once // n_rows, once % n_rows
    con.register("drawn_pairs", pl.DataFrame({"a": a.astype(np.int64), "b": b.astype(np.int64)}).to_arrow())
    # Every k-th blocked pair by a mix of its ends that has nothing to do with what they say.
    step = max(_count(con, "blocked_pairs") // BLOCKED_PAIRS, 1)
    con.execute(f"""
        create or replace table sampled_pairs as
        select 'random' as match_key, a as join_key_l, b as join_key_r from drawn_pairs
        union all
        select 'blocked', join_key_l, join_key_r from blocked_pairs
        where (join_key_l * 7919 + join_key_r * 104729) % {step} = 0
    """)
    con.unregister("drawn_pairs")


class _Em:
    """The rounds of EM over patterns: rows of levels (Splink's numbers, -1 not told) with their counts."""

    def __init__(
        self,
        patterns: NDArray[np.int_],
        n: Floats,
        is_random: NDArray[np.bool_],
        expected: list[list[tuple[float, float]]],
        n_rows: int,
        blocked_per_seen: float,
    ) -> None:
        self.patterns, self.n, self.is_random = patterns, n, is_random
        self.n_pairs = max(n_rows * (n_rows - 1) / 2, 1.0)
        self.blocked_per_seen = blocked_per_seen
        # By Splink's level number: 0 is the last level.
        self.expected_m = [np.array([m for m, _ in levels[::-1]]) for levels in expected]
        self.expected_u = [np.array([u for _, u in levels[::-1]]) for levels in expected]
        self.m, self.u = list(self.expected_m), list(self.expected_u)
        self.prior = 1 / max(n_rows, 2)
        self.n_matches = 0.0

    def run(self) -> int:
        """Rounds until the chances stand still; returns how many."""
        last = np.zeros(len(self.n))
        for number in range(1, MOST_ROUNDS + 1):
            chance = self._chances()
            self._learn(chance)
            if float(np.abs(chance - last).max(initial=0.0)) < CONVERGED:
                return number
            last = chance
        return MOST_ROUNDS

    def _chances(self) -> Floats:
        """Of each pattern, the chance that its pairs are matches."""
        odds = np.full(len(self.n), math.log(self.prior / (1 - self.prior)))
        for k, (m, u) in enumerate(zip(self.m, self.u, strict=True)):
            weights = np.append(np.log(m) - np.log(u), 0.0)  # the last, at -1, for what is not told
            odds += weights[self.patterns[:, k]]
        return 1 / (1 + np.exp(-odds))

    def _learn(self, chance: Floats) -> None:
        match = np.where(self.is_random, 0.0, self.n * chance)
        other = np.where(self.is_random, self.n * (1 - chance), 0.0)
        for k in range(len(self.m)):
            self.m[k] = _shares(self.patterns[:, k], match, self.expected_m[k], EXPECTED_MATCHES)
            u = _shares(self.patterns[:, k], other, self.expected_u[k], EXPECTED_PAIRS)
            # What was never met is as rare as expected, or as the sample can tell; not rarer.
            least = np.minimum(self.expected_u[k], 0.5 / max(float(other[self.patterns[:, k] >= 0].sum()), 1.0))
            self.u[k] = np.maximum(u, least)
        self.n_matches = float(match.sum()) * self.blocked_per_seen
        self.prior = min(max(self.n_matches, 1.0) / self.n_pairs, 0.5)

    def settings(self, untrained: dict[str, Any]) -> dict[str, Any]:
        """Splink's settings with what was learnt."""
        comparisons = [
            {
                **one,
                "comparison_levels": _with_probabilities(
                    one["comparison_levels"],
                    [(round(float(a), 12), round(float(b), 12)) for a, b in zip(m[::-1], u[::-1], strict=True)],
                ),
            }
            for one, m, u in zip(untrained["comparisons"], self.m, self.u, strict=True)
        ]
        return {**untrained, "comparisons": comparisons, "probability_two_random_records_match": self.prior}


def _shares(level: NDArray[np.int_], n: Floats, expected: Floats, strength: float) -> Floats:
    """The share of each level among the counted pairs, with the expected shares counted in."""
    told = level >= 0
    counted = np.bincount(level[told], weights=n[told], minlength=len(expected)) + strength * expected
    return np.asarray(counted / counted.sum())
