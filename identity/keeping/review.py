"""The review queue: what people should judge, the most valuable question first, and what they have decided.

Belongs here: making the questions of a run, and the home's append-only file of decisions. How a question is shown is
`sides`' matter, what a decision does to the partition `stewards`'.
"""

import csv
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import DefinitionError
from identity.keeping.stewards import Override

DECISIONS: Final = "decisions.csv"
NOT_SURE: Final = "not_sure"
ANSWERS: Final = ("same", "different", NOT_SURE)
# Written after an answer that was taken back: as if the question had never been answered.
WITHDRAWN: Final = "withdrawn"
PAIR, PERSON = "pair", "person"
# A person who hangs together by one scored edge is asked about below p = 0.992, log2 odds …
ASKED_BELOW: Final = 7.0
# … and kept out of lists, until somebody has answered, below p = 0.98.
HELD_BELOW: Final = 0.98
# What spend is divided by where nobody has ordered anything.
_NO_ORDERS: Final = 1.0

ITEM_SCHEMA: Final = {
    "item_id": pl.String, "rank": pl.Int64, "kind": pl.String, "one_id_a": pl.String, "one_id_b": pl.String,
    "record_a": pl.String, "role_a": pl.String, "record_b": pl.String, "role_b": pl.String,
    "match_probability": pl.Float64, "uncertainty_bits": pl.Float64, "n_records_at_stake": pl.Int64,
    "spend_at_stake": pl.Float64, "value": pl.Float64, "words": pl.String, "words_zh": pl.String,
    "holds_export": pl.Boolean, "first_run": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """One answer to a question of the queue.

    Attributes:
        decision: same, different or not_sure; withdrawn where an earlier answer was taken back.
        record_a: with role_a, the party that stands for one side; the answer is about these two for ever.
        at: when, UTC, as `2026-11-20T08:30:00`.
    """

    item_id: str
    decision: str
    record_a: str
    role_a: str
    record_b: str
    role_b: str
    who: str
    at: str
    note: str = ""

    def override(self) -> Override:
        """The answer as a steward's decision."""
        a, b = f"{self.record_a}@{self.role_a}", f"{self.record_b}@{self.role_b}"
        return Override(self.decision, a, b, self.who, self.at, self.note, f"review {self.item_id}")


_DECISION_COLUMNS: Final = tuple(one.name for one in fields(Decision))


def read_decisions(folder: Path) -> list[Decision]:
    """The last answer to each question, in the order in which they were given; what was taken back is left out.

    Args:
        folder: the home's `identity` folder.

    Raises:
        DefinitionError: the file is not as it was written.
    """
    path = folder / DECISIONS
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    if not lines or tuple(lines[0]) != _DECISION_COLUMNS or any(len(x) != len(_DECISION_COLUMNS) for x in lines):
        raise DefinitionError(
            path,
            "is not as Guiyi wrote it.",
            f"Restore it from a copy; its first line is {','.join(_DECISION_COLUMNS)}.",
        )
    last: dict[str, Decision] = {}
    for line in lines[1:]:
        last.pop(line[0], None)
        if line[1] != WITHDRAWN:
            last[line[0]] = Decision(*line)
    return list(last.values())


def write_decisions(folder: Path, decisions: Iterable[Decision]) -> None:
    """Adds answers to the home's file; what is there stays as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / DECISIONS
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        path.chmod(0o600)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([_DECISION_COLUMNS] if is_new else [])
        writer.writerows([" ".join(str(cell).split()) for cell in astuple(one)] for one in decisions)


def review_items(
    edge: pl.DataFrame,
    record_map: pl.DataFrame,
    decisions: Sequence[Decision],
    spend: pl.DataFrame,
    run_id: str,
    before: pl.DataFrame | None = None,
    contradictions: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The open questions of a run, most valuable first.

    A question is a doubtful pair of persons (kind pair), or a person (kind person) whose records contradict each other
    or whose two parts hang together by one weak scored edge. Its value is
    `uncertainty_bits * (records at stake + spend at stake / median order)`: the bits that an answer brings,
    H(p) = -p log2 p - (1 - p) log2(1 - p), times what would move if the answer were the other one. At stake is the side
    with fewer records, in orders' worth of money as in records.

    Args:
        edge: the run's edges (`edges.EDGE_COLUMNS`).
        record_map: record_id, role, one_id.
        decisions: answers so far; a pair that was answered, be it with not_sure, is not asked again.
        spend: record_id, amount of each order.
        run_id: this run.
        before: the questions of the last run, for when each was first asked.
        contradictions: people who contradict themselves, as `ASKED`.

    Returns:
        `ITEM_SCHEMA`, by rank.
    """
    sides = _doubtful_pairs(edge, record_map)
    more = [contradictions] if contradictions is not None and len(contradictions) else []
    # A person is asked about once: what contradicts itself goes before what merely hangs by little.
    persons = pl.concat([*more, _weak_persons(edge)], how="vertical_relaxed").unique(
        "one_id_a", keep="first", maintain_order=True
    )
    asked = pl.concat([sides, persons], how="vertical_relaxed")
    asked = _unanswered(asked.with_columns(_item_ids(asked).alias("item_id")), record_map, decisions)
    if asked.is_empty():
        return pl.DataFrame(schema=ITEM_SCHEMA)
    valued = _with_stakes(asked, record_map, spend)
    p = pl.col("match_probability").clip(1e-9, 1 - 1e-9)
    bits = -(p * p.log(2) + (1 - p) * (1 - p).log(2))
    order = _median_order(spend)
    first = (before if before is not None else pl.DataFrame(schema=ITEM_SCHEMA)).select("item_id", "first_run")
    return (
        valued.with_columns(bits.round(6).alias("uncertainty_bits"))
        .with_columns(
            (pl.col("uncertainty_bits") * (pl.col("n_records_at_stake") + pl.col("spend_at_stake") / order))
            .round(4)
            .alias("value"),
            ((pl.col("kind") == PERSON) & (pl.col("match_probability") < HELD_BELOW)).alias("holds_export"),
        )
        .join(first, on="item_id", how="left")
        .with_columns(pl.col("first_run").fill_null(run_id))
        .sort("value", "item_id", descending=[True, False])
        .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank"))
        .select(list(ITEM_SCHEMA))
    )


# What a question is before it has a value; `asked_as` names it where the ends of an edge do not.
ASKED: Final = [
    "kind", "one_id_a", "one_id_b", "record_a", "role_a", "record_b", "role_b", "match_probability", "n_cut_off",
    "words", "words_zh", "asked_as",
]  # fmt: skip


def _doubtful_pairs(edge: pl.DataFrame, record_map: pl.DataFrame) -> pl.DataFrame:
    """Two persons whom the scores nearly make one: the strongest doubtful edge between them."""
    doubtful = edge.filter(pl.col("kind") == "doubtful")
    person = record_map.select("record_id", "role", "one_id")
    placed = _placed(doubtful.drop("one_id"), person)
    # The smaller OneID first, whichever way the edge was written.
    is_turned = pl.col("one_id_a") > pl.col("one_id_b")
    turned = [
        pl.when(is_turned).then(pl.col(f"{name}_{other}")).otherwise(pl.col(f"{name}_{side}")).alias(f"{name}_{side}")
        for name in ("one_id", "record", "role")
        for side, other in (("a", "b"), ("b", "a"))
    ]
    return (
        placed.filter(pl.col("one_id_a") != pl.col("one_id_b"))
        .with_columns(turned)
        .sort("match_probability", "record_a", "role_a", "record_b", "role_b", descending=[True, *[False] * 4])
        .unique(["one_id_a", "one_id_b"], keep="first", maintain_order=True)
        .with_columns(pl.lit(PAIR).alias("kind"), pl.lit(None, pl.String).alias("asked_as"))
        .select(ASKED)
    )


def _weak_persons(edge: pl.DataFrame) -> pl.DataFrame:
    weak = edge.filter((pl.col("kind") == "scored") & pl.col("is_bridge") & (pl.col("match_weight") < ASKED_BELOW))
    return (
        weak.sort("match_probability", "record_a", "role_a", "record_b", "role_b")
        .unique("one_id", keep="first", maintain_order=True)
        .with_columns(
            pl.lit(PERSON).alias("kind"),
            pl.col("one_id").alias("one_id_a"),
            pl.col("one_id").alias("one_id_b"),
            pl.lit(None, pl.String).alias("asked_as"),
        )
        .select(ASKED)
    )


def _placed(ends: pl.DataFrame, person: pl.DataFrame) -> pl.DataFrame:
    """Adds the OneIDs of both ends."""
    for side in "ab":
        names = {"record_id": f"record_{side}", "role": f"role_{side}", "one_id": f"one_id_{side}"}
        ends = ends.join(person.rename(names), on=[f"record_{side}", f"role_{side}"])
    return ends


def _unanswered(asked: pl.DataFrame, record_map: pl.DataFrame, decisions: Sequence[Decision]) -> pl.DataFrame:
    if not decisions:
        return asked
    ends = ["record_a", "role_a", "record_b", "role_b"]
    answered = pl.DataFrame(
        [(d.record_a, d.role_a, d.record_b, d.role_b) for d in decisions],
        schema=dict.fromkeys(ends, pl.String), orient="row",
    )  # fmt: skip
    placed = _placed(answered, record_map.select("record_id", "role", "one_id"))
    pairs = placed.select(
        pl.min_horizontal("one_id_a", "one_id_b").alias("one_id_a"),
        pl.max_horizontal("one_id_a", "one_id_b").alias("one_id_b"),
    ).filter(pl.col("one_id_a") != pl.col("one_id_b"))
    turned = answered.select(record_a="record_b", role_a="role_b", record_b="record_a", role_b="role_a")
    named = [one.item_id for one in decisions]
    return (
        asked.filter(~pl.col("item_id").is_in(named))
        .join(pairs, on=["one_id_a", "one_id_b"], how="anti")
        .join(pl.concat([answered, turned]), on=ends, how="anti")
    )


def _with_stakes(asked: pl.DataFrame, record_map: pl.DataFrame, spend: pl.DataFrame) -> pl.DataFrame:
    """Adds records and spend of the smaller side; of a person, the part that would fall off."""
    money = record_map.join(spend, on="record_id").unique(["record_id", "one_id"])
    person = (
        record_map.group_by("one_id")
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .join(money.group_by("one_id").agg(pl.col("amount").sum()), on="one_id", how="left")
        .with_columns(pl.col("amount").fill_null(0.0))
    )
    for side in "ab":
        asked = asked.join(person.rename({c: f"{c}_{side}" for c in person.columns}), on=f"one_id_{side}", how="left")
    a_is_smaller = pl.col("n_a") <= pl.col("n_b")
    is_pair = pl.col("kind") == PAIR
    share = pl.col("n_cut_off") / pl.col("n_a")
    return asked.with_columns(
        pl.when(is_pair).then(pl.min_horizontal("n_a", "n_b")).otherwise("n_cut_off").alias("n_records_at_stake"),
        pl.when(is_pair)
        .then(pl.when(a_is_smaller).then("amount_a").otherwise("amount_b"))
        # Whose orders are whose is the very question: the part is taken to have spent its share of the person's.
        .otherwise(pl.col("amount_a") * share)
        .round(2)
        .alias("spend_at_stake"),
    )


def _median_order(spend: pl.DataFrame) -> float:
    amounts = spend.filter(pl.col("amount") > 0)["amount"]
    median = amounts.median() if len(amounts) else None
    return float(median) if isinstance(median, float) and math.isfinite(median) else _NO_ORDERS


def _item_ids(asked: pl.DataFrame) -> pl.Series:
    """`Q` and ten characters of a hash of what is asked: two OneIDs, or the two ends of a person's weak edge."""
    names = []
    for row in asked.iter_rows(named=True):
        ends = sorted([f"{row['record_a']}@{row['role_a']}", f"{row['record_b']}@{row['role_b']}"])
        what = (
            (row["one_id_a"], row["one_id_b"])
            if row["kind"] == PAIR
            else [row["asked_as"]]
            if row["asked_as"]
            else ends
        )
        names.append("Q" + hashlib.sha256("|".join(what).encode()).hexdigest()[:10].upper())
    return pl.Series(names, dtype=pl.String)


def spend_of_orders(orders: pl.DataFrame) -> pl.DataFrame:
    """What each order's record has brought: record_id, amount (net of refunds, never below nought).

    Args:
        orders: the canonical orders: record_id, paid_amount, refunded_amount.
    """
    paid, back = (pl.col(c).cast(pl.Float64).fill_null(0.0) for c in ("paid_amount", "refunded_amount"))
    return orders.group_by("record_id").agg((paid - back).sum().clip(lower_bound=0.0).alias("amount"))
