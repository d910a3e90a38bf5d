"""Pairs worth comparing: candidates that share the key of a blocking rule.

Belongs here: the rules of `scheme` on candidates. A key is made of parts, each of one field, so that texts are hashed
once per value and rows are blocked by numbers alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from identity.people.describe import Codes, Hashes
from identity.people.features import Candidates
from identity.scoring.scheme import BlockingRule

# What parts of a key are joined by in the rules.
_PARTED: Final = " || '|' || "
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
# A pair is sorted as one number; its last bits are its rule.
_RULE_BITS: Final = 5


@dataclass(frozen=True)
class Pairs:
    """Pairs of candidates, left < right, in the order of both; `rule` is the number of the first that finds them."""

    left: Codes
    right: Codes
    rule: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True)
class _Part:
    """The hashes of a part of a key: of value c those from `start[c]` to `start[c + 1]`; it may have none, or many."""

    codes: Codes
    start: NDArray[np.int64]
    hashes: Hashes


def block(
    con: duckdb.DuckDBPyConnection, candidates: Candidates, rules: Sequence[BlockingRule]
) -> tuple[Pairs, dict[str, int]]:
    """The pairs that share a key of some rule, unless too many candidates share it; and what each rule added.

    Args:
        con: to hash in.
        candidates: what is paired.
        rules: the first that finds a pair has it.
    """
    shift = np.int64(_RULE_BITS)
    found = [np.empty(0, dtype=np.int64)]
    for number, rule in enumerate(rules):
        row, key = _keys(con, candidates, rule)
        left, right = _sharing(row, key, rule.largest_block)
        found.append((left * np.int64(candidates.n) + right << shift) + number)
    packed = np.concatenate(found)
    del found
    packed.sort()
    pair = packed >> shift
    is_first = np.append(True, pair[1:] != pair[:-1])[: len(pair)]
    rule_of = (packed[is_first] & ((1 << _RULE_BITS) - 1)).astype(np.uint8)
    pair = pair[is_first]
    left = pair // max(candidates.n, 1)
    right = pair - left * candidates.n
    n_added = np.bincount(rule_of, minlength=len(rules))
    pairs = Pairs(left.astype(np.int32), right.astype(np.int32), rule_of)
    return pairs, {rule.name: int(n) for rule, n in zip(rules, n_added, strict=True)}


def _keys(con: duckdb.DuckDBPyConnection, candidates: Candidates, rule: BlockingRule) -> tuple[Codes, Hashes]:
    """The keys of each candidate that has any, hashed: candidate and key, one for each of its distinct keys."""
    parts = [_part(con, candidates, text, rule.explode) for text in rule.key.split(_PARTED)]
    row = np.arange(candidates.n, dtype=np.int32)
    key = np.zeros(candidates.n, dtype=np.uint64)
    # Those with many hashes come last: then rows are repeated once.
    for part in sorted(parts, key=lambda part: len(part.hashes) > len(part.start) - 1):
        code = part.codes[row]
        told = code >= 0
        row, key, code = row[told], key[told], code[told]
        first, n = part.start[code], part.start[code + 1] - part.start[code]
        at = np.repeat(first - np.cumsum(n) + n, n) + np.arange(int(n.sum()))
        row, key = np.repeat(row, n), np.repeat(key, n) * _FACTOR + part.hashes[at]
    return row, key


def _part(con: duckdb.DuckDBPyConnection, candidates: Candidates, text: str, explode: str | None) -> _Part:
    words = re.findall(r"\w+", text) + (re.findall(r"\w+", explode or "") if re.search(r"\bitem\b", text) else [])
    field = next(candidates.field_of[word] for word in words if word in candidates.field_of)
    features = candidates.features[field]
    con.register("feature", features.with_row_index("code").to_arrow())
    item = f", unnest({explode}) as item" if explode and re.search(r"\bitem\b", text) else ""
    found = con.sql(f"""
        select distinct code, hash({text}) as hash from (select *{item} from feature) where {text} is not null
        order by code, hash
    """).fetchnumpy()
    con.unregister("feature")
    start = np.searchsorted(found["code"], np.arange(len(features) + 1))
    return _Part(candidates.codes[field], start, found["hash"])


def _sharing(row: Codes, key: Hashes, largest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of rows, the lesser first, of each key that no more than `largest` of them share."""
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    n = np.diff(np.append(starts, len(key)))
    kept = (n > 1) & (n <= largest)
    starts, n = starts[kept], n[kept]
    lefts, rights = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    # Each row of a block with the one that is so many places after it.
    for step in range(1, int(n.max(initial=1))):
        of = n > step
        starts, n = starts[of], n[of]
        n_here = n - step
        place = np.repeat(starts - np.cumsum(n_here) + n_here, n_here) + np.arange(int(n_here.sum()))
        one, other = row[order[place]].astype(np.int64), row[order[place + step]].astype(np.int64)
        lefts.append(np.minimum(one, other))
        rights.append(np.maximum(one, other))
    return np.concatenate(lefts), np.concatenate(rights)
