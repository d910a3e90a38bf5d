"""Evaluation against known truth: how right the OneIDs are, pair by pair, record by record, person by person.

Pairwise and B-cubed measures by their usual definitions (Bagga and Baldwin 1998 for B-cubed), over the parties that
both the truth and the run know. Recall is told twice: over all pairs of a person, and over those that the files
allow anyone to know (pairs within one reachable component of the truth). What the mistakes come from is in `mistakes`.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from common.errors import UsageError
from common.keys import keyed_hashes

KEYS = ["source", "account", "record_type", "natural_key", "role"]
PLAIN = "plain"
ALL = "all"
# What the simulator says of persons that complicates nothing.
_NO_PHENOMENA = ("is_buyer", "is_alive")


@dataclass(frozen=True)
class Evaluation:
    """Quality figures, all shares in 0..1.

    Attributes:
        n_parties: parties compared; n_truth_only and n_run_only were in one of the two alone.
        n_components: groups of parties that the files allow anyone to put together; never fewer than persons.
        pairwise_recall, b_cubed_recall: over all pairs of a person (the plain figures).
        pairwise_recall_reachable, b_cubed_recall_reachable: over pairs within one reachable component; equal to the
            plain ones where the truth names no components. The F1 figures `_reachable` use these.
        cluster_precision, cluster_recall: share of OneIDs that are exactly a person's parties, of persons that are
            exactly a OneID's; `_reachable` asks for whole components in place of whole persons.
        exact_person_rate: share of reachable components whose parties are one OneID's that holds nobody else's;
            the recall that goes with `cluster_precision_reachable`.
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
    cluster_precision: float
    cluster_recall: float
    cluster_f1: float
    cluster_precision_reachable: float
    cluster_f1_reachable: float
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
    return evaluate_parties(*compared(record_map, truth, key))


def compared(record_map: Path, truth: Path, key: bytes) -> tuple[pl.DataFrame, int, int]:
    """The parties that both a record map and a truth file know, and how many each knows alone.

    Returns:
        `KEYS`, the other columns of the record map (one_id among them), person_id, component (the person's own
        where the truth names none) and phenomenon (`plain` where the truth names none); then the two counts.

    Raises:
        UsageError: as `evaluate`.
    """
    known = pl.read_csv(truth, infer_schema=False) if truth.suffix == ".csv" else pl.read_parquet(truth)
    missing = [c for c in (*KEYS, "person_id") if c not in known.columns]
    if missing:
        raise UsageError(f"{truth.name} has no column {missing[0]}; a truth file has {', '.join(KEYS)} and person_id.")
    for column, instead in (("component", ""), ("phenomenon", PLAIN)):
        told = pl.col(column).cast(pl.String) if column in known.columns else pl.lit(None, pl.String)
        known = known.with_columns(told.fill_null(instead).alias(column))
    known = known.select(*KEYS, pl.col("person_id").cast(pl.String), "component", "phenomenon").unique(
        KEYS, keep="first", maintain_order=True
    )
    found = pl.read_parquet(record_map)
    both = _joined(known, found.select(*KEYS, "one_id", *(c for c in ("record_id",) if c in found.columns)), key)
    if both.is_empty():
        raise UsageError(f"no record of {truth.name} is in this warehouse; check that the truth is of the same files.")
    return both, len(known) - len(both), len(found) - len(both)


def _joined(known: pl.DataFrame, found: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """The parties that both know: a truth in the clear is hashed where the record map has a hash."""
    plain = known.join(found, on=KEYS)
    rest = known.join(found, on=KEYS, how="anti")
    hashed_kinds = found.filter(pl.col("natural_key").str.starts_with("h:")).select("source", "record_type").unique()
    candidates = rest.join(hashed_kinds, on=["source", "record_type"], how="semi")
    hashed = candidates.with_columns(keyed_hashes(candidates["natural_key"], key).alias("natural_key"))
    return pl.concat([plain, hashed.join(found, on=KEYS)]).with_columns(
        (pl.col("person_id") + "/" + pl.col("component")).alias("component")
    )


def evaluate_parties(both: pl.DataFrame, n_truth_only: int = 0, n_run_only: int = 0) -> Evaluation:
    """The measures of parties that truth and run know: one_id, person_id, component; and how many each knows alone."""
    n = len(both)
    right = _pairs(both, "one_id", "person_id")
    precision = _share(right, _pairs(both, "one_id"))
    recall = _share(right, _pairs(both, "person_id"))
    reachable = _share(_pairs(both, "one_id", "component"), _pairs(both, "component"))
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
        cluster_precision=(c_precision := _exact(both, "one_id", "person_id")),
        cluster_recall=(c_recall := _exact(both, "person_id", "one_id")),
        cluster_f1=_f1(c_precision, c_recall),
        cluster_precision_reachable=(r_precision := _exact_reachable(both, "one_id")),
        cluster_f1_reachable=_f1(r_precision, exact := _exact_reachable(both, "component")),
        exact_person_rate=exact,
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


def _exact(both: pl.DataFrame, group: str, other: str) -> float:
    """The share of groups that are exactly one group of the other partition."""
    sizes = both.with_columns(pl.len().over(other).alias("size")).group_by(group)
    is_same = (pl.col(other).n_unique() == 1) & (pl.col("size").first() == pl.len())
    return float(sizes.agg(is_same.alias("is_same"))["is_same"].mean())  # type: ignore[arg-type]  # a mean of booleans


def _exact_reachable(both: pl.DataFrame, group: str) -> float:
    """The share of OneIDs (or components) that hold, or are held with, one person's whole components alone."""
    marked = both.with_columns(
        (pl.col("person_id").n_unique().over("one_id") == 1).alias("is_pure"),
        (pl.col("one_id").n_unique().over("component") == 1).alias("is_whole"),
    )
    right = marked.group_by(group).agg((pl.col("is_pure") & pl.col("is_whole")).all().alias("is_right"))
    return float(right["is_right"].mean())  # type: ignore[arg-type]  # a mean of booleans


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def evaluate_phenomena(record_map: Path, truth: Path, key: bytes, persons: Path | None = None) -> pl.DataFrame:
    """Quality by phenomenon: what happens to people with a recycled phone, to gifts, to masked receivers ….

    Args:
        record_map: as for `evaluate`.
        truth: as for `evaluate`, with a column phenomenon: what complicates the party.
        key: the home's key.
        persons: Parquet with person_id and booleans `is_<phenomenon>`: everything that complicates a person, where
            the truth's one column tells only the most telling; None reads `person.parquet` beside the truth if there.

    Returns:
        One row per phenomenon, `all` first, then by name: phenomenon; n_persons and n_parties that it touches;
        pairwise_precision, pairwise_recall_reachable, pairwise_recall over the pairs with at least one such party;
        b_cubed_precision, b_cubed_recall_reachable over such parties; n_wrongly_merged (persons with such a party in
        a OneID that holds another person's), wrongly_merged_rate of n_persons; n_split (persons with such a party in
        a component that lies in several OneIDs), split_rate.

    Raises:
        UsageError: as `evaluate`.
    """
    both, _, _ = compared(record_map, truth, key)
    both = both.with_row_index("row")
    touched = both.select("row", "phenomenon")
    beside = persons or truth.with_name("person.parquet")
    if beside.exists():
        flagged = both.select("row", "person_id").join(_flags(beside), on="person_id").drop("person_id")
        touched = pl.concat([touched, flagged])
    return quality_by_phenomenon(both, pl.concat([both.select("row", phenomenon=pl.lit(ALL)), touched]))


def quality_by_phenomenon(both: pl.DataFrame, touched: pl.DataFrame) -> pl.DataFrame:
    """The lines of `evaluate_phenomena`.

    Args:
        both: row (a number), one_id, person_id, component of every party.
        touched: row and phenomenon, `ALL` among them.
    """
    marked = both.with_columns(
        (pl.col("person_id").n_unique().over("one_id") > 1).alias("is_mixed"),
        (pl.col("one_id").n_unique().over("component") > 1).alias("is_split"),
    )
    names = [ALL, *sorted(set(touched["phenomenon"]) - {ALL})]
    return pl.DataFrame(
        [_of_phenomenon(marked, touched.filter(pl.col("phenomenon") == name)["row"], name) for name in names]
    )


def _flags(persons: Path) -> pl.DataFrame:
    """person_id and phenomenon, one row for each of a person's flags."""
    frame = pl.read_parquet(persons)
    flags = [
        c for c, kind in frame.schema.items() if c.startswith("is_") and kind == pl.Boolean and c not in _NO_PHENOMENA
    ]
    return (
        frame.select(pl.col("person_id").cast(pl.String), *flags)
        .unpivot(flags, index="person_id", variable_name="phenomenon")
        .filter("value")
        .select(pl.col("phenomenon").str.strip_prefix("is_"), "person_id")
        .select("person_id", "phenomenon")
    )


def _of_phenomenon(both: pl.DataFrame, rows: pl.Series, name: str) -> dict[str, str | int | float]:
    is_touched = pl.col("row").is_in(rows.unique().implode())
    chosen, rest = both.filter(is_touched), both.filter(~is_touched)

    def pairs(*columns: str) -> int:
        return _pairs(both, *columns) - _pairs(rest, *columns)

    n_persons = chosen["person_id"].n_unique()
    merged = chosen.filter("is_mixed")["person_id"].n_unique()
    split = chosen.filter("is_split")["person_id"].n_unique()
    return {
        "phenomenon": name,
        "n_persons": n_persons,
        "n_parties": len(chosen),
        "pairwise_precision": _share(pairs("one_id", "person_id"), pairs("one_id")),
        "pairwise_recall_reachable": _share(pairs("one_id", "component"), pairs("component")),
        "pairwise_recall": _share(pairs("one_id", "person_id"), pairs("person_id")),
        "b_cubed_precision": _b_cubed_of(both, is_touched, "one_id", "person_id"),
        "b_cubed_recall_reachable": _b_cubed_of(both, is_touched, "component", "one_id"),
        "n_wrongly_merged": merged,
        "wrongly_merged_rate": merged / n_persons,
        "n_split": split,
        "split_rate": split / n_persons,
    }


def _b_cubed_of(both: pl.DataFrame, is_touched: pl.Expr, inside: str, other: str) -> float:
    """B-cubed over some of the parties: the mean share of their `inside` group that is in their `other` group too."""
    share = pl.len().over(inside, other) / pl.len().over(inside)
    return float(both.with_columns(share.alias("share")).filter(is_touched)["share"].mean())  # type: ignore[arg-type]  # of floats


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
