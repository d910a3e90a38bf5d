"""Explanations: why two records, or all records of a person, are one, read from the published edges.

Belongs here: the path of edges and what may be shown beside it. The words are made with the edges, in `words`; the
walk is SQL (`why.sql`), the same that analysts call as `why(…)`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from common.errors import UsageError
from identity.showing.edges import is_weak_bridge

# Table macros for the published warehouse: `why(one_id)`, `why(record, record)`.
MACROS = Path(__file__).with_name("why.sql")
_SHOWN_IDENTIFIERS = ("phone", "phone_masked", "email", "national_id")
_SHOWN_ATTRIBUTES = ("name", "address", "birth_date")


@dataclass(frozen=True)
class End:
    """One party of an edge: its record as the source calls it (a keyed hash where that is personal), and its role."""

    record: str
    role: str
    source: str
    record_type: str
    natural_key: str

    def label(self) -> str:
        """Source, kind and key; of a hash its beginning is enough to tell records apart."""
        key = self.natural_key[:10] + "…" if self.natural_key.startswith("h:") else self.natural_key
        return f"{self.source} {self.record_type} {key}"


@dataclass(frozen=True)
class Step:
    """One edge of an explanation.

    Attributes:
        a, b: the parties that it ties together.
        kind, rule: as in `identity.edge`.
        match_weight: log2 odds; None where a rule alone decides.
        words, words_zh: what it says, without values.
        is_bridge, n_cut_off: whether the person falls apart without it, and how many parties would fall off.
        weights: of each comparison that says something: its level and weight in log2 odds.
    """

    a: End
    b: End
    kind: str
    rule: str
    match_weight: float | None
    words: str
    words_zh: str
    is_bridge: bool
    n_cut_off: int
    weights: dict[str, tuple[int, float]] = field(default_factory=dict)


def create_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Make `why(…)` callable on this connection alone, as published warehouses have it for everybody."""
    con.execute(MACROS.read_text("utf-8").replace("create or replace macro", "create or replace temp macro"))


def explain_pair(con: duckdb.DuckDBPyConnection, record_a: str, record_b: str) -> list[Step]:
    """The shortest path of edges between two records of one person; empty where they are not one person.

    Args:
        con: a published warehouse.
        record_a: a record id or natural key of `identity.record_map`.
        record_b: another.

    Raises:
        UsageError: a record is not in the warehouse.
    """
    for record in (record_a, record_b):
        _require_record(con, record)
    create_macros(con)
    return _steps(con.execute("from why($a, $b)", {"a": record_a, "b": record_b}))


def explain_person(con: duckdb.DuckDBPyConnection, one_id: str) -> list[Step]:
    """Every edge that holds a person together, the surest first.

    Raises:
        UsageError: no person has the id.
    """
    if not con.execute("select 1 from identity.record_map where one_id = ? limit 1", [one_id]).fetchall():
        raise UsageError(
            f"There is no person with the OneID {one_id}; look it up in identity.one_id, it may be merged or absent."
        )
    create_macros(con)
    return _steps(con.execute("from why($one_id)", {"one_id": one_id}))


def bridges_that_matter(steps: Iterable[Step], *, is_path: bool = False) -> list[Step]:
    """The edges whose loss would split a person and that are weak or hold more than one record.

    The weakest first, and of those alike the one that most hangs on.

    Args:
        steps: of a person, or of a path between two records.
        is_path: they are a path; every bridge of it matters.
    """

    def matters(step: Step) -> bool:
        return step.is_bridge and (is_path or step.n_cut_off > 1 or is_weak_bridge(step.is_bridge, step.match_weight))

    found = list(filter(matters, steps))
    return sorted(found, key=lambda s: (1e9 if s.match_weight is None else s.match_weight, -s.n_cut_off))


def doubts(con: duckdb.DuckDBPyConnection, record_a: str, record_b: str) -> list[Step]:
    """What speaks for two people being one without being enough: the doubtful edges between them."""
    return _steps(con.execute(_DOUBTS, {"a": record_a, "b": record_b}))


def steps_between(con: duckdb.DuckDBPyConnection, a: tuple[str, str], b: tuple[str, str]) -> list[Step]:
    """The edges that directly tie two parties together, doubtful ones too, the strongest first.

    Args:
        con: a published warehouse.
        a: record id and role.
        b: of the other.
    """
    ends = {"record_a": a[0], "role_a": a[1], "record_b": b[0], "role_b": b[1]}
    return _steps(con.execute(_BETWEEN, ends))


_EDGE = """
    select a.source as from_source, a.record_type as from_type, a.natural_key as from_key, e.role_a as from_role,
        b.source as to_source, b.record_type as to_type, b.natural_key as to_key, e.role_b as to_role,
        e.kind, e.rule, e.match_weight, e.words, e.words_zh, e.is_bridge, e.n_cut_off, e.evidence,
        e.record_a as from_record, e.record_b as to_record
    from identity.edge as e
    inner join identity.record_map as a on e.record_a = a.record_id and e.role_a = a.role
    inner join identity.record_map as b on e.record_b = b.record_id and e.role_b = b.role
"""
_BETWEEN = (
    _EDGE
    + """
    where (e.record_a, e.role_a, e.record_b, e.role_b) in (
        ($record_a, $role_a, $record_b, $role_b), ($record_b, $role_b, $record_a, $role_a)
    )
    order by e.match_weight desc nulls first, e.record_a, e.rule
"""
)
_DOUBTS = (
    """
    with ends as (
        select one_id, record_id || ' ' || role as node, $a in (record_id, natural_key) as is_a
        from identity.record_map
        where one_id in (
            select one_id from identity.record_map
            where $a in (record_id, natural_key) or $b in (record_id, natural_key)
        )
    ),
    people as (select one_id, bool_or(is_a) as is_first from ends group by one_id)
"""
    + _EDGE
    + """
    inner join people as x on a.one_id = x.one_id
    inner join people as y on b.one_id = y.one_id
    where e.kind = 'doubtful' and x.is_first <> y.is_first
    order by e.match_weight desc, e.record_a, e.record_b
"""
)


def _require_record(con: duckdb.DuckDBPyConnection, record: str) -> None:
    query = "select 1 from identity.record_map where $record in (record_id, natural_key) limit 1"
    if not con.execute(query, {"record": record}).fetchall():
        raise UsageError(
            f"There is no record {record} in this warehouse; take a record_id or natural_key of identity.record_map."
        )


def _steps(cursor: Any) -> list[Step]:
    names = [column[0] for column in cursor.description]
    return [_step(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _step(row: dict[str, Any]) -> Step:
    a, b = (
        End(*(str(row[f"{side}_{name}"]) for name in ("record", "role", "source", "type", "key")))
        for side in ("from", "to")
    )
    told = json.loads(row["evidence"] or "{}")
    weights = {
        name: (int(part["level"]), float(part["weight"]))
        for name, part in told.items()
        if isinstance(part, dict) and part.get("level") is not None and part["level"] >= 0
    }
    facts = ("kind", "rule", "match_weight", "words", "words_zh", "is_bridge", "n_cut_off")
    return Step(a=a, b=b, weights=weights, **{name: row[name] for name in facts})


def values_of(touchpoints: Path, ends: Iterable[End]) -> dict[tuple[str, str], str]:
    """What the records at the ends of edges say, in the clear: names, phones, e-mails, addresses. For those entitled.

    Args:
        touchpoints: the run's canonical tables, in the vault.
        ends: parties of edges.

    Returns:
        Text by record id and role.

    Raises:
        UsageError: the vault cannot be read by this user.
    """
    wanted = pl.DataFrame(sorted({(e.record, e.role) for e in ends}), schema=["record_id", "role"], orient="row")
    try:
        identifier = pl.scan_parquet(touchpoints / "identifier.parquet").filter(
            pl.col("id_type").is_in(_SHOWN_IDENTIFIERS)
        )
        attribute = pl.scan_parquet(touchpoints / "attribute.parquet").filter(pl.col("name").is_in(_SHOWN_ATTRIBUTES))
        said = pl.concat(
            [
                attribute.select("record_id", "role", "value", rank=pl.lit(0)),
                identifier.select("record_id", "role", value="id_value", rank=pl.lit(1)),
            ]
        )
        found = said.join(wanted.lazy(), on=["record_id", "role"], how="semi").drop_nulls("value").collect()
    except (PermissionError, FileNotFoundError) as error:
        raise UsageError(
            "The values lie in the vault, which this user may not read or which is gone; leave --values out."
        ) from error
    ordered = found.unique().sort("record_id", "role", "rank", "value")
    grouped = ordered.group_by("record_id", "role", maintain_order=True).agg(pl.col("value").str.join(" · "))
    return {(record, role): text for record, role, text in grouped.iter_rows()}
