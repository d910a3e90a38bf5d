"""The identity stage from end to end: canonical tables in, OneIDs and golden records out.

Belongs here: the order of the layers and what is written. Each layer's own work is in its module.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import polars as pl

from common.keys import keyed_hashes
from identity.around.beside import tables_beside
from identity.around.ties import with_staff_values
from identity.keeping.causes import check_churn, contents
from identity.keeping.contradictions import contradicting, past_limits
from identity.keeping.doubt import doubts
from identity.keeping.golden import Golden, golden_records
from identity.keeping.keeping import STATE, Keeping, differences
from identity.keeping.lookup import write_lookups
from identity.keeping.review import review_items, spend_of_orders
from identity.keeping.stable import Identities, assign
from identity.keeping.stewards import Stewardship, stewardship
from identity.parties import Parties
from identity.registry import DEFAULT_REGISTRY, Registry, device_types, load_registry
from identity.rules.holders import holders_apart
from identity.rules.judge import Judgement, judge, with_holders
from identity.rules.lifetimes import parties_in_time
from identity.rules.steady import SteadyLinks, apply_links, steady_links
from identity.rules.sure import SureClusters, single_values, sure_clusters
from identity.scoring.candidates import candidates, descriptions
from identity.scoring.engine import Engine
from identity.scoring.frozen import freeze, keep_companions
from identity.scoring.linking import Linked, clusters_apart, count, guards_of_clusters, link_by_score
from identity.scoring.model import Model, load_or_train
from identity.scoring.retail import RETAIL
from identity.scoring.reuse import RememberingEngine
from identity.showing.edges import edge_table

Progress = Callable[[int, int, str], None]
_STEPS = (
    "reading parties", "judging identifiers", "sure edges", "scoring model", "scored edges", "clustering",
    "stable ids", "golden records",
)  # fmt: skip


@dataclass(frozen=True)
class IdentityReport:
    """What a run of the identity stage did; counts, no personal data."""

    n_records: int
    n_parties: int
    n_people: int
    n_sure_clusters: int
    n_candidates: int
    n_pairs_scored: int
    n_pairs_reused: int
    n_merged_by_score: int
    n_steady_links: int
    steady_probability: float
    n_doubtful_pairs: int
    n_guard_refusals: int
    n_new_ids: int
    n_merged_ids: int
    n_known_records: int
    n_changed_records: int
    is_churn_high: bool
    n_overrides: int
    n_review_items: int
    model: str
    model_is_new: bool
    values_by_status: dict[str, int] = field(default_factory=dict)
    pairs_by_rule: dict[str, int] = field(default_factory=dict)
    changes_by_cause: dict[str, int] = field(default_factory=dict)
    overrides_not_applied: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """The figures by name."""
        return asdict(self)


@dataclass(frozen=True)
class _Resolved:
    """What the layers found, before it is written."""

    registry: Registry
    parties: Parties
    stewards: Stewardship
    judgement: Judgement
    sure: SureClusters
    linked: Linked
    steady: SteadyLinks
    identities: Identities
    state: pl.DataFrame
    golden: Golden
    beside: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class _Tables:
    """Tables that more than one of the others is made from."""

    record_map: pl.DataFrame
    edge: pl.DataFrame
    doubt: pl.DataFrame
    review_item: pl.DataFrame


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
    found = _Resolved(registry, parties, stewards, judgement, sure, linked, steady, identities, state, golden, beside)
    tables = _tables(found, touchpoints, previous, kept, run_id)
    _write(found, tables, touchpoints, public, private, key, decided_by)
    memory.keep(private)
    if not kept.accept_churn:
        check_churn(identities.change, identities.n_known, kept.budget)
    return replace(_report(found, tables, model, run_id, kept), n_pairs_reused=memory.n_reused)


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


def _tables(found: _Resolved, touchpoints: Path, previous: Path | None, keeping: Keeping, run_id: str) -> _Tables:
    record_map, edge = _record_map(found), _edges(found)
    asked = previous / "review_item.parquet" if previous else None
    before = pl.read_parquet(asked) if asked and asked.exists() else None
    spend = spend_of_orders(pl.read_parquet(touchpoints / "orders.parquet"))
    doubt = doubts(found.parties, found.identities.of_party, edge)
    people = found.parties, found.identities.of_party
    contradictions = pl.concat([contradicting(*people, doubt), past_limits(*people, found.beside["over_limit"])])
    items = review_items(edge, record_map, keeping.decisions(), spend, run_id, before, contradictions)
    return _Tables(record_map, edge, doubt, items)


def _write(
    found: _Resolved,
    made: _Tables,
    touchpoints: Path,
    public: Path,
    private: Path,
    key: bytes,
    decided_by: pl.DataFrame,
) -> None:
    public.mkdir(parents=True, exist_ok=True)
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    tables = {
        "decided_by": decided_by,
        "record_map": made.record_map,
        "one_id": found.identities.one_id,
        "absent_record": found.identities.absent_record,
        "displaced_record": found.identities.displaced_record,
        "change": found.identities.change,
        "override": found.stewards.row,
        "edge": made.edge,
        "doubt": made.doubt,
        "review_item": made.review_item,
        "golden_field": found.golden.field,
        "golden_candidate": found.golden.candidate,
        "identifier_value": _identifier_values(found.judgement, found.registry, key),
        **found.beside,
    }
    for name, table in tables.items():
        table.write_parquet(public / f"{name}.parquet", compression_level=1)
    found.golden.value.write_parquet(private / "golden_value.parquet")
    found.golden.contact_point.write_parquet(private / "contact_point.parquet")
    found.state.write_parquet(private / STATE)
    write_lookups(
        found.parties, found.identities.of_party, private, items=made.review_item, record_map=made.record_map,
        touchpoints=touchpoints,
    )  # fmt: skip


def _record_map(found: _Resolved) -> pl.DataFrame:
    columns = ["record_id", "source", "account", "record_type", "natural_key", "role", "one_id"]
    return found.parties.party.join(found.identities.of_party, on="party").select(columns).sort("record_id", "role")


def _identifier_values(judgement: Judgement, registry: Registry, key: bytes) -> pl.DataFrame:
    """Values that tell of several parties, or are not trusted; of devices, which never link, there is the history."""
    is_device = pl.col("id_type").is_in(sorted(device_types(registry)))
    telling = judgement.value.filter(
        ~is_device & ((pl.col("n_parties") > 1) | pl.col("status").is_in(["shared", "blocked", "placeholder"]))
    )
    return telling.with_columns(keyed_hashes(telling["id_value"], key).alias("value_hash")).select(
        "id_type",
        "id_scope",
        "value_hash",
        pl.col("window").alias("time_window"),
        "n_parties",
        "n_names",
        "n_ids",
        "status",
        "reason",
    )


def _edges(found: _Resolved) -> pl.DataFrame:
    """Every edge that made the partition, and the doubtful ones."""
    sure = found.sure.edge.select(
        "party_a", "party_b", pl.lit("sure").alias("kind"), "rule", pl.lit(None, pl.Float64).alias("match_weight"),
        pl.lit(None, pl.Float64).alias("match_probability"), pl.lit(None, pl.String).alias("evidence"),
    )  # fmt: skip
    p = pl.col("probability")
    steady = found.steady.link.select(
        pl.col("party_a").cast(pl.Int32), pl.col("party_b").cast(pl.Int32), pl.lit("steady").alias("kind"), "rule",
        (p / (1 - p)).log(2).alias("match_weight"), p.alias("match_probability"), _met().alias("evidence"),
    )  # fmt: skip
    edge = pl.concat([sure, steady, found.linked.edge])
    return edge_table(found.parties, found.identities.of_party, edge, RETAIL)


def _met() -> pl.Expr:
    return pl.concat_str(
        pl.lit('{"met": '), pl.col("n_met").cast(pl.String), pl.lit(', "orders": '),
        pl.col("n_orders").cast(pl.String), pl.lit("}"),
    )  # fmt: skip


def _report(found: _Resolved, made: _Tables, model: Model, run_id: str, keeping: Keeping) -> IdentityReport:
    one_id, change, n_known = found.identities.one_id, found.identities.change, found.identities.n_known
    status = found.judgement.value.group_by("status").agg(pl.len().alias("n")).sort("status")
    return IdentityReport(
        n_records=found.parties.party["record_id"].n_unique(),
        n_parties=len(found.parties.party),
        n_people=len(one_id.filter(pl.col("status") == "active")),
        n_sure_clusters=count(found.sure.label),
        n_candidates=found.linked.n_candidates,
        n_pairs_scored=found.linked.n_pairs,
        n_pairs_reused=0,
        n_merged_by_score=found.linked.n_merged,
        n_steady_links=len(found.steady.link),
        steady_probability=found.steady.probability,
        n_doubtful_pairs=found.linked.n_doubtful,
        n_guard_refusals=found.sure.n_refused + found.linked.n_refused,
        n_new_ids=len(one_id.filter(pl.col("first_run") == run_id)),
        n_merged_ids=len(one_id.filter(pl.col("status") == "merged")),
        n_known_records=n_known,
        n_changed_records=len(change),
        is_churn_high=keeping.budget.exceeds(len(change), n_known, keeping.budget.warn),
        n_overrides=len(found.stewards.row),
        n_review_items=len(made.review_item),
        model=model.name,
        model_is_new=model.is_new,
        values_by_status=dict(status.iter_rows()),
        pairs_by_rule=found.linked.pairs_by_rule,
        changes_by_cause=dict(change.group_by("cause").agg(pl.len()).sort("cause").iter_rows()),
        overrides_not_applied=found.stewards.problems,
    )
