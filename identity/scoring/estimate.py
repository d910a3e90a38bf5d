"""Estimating m, u and the prior of a scheme from a table without labels: EM over counted patterns of agreement.

Belongs here: expectation maximisation for the Fellegi-Sunter model (Winkler 1988; the same model as Splink's own
training), and the weights that come of it. Pairs are compared once; after that only the counts of their patterns
matter, so that the rounds cost nothing, the order of rows and threads changes nothing, and all blocking rules teach
together.

Two samples are used. Random pairs teach u, each counted by its chance of being a non-match: in a small table the
matches among them would otherwise drown what is rare. Blocked pairs teach m and the number of matches.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from identity.scoring.scheme import Scheme

Levels = NDArray[np.signedinteger[Any]]
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


def estimate(scheme: Scheme, n_rows: int, random: Levels, blocked: Levels, n_blocked: int) -> Estimate:
    """Trains a scheme on compared pairs.

    Args:
        scheme: with what it expects.
        n_rows: of the table.
        random: Splink's level numbers of random pairs, a row each, a column for each comparison; -1 is not told.
        blocked: of a sample of the blocked pairs.
        n_blocked: how many pairs were blocked.
    """
    settings = expected_settings(scheme)
    counted = [_counted(levels) for levels in (blocked, random)]
    patterns = np.concatenate([levels for levels, _ in counted])
    n = np.concatenate([n for _, n in counted]).astype(float)
    is_random = np.repeat([False, True], [len(n) for _, n in counted])
    expected = [scheme.expected[str(one["output_column_name"])] for one in scheme.comparisons]
    em = _Em(patterns, n, is_random, expected, n_rows, n_blocked / max(len(blocked), 1))
    rounds = em.run()
    return Estimate(em.settings(settings), em.n_matches, len(random), len(blocked), rounds)


def random_pairs(n_rows: int, seed: int = 1) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Random pairs of a table's rows, the lesser first; all there are, in a small table."""
    if n_rows * (n_rows - 1) // 2 <= RANDOM_PAIRS:
        a, b = np.triu_indices(n_rows, 1)
        return a, b
    drawn = np.random.default_rng(seed).integers(0, n_rows, size=(2, RANDOM_PAIRS))
    a, b = drawn.min(axis=0), drawn.max(axis=0)
    once = np.unique(a[a < b] * n_rows + b[a < b])
    return once // n_rows, once % n_rows


def sample_of_blocked(left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Every k-th pair by a mix of its ends that has nothing to do with what they say."""
    step = max(len(left) // BLOCKED_PAIRS, 1)
    return np.asarray((left.astype(np.int64) * 7919 + right.astype(np.int64) * 104729) % step == 0)


def match_weights(settings: dict[str, Any], levels: Levels) -> Floats:
    """The match weight (log2 odds) of each pair by trained settings, as Splink reckons it without term frequencies."""
    chance = settings["probability_two_random_records_match"]
    weight = np.full(len(levels), math.log2(chance / (1 - chance)))
    for number, one in enumerate(settings["comparisons"]):
        told = [level for level in one["comparison_levels"] if not level.get("is_null_level")]
        # By Splink's number, 0 the last; the last of all, at -1, for what is not told.
        of_level = [math.log2(level["m_probability"] / level["u_probability"]) for level in told[::-1]]
        weight += np.array([*of_level, 0.0])[levels[:, number]]
    return weight


def _counted(levels: Levels) -> tuple[Levels, NDArray[np.int64]]:
    """The patterns that there are among the rows, in their order, and how many rows have each."""
    packed = np.zeros(len(levels), dtype=np.int64)
    for column in levels.T:
        packed = packed * (int(column.max(initial=-1)) + 2) + column + 1
    _, first, n = np.unique(packed, return_index=True, return_counts=True)
    return levels[first].astype(int), n


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


def _with_probabilities(levels: list[dict[str, Any]], m_and_u: list[tuple[float, float]]) -> list[dict[str, Any]]:
    found = iter(m_and_u)
    made = []
    for one in levels:
        if not one.get("is_null_level"):
            m, u = next(found)
            one = {**one, "m_probability": m, "u_probability": u}
        made.append(one)
    return made


class _Em:
    """The rounds of EM over patterns: rows of levels (Splink's numbers, -1 not told) with their counts."""

    def __init__(
        self,
        patterns: Levels,
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


def _shares(level: Levels, n: Floats, expected: Floats, strength: float) -> Floats:
    """The share of each level among the counted pairs, with the expected shares counted in."""
    told = level >= 0
    counted = np.bincount(level[told], weights=n[told], minlength=len(expected)) + strength * expected
    return np.asarray(counted / counted.sum())
