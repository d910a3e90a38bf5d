"""Stewards: what people have decided about records and values, and how it is laid over the rules and the model.

Belongs here: reading `overrides.csv`, finding the parties that it names, settling contradictions (the newest word
counts), and telling of every line whether it was applied. What a decision does to edges is `sure`'s and `cluster`'s
matter, what it does to values `judge`'s.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import DefinitionError
from common.keys import HASH_PREFIX, keyed_hash, keyed_hashes
from identity.graph import GuardedMerge
from identity.parties import Parties

OVERRIDES: Final = "overrides.csv"
COLUMNS: Final = ("decision", "a", "b", "who", "when", "note")
ON_PAIRS: Final = ("same", "different")
ON_VALUES: Final = ("block_value", "allow_value")
APPLIED, SUPERSEDED, NOT_APPLIED = "applied", "superseded", "not_applied"


_VALUE_SCHEMA: Final = {c: pl.String for c in ("id_type", "id_scope", "id_value", "status", "reason")}
_ROW_SCHEMA: Final = {
    c: pl.String
    for c in (
        "override_id", "decision", "origin", "who", "decided_at", "status", "reason", "record_a", "role_a", "record_b",
        "role_b", "id_type", "id_scope", "value_hash",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Override:
    """One decision of a steward.

    Attributes:
        decision: same, different, block_value or allow_value.
        a: a record (`RECORD_ID` or `source/account/type/key`, each with `@role` where the record names several
            parties); of a value its type (`phone`, `wechat_openid/APPID`).
        b: the other record; the value itself or its keyed hash.
        when: a date or time as text that sorts, such as 2026-11-20; the later word counts.
        origin: where it stands, such as `overrides.csv line 3` or `review Q1A2B3C4D5`.
    """

    decision: str
    a: str
    b: str
    who: str = ""
    when: str = ""
    note: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Stewardship:
    """Decisions as the layers use them.

    Attributes:
        same: pairs of parties that are one person.
        apart: pairs of parties that are two.
        value: id_type, id_scope, id_value, status (blocked | ok), reason.
        row: the table `identity.override`: override_id, decision, origin, who, decided_at, status, reason,
            record_a, role_a, record_b, role_b, id_type, id_scope, value_hash.
    """

    same: tuple[tuple[int, int], ...] = ()
    apart: tuple[tuple[int, int], ...] = ()
    value: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_VALUE_SCHEMA))
    row: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_ROW_SCHEMA))

    @property
    def problems(self) -> list[str]:
        """One sentence for each decision that could not be applied."""
        left = self.row.filter(pl.col("status") == NOT_APPLIED)
        return [f"{origin}: {reason}" for origin, reason in left.select("origin", "reason").iter_rows()]


def read_overrides(path: Path) -> list[Override]:
    """The decisions of a file; none where there is no file.

    Raises:
        DefinitionError: the file cannot be read as CSV, or lacks a column.
    """
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DefinitionError(path, "cannot be read as CSV.", "Save it as CSV in UTF-8.") from error
    head = [name.strip().lower() for name in lines[0]] if lines else []
    missing = [name for name in COLUMNS[:3] if name not in head]
    if missing:
        raise DefinitionError(path, f"has no column {missing[0]}.", f"Its first line is {','.join(COLUMNS)}.")
    found = []
    for number, line in enumerate(lines[1:], start=2):
        cells = dict(zip(head, (cell.strip() for cell in line), strict=False))
        if not any(cells.values()) or line[0].lstrip().startswith("#"):
            continue
        given = {name: cells.get(name, "") for name in COLUMNS}
        found.append(Override(**given, origin=f"{path.name} line {number}"))
    return found


def stewardship(parties: Parties, overrides: Sequence[Override], key: bytes) -> Stewardship:
    """Lays decisions on the parties of this run.

    Args:
        overrides: from the file and from the review queue, in any order.
        key: the home's key, for values and keys that are given as hashes.
    """
    if not overrides:
        return Stewardship()
    where = _Places(parties, overrides, key)
    # The newest word first: what contradicts it later on is refused. Of words at one moment, the last one written.
    order = sorted(range(len(overrides)), key=lambda n: (overrides[n].when, n), reverse=True)
    merge = GuardedMerge(len(parties.party), ())
    standing: dict[int, _Standing] = {}
    said: dict[tuple[str, ...], str] = {}
    for number in order:
        standing[number] = _settle(overrides[number], where, merge, said)
    placed = [standing[number] for number in range(len(overrides))]
    rows = [_row(override, at, key) for override, at in zip(overrides, placed, strict=True)]
    used = [at for at in placed if at.status == APPLIED]
    values = [(*value, *_VERDICTS[at.decision]) for at in used for value in at.values]
    return Stewardship(
        same=tuple(at.pair for at in used if at.pair and at.decision == "same"),
        apart=tuple(at.pair for at in used if at.pair and at.decision == "different"),
        value=pl.DataFrame(values, schema=_VALUE_SCHEMA, orient="row").unique(maintain_order=True),
        row=pl.DataFrame(rows, schema=_ROW_SCHEMA, orient="row").sort("override_id", "origin"),
    )


_VERDICTS: Final = {"allow_value": ("ok", "allowed by a steward"), "block_value": ("blocked", "blocked by a steward")}


@dataclass(frozen=True)
class _Standing:
    """How one decision stands: whether it was applied, and to what."""

    decision: str
    status: str
    reason: str = ""
    pair: tuple[int, int] | None = None
    ends: tuple[str, ...] = ("", "", "", "")
    values: tuple[tuple[str, str, str], ...] = ()


def _settle(override: Override, where: "_Places", merge: GuardedMerge, said: dict[tuple[str, ...], str]) -> _Standing:
    if override.decision in ON_VALUES:
        return _settle_value(override, where, said)
    if override.decision not in ON_PAIRS:
        known = ", ".join((*ON_PAIRS, *ON_VALUES))
        return _Standing(override.decision, NOT_APPLIED, f"it says no known decision; write one of {known}.")
    found = [where.party(text) for text in (override.a, override.b)]
    for one in found:
        if isinstance(one, str):
            return _Standing(override.decision, NOT_APPLIED, one)
    a, b = sorted(int(one) for one in found)
    at = _Standing(override.decision, APPLIED, "", (a, b), where.ends(a, b))
    if a == b:
        return replace(at, status=NOT_APPLIED, reason="both sides are one record; name two.", pair=None)
    earlier = said.setdefault((str(a), str(b)), override.decision)
    if earlier != override.decision:
        return replace(at, status=SUPERSEDED, reason=f"a later decision says {earlier}.", pair=None)
    if override.decision == "same":
        if merge.refuses(a, b):
            return replace(at, status=NOT_APPLIED, reason=_CONTRADICTS.format("different"), pair=None)
        merge.join(a, b)
        return at
    if merge.find(a) == merge.find(b):
        return replace(at, status=NOT_APPLIED, reason=_CONTRADICTS.format("same"), pair=None)
    merge.keep_apart(a, b)
    return at


_CONTRADICTS: Final = "later decisions together say that the two are {}; withdraw those or this one."


def _settle_value(override: Override, where: "_Places", said: dict[tuple[str, ...], str]) -> _Standing:
    values = where.values(override.a, override.b)
    at = _Standing(override.decision, APPLIED, values=values)
    if not values:
        return replace(at, status=NOT_APPLIED, reason="no record carries this value; check type, scope and value.")
    earlier = [said.setdefault(value, override.decision) for value in values]
    values = tuple(value for value, word in zip(values, earlier, strict=True) if word == override.decision)
    if not values:
        return replace(at, status=SUPERSEDED, reason=f"a later decision says {earlier[0]}.", values=())
    return replace(at, values=values)


def _row(override: Override, at: _Standing, key: bytes) -> tuple[str | None, ...]:
    """The decision as it is published: no value and no key in the clear, nor what the steward noted."""
    where = at.ends if any(at.ends) else (None,) * 4
    kind, scope, value = at.values[0] if at.values else (None, None, None)
    name = keyed_hash("\x1f".join((override.decision, override.a, override.b, override.origin)), key)
    return (
        "O" + name.removeprefix(HASH_PREFIX)[:12].upper(), override.decision, override.origin, override.who or None,
        override.when or None, at.status, at.reason or None, *where, kind, scope,
        keyed_hash(value, key) if value is not None else None,
    )  # fmt: skip


class _Places:
    """Where the parties and values are that decisions name."""

    def __init__(self, parties: Parties, overrides: Iterable[Override], key: bytes) -> None:
        self._key = key
        self._identifier = parties.identifier
        party = parties.party
        self._roles = set(party["role"].unique().drop_nulls())
        named = [self._parts(text) for o in overrides if o.decision in ON_PAIRS for text in (o.a, o.b)]
        by_id = party.filter(pl.col("record_id").is_in([text for text, _, _ in named]))
        keys = pl.concat_str("source", "account", "record_type", "natural_key", separator="/")
        wanted = {text for _, _, texts in named for text in texts}
        by_key = party.filter(keys.is_in(sorted(wanted))) if wanted else party.clear()
        self._of_record: dict[str, list[tuple[str, int]]] = {}
        self._ends: dict[int, tuple[str, str]] = {}
        for frame, name in ((by_id, pl.col("record_id")), (by_key, keys)):
            rows = frame.select(name.alias("at"), "record_id", "role", "party").iter_rows()
            for at, record, role, number in rows:
                self._of_record.setdefault(at, []).append((role, number))
                self._ends[number] = (record, role)

    def _parts(self, text: str) -> tuple[str, str, list[str]]:
        """A reference's record, its role where it says one, and the ways in which its key may be written."""
        record, at, role = text.rpartition("@")
        if not at or role not in self._roles:
            record, role = text, ""
        parts = record.split("/", 3)
        if len(parts) < 4:
            return record, role, []
        return record, role, [record, "/".join((*parts[:3], keyed_hash(parts[3], self._key)))]

    def party(self, text: str) -> int | str:
        """The party that a reference means, or why there is none."""
        record, role, keys = self._parts(text)
        found = next((self._of_record[at] for at in (record, *keys) if at in self._of_record), [])
        if not found:
            # The reference may be a phone or a card: it is not repeated.
            return "one of its records is not in these files; take a record_id of identity.record_map."
        of_role = [number for its_role, number in found if not role or its_role == role]
        if not of_role:
            return f"one of its records names no {role}; it names {', '.join(sorted({r for r, _ in found}))}."
        if len(of_role) > 1:
            names = ", ".join(f"@{r}" for r in sorted({r for r, _ in found}))
            return f"one of its records names several people; say which, with {names} after it."
        return of_role[0]

    def ends(self, a: int, b: int) -> tuple[str, ...]:
        """Record and role of two parties."""
        return (*self._ends[a], *self._ends[b])

    def values(self, kind: str, text: str) -> tuple[tuple[str, str, str], ...]:
        """Type, scope and value of the identifiers meant; those of every scope where none is named."""
        id_type, _, scope = kind.partition("/")
        rows = self._identifier.filter(pl.col("id_type") == id_type)
        if scope:
            rows = rows.filter(pl.col("id_scope") == scope)
        distinct = rows.select("id_type", "id_scope", "id_value").unique().sort("id_scope", "id_value")
        if text.startswith(HASH_PREFIX):
            return tuple(row for row in distinct.iter_rows() if keyed_hash(row[2], self._key) == text)
        return tuple(distinct.filter(pl.col("id_value") == text).iter_rows())


_MEANING: Final = ["decision", "record_a", "role_a", "record_b", "role_b", "id_type", "id_scope", "value_hash"]


def touched(now: pl.DataFrame, before: pl.DataFrame, parties: Parties, key: bytes) -> pl.DataFrame:
    """The parties that a decision touches which is new in this run, or was withdrawn since the last.

    Args:
        now: `Stewardship.row` of this run.
        before: that of the last run.

    Returns:
        record_id, role.
    """
    is_used = pl.col("status") == APPLIED
    now, before = now.filter(is_used), before.filter(is_used)
    other = pl.concat(
        [
            now.join(before, on=_MEANING, how="anti", nulls_equal=True),
            before.join(now, on=_MEANING, how="anti", nulls_equal=True),
        ]
    )
    ends = [other.select(pl.col(f"record_{s}").alias("record_id"), pl.col(f"role_{s}").alias("role")) for s in "ab"]
    values = other.filter(pl.col("value_hash").is_not_null()).select("id_type", "value_hash")
    held = parties.identifier.join(values.select("id_type").unique(), on="id_type", how="semi")
    held = held.with_columns(keyed_hashes(held["id_value"], key).alias("value_hash"))
    carriers = held.join(values, on=["id_type", "value_hash"], how="semi").select("party").unique()
    return pl.concat(
        [*ends, parties.party.join(carriers, on="party", how="semi").select("record_id", "role")]
    ).drop_nulls()
