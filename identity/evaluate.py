"""Evaluation against known truth: how right the OneIDs are, pair by pair, record by record, person by person.

Pairwise and B-cubed measures by their usual definitions (Bagga and Baldwin 1998 for B-cubed), over the parties that
both the truth and the run know. Recall is told twice: over all pairs of a person, and over those that the files
allow anyone to know (pairs within one reachable component of the truth).
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from common.errors import UsageError
from common.keys import keyed_hashes

KEYS = ["source", "account", "record_type", "natural_key", "role"]


@dataclass(frozen=True)
class Evaluation:
    """Quality figures, all shares in 0..1.

    Attributes:
        n_parties: parties compared; n_truth_only and n_run_only were in one of the two alone.
        n_components: groups of parties that the files allow anyone to put together; never fewer than persons.
        pairwise_recall, b_cubed_recall: over all pairs of a person (the plain figures).
        pairwise_recall_reachable, b_cubed_recall_reachable: over pairs within one reachable component; equal to the
            plain ones where the truth names no components. The F1 figures `_reachable` use these.
        exact_person_rate: share of persons (reachable components) whose parties are exactly one OneID's.
    """

    n_parties: int
    n_truth_only: int
    n_run_only: int
    n_persons: int
    n_components: int
    n_one_ids: int
    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    pairwise_recall_reachable: float
    pairwise_f1_reachable: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float
    b_cubed_recall_reachable: float
    b_cubed_f1_reachable: float
    exact_person_rate: float

    def as_dict(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def evaluate(record_map: Path, truth: Path, key: bytes) -> Evaluation:
    """Compares a record map with a truth file.

    Args:
        record_map: Parquet with `KEYS` and one_id.
        truth: Parquet or CSV with `KEYS`, person_id and, where known, component. Personal natural keys may be in
            the clear or hashed under the home's key.
        key: the home's key.

    Raises:
        UsageError: the truth file lacks a column, or shares no party with the record map.
    """
    known = pl.read_csv(truth, infer_schema=False) if truth.suffix == ".csv" else pl.read_parquet(truth)
    missing = [c for c in (*KEYS, "person_id") if c not in known.columns]
    if missing:
        raise UsageError(f"{truth.name} has no column {missing[0]}; a truth file has {', '.join(KEYS)} and person_id.")
    if "component" not in known.columns:
        known = known.with_columns(pl.lit("").alias("component"))
    known = known.select(*KEYS, pl.col("person_id").cast(pl.String), pl.col("component").cast(pl.String)).unique(
        KEYS, keep="first", maintain_order=True
    )
    found = pl.read_parquet(record_map, columns=[*KEYS, "one_id"])
    both = _joined(known, found, key)
    if both.is_empty():
        raise UsageError(f"no record of {truth.name} is in this warehouse; check that the truth is of the same files.")
    return _measure(both, len(known) - len(both), len(found) - len(both))


def _joined(known: pl.DataFrame, found: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """The parties that both know: a truth in the clear is hashed where the record map has a hash."""
    plain = known.join(found, on=KEYS)
    rest = known.join(found, on=KEYS, how="anti")
    hashed_kinds = found.filter(pl.col("natural_key").str.starts_with("h:")).select("source", "record_type").unique()
    candidates = rest.join(hashed_kinds, on=["source", "record_type"], how="semi")
    hashed = candidates.with_columns(keyed_hashes(candidates["natural_key"], key).alias("natural_key"))
    return pl.concat([plain, hashed.join(found, on=KEYS)]).with_columns(
        (pl.col("person_id") + "/" + pl.col("component").fill_null("")).alias("component")
    )


def _measure(both: pl.DataFrame, n_truth_only: int, n_run_only: int) -> Evaluation:
    n = len(both)
    together = _pairs(both, "one_id")
    right = _pairs(both, "one_id", "person_id")
    right_reachable = _pairs(both, "one_id", "component")
    precision = right / together if together else 1.0
    recall = right / pairs if (pairs := _pairs(both, "person_id")) else 1.0
    reachable = right_reachable / pairs if (pairs := _pairs(both, "component")) else 1.0
    b_precision = _b_cubed(both, "one_id", "person_id", n)
    b_recall = _b_cubed(both, "person_id", "one_id", n)
    b_reachable = _b_cubed(both, "component", "one_id", n)
    return Evaluation(
        n_parties=n,
        n_truth_only=n_truth_only,
        n_run_only=n_run_only,
        n_persons=both["person_id"].n_unique(),
        n_components=both["component"].n_unique(),
        n_one_ids=both["one_id"].n_unique(),
        pairwise_precision=precision,
        pairwise_recall=recall,
        pairwise_f1=_f1(precision, recall),
        pairwise_recall_reachable=reachable,
        pairwise_f1_reachable=_f1(precision, reachable),
        b_cubed_precision=b_precision,
        b_cubed_recall=b_recall,
        b_cubed_f1=_f1(b_precision, b_recall),
        b_cubed_recall_reachable=b_reachable,
        b_cubed_f1_reachable=_f1(b_precision, b_reachable),
        exact_person_rate=_exact(both),
    )


def _pairs(both: pl.DataFrame, *columns: str) -> int:
    """Unordered pairs of parties that agree in the columns."""
    sizes = both.group_by(*columns).agg(pl.len().cast(pl.Int64).alias("n"))
    return int(sizes.select((pl.col("n") * (pl.col("n") - 1) // 2).sum()).item())


def _b_cubed(both: pl.DataFrame, inside: str, other: str, n: int) -> float:
    """The mean, over parties, of the share of their `inside` group that is also in their `other` group."""
    cells = both.group_by(inside, other).agg(pl.len().alias("n"))
    cells = cells.with_columns(pl.col("n").sum().over(inside).alias("size"))
    return float(cells.select((pl.col("n") ** 2 / pl.col("size")).sum()).item()) / n


def _exact(both: pl.DataFrame) -> float:
    """The share of persons (reachable components) who are one OneID that holds nobody else."""
    ids = both.group_by("one_id").agg(pl.col("person_id").n_unique().alias("n_people"))
    people = (
        both.join(ids, on="one_id")
        .group_by("component")
        .agg((pl.col("one_id").n_unique() == 1).alias("whole"), (pl.col("n_people").max() == 1).alias("alone"))
    )
    return float(people.select((pl.col("whole") & pl.col("alone")).mean()).item())


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
