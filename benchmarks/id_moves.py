"""Why records get another id between two runs, and whether they are right to: each move with its cause, by the truth.

Belongs here: the comparison of two published runs, and what a resolver that knows the truth would have moved.
"""

from collections import Counter, defaultdict, deque
from datetime import date
from pathlib import Path

import polars as pl

from identity.keeping.stable import match_ids
from identity.measuring.evaluate import compared
from simulator.build import build_world
from simulator.truth.components import label_components
from simulator.truth.frame import PARTY as NATURAL
from simulator.truth.observations import observations
from simulator.world import ORIGINAL

PARTY = ["record_id", "role"]
SPLIT = "an id's records fall apart"
# Whom the chain of edges between an id and the one that it joins leads over, in the order of what tells most.
_CAUSES = {
    "steady": "company on orders and payments",
    "scored": "likeness, by score",
    "sure": "an identifier in common",
}
Party = tuple[str, str]


def moves(before: Path, after: Path, truth: Path, key: bytes) -> pl.DataFrame:
    """The records that have another id: record_id, role, cause, is_right.

    A move is right if, by the truth, it brings the record together with, and takes it away from, the right ones of the
    records that were there before more often than the wrong ones.

    Args:
        before: the public identity tables of a run.
        after: those of a later run.
        truth: the simulator's parties.
    """
    both, _, _ = compared(after / "record_map.parquet", truth, key)
    old = pl.read_parquet(before / "record_map.parquet").select(*PARTY, old="one_id")
    known = both.select(*PARTY, "person_id", new="one_id").unique(PARTY).join(old, on=PARTY)
    everybody = pl.read_parquet(after / "record_map.parquet").select(*PARTY, new="one_id")
    old_of = dict(zip(*_keyed(old, "old"), strict=True))
    new_of = dict(zip(*_keyed(everybody, "new"), strict=True))
    near = _neighbours(after / "edge.parquet")
    moved = known.filter(pl.col("old") != pl.col("new")).join(_judged(known), on=["old", "new", "person_id"])
    fallen = set(known.group_by("old").agg(pl.col("new").n_unique().alias("n")).filter(pl.col("n") > 1)["old"])
    causes = {}
    for one_id, to in moved.select("old", "new").unique().sort("old", "new").iter_rows():
        causes[one_id, to] = SPLIT if one_id in fallen else _cause(one_id, to, old_of, new_of, near)
    cause = [causes[pair] for pair in moved.select("old", "new").iter_rows()]
    return moved.with_columns(pl.Series("cause", cause, dtype=pl.String)).select(*PARTY, "cause", "is_right")


def _keyed(frame: pl.DataFrame, value: str) -> tuple[list[Party], list[str]]:
    return list(frame.select(PARTY).iter_rows()), frame[value].to_list()


def _neighbours(edge: Path) -> dict[Party, list[tuple[Party, str]]]:
    near: dict[Party, list[tuple[Party, str]]] = defaultdict(list)
    kept = pl.read_parquet(edge).filter(pl.col("kind") != "doubtful")
    ends = kept.select("record_a", "role_a", "record_b", "role_b", "kind").sort(pl.all())
    for record_a, role_a, record_b, role_b, kind in ends.iter_rows():
        near[record_a, role_a].append(((record_b, role_b), kind))
        near[record_b, role_b].append(((record_a, role_a), kind))
    return near


def _cause(
    old: str, new: str, old_of: dict[Party, str], new_of: dict[Party, str], near: dict[Party, list[tuple[Party, str]]]
) -> str:
    """What the shortest chain from the records of an id to those of another leads over."""
    start = sorted(party for party, one_id in old_of.items() if one_id == old and new_of.get(party) == new)
    came: dict[Party, tuple[Party, str] | None] = dict.fromkeys(start)
    queue = deque(start)
    while queue:
        here = queue.popleft()
        if old_of.get(here, old) != old:
            return _told(here, came, old_of)
        for there, kind in near.get(here, ()):
            if there not in came and new_of[there] == new:
                came[there] = here, kind
                queue.append(there)
    return "no chain of edges"


def _told(end: Party, came: dict[Party, tuple[Party, str] | None], old_of: dict[Party, str]) -> str:
    kinds, is_new = Counter[str](), False
    here = end
    while (step := came[here]) is not None:
        here, kind = step
        kinds[kind] += 1
        is_new |= here not in old_of
    cause = next(words for kind, words in _CAUSES.items() if kinds[kind])
    return f"{cause}, {'over a new record' if is_new else 'between records known before'}"


def _judged(known: pl.DataFrame) -> pl.DataFrame:
    """Whether a record of a person is right to go from an id to another: old, new, person_id, is_right."""
    cells = known.group_by("old", "new", "person_id").agg(pl.len().cast(pl.Int64).alias("n"))

    def others(same: str, other: str) -> pl.DataFrame:
        """Per cell, the records that share one id with it and not the other: its person's, and others."""
        n = pl.col("n").sum()
        own = n.over(same, "person_id") - n.over(same, other, "person_id")
        every = n.over(same) - n.over(same, other)
        return cells.select("old", "new", "person_id", own.alias("own"), (every - own).alias("strange"))

    met, left = others("new", "old"), others("old", "new").rename({"own": "own_left", "strange": "strange_left"})
    both = met.join(left, on=["old", "new", "person_id"])
    is_right = pl.col("own") + pl.col("strange_left") > pl.col("strange") + pl.col("own_left")
    return both.select("old", "new", "person_id", is_right.alias("is_right"))


def table(moved: list[pl.DataFrame], n_known: int) -> list[str]:
    """The causes as lines of Markdown.

    Args:
        moved: `moves` of several worlds.
        n_known: records known before, in all of them.
    """
    causes = (
        pl.concat(moved).group_by("cause").agg(pl.len().alias("n"), pl.col("is_right").sum().alias("right"))
        .sort("n", "cause", descending=[True, False])
    )  # fmt: skip
    rows = [f"| {cause} | {n:,} | {n / n_known:.3%} | {right / n:.1%} |" for cause, n, right in causes.iter_rows()]
    n, right = int(causes["n"].sum()), int(causes["right"].sum())
    total = f"| all | {n:,} | {n / n_known:.3%} | {right / n if n else 1:.1%} |"
    head = ["| cause | records | share of those known | right by the truth |", "|---|---:|---:|---:|"]
    return [*head, *rows, total]


class Reachable:
    """What a resolver would find that puts together all, and only, what the files allow anyone to know."""

    def __init__(self, people: int, seed: int, as_of: date, record_map: Path, key: bytes) -> None:
        """Builds the world again.

        Args:
            record_map: of a run on all the files: the record of each party of the truth.
        """
        self.world = build_world(people, seed, as_of, 3)
        self.seen = observations(self.world, self.world.span.end, ORIGINAL)
        named = self.seen.select(NATURAL).unique(maintain_order=True).with_row_index("person_id")
        path = record_map.with_name("reachable_parties.parquet")
        named.write_parquet(path)
        # Personal keys come back hashed: the number of the party ties its record to the plain ones.
        record = compared(record_map, path, key)[0].select(pl.col("person_id").cast(pl.UInt32), "record_id")
        self.party = named.join(record, on="person_id").drop("person_id")

    def changed(self, late: pl.DataFrame) -> float:
        """The share of records whose id changes when the late ones (record_id) are added to the others."""
        before = self._components(self.party.join(late, on="record_id", how="anti"))
        both = before.join(self._components(self.party), on=PARTY, suffix="_new")
        overlap = both.group_by("component", "component_new").agg(pl.len().cast(pl.Float64).alias("weight"))
        named = overlap.select(
            pl.col("component").cast(pl.String).alias("old_one_id"), pl.col("component_new").alias("cluster"),
            "weight", pl.col("component").alias("serial"),
        )  # fmt: skip
        ids = match_ids(named.sort("serial", "cluster"))
        kept = both.join(ids, left_on="component_new", right_on="cluster", how="left")
        is_same = kept["one_id"] == kept["component"].cast(pl.String)
        return 1 - int(is_same.sum()) / len(kept)

    def _components(self, party: pl.DataFrame) -> pl.DataFrame:
        """record_id, role, component of the parties that these files alone tell of."""
        seen = self.seen.join(party, on=list(NATURAL), how="semi", maintain_order="left")
        found = label_components(seen, self.world).join(party, on=list(NATURAL))
        return found.select(*PARTY, "component").unique(PARTY, keep="first", maintain_order=True)
