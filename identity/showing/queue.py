"""The review queue of a published run as people meet it: open questions, both sides of one, their answers.

Belongs here: what the command line and the console share. How questions come about is `keeping.review`'s matter, what a
side shows `sides`'.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from common.errors import UsageError
from identity.keeping.review import ANSWERS, WITHDRAWN, Decision, read_decisions
from identity.showing.edges import DOUBTFUL
from identity.showing.explain import Step, steps_between
from identity.showing.sides import Compared, Side, compared, sides

TABLE: Final = "review_item.parquet"
# What a question asks, by its kind: Chinese and English.
QUESTIONS: Final = {
    "pair": ("这两人是同一人吗？", "Are these two one person?"),
    "person": ("这是同一个人吗，还是两个人？", "Is this one person, or two?"),
}


@dataclass(frozen=True)
class Queue:
    """The questions of a published run and the answers so far.

    Attributes:
        identity: the run's published identity tables.
        touchpoints: its canonical tables, in the vault.
        items: rows of `identity.review_item`, by rank.
        answered: the last answer to each question that has one, in the order of answering.
    """

    identity: Path
    touchpoints: Path
    items: pl.DataFrame
    answered: dict[str, Decision]

    def open(self) -> pl.DataFrame:
        """The questions that nobody has answered yet, most valuable first."""
        return self.items.filter(~pl.col("item_id").is_in(list(self.answered)))

    def item(self, item_id: str) -> dict[str, Any]:
        """A question of the run, or one that was answered earlier: what it is about is beside the answer.

        Raises:
            UsageError: there is none of this name.
        """
        wanted = item_id.strip().upper()
        found = [row for row in self.items.filter(pl.col("item_id") == wanted).iter_rows(named=True)]
        if not found and wanted not in self.answered:
            raise UsageError(f"There is no question {item_id}; `guiyi review list` has those of the published run.")
        return found[0] if found else vars(self.answered[wanted])

    def sides(self, item: Mapping[str, Any]) -> tuple[Side, Side]:
        """What the records of both sides of a question of this run say, masked."""
        return sides(item, self.identity, self.touchpoints, self._private)

    def compared(self, item: Mapping[str, Any], step: Step | None) -> Compared:
        """The same with what the evidence says of each fact.

        Args:
            item: a row of `identity.review_item`.
            step: its `evidence`.
        """
        levels = {name: level for name, (level, _) in step.weights.items()} if step else None
        return compared(item, self.identity, self.touchpoints, self._private, levels)

    @property
    def _private(self) -> Path:
        return self.touchpoints.parent / "identity"


def read_queue(tables: Path, touchpoints: Path, folder: Path, run_id: str) -> Queue:
    """The queue of a published run.

    Args:
        tables: the run's published identity tables.
        touchpoints: its canonical tables, in the vault.
        folder: the home's `identity` folder, where answers are.
        run_id: for telling.

    Raises:
        UsageError: the run is of an older version and asks nothing.
        DefinitionError: the file of answers is not as it was written.
    """
    if not (tables / TABLE).exists():
        raise UsageError(f"The run {run_id} is of an older version and asks nothing yet; run `guiyi run` again.")
    items = pl.read_parquet(tables / TABLE).sort("rank")
    return Queue(tables, touchpoints, items, {one.item_id: one for one in read_decisions(folder)})


def evidence(con: duckdb.DuckDBPyConnection, item: Mapping[str, Any]) -> Step | None:
    """The edge that a question is about, with the weight of each comparison; None where it is about no single edge.

    Args:
        con: a published warehouse.
        item: a row of `identity.review_item`.
    """
    ends = [(str(item[f"record_{side}"]), str(item[f"role_{side}"])) for side in "ab"]
    found = steps_between(con, *ends)
    scored = [step for step in found if step.weights]
    doubtful = [step for step in scored if step.kind == DOUBTFUL]
    return next(iter(doubtful or scored), None)


def answer_of(text: str, where: str = "") -> str:
    """One of same, different, not_sure, as somebody wrote it.

    Args:
        text: in any case, with spaces or hyphens.
        where: put before the error.

    Raises:
        UsageError: it is none.
    """
    answer = text.strip().lower().replace(" ", "_").replace("-", "_")
    if answer not in ANSWERS:
        raise UsageError(f"{where}{text!r} is no answer; use one of {', '.join(ANSWERS)}.")
    return answer


def decision_of(item: Mapping[str, Any], answer: str, who: str, at: dt.datetime, note: str = "") -> Decision:
    """An answer as it is kept.

    Args:
        item: the question: item_id and the two parties that stand for its sides.
        answer: one of `ANSWERS`, or `WITHDRAWN`.
        who: who answers.
        at: when, UTC without zone.
        note: why.

    Raises:
        UsageError: nobody answers.
    """
    if not who.strip():
        raise UsageError("A decision needs a name; say who decides with --who, or set GUIYI_STEWARD.")
    ends = (item["record_a"], item["role_a"], item["record_b"], item["role_b"])
    return Decision(item["item_id"], answer, *ends, who.strip(), at.isoformat(timespec="seconds"), note.strip())


def withdrawal_of(queue: Queue, item_id: str, who: str, at: dt.datetime, note: str = "") -> Decision:
    """Taking an answer back: the question is open again, and the next run knows nothing of the answer.

    Raises:
        UsageError: the question has no answer, or nobody takes it back.
    """
    before = queue.answered.get(item_id.strip().upper())
    if before is None:
        raise UsageError(f"{item_id} has no answer that could be taken back.")
    return decision_of(vars(before), WITHDRAWN, who, at, note)
