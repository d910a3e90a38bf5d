"""The two sides of a question, as people see them: what the records of each say, masked.

Belongs here: gathering from a published run's tables. What comes out may be shown to a steward; plain values may not,
and are masked here. Which questions there are is `review`'s matter, what the evidence says of a fact `verdicts`'.
"""

from collections import deque
from collections.abc import Mapping, Sequence
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
from identity.showing.verdicts import COMPARED, Pair, Value, Verdict, closest, verdict

# What is shown, in its order: Chinese and English label.
FACTS: Final = {
    "names": ("姓名", "name"), "nicknames": ("昵称", "nickname"), "phones": ("手机", "phone"),
    "emails": ("邮箱", "e-mail"), "accounts": ("账号", "accounts"), "genders": ("性别", "gender"),
    "birth_dates": ("生日", "birth date"), "cities": ("城市代码", "city code"), "addresses": ("地址", "address"),
    "sources": ("来源", "sources"), "seen": ("时间", "seen"),
}  # fmt: skip
_PLAIN: Final = {"genders", "cities"}
_REACH: Final = {"phone": "phones", "phone_masked": "phones", "email": "emails", "email_masked": "emails"}
# More values than this of one kind tell no more.
_MOST: Final = 4
# Before a value that both sides say.
SAME: Final = "✓"
_COMMON: Final = [key for key in FACTS if key not in ("sources", "seen")]
# Per key of `FACTS`: what is said, the most frequent first.
_Said = dict[str, list[Value]]
# Values from which a fact is compared, beside its own: of one party, they belong together. The first is shown.
_FEATURES: Final = {
    "names": ("name", "simplified", "quality", "surname", "name_pinyin"),
    "nicknames": ("nickname",),
    "genders": ("gender",),
    "birth_dates": ("birth_date",),
    "cities": ("city_code",),
    "addresses": ("address", "province_code", "city_code", "district_code", "country"),
}
_ATTRIBUTES: Final = (
    "name", "surname", "name_pinyin", "nickname", "gender", "birth_date", "province_code", "city_code",
    "district_code", "address", "country",
)  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One side of a question.

    Attributes:
        one_id: whose records they are.
        n_records: how many parties are on it.
        facts: per key of `FACTS`, the masked values: the one that the evidence compared first, then those that the
            other side says too, then the most frequent; what is not told is left out.
    """

    one_id: str
    n_records: int
    facts: dict[str, list[str]]


@dataclass(frozen=True)
class Compared:
    """Both sides of a question beside each other.

    Attributes:
        a, b: the sides.
        verdicts: what the evidence says of each fact of `verdicts.COMPARED` that both tell.
    """

    a: Side
    b: Side
    verdicts: dict[str, Verdict]


def compared(
    item: Mapping[str, Any],
    identity: Path,
    touchpoints: Path,
    private: Path | None = None,
    levels: Mapping[str, int] | None = None,
) -> Compared:
    """What the records of both sides of a question say, and how the evidence takes it.

    Args:
        item: a row of `identity.review_item`.
        identity: the published run's `identity` tables.
        touchpoints: its canonical tables, in the vault.
        private: its private identity tables; what those say who are asked about lies there by itself, so that not all
            records must be gone through.
        levels: per comparison the level of the evidence; None where the question is about no single clue: then the
            same comparisons are made on what the two records say that stand for the sides.
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
        # A question about no single clue is about the two records that stand for its sides.
        asked = [_said(con, _end(party, item, side)) for side in "ab"] if levels is None else said
    told = {key: _weighed(key, asked, levels) for key in COMPARED if all(one.get(key) for one in said)}
    first = [
        {key: asked[n][key][pair.a if n == 0 else pair.b].plain for key, (pair, _) in told.items() if pair}
        for n in (0, 1)
    ]
    common = {key: {v.plain for v in said[0].get(key, ())} & {v.plain for v in said[1].get(key, ())} for key in _COMMON}
    a, b = (
        Side(one_id, len(group), _shown(facts, common, chosen))
        for one_id, group, facts, chosen in zip(both, groups, said, first, strict=True)
    )
    return Compared(a, b, {key: judged for key, (_, judged) in told.items()})


def sides(item: Mapping[str, Any], identity: Path, touchpoints: Path, private: Path | None = None) -> tuple[Side, Side]:
    """What the records of both sides of a question say; the arguments are those of `compared`."""
    found = compared(item, identity, touchpoints, private)
    return found.a, found.b


def _end(party: pl.DataFrame, item: Mapping[str, Any], side: str) -> pl.DataFrame:
    return party.filter(pl.col("record_id") == item[f"record_{side}"], pl.col("role") == item[f"role_{side}"])


def _weighed(key: str, said: Sequence[_Said], levels: Mapping[str, int] | None) -> tuple[Pair | None, Verdict]:
    """The two values of a fact that the evidence speaks of, and what it says."""
    if not all(one.get(key) for one in said):
        return None, verdict(key, None)
    level = None if levels is None else levels.get(COMPARED[key], -1)
    if level == -1:
        return None, verdict(key, None)
    pair = closest(key, said[0][key], said[1][key], level)
    if level is None:
        level = pair.level if pair else -1
    return pair, verdict(key, level, pair is not None and pair.is_against)


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
    select record_id, role, kind, name, value, {quality} as quality, seen_at
    from read_parquet($asked) where one_id in $people
"""
_ALL: Final = """
    create temp table told as
    select record_id, role, 'attribute' as kind, name, value, quality, seen_at from read_parquet($attribute)
    semi join everybody using (record_id, role)
    union all
    select record_id, role, 'identifier', id_type, id_value, null, seen_at from read_parquet($identifier)
    semi join everybody using (record_id, role)
    union all
    select record_id, null, 'record', null, null, null, coalesce(occurred_at, version_at) from read_parquet($record)
    semi join everybody using (record_id)
"""


def _lay_out(con: duckdb.DuckDBPyConnection, party: pl.DataFrame, touchpoints: Path, private: Path | None) -> None:
    """Makes `told`, what the parties say: from the small table of those who are asked about where they are in it."""
    asked = private / f"{ASKED_VALUE}.parquet" if private else None
    if asked is not None and asked.exists():
        # Runs of earlier versions did not keep it here.
        quality = "quality" if "quality" in pl.read_parquet_schema(asked) else "null::varchar"
        con.execute(_ASKED.format(quality=quality), {"asked": str(asked), "people": party["one_id"].unique().to_list()})
        if con.sql("select 1 from told limit 1").fetchall():
            return
        con.execute("drop table told")
    con.register("everybody", party.select("record_id", "role").to_arrow())
    con.execute(_ALL, {name: str(touchpoints / f"{name}.parquet") for name in ("attribute", "identifier", "record")})


def _said(con: duckdb.DuckDBPyConnection, party: pl.DataFrame) -> _Said:
    con.register("party", party.select("record_id", "role").to_arrow())
    _lay_together(con)
    first, last = con.sql(
        "select min(seen_at), max(seen_at) from told semi join party using (record_id) where kind = 'record'"
    ).fetchall()[0]
    said: _Said = {}
    for key, columns in _FEATURES.items():
        said[key] = [_value(key, columns, row) for row in _together(con, columns)]
    for id_type, value in _identifiers(con):
        kind = "" if id_type in _REACH else f"{id_type} "
        told = said.setdefault(_REACH.get(id_type, "accounts"), [])
        told.append(Value(kind + value, kind + mask(value), {id_type: value}))
    counts = party.group_by("source", "role").len().sort("len", "source", "role", descending=[True, False, False])
    said["sources"] = [Value("", f"{source} {role} × {n}", {}) for source, role, n in counts.iter_rows()]
    said["seen"] = [Value("", f"{first:%Y-%m-%d} – {last:%Y-%m-%d}", {})] if first else []
    return said


def _shown(said: _Said, common: Mapping[str, set[str]], first: Mapping[str, str]) -> dict[str, list[str]]:
    """The masked values, as `Side` has them; one that both sides say is marked, since two masks may look alike."""
    facts = {}
    for key in FACTS:
        values = [
            (one.plain in common.get(key, ()), one.plain == first.get(key), one.shown) for one in said.get(key, ())
        ]
        ordered = sorted(values, key=lambda value: (not value[1], not value[0]))
        if ordered:
            facts[key] = _first(
                list(dict.fromkeys(f"{SAME} {text}" if is_common else text for is_common, _, text in ordered))
            )
    return facts


def _value(key: str, columns: Sequence[str], row: Sequence[Any]) -> Value:
    plain = str(row[0])
    features = dict(zip(columns, row, strict=True))
    if key == "names":
        features["name"] = features.pop("simplified") or plain
        if features["quality"] == "nick":
            features["name"] = None  # scoring takes it for no name
        features["quality"] = features["quality"] or ("masked" if "*" in plain else "full")
    return Value(plain, plain if key in _PLAIN else mask(plain), features)


def _together(con: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """The values of some attributes as the parties say them together, those with the first; the most frequent first."""
    listed = ", ".join(columns)
    return con.sql(
        f"select {listed} from said where {columns[0]} is not null group by all order by count(*) desc, {listed}"
    ).fetchall()


def _lay_together(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `said`: one row per party with what it says of itself."""
    columns = ", ".join(f"min(value) filter (name = '{name}') as {name}" for name in _ATTRIBUTES)
    con.execute(f"""
        create or replace temp table said as
        select * replace (try_cast(birth_date as date) as birth_date) from (
            select record_id, role, {columns}, min(value) filter (name = 'name_simplified') as simplified,
                min(quality) filter (name = 'name') as quality
            from told semi join party using (record_id, role)
            where kind = 'attribute' and value is not null group by record_id, role
        )
    """)


def _identifiers(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Type and value of each identifier that the parties carry, the most frequent first."""
    return con.sql(
        "select name, value from told semi join party using (record_id, role) "
        "where kind = 'identifier' and value is not null group by all order by count(*) desc, name, value"
    ).fetchall()


def _first(values: list[str]) -> list[str]:
    return values[:_MOST] + ([f"… +{len(values) - _MOST}"] if len(values) > _MOST else [])
