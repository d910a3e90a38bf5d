"""What outlives a run of identity: the stewards' files of a home, and the state that the last run left.

Belongs here: finding and reading them, and telling in what a run differs from the one that it stands on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import DefinitionError
from identity.keeping.causes import ChurnBudget, Differences
from identity.keeping.review import NOT_SURE, Decision, read_decisions
from identity.keeping.stewards import OVERRIDES, Override, Stewardship, read_overrides, touched
from identity.parties import PARTY, Parties
from identity.registry import load_registry

ERASED: Final = "erased.csv"
REGISTRY: Final = "identifiers.yml"
# A hash of what each party said, in the private folder: what has changed since.
STATE: Final = "party_state.parquet"


@dataclass(frozen=True)
class Keeping:
    """What a run of identity stands on besides the canonical tables.

    Attributes:
        folder: the home's `identity` folder: overrides.csv, decisions.csv, erased.csv,
            identifiers.yml; None where there is no home.
        private: the private identity tables of the published run, or None.
        budget: how many records may get another id.
        accept_churn: let this run change as many ids as it likes.
    """

    folder: Path | None = None
    private: Path | None = None
    budget: ChurnBudget = field(default_factory=ChurnBudget)
    accept_churn: bool = False

    @property
    def registry(self) -> Path | None:
        """The brand's own identifier types, where it may have some."""
        return self.folder / REGISTRY if self.folder else None

    def decisions(self) -> list[Decision]:
        """The answers to questions of the review queue.

        Raises:
            DefinitionError: `decisions.csv` cannot be read.
        """
        return read_decisions(self.folder) if self.folder else []

    def overrides(self) -> list[Override]:
        """What stewards have decided, in their file or by an answer.

        Raises:
            DefinitionError: one of the files cannot be read.
        """
        in_file = read_overrides(self.folder / OVERRIDES) if self.folder else []
        return in_file + [one.override() for one in self.decisions() if one.decision != NOT_SURE]

    def erased(self) -> pl.DataFrame:
        """The parties whose records were taken out because a person asked for it: record_id, role (null for all).

        Raises:
            DefinitionError: `erased.csv` has no column record_id.
        """
        path = self.folder / ERASED if self.folder else None
        if path is None or not path.exists():
            return pl.DataFrame(schema={"record_id": pl.String})
        found = pl.read_csv(path, infer_schema=False)
        if "record_id" not in found.columns:
            raise DefinitionError(path, "has no column record_id.", "Its first line is record_id,when,note.")
        return found.select(pl.col("record_id").str.strip_chars()).unique()

    def check(self) -> None:
        """Reads every file of the folder, so that a slip of the pen is told before an hour's work and not after.

        Raises:
            DefinitionError: one of them is wrong.
        """
        load_registry(own=self.registry)
        self.overrides()
        self.erased()


def differences(
    parties: Parties,
    state: pl.DataFrame,
    stewards: Stewardship,
    edges: Iterable[pl.DataFrame],
    decided_by: pl.DataFrame,
    previous: Path | None,
    keeping: Keeping,
    key: bytes,
) -> Differences:
    """In what this run differs from the published one.

    Args:
        state: `causes.contents` of this run.
        edges: frames with party_a, party_b, kind: what holds the persons of this run together.
        decided_by: the rules and the model of this run, one row.
        previous: the identity tables of the published run, or None.
        key: the home's key.
    """
    if previous is None:
        return Differences()
    last = _table(previous, "decided_by", decided_by)
    before = _table(previous, "override", stewards.row.clear())
    rows = last.row(0, named=True) if len(last) else decided_by.row(0, named=True)
    now = decided_by.row(0, named=True)
    said = keeping.private / STATE if keeping.private else None
    known = pl.read_parquet(said) if said and said.exists() else state
    changed = state.join(known, on=PARTY, suffix="_before").filter(pl.col("content") != pl.col("content_before"))
    gone = known.select(PARTY).join(keeping.erased(), on="record_id", how="semi")
    absent = _table(previous, "absent_record", gone).select(PARTY).join(keeping.erased(), on="record_id", how="semi")
    return Differences(
        rules=rows["rules"] != now["rules"],
        model=rows["model"] != now["model"],
        changed=changed.select(PARTY),
        steward=touched(stewards.row, before, parties, key),
        erased=pl.concat([gone, absent]).unique(),
        edge=pl.concat([edge.select(pl.col("party_a", "party_b").cast(pl.Int32), "kind") for edge in edges]),
    )


def _table(folder: Path, name: str, empty: pl.DataFrame) -> pl.DataFrame:
    """A table of the published run; a run of an older version may lack it."""
    path = folder / f"{name}.parquet"
    return pl.read_parquet(path) if path.exists() else empty.clear()
