"""The identity stage from end to end: canonical tables in, OneIDs and golden records out.

Belongs here: the order of the layers and what is written. Each layer's own work is in its module.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from identity.around.beside import tables_beside
from identity.around.ties import with_staff_values
from identity.keeping.causes import check_churn, contents
from identity.keeping.golden import golden_records
from identity.keeping.keeping import Keeping, differences
from identity.keeping.stable import assign
from identity.keeping.stewards import Stewardship, stewardship
from identity.parties import Parties
from identity.registry import DEFAULT_REGISTRY, load_registry
from identity.results import IdentityReport, Resolved, report, shared_tables, write_tables
from identity.rules.holders import holders_apart
from identity.rules.judge import judge, with_holders
from identity.rules.lifetimes import parties_in_time
from identity.rules.steady import apply_links, steady_links
from identity.rules.sure import single_values, sure_clusters
from identity.scoring.candidates import candidates, descriptions
from identity.scoring.engine import Engine
from identity.scoring.frozen import freeze, keep_companions
from identity.scoring.linking import clusters_apart, guards_of_clusters, link_by_score
from identity.scoring.model import load_or_train
from identity.scoring.retail import RETAIL
from identity.scoring.reuse import RememberingEngine

Progress = Callable[[int, int, str], None]
_STEPS = (
    "reading parties", "judging identifiers", "sure edges", "scoring model", "scored edges", "clustering",
    "stable ids", "golden records",
)  # fmt: skip


def resolve(
    touchpoints: Path,
    *,
    public: Path,
    private: Path,
    previous: Path | None,
    models: Path,
    key: bytes,
    run_id: str,
    keeping: Keeping | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> IdentityReport:
    """Finds the people in the canonical tables and writes the identity tables.

    Args:
        touchpoints: folder of the canonical tables (`touchpoints.model`) as Parquet.
        public: folder for the tables without personal data: record_map, one_id, absent_record, edge, change,
            displaced_record, golden_field, golden_candidate, identifier_value, override, doubt, review_item,
            decided_by, relation, device_history, event_owner, over_limit.
        private: folder for golden_value, contact_point, person_identifier, value_owner and asked_value, in the clear,
            and the state that the next run starts from.
        previous: the `identity` tables of the published snapshot, or None on the first run.
        models: the home's folder of trained models; a model is trained and kept there when it has none.
        key: the home's key, for hashes of personal values.
        run_id: this run.
        keeping: the stewards' files, the last run's private tables, the churn budget.
        engine: what scores and clusters; this machine, with what the last run weighed, if not told.
        progress: called with (steps done, steps in all, what comes next).

    Raises:
        ChurnError: more ids would change than the budget allows; the tables are written all the same, to be looked at.
        DefinitionError: a steward's file, or the registry, cannot be read.
    """
    kept = keeping or Keeping()
    steps = iter(enumerate(_STEPS))

    def tell() -> None:
        if progress:
            number, name = next(steps)
            progress(number, len(_STEPS), name)

    registry = load_registry(own=kept.registry)
    tell()
    parties = parties_in_time(touchpoints, registry)
    tell()
    stewards = stewardship(parties, kept.overrides(), key)
    judgement = judge(parties, registry, with_staff_values(stewards.value, touchpoints))
    parties = with_holders(_without_blocked(parties, stewards), judgement)
    tell()
    sure = sure_clusters(parties, judgement, registry, same=stewards.same, apart=stewards.apart)
    tell()
    rows = candidates(parties, sure.label)
    apart = [*stewards.apart, *holders_apart(judgement.holding, parties, named=True)]

    def material() -> tuple[pl.DataFrame, pl.DataFrame]:
        return candidates(parties, descriptions(parties)), rows

    model = load_or_train(models, material, RETAIL, is_first=previous is None)
    tell()
    frozen = freeze(models, model.name, rows)
    memory = RememberingEngine(kept.private)
    linked = link_by_score(
        parties, sure.label, rows, model, registry, apart=apart, engine=engine or memory, frozen=frozen
    )
    tell()
    label = linked.label
    guards = guards_of_clusters(single_values(parties, registry), label)
    strangers = clusters_apart([*apart, *holders_apart(judgement.holding, parties)], label)
    known = frozen.steady_probability, frozen.first_companion
    steady = steady_links(parties, label, touchpoints, registry, guards, strangers, *known)
    measured = (steady.probability, steady.n_measured) if steady.is_measured else None
    keep_companions(models, model.name, frozen, measured, steady.first)
    label = apply_links(label, steady)
    tell()
    state = contents(parties)
    edges = (sure.edge.with_columns(pl.lit("sure").alias("kind")), linked.edge.filter(pl.col("kind") != "doubtful"))
    decided_by = pl.DataFrame({"rules": [rules_version(kept.registry)], "model": [model.name]})
    different = differences(parties, state, stewards, edges, decided_by, previous, kept, key)
    identities = assign(parties, label, previous, run_id, different)
    tell()
    golden = golden_records(parties, identities.of_party, judgement, registry, key)
    beside = tables_beside(parties, identities.of_party, judgement, registry, touchpoints, key)
    found = Resolved(registry, parties, stewards, judgement, sure, linked, steady, identities, state, golden, beside)
    tables = shared_tables(found, touchpoints, previous, kept, run_id)
    write_tables(found, tables, touchpoints, public, private, key, decided_by)
    memory.keep(private)
    if not kept.accept_churn:
        check_churn(identities.change, identities.n_known, kept.budget)
    return replace(report(found, tables, model, run_id, kept), n_pairs_reused=memory.n_reused)


def rules_version(own: Path | None = None) -> str:
    """A short hash of what decides besides the data: the registry's text, a brand's own, and the clustering weights."""
    texts = [path.read_bytes() for path in (DEFAULT_REGISTRY, own) if path and path.exists()]
    return hashlib.sha256(b"".join(texts) + repr(RETAIL.round_weights).encode()).hexdigest()[:12]


def _without_blocked(parties: Parties, stewards: Stewardship) -> Parties:
    """The parties without the values that a steward has blocked: those tell nothing, not even to the model."""
    value = ["id_type", "id_scope", "id_value"]
    blocked = stewards.value.filter(pl.col("status") == "blocked").select(value)
    if blocked.is_empty():
        return parties
    return replace(parties, identifier=parties.identifier.join(blocked, on=value, how="anti", maintain_order="left"))
