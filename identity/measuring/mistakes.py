"""Mistakes by cause, where the truth is known: which evidence merged two people, which was there and joined nobody.

Belongs here: n people in one OneID are n - 1 wrong merges, each put down to the first edge, in the order in which edges
are laid, that tied two people together; a component over n OneIDs is n - 1 splits, each put down to the best evidence
that its parts share. How right the whole is, is `evaluate`'s matter.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from identity.measuring.evaluate import PLAIN
from identity.parties import PARTY
from identity.registry import IdentifierType
from identity.showing.edges import DOUBTFUL, holds_together

MISTAKES: Final = ("error", "cause", "outcome", "phenomenon", "n")
_SCHEMA: Final = dict.fromkeys(MISTAKES[:-1], pl.String) | {"n": pl.Int64}
# A comparison that adds this many bits spoke for a pair.
_SPOKE: Final = 1.0
_LAST: Final = 99


def mistakes(
    both: pl.DataFrame, edge: pl.DataFrame, touchpoints: Path | None, registry: Mapping[str, IdentifierType]
) -> pl.DataFrame:
    """Every wrong merge and split by cause and phenomenon.

    Args:
        both: record_id, role, one_id, person_id, component, phenomenon of the parties that truth and run know.
        edge: the published edges.
        touchpoints: the run's canonical tables, to find what parts of a person share; None where they are gone.
        registry: the identifier types, for the order in which they link.

    Returns:
        `MISTAKES`: error (merge | split); cause, of merges the rule or the comparisons that spoke, of splits the
        evidence shared; outcome, of splits `left in doubt` or `not joined`; phenomenon; n. Most frequent first.
    """
    priority = {kind.name: kind.priority for kind in registry.values()}
    found = _merges(both, edge, priority) + _splits(both, edge, touchpoints, priority)
    rows = pl.DataFrame(found, schema=list(MISTAKES[:-1]), orient="row") if found else pl.DataFrame(schema=_SCHEMA)
    return (
        rows.group_by(MISTAKES[:-1])
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .sort("error", "n", "cause", "outcome", "phenomenon", descending=[False, True, False, False, False])
    )


class _Sets:
    """Union-find on any keys."""

    def __init__(self) -> None:
        self.parent: dict[object, object] = {}

    def find(self, key: object) -> object:
        while (up := self.parent.setdefault(key, key)) != key:
            self.parent[key] = self.parent[up]
            key = self.parent[key]
        return key

    def join(self, a: object, b: object) -> bool:
        """Puts two keys together; false where they are already."""
        a, b = self.find(a), self.find(b)
        self.parent[b] = a
        return a != b


def _merges(both: pl.DataFrame, edge: pl.DataFrame, priority: Mapping[str, int]) -> list[tuple[str, ...]]:
    mixed = both.filter(pl.col("person_id").n_unique().over("one_id") > 1)
    person = mixed.select(*PARTY, "person_id", "phenomenon")
    held = edge.filter(holds_together()).join(mixed.select("one_id").unique(), on="one_id", how="semi")
    laid = (
        held.join(_named(person, "a"), on=["record_a", "role_a"])
        .join(_named(person, "b"), on=["record_b", "role_b"])
        .filter(pl.col("person_a") != pl.col("person_b"))
        .with_columns(
            pl.col("kind").replace_strict({"sure": 0, "scored": 1, "steady": 2}, default=0).alias("layer"),
            pl.col("rule").replace_strict(dict(priority), default=_LAST, return_dtype=pl.Int64).alias("priority"),
        )
        .sort(
            "layer", "priority", "match_weight", "record_a", "role_a", "record_b", "role_b",
            descending=[False, False, True, False, False, False, False],
        )
    )  # fmt: skip
    sets, found = _Sets(), list[tuple[str, ...]]()
    columns = ("one_id", "person_a", "person_b", "kind", "rule", "evidence", "phenomenon_a", "phenomenon_b")
    for one_id, a, b, kind, rule, evidence, *phenomena in laid.select(columns).iter_rows():
        if sets.join((one_id, a), (one_id, b)):
            found.append(("merge", _cause(kind, rule, evidence), "wrongly merged", _telling(phenomena)))
    people = mixed.select("one_id", "person_id").unique()
    tied = len(people) - people["one_id"].n_unique() - len(found)
    # Two people may hang together by a record that the truth does not know.
    return found + [("merge", "by records of unknown truth", "wrongly merged", PLAIN)] * tied


def _named(person: pl.DataFrame, side: str) -> pl.DataFrame:
    names = {"record_id": "record", "role": "role", "person_id": "person", "phenomenon": "phenomenon"}
    return person.rename({old: f"{new}_{side}" for old, new in names.items()})


def _cause(kind: str, rule: str, evidence: str | None) -> str:
    """A sure rule by its name; of scores the comparisons that spoke for the pair, the loudest first."""
    if kind != "scored":
        return rule
    told = json.loads(evidence or "{}")
    spoke = sorted(((-part["weight"], name) for name, part in told.items() if part["weight"] >= _SPOKE))
    return "score: " + (" + ".join(name for _, name in spoke) or "nothing")


def _telling(phenomena: Iterable[str]) -> str:
    """The first that is no plain one."""
    return next((one for one in phenomena if one != PLAIN), PLAIN)


def _splits(
    both: pl.DataFrame, edge: pl.DataFrame, touchpoints: Path | None, priority: Mapping[str, int]
) -> list[tuple[str, ...]]:
    split = both.filter(pl.col("one_id").n_unique().over("component") > 1)
    if split.is_empty():
        return []
    doubted = _doubted(edge, both)
    sets, found = _Sets(), list[tuple[str, ...]]()
    shared = _shared(split, touchpoints, priority) if touchpoints else []
    for component, cause, first, second, phenomena in shared:
        if sets.join((component, first), (component, second)):
            outcome = "left in doubt" if frozenset((first, second)) in doubted else "not joined"
            found.append(("split", cause, outcome, _telling(phenomena)))
    rest = "company on orders, or a chain of others" if touchpoints else "unknown: the canonical tables are gone"
    parts = split.group_by("component", "one_id").agg(pl.col("phenomenon").sort()).sort("component", "one_id")
    last: dict[str, str] = {}
    for component, one_id, phenomena in parts.iter_rows():
        before = last.setdefault(component, one_id)
        if before != one_id and sets.join((component, before), (component, one_id)):
            outcome = "left in doubt" if frozenset((before, one_id)) in doubted else "not joined"
            found.append(("split", rest, outcome, _telling(phenomena)))
    return found


def _doubted(edge: pl.DataFrame, both: pl.DataFrame) -> set[frozenset[str]]:
    """Pairs of OneIDs that a doubtful edge lies between."""
    person = both.select(*PARTY, "one_id")
    pairs = (
        edge.filter(pl.col("kind") == DOUBTFUL)
        .select("record_a", "role_a", "record_b", "role_b")
        .join(person.rename({"record_id": "record_a", "role": "role_a", "one_id": "x"}), on=["record_a", "role_a"])
        .join(person.rename({"record_id": "record_b", "role": "role_b", "one_id": "y"}), on=["record_b", "role_b"])
    )
    return {frozenset(pair) for pair in pairs.select("x", "y").iter_rows()}


def _shared(
    split: pl.DataFrame, touchpoints: Path, priority: Mapping[str, int]
) -> list[tuple[str, str, str, str, list[str]]]:
    """Evidence that two parts of a component share, the best first: component, cause, both OneIDs, phenomena."""
    parties = split.select(*PARTY, "one_id", "component", "phenomenon")
    keys = pl.concat([_identifiers(parties, touchpoints, priority), _descriptions(parties, touchpoints)])
    said = keys.join(parties, on=PARTY).sort("rank", "cause", "component", "key", "one_id")
    groups = (
        said.group_by("rank", "cause", "component", "key", maintain_order=True)
        .agg(pl.col("one_id").unique(maintain_order=True), pl.col("phenomenon"))
        .filter(pl.col("one_id").list.len() > 1)
    )
    return [
        (component, cause, one_ids[0], other, phenomena)
        for cause, component, one_ids, phenomena in groups.select(
            "cause", "component", "one_id", "phenomenon"
        ).iter_rows()
        for other in one_ids[1:]
    ]


def _identifiers(parties: pl.DataFrame, touchpoints: Path, priority: Mapping[str, int]) -> pl.DataFrame:
    rows = pl.scan_parquet(touchpoints / "identifier.parquet").filter(
        pl.col("strength").is_in(["exact", "scoped", "derived"])
    )
    found = rows.join(parties.lazy().select(PARTY), on=PARTY, how="semi").collect()
    return found.select(
        *PARTY,
        pl.concat_str(pl.lit("same "), pl.col("id_type").str.replace_all("_", " ")).alias("cause"),
        pl.concat_str("id_type", pl.col("id_scope").fill_null(""), "id_value", separator="\x1f").alias("key"),
        pl.col("id_type").replace_strict(dict(priority), default=_LAST, return_dtype=pl.Int64).alias("rank"),
    )


def _descriptions(parties: pl.DataFrame, touchpoints: Path) -> pl.DataFrame:
    """Same name and address; same name, city and last four digits of a phone that may be masked."""
    attribute = pl.scan_parquet(touchpoints / "attribute.parquet").filter(
        pl.col("name").is_in(["name_simplified", "address", "city_code"])
    )
    told = attribute.join(parties.lazy().select(PARTY), on=PARTY, how="semi").select(*PARTY, "name", "value").collect()
    by_name = {
        name: told.filter(pl.col("name") == name).select(*PARTY, pl.col("value").alias(name)).unique(PARTY)
        for name in ("name_simplified", "address", "city_code")
    }
    named = by_name["name_simplified"]
    placed = named.join(by_name["address"], on=PARTY)
    phones = pl.scan_parquet(touchpoints / "identifier.parquet").filter(
        pl.col("id_type").is_in(["phone", "phone_masked"])
    )
    tails = phones.select(*PARTY, pl.col("id_value").str.slice(-4).alias("tail"))
    masked = named.join(by_name["city_code"], on=PARTY).join(tails.collect(), on=PARTY)
    columns = [*PARTY, "cause", "key", "rank"]
    return pl.concat(
        [
            placed.with_columns(
                pl.lit("same name and address").alias("cause"),
                pl.concat_str("name_simplified", "address", separator="\x1f").alias("key"),
                pl.lit(_LAST + 1, pl.Int64).alias("rank"),
            ).select(columns),
            masked.with_columns(
                pl.lit("same name, city and masked phone").alias("cause"),
                pl.concat_str("name_simplified", "city_code", "tail", separator="\x1f").alias("key"),
                pl.lit(_LAST + 2, pl.Int64).alias("rank"),
            ).select(columns),
        ]
    )
