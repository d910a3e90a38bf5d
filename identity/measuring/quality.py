"""Quality without labels: what every run measures of its OneIDs, beside the same figures of the runs before.

Belongs here: the figures and how they stand to their limits, which are in `quality.yml` with their meanings. What the
scores expect is reckoned in `expected`, what the model expects in `drift`, invented people in `canaries`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import DefinitionError
from common.yaml_text import load_yaml
from identity.measuring.drift import drift, stability_index
from identity.measuring.evaluate import ALL
from identity.measuring.expected import false_links, misses
from identity.parties import PARTY
from identity.registry import IdentifierType
from identity.scoring.scheme import Scheme
from identity.showing.edges import DOUBTFUL, WEAK_BRIDGE_WEIGHT

METRICS: Final = Path(__file__).with_name("quality.yml")
TABLE: Final = "quality"
MANY_NAMES, MANY_PHONES = 3, 5
# Fewer pairs than this tell nothing of a model, fewer people nothing of a source.
_LEAST_PAIRS, _LEAST_PEOPLE = 200, 100
_LINK_RATE_FALL: Final = 0.1
_SIZES: Final = ((1, "1"), (2, "2"), (5, "3–5"), (10, "6–10"), (20, "11–20"), (50, "21–50"), (100, "51–100"))


class Metric(BaseModel):
    """One metric; the fields are explained at the head of `quality.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: str
    meaning: str
    meaning_zh: str
    each: str | None = None
    bad: Literal["above", "below"] = "above"
    warn: float | None = None
    stop: float | None = None

    def state(self, value: float, limit: float | None = None) -> str:
        """ok, warn or stop; `limit` replaces the limit that warns."""

        def is_past(line: float | None) -> bool:
            return line is not None and (value > line if self.bad == "above" else value < line)

        return "stop" if is_past(self.stop) else "warn" if is_past(limit if limit is not None else self.warn) else "ok"


def load_metrics(path: Path = METRICS) -> dict[str, Metric]:
    """Every metric by name.

    Raises:
        DefinitionError: an entry is not of the form of `Metric`.
    """
    try:
        return {name: Metric.model_validate(entry) for name, entry in load_yaml(path.read_text("utf-8")).items()}
    except (yaml.YAMLError, ValidationError) as error:
        raise DefinitionError(path, "holds an entry that is no metric.", f"Correct it: {error}") from error


@dataclass(frozen=True)
class Figure:
    """One measured value: `part` where a metric has one per source, comparison or size; limit where it is not fixed."""

    metric: str
    value: float
    part: str = ""
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    is_told: bool = True


@dataclass(frozen=True)
class Run:
    """What a run of identity left to be measured.

    Attributes:
        public: folder of its public tables.
        touchpoints: folder of the canonical tables.
        scratch: a private folder to work in.
        previous: the public tables of the run before, or None.
        run_id: its name.
        report: `pipeline.IdentityReport.as_dict()`.
        settings: of the model that scored.
        churn_limit: share of changed ids that warns; None takes that of `quality.yml`.
    """

    public: Path
    touchpoints: Path
    scratch: Path
    previous: Path | None
    run_id: str
    report: Mapping[str, Any]
    settings: dict[str, Any]
    churn_limit: float | None = None

    def table(self, name: str) -> pl.DataFrame:
        """A public table of the run; an empty frame where there is none."""
        path = self.public / f"{name}.parquet"
        return pl.read_parquet(path) if path.exists() else pl.DataFrame()


def measure(
    run: Run, registry: Mapping[str, IdentifierType], scheme: Scheme, canaries: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The quality table: this run's figures below those of the runs before.

    Args:
        run: what is measured.
        registry: the identifier types.
        scheme: what was scored.
        canaries: `canaries.measure_canaries` of this run.

    Returns:
        run_id, metric, part, value, low, high, unit, limit_value, state (ok | warn | stop), meaning, meaning_zh.
    """
    edge, record_map = run.table("edge"), run.table("record_map")
    before = _history(run.previous)
    found = [
        *_people(run, record_map, registry),
        *_links(edge, record_map, scheme),
        *_ids(run),
        *_link_rates(record_map, before),
        *_drift(run, record_map, scheme),
        *_sizes(record_map),
        *_canaries(canaries),
    ]
    now = _table(found, run.run_id)
    return pl.concat([before.filter(pl.col("run_id") != run.run_id), now])


_SCHEMA: Final = {
    "run_id": pl.String, "metric": pl.String, "part": pl.String, "value": pl.Float64, "low": pl.Float64,
    "high": pl.Float64, "unit": pl.String, "limit_value": pl.Float64, "state": pl.String, "meaning": pl.String,
    "meaning_zh": pl.String,
}  # fmt: skip


def _table(found: list[Figure], run_id: str) -> pl.DataFrame:
    metrics = load_metrics()
    rows = []
    for one in found:
        metric = metrics[one.metric]
        limit = one.limit if one.limit is not None else metric.warn if metric.warn is not None else metric.stop
        state = metric.state(one.value, one.limit) if one.is_told else "ok"
        rows.append(
            (run_id, one.metric, one.part, round(one.value, 6), one.low, one.high, metric.unit, limit, state,
             metric.meaning, metric.meaning_zh)
        )  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _history(previous: Path | None) -> pl.DataFrame:
    path = previous / f"{TABLE}.parquet" if previous else None
    return pl.read_parquet(path) if path and path.exists() else pl.DataFrame(schema=_SCHEMA)


def _people(run: Run, record_map: pl.DataFrame, registry: Mapping[str, IdentifierType]) -> list[Figure]:
    n_people, n_parties = record_map["one_id"].n_unique(), len(record_map)
    override, over, value = run.table("override"), run.table("over_limit"), run.table("identifier_value")
    forced = len(override.filter(pl.col("decision") == "same")) if "decision" in override.columns else 0
    blocked = value.filter(pl.col("status").is_in(["blocked", "placeholder"])) if value.height else value
    n_blocked = float(blocked["n_parties"].sum()) if blocked.height else 0.0

    def share(people: int) -> float:
        return people / n_people if n_people else 0.0

    identifier = pl.scan_parquet(run.touchpoints / "identifier.parquet")
    attribute = pl.scan_parquet(run.touchpoints / "attribute.parquet")
    phones = identifier.filter(pl.col("id_type") == "phone").select(*PARTY, pl.col("id_value").alias("value"))
    names = attribute.filter((pl.col("name") == "name_simplified") & (pl.col("quality") == "full"))
    return [
        Figure("people", n_people),
        Figure("parties", n_parties),
        Figure("guards_broken", max(_two_of_one(identifier, record_map, registry) - forced, 0)),
        Figure("guards_held", float(run.report.get("n_guard_refusals", 0))),
        Figure("people_over_limit", share(over["one_id"].n_unique() if over.height else 0)),
        Figure("people_many_names", share(_with_many(names.select(*PARTY, "value"), record_map, MANY_NAMES))),
        Figure("people_many_phones", share(_with_many(phones, record_map, MANY_PHONES))),
        Figure("blocked_share", min(n_blocked / n_parties, 1.0) if n_parties else 0.0),
    ]


def _with_many(values: pl.LazyFrame, record_map: pl.DataFrame, most: int) -> int:
    """People who have more than `most` different values."""
    held = values.unique().join(record_map.lazy().select(*PARTY, "one_id"), on=PARTY)
    counts = held.group_by("one_id").agg(pl.col("value").n_unique().alias("n")).filter(pl.col("n") > most)
    return int(counts.select(pl.len()).collect().item())


def _two_of_one(identifier: pl.LazyFrame, record_map: pl.DataFrame, registry: Mapping[str, IdentifierType]) -> int:
    """People with two values of a type that a person has one of, anywhere or inside one scope."""
    person = record_map.lazy().select(*PARTY, "one_id")
    people: set[str] = set()
    for kind in registry.values():
        if not kind.single and not kind.single_per_scope:
            continue
        rows = identifier.filter((pl.col("id_type") == kind.name) & pl.col("strength").is_in(["exact", "scoped"]))
        if isinstance(kind.single_per_scope, tuple):
            rows = rows.filter(pl.col("id_scope").is_in(kind.single_per_scope))
        by = ["one_id"] if kind.single else ["one_id", "id_scope"]
        values = pl.col("id_value").n_unique()
        held = rows.join(person, on=PARTY).with_columns(values.over([*by, *PARTY]).alias("n_of_party"))
        # One record may itself name two; that is its mistake, not a wrong merge.
        counts = held.group_by(by).agg(values.alias("n"), pl.col("n_of_party").max())
        people |= set(counts.filter(pl.col("n") > pl.col("n_of_party")).collect()["one_id"])
    return len(people)


def _links(edge: pl.DataFrame, record_map: pl.DataFrame, scheme: Scheme) -> list[Figure]:
    wrong, missed = false_links(edge), misses(edge, record_map, scheme.vetoes)
    n_people = record_map["one_id"].n_unique()
    weak = edge.filter(
        pl.col("is_bridge") & (pl.col("match_weight") < WEAK_BRIDGE_WEIGHT) & (pl.col("n_cut_off") > 1)
        & (pl.col("kind") != DOUBTFUL)
    )  # fmt: skip
    wrong_rate, miss_rate = wrong.rate(wrong.n), missed.rate(wrong.n + missed.value)
    return [
        Figure("weak_bridges", weak["one_id"].n_unique() / n_people if n_people else 0.0),
        Figure("expected_false_links", wrong.value, low=wrong.low, high=wrong.high),
        Figure("false_link_rate", wrong_rate.value, low=wrong_rate.low, high=wrong_rate.high),
        Figure("expected_misses", missed.value, low=missed.low, high=missed.high),
        Figure("miss_rate", miss_rate.value, low=miss_rate.low, high=miss_rate.high),
    ]


def _ids(run: Run) -> list[Figure]:
    known = int(run.report.get("n_known_records", 0))
    changed = int(run.report.get("n_changed_records", 0))
    # The budget knows how many may always change; a small home is not warned of one person.
    is_told = bool(run.report.get("is_churn_high", True))
    return [Figure("id_churn", changed / known if known else 0.0, limit=run.churn_limit, is_told=is_told)]


def _link_rates(record_map: pl.DataFrame, before: pl.DataFrame) -> list[Figure]:
    """Of each source's people, how many another source knows; beside what it was."""
    known = record_map.select("one_id", "source").unique()
    rates = (
        known.with_columns((pl.len().over("one_id") > 1).alias("is_shared"))
        .group_by("source")
        .agg(pl.col("is_shared").mean().alias("rate"), pl.len().alias("n"))
        .sort("source")
    )
    rows = before.filter(pl.col("metric") == "link_rate")
    was = (
        dict(rows.filter(pl.col("run_id") == rows["run_id"].last()).select("part", "value").iter_rows())
        if len(rows)
        else {}
    )
    return [
        Figure(
            "link_rate", rate, part=source, limit=was[source] - _LINK_RATE_FALL if source in was else None,
            is_told=n >= _LEAST_PEOPLE,
        )
        for source, rate, n in rates.iter_rows()
    ]  # fmt: skip


def _drift(run: Run, record_map: pl.DataFrame, scheme: Scheme) -> list[Figure]:
    found = stability_index(drift(run.touchpoints, record_map, run.settings, scheme, run.scratch))
    return [
        Figure(f"drift_{which}", psi, part=comparison, is_told=n >= _LEAST_PAIRS)
        for which, comparison, psi, n in found.select("which", "comparison", "psi", "n_pairs").iter_rows()
    ]


def _sizes(record_map: pl.DataFrame) -> list[Figure]:
    sizes = record_map.group_by("one_id").agg(pl.len().alias("n"))["n"]
    found, least = [], 1
    for most, part in _SIZES:
        found.append(Figure("cluster_size", float(sizes.is_between(least, most).sum()), part=part))
        least = most + 1
    found.append(Figure("cluster_size", float((sizes >= least).sum()), part=f"{least}+"))
    return [*found, Figure("largest_cluster", float(sizes.max() or 0))]  # type: ignore[arg-type]  # of integers


def _canaries(canaries: pl.DataFrame | None) -> list[Figure]:
    if canaries is None:
        return []
    row = canaries.filter(pl.col("phenomenon") == ALL).row(0, named=True)
    return [
        Figure("canary_precision", row["pairwise_precision"]),
        Figure("canary_recall", row["pairwise_recall"]),
    ]
