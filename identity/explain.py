"""Explanations: why two records, or all records of a person, are one, read from the published edges.

Belongs here: the path of edges and its words. Identifiers themselves are not shown; which one agreed is.
"""

import json
from collections import defaultdict, deque
from dataclasses import dataclass

import duckdb

from common.errors import UsageError
from identity.retail import RETAIL

Party = tuple[str, str]
_SURE_WORDS = {
    "identical_description": "same name, same address, same masked phone",
    "wechat_unionid": "same WeChat unionid",
    "wechat_openid": "same WeChat openid",
    "wecom_external_userid": "same WeCom external_userid",
    "national_id": "same national ID",
    "jd_pin": "same JD account",
    "tmall_nick": "same Tmall account",
    "pos_card": "same member card",
    "shopify_customer_id": "same Shopify customer",
    "phone": "same phone, and the names allow it",
    "email": "same e-mail, and the names allow it",
}


@dataclass(frozen=True)
class Step:
    """One edge of an explanation: two parties (record id, role), the rule, its weight in log2 odds, and the words."""

    a: Party
    b: Party
    kind: str
    rule: str
    match_weight: float | None
    words: str


def explain_pair(con: duckdb.DuckDBPyConnection, record_a: str, record_b: str) -> list[Step]:
    """The shortest path of edges between two records of one person; empty where they are not one person.

    Args:
        con: a published warehouse.
        record_a: a record id of `identity.record_map`.
        record_b: another.

    Raises:
        UsageError: a record is not in the warehouse.
    """
    ids_a, ids_b = _one_ids(con, record_a), _one_ids(con, record_b)
    for one_id in sorted(ids_a & ids_b):
        steps = _shortest(_edges(con, one_id), record_a, record_b)
        if steps:
            return steps
    return []


def explain_person(con: duckdb.DuckDBPyConnection, one_id: str) -> list[Step]:
    """Every edge that holds a person together, the surest first.

    Raises:
        UsageError: no active person has the id.
    """
    steps = _edges(con, one_id)
    if not steps and not con.execute("select 1 from identity.record_map where one_id = ?", [one_id]).fetchall():
        raise UsageError(
            f"no person has the OneID {one_id}; look it up in identity.one_id, it may be merged or absent."
        )
    return steps


def _one_ids(con: duckdb.DuckDBPyConnection, record_id: str) -> set[str]:
    rows = con.execute("select one_id from identity.record_map where record_id = ?", [record_id]).fetchall()
    if not rows:
        raise UsageError(f"no record {record_id} in this warehouse; take a record_id of identity.record_map.")
    return {str(row[0]) for row in rows}


def _edges(con: duckdb.DuckDBPyConnection, one_id: str) -> list[Step]:
    rows = con.execute(
        """
        select e.record_a, e.role_a, e.record_b, e.role_b, e.kind, e.rule, e.match_weight, e.evidence
        from identity.edge e
        join identity.record_map a on a.record_id = e.record_a and a.role = e.role_a
        join identity.record_map b on b.record_id = e.record_b and b.role = e.role_b
        where a.one_id = ? and b.one_id = ? and e.kind <> 'doubtful'
        order by case e.kind when 'sure' then 0 when 'scored' then 1 else 2 end, e.match_weight desc,
                 e.record_a, e.role_a, e.record_b, e.role_b
        """,
        [one_id, one_id],
    ).fetchall()
    return [Step((r[0], r[1]), (r[2], r[3]), r[4], r[5], r[6], _words(r[4], r[5], r[6], r[7])) for r in rows]


def _shortest(steps: list[Step], record_a: str, record_b: str) -> list[Step]:
    """Breadth-first search from any party of one record to any of the other."""
    near: dict[Party, list[tuple[Party, Step]]] = defaultdict(list)
    for step in steps:
        near[step.a].append((step.b, step))
        near[step.b].append((step.a, step))
    starts = sorted(p for p in near if p[0] == record_a)
    came: dict[Party, tuple[Party, Step] | None] = {p: None for p in starts}
    queue = deque(starts)
    while queue:
        here = queue.popleft()
        if here[0] == record_b:
            return _back(came, here)
        for there, step in near[here]:
            if there not in came:
                came[there] = (here, step)
                queue.append(there)
    return []


def _back(came: dict[Party, tuple[Party, Step] | None], end: Party) -> list[Step]:
    path: list[Step] = []
    link = came[end]
    while link:
        path.append(link[1])
        link = came[link[0]]
    return path[::-1]


def _words(kind: str, rule: str, weight: float | None, evidence: str | None) -> str:
    if kind == "sure":
        return _SURE_WORDS.get(rule, f"same {rule.replace('_', ' ')}")
    told = json.loads(evidence or "{}")
    if kind == "steady":
        return f"together on {told['met']} of the account's {told['orders']} orders"
    labels = RETAIL.level_labels()
    parts = [
        f"{labels[name][part['level']]} ({part['weight']:+.1f})"
        for name, part in told.items()
        if part["level"] is not None and part["level"] >= 0
    ]
    before = (weight or 0.0) - sum(part["weight"] for part in told.values())
    return "; ".join([*parts, f"two people at random ({before:+.1f})"])
