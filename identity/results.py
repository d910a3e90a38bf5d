"""What the layers found, as tables and as figures: how it is put together, and written.

Belongs here: the tables that the identity stage leaves, and its report. The layers' order is `pipeline`'s matter.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from common.keys import keyed_hashes
from identity.keeping.contradictions import contradicting, past_limits
from identity.keeping.doubt import doubts
from identity.keeping.golden import Golden
from identity.keeping.keeping import STATE, Keeping
from identity.keeping.lookup import write_lookups
from identity.keeping.review import review_items, spend_of_orders
from identity.keeping.stable import Identities
from identity.keeping.stewards import Stewardship
from identity.parties import Parties
from identity.registry import Registry, device_types
from identity.rules.judge import Judgement
from identity.rules.steady import SteadyLinks
from identity.rules.sure import SureClusters
from identity.scoring.linking import Linked, count
from identity.scoring.model import Model
from identity.scoring.retail import RETAIL
from identity.showing.edges import edge_table


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
class Resolved:
    """What the layers found, before it is written: each layer's own outcome."""

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
class Tables:
    """Tables that more than one of the others is made from."""

    record_map: pl.DataFrame
    edge: pl.DataFrame
    doubt: pl.DataFrame
    review_item: pl.DataFrame


def shared_tables(found: Resolved, touchpoints: Path, previous: Path | None, keeping: Keeping, run_id: str) -> Tables:
    """The tables that others are made from.

    Args:
        touchpoints: folder of the canonical tables.
        previous: the `identity` tables of the published snapshot, for what has been asked before.
        keeping: the stewards' decisions.
        run_id: this run.
    """
    record_map, edge = _record_map(found), _edges(found)
    asked = previous / "review_item.parquet" if previous else None
    before = pl.read_parquet(asked) if asked and asked.exists() else None
    spend = spend_of_orders(pl.read_parquet(touchpoints / "orders.parquet"))
    doubt = doubts(found.parties, found.identities.of_party, edge)
    people = found.parties, found.identities.of_party
    contradictions = pl.concat([contradicting(*people, doubt), past_limits(*people, found.beside["over_limit"])])
    items = review_items(edge, record_map, keeping.decisions(), spend, run_id, before, contradictions)
    return Tables(record_map, edge, doubt, items)


def write_tables(
    found: Resolved,
    made: Tables,
    touchpoints: Path,
    public: Path,
    private: Path,
    key: bytes,
    decided_by: pl.DataFrame,
) -> None:
    """Writes every table of the identity stage: those without personal data, and those in the clear.

    Args:
        touchpoints, public, private, key: as `pipeline.resolve` takes them.
        decided_by: rules, model: what decided besides the data.
    """
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


def _record_map(found: Resolved) -> pl.DataFrame:
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


def _edges(found: Resolved) -> pl.DataFrame:
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


def report(found: Resolved, made: Tables, model: Model, run_id: str, keeping: Keeping) -> IdentityReport:
    """What the run did, in figures."""
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
