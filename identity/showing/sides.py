"""The two sides of a question, as people see them: what the records of each say, masked.

Belongs here: gathering from a published run's tables. What comes out may be shown to a steward; plain values may not,
and are masked here. Which questions there are is `review`'s matter.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from common.masks import mask
from identity.graph import connected
from identity.keeping.lookup import ASKED_VALUE
from identity.keeping.review import PERSON
from identity.showing.edges import DOUBTFUL

# What is shown, in its order: Chinese and English label.
FACTS: Final = {
    "names": ("姓名", "name"), "nicknames": ("昵称", "nickname"), "phones": ("手机", "phone"),
    "emails": ("邮箱", "e-mail"), "accounts": ("账号", "accounts"), "genders": ("性别", "gender"),
    "birth_dates": ("生日", "birth date"), "cities": ("城市代码", "city code"), "addresses": ("地址", "address"),
    "sources": ("来源", "sources"), "seen": ("时间", "seen"),
}  # fmt: skip
_ATTRIBUTES: Final = {
    "name": "names", "nickname": "nicknames", "gender": "genders", "birth_date": "birth_dates", "city_code": "cities",
    "address": "addresses",
}  # fmt: skip
_PLAIN: Final = {"genders", "cities"}
_REACH: Final = {"phone": "phones", "phone_masked": "phones", "email": "emails", "email_masked": "emails"}
# More values than this of one kind tell no more.
_MOST: Final = 4
# Before a value that both sides say.
SAME: Final = "✓"
_COMMON: Final = [key for key in FACTS if key not in ("sources", "seen")]
# Per key of `FACTS`: plain values, each with what is shown of it.
_Said = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Side:
    """One side of a question.

    Attributes:
        one_id: whose records they are.
        n_records: how many parties are on it.
        facts: per key of `FACTS`, the masked values, the most frequent first; what is not told is left out.
    """

    one_id: str
    n_records: int
    facts: dict[str, list[str]]


def sides(item: Mapping[str, Any], identity: Path, touchpoints: Path, private: Path | None = None) -> tuple[Side, Side]:
    """What the records of both sides of a question say.

    Args:
        item: a row of `identity.review_item`.
        identity: the published run's `identity` tables.
        touchpoints: its canonical tables, in the vault.
        private: its private identity tables; what those say who are asked about lies there by itself, so that not all
            records must be gone through.
    """
    record_map = pl.scan_parquet(identity / "record_map.parquet")
    columns = ["record_id", "role", "source", "record_type", "one_id"]
    both = [str(item["one_id_a"]), str(item["one_id_b"])]
    party = record_map.select(columns).filter(pl.col("one_id").is_in(both)).collect().sort("record_id", "role")
    if item["kind"] == PERSON:
        is_a = _part(party, identity, item)
        groups = party.filter(is_a), party.filter(~is_a)
    else:
        groups = party.filter(pl.col("one_id") == both[0]), party.filter(pl.col("one_id") == both[1])
    with duckdb.connect() as con:
        _lay_out(con, party, touchpoints, private)
        said = [_said(con, group) for group in groups]
    common = {
        key: {plain for plain, _ in said[0].get(key, ())} & {p for p, _ in said[1].get(key, ())} for key in _COMMON
    }
    a, b = (
        Side(one_id, len(group), _shown(facts, common)) for one_id, group, facts in zip(both, groups, said, strict=True)
    )
    return a, b


def _part(party: pl.DataFrame, identity: Path, item: Mapping[str, Any]) -> pl.Series:
    """Which parties of a person are on the first side of the edge that is asked about."""
    ends = ["record_a", "role_a", "record_b", "role_b"]
    edge = (
        pl.scan_parquet(identity / "edge.parquet")
        .filter((pl.col("one_id") == item["one_id_a"]) & (pl.col("kind") != DOUBTFUL))
        .select(ends)
        .collect()
        .join(pl.DataFrame({name: [item[name]] for name in ends}), on=ends, how="anti")
    )
    number = {key: n for n, key in enumerate(party.select("record_id", "role").iter_rows())}
    left = [number[a, role] for a, role in edge.select("record_a", "role_a").iter_rows()]
    right = [number[b, role] for b, role in edge.select("record_b", "role_b").iter_rows()]
    label = connected(len(party), left, right)
    a, b = number[item["record_a"], item["role_a"]], number[item["record_b"], item["role_b"]]
    if label[a] != label[b]:
        return pl.Series(label == label[a])
    return pl.Series(_nearer(len(party), left, right, a, b))


def _nearer(n: int, left: list[int], right: list[int], a: int, b: int) -> list[bool]:
    """Whether each node of a graph that no single edge divides is nearer to `a` than to `b`, by edges."""
    near: dict[int, list[int]] = {}
    for x, y in zip(left, right, strict=True):
        near.setdefault(x, []).append(y)
        near.setdefault(y, []).append(x)
    side = {b: False, a: True}
    queue = deque([a, b])
    while queue:
        here = queue.popleft()
        for there in near.get(here, ()):
            if there not in side:
                side[there] = side[here]
                queue.append(there)
    return [side.get(node, True) for node in range(n)]


_ASKED: Final = """
    create temp table told as
    select record_id, role, kind, name, value, seen_at from read_parquet($asked) where one_id in $people
"""
_ALL: Final = """
    create temp table told as
    select record_id, role, 'attribute' as kind, name, value, seen_at from read_parquet($attribute)
    semi join everybody using (record_id, role)
    union all
    select record_id, role, 'identifier', id_type, id_value, seen_at from read_parquet($identifier)
    semi join everybody using (record_id, role)
    union all
    select record_id, null, 'record', null, null, coalesce(occurred_at, version_at) from read_parquet($record)
    semi join everybody using (record_id)
"""


def _lay_out(con: duckdb.DuckDBPyConnection, party: pl.DataFrame, touchpoints: Path, private: Path | None) -> None:
    """Makes `told`, what the parties say: from the small table of those who are asked about where they are in it."""
    asked = private / f"{ASKED_VALUE}.parquet" if private else None
    if asked is not None and asked.exists():
        con.execute(_ASKED, {"asked": str(asked), "people": party["one_id"].unique().to_list()})
        if con.sql("select 1 from told limit 1").fetchall():
            return
        con.execute("drop table told")
    con.register("everybody", party.select("record_id", "role").to_arrow())
    con.execute(_ALL, {name: str(touchpoints / f"{name}.parquet") for name in ("attribute", "identifier", "record")})


def _said(con: duckdb.DuckDBPyConnection, party: pl.DataFrame) -> _Said:
    con.register("party", party.select("record_id", "role").to_arrow())
    attribute, identifier = _grouped(con, "attribute"), _grouped(con, "identifier")
    first, last = con.sql(
        "select min(seen_at), max(seen_at) from told semi join party using (record_id) where kind = 'record'"
    ).fetchall()[0]
    said: _Said = {}
    for name, key in _ATTRIBUTES.items():
        said[key] = [(value, value if key in _PLAIN else mask(value)) for value in attribute.get(name, ())]
    for id_type, values in identifier.items():
        kind = "" if id_type in _REACH else f"{id_type} "
        told = said.setdefault(_REACH.get(id_type, "accounts"), [])
        told.extend((kind + value, kind + mask(value)) for value in values)
    counts = party.group_by("source", "role").len().sort("len", "source", "role", descending=[True, False, False])
    said["sources"] = [("", f"{source} {role} × {n}") for source, role, n in counts.iter_rows()]
    said["seen"] = [("", f"{first:%Y-%m-%d} – {last:%Y-%m-%d}")] if first else []
    return said


def _shown(said: _Said, common: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """The masked values; one that both sides say is marked, since two masks may look alike and differ."""
    facts = {
        key: list(
            dict.fromkeys(f"{SAME} {shown}" if plain in common.get(key, ()) else shown for plain, shown in values)
        )
        for key, values in said.items()
    }
    return {
        key: _first(sorted(facts[key], key=lambda text: not text.startswith(SAME))) for key in FACTS if facts.get(key)
    }


def _grouped(con: duckdb.DuckDBPyConnection, kind: str) -> dict[str, list[str]]:
    """The values of each name that the parties carry, the most frequent first."""
    rows = con.sql(
        "select name, value from told semi join party using (record_id, role) "
        "where kind = $kind and value is not null group by all order by count(*) desc, value",
        params={"kind": kind},
    ).fetchall()
    grouped: dict[str, list[str]] = {}
    for name, text in rows:
        grouped.setdefault(name, []).append(str(text))
    return grouped


def _first(values: list[str]) -> list[str]:
    return values[:_MOST] + ([f"… +{len(values) - _MOST}"] if len(values) > _MOST else [])
