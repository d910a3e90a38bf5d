"""Schemes: what a kind of table is compared on, and how.

Belongs here: the shape of a scheme and Splink's settings made from it. The schemes themselves are `retail` for the
parties of the touchpoints and `people.scheme` for any other table of people; scoring, training and clustering work
on every scheme alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Comparison = dict[str, Any]
# Splink's default, kept where a scheme has no rows to reckon a prior from.
UNKNOWN_PRIOR = 1e-5


@dataclass(frozen=True)
class BlockingRule:
    """One rule of which rows are worth comparing: those with an equal key.

    Attributes:
        name: in words.
        key: SQL for the value; rows with a null key are left to the other rules.
        explode: the list column that `key` takes one element of, as `item`.
        largest_block: rows that may share a key; the pairs of more grow with the square and are hardly ever matches.
    """

    name: str
    key: str
    explode: str | None = None
    largest_block: int = 60


@dataclass(frozen=True)
class Scheme:
    """How one kind of table is scored.

    Attributes:
        name: of the scheme; part of a trained model's meaning.
        columns: of the rows that are compared, `unique_id` (Int64) first.
        comparisons: Splink's comparisons, made with `comparison`.
        blocking: the rules that choose pairs.
        training_rules: SQL over l and r; each fixes what it blocks on, so together they must leave every comparison
            free at least once.
        expected: per comparison, the m and u probabilities expected of its levels before any data.
        vetoes: comparisons whose last level (they differ) says that nothing else proves the pair to be one.
        round_weights: least average match weight (log2 odds) of each round of clustering.
        shipped_model: a trained model for tables too small to train on.
    """

    name: str
    columns: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]
    training_rules: tuple[str, ...]
    expected: Mapping[str, list[tuple[float, float]]] = field(default_factory=dict)
    vetoes: tuple[str, ...] = ()
    round_weights: tuple[float, ...] = (4.25,)
    shipped_model: Path | None = None

    def settings(self, n_rows: int | None = None) -> dict[str, Any]:
        """Splink's settings, untrained.

        Args:
            n_rows: how many rows will be scored; the prior is one duplicate for each of them.
        """
        return {
            "link_type": "dedupe_only",
            "probability_two_random_records_match": prior(n_rows) if n_rows else UNKNOWN_PRIOR,
            # Coarser than Splink's own 1e-4 and 25: levels without a match would otherwise shrink until they underflow.
            "em_convergence": 0.001,
            "max_iterations": 12,
            "retain_matching_columns": True,
            "retain_intermediate_calculation_columns": True,
            "blocking_rules_to_generate_predictions": [self.training_rules[0]],
            "comparisons": [dict(one) for one in self.comparisons],
        }

    def level_labels(self) -> dict[str, dict[int, str]]:
        """The words of each comparison's levels by Splink's level number (0 is the last, the disagreement)."""
        labels = {}
        for one in self.comparisons:
            levels = [x for x in one["comparison_levels"] if not x.get("is_null_level")]
            labels[str(one["output_column_name"])] = {
                len(levels) - 1 - n: str(x["label_for_charts"]) for n, x in enumerate(levels)
            }
        return labels


def prior(n_rows: int) -> float:
    """The chance that two rows picked at random are one person: one duplicate for each row."""
    return 1 / max(n_rows, 2)


def level(sql: str, label: str, **more: Any) -> dict[str, Any]:
    """One level of a comparison: where `sql` holds, the pair is on it; `label` is its words."""
    return {"sql_condition": sql, "label_for_charts": label, **more}


def comparison(name: str, not_told: str, *levels: dict[str, Any]) -> Comparison:
    """A comparison: the first level that holds counts; where `not_told` holds it says nothing.

    Args:
        name: of the comparison, as it appears in evidence.
        not_told: SQL for where one side does not say.
        levels: from the strongest agreement to the disagreement, whose condition is `ELSE`.
    """
    null = level(not_told, "not told", is_null_level=True)
    return {"output_column_name": name, "comparison_levels": [null, *levels]}
