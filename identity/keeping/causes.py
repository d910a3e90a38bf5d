"""Causes: why a record's OneID is another than before, decided change by change; and how much may change.

Belongs here: what differs between two runs around a change, and the churn budget. Giving ids is `stable`'s matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb
import polars as pl

from common.errors import GuiyiError
from identity.graph import connected
from identity.parties import PARTY, Parties

NEW_EVIDENCE, RULE, MODEL, STEWARD, ERASURE = "new_evidence", "rule", "model", "steward", "erasure"
SOURCE_GONE, SOURCE_BACK = "source_gone", "source_back"

_PARTIES: Final = {"record_id": pl.String, "role": pl.String}


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema=_PARTIES)


@dataclass(frozen=True)
class Differences:
    """In what a run differs from the published one that it stands on; frames have record_id and role.

    Attributes:
        rules: the rules are others.
        model: the model is another.
        changed: parties that say something else than last time.
        steward: parties that a new, or a withdrawn, decision of a steward touches.
        erased: parties whose records were taken out because a person asked for it.
        edge: party_a, party_b, kind: what holds this run's persons together.
    """

    rules: bool = False
    model: bool = False
    changed: pl.DataFrame = field(default_factory=_nobody)
    steward: pl.DataFrame = field(default_factory=_nobody)
    erased: pl.DataFrame = field(default_factory=_nobody)
    edge: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"party_a": pl.Int32, "party_b": pl.Int32, "kind": pl.String})
    )


@dataclass(frozen=True)
class ChurnBudget:
    """How many known records a run may give another OneID.

    Attributes:
        warn: share from which a run says so.
        stop: share from which it publishes nothing.
        allowance: so many records may always change: a small home is not stopped by one person.
    """

    warn: float = 0.01
    stop: float = 0.02
    allowance: int = 50

    def exceeds(self, n_changed: int, n_known: int, share: float) -> bool:
        """Whether so many changes are more than the share allows."""
        return n_changed > max(share * n_known, self.allowance)


class ChurnError(GuiyiError):
    """More records would change their OneID than the budget allows."""


def check_churn(change: pl.DataFrame, n_known: int, budget: ChurnBudget) -> None:
    """Stops a run that would give too many records another id.

    Raises:
        ChurnError: says how many, why, and what to do.
    """
    if not budget.exceeds(len(change), n_known, budget.stop):
        return
    causes = change.group_by("cause").agg(pl.len().alias("n")).sort("n", "cause", descending=[True, False])
    why = ", ".join(f"{n:,} by {cause}" for cause, n in causes.iter_rows())
    raise ChurnError(
        f"{len(change):,} of {n_known:,} known records ({len(change) / n_known:.1%}) would get another OneID, more "
        f"than the {budget.stop:.0%} that a run may change ({why}), so nothing was published; undo what caused it "
        "(files taken out, a new model, changed rules), or accept it with `guiyi run --accept-churn`."
    )


def contents(parties: Parties) -> pl.DataFrame:
    """A hash of all that each party says: record_id, role, content. Pseudonymous: it belongs in the vault."""
    con = duckdb.connect()
    try:
        con.register("party", parties.party.drop("party").with_columns(parties.party["party"].alias("n")).to_arrow())
        con.register("identifier", parties.identifier.to_arrow())
        return con.sql(
            """
            with said as (
                select party, string_agg(concat_ws('|', id_type, id_scope, id_value, strength, seen_at), '\n'
                       order by id_type, id_scope, id_value) as ids
                from identifier group by party
            )
            select record_id, role, md5(concat(p::varchar, ids)) as content
            from (select * exclude (n) from party) as p
            join (select record_id, role, n from party) as k using (record_id, role)
            left join said on said.party = k.n
            order by all
            """
        ).pl()
    finally:
        con.close()


def with_causes(placed: pl.DataFrame, gone: pl.DataFrame, different: Differences) -> pl.DataFrame:
    """The changes of a run with their causes.

    What lies around a change is every person, old or new, that shares records with the ones concerned; a cause is
    looked for there, the most telling first. Where nothing there differs, the rules or the model did it.

    Args:
        placed: party, record_id, role, cluster, old_one_id (null for new records), was_here, one_id.
        gone: record_id, role, old_one_id, was_here of earlier records that this run did not see.
        different: in what the runs differ.

    Returns:
        record_id, role, old_one_id, one_id, cause of each record whose id is another.
    """
    moved = placed.filter(pl.col("old_one_id").is_not_null() & (pl.col("old_one_id") != pl.col("one_id")))
    if moved.is_empty():
        return moved.select(*PARTY, "old_one_id", "one_id", pl.lit(NEW_EVIDENCE).alias("cause"))
    around = _around(placed)
    gone = gone.filter("was_here").join(
        around.select("old_one_id", "group").unique("old_one_id"), on="old_one_id", how="left"
    )
    changed = _among(around, different.changed)
    told = {
        STEWARD: _among(around, different.steward),
        ERASURE: gone.join(different.erased, on=PARTY, how="semi"),
        SOURCE_GONE: gone,
        SOURCE_BACK: around.filter(~pl.col("was_here")),
        NEW_EVIDENCE: pl.concat([around.filter(pl.col("old_one_id").is_null()), changed]),
    }
    moved = moved.join(around.select("party", "group"), on="party")
    near = [
        pl.when(pl.col("group").is_in(parties["group"].drop_nulls().unique().implode())).then(pl.lit(name))
        for name, parties in told.items()
    ]
    decided = moved.with_columns(pl.coalesce(*near).alias("cause"))
    if different.rules or different.model:
        decided = _by_rule_or_model(decided, around, changed, different)
    return decided.with_columns(pl.col("cause").fill_null(_of_the_run(told))).select(
        *PARTY, "old_one_id", "one_id", "cause"
    )


def _around(placed: pl.DataFrame) -> pl.DataFrame:
    """Each party with the group of old and new persons that share records: one number a group."""
    old = placed["old_one_id"].rank("dense").fill_null(0).to_numpy().astype("int64")
    new = placed["cluster"].to_numpy().astype("int64")
    n_new = int(new.max()) + 1
    is_known = old > 0
    group = connected(n_new + int(old.max()) + 1, new[is_known], old[is_known] + n_new)
    return placed.with_columns(pl.Series("group", group[new]))


def _among(around: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    return around.join(parties, on=PARTY, how="semi")


def _by_rule_or_model(
    decided: pl.DataFrame, around: pl.DataFrame, changed: pl.DataFrame, different: Differences
) -> pl.DataFrame:
    """Puts down to rules or model what they did without help: the records that now meet were all there before.

    Where a new record lies beside a change, it need not be what caused it. It was not, if edges between records that
    have not changed are enough to bring the record to the others of its new id.
    """
    steady = around.filter(pl.col("was_here").fill_null(False)).join(changed.select("party"), on="party", how="anti")
    is_steady = pl.Series([False] * (int(around["party"].max()) + 1))  # type: ignore[arg-type]  # an integer
    is_steady[steady["party"].to_numpy()] = True
    edge = different.edge.filter(_both(different.edge, is_steady))
    by_any = _reached(around, steady, edge, len(is_steady))
    by_sure = _reached(around, steady, edge.filter(pl.col("kind") != "scored"), len(is_steady))
    own = RULE if different.rules and not different.model else MODEL
    open_ = pl.col("cause").is_null()
    helped = pl.col("cause") == NEW_EVIDENCE
    both = different.rules and different.model
    return decided.with_columns(
        pl.when((open_ | helped) & pl.col("party").is_in(by_sure.implode()) & pl.lit(both)).then(pl.lit(RULE))
        .when(open_ | (helped & pl.col("party").is_in(by_any.implode()))).then(pl.lit(own))
        .otherwise(pl.col("cause")).alias("cause")
    )  # fmt: skip


def _both(edge: pl.DataFrame, is_steady: pl.Series) -> pl.Series:
    return is_steady.gather(edge["party_a"].cast(pl.UInt32)) & is_steady.gather(edge["party_b"].cast(pl.UInt32))


def _reached(around: pl.DataFrame, steady: pl.DataFrame, edge: pl.DataFrame, n: int) -> pl.Series:
    """The parties that these edges alone tie to a record which had their new id before."""
    part = connected(n, edge["party_a"].to_numpy(), edge["party_b"].to_numpy())
    known = steady.with_columns(pl.Series("part", part[steady["party"].to_numpy()]))
    had = known.filter(pl.col("old_one_id") == pl.col("one_id")).select("part", "one_id").unique()
    return known.join(had, on=["part", "one_id"], how="semi")["party"]


def _of_the_run(told: Mapping[str, pl.DataFrame]) -> str:
    """What changes are put down to around which nothing differs: they follow from figures of the whole run."""
    for name in (NEW_EVIDENCE, SOURCE_GONE, SOURCE_BACK, ERASURE, STEWARD):
        if len(told[name]):
            return name
    return NEW_EVIDENCE
