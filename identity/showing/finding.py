"""Finding a person by anything that names them: a OneID, an identifier, an order number, a name.

Belongs here: reading what somebody typed, and exact look-ups in a published run. Nothing is guessed: what was typed
must be what a file says, but for spaces, case and the ways to write a phone number. What was typed goes nowhere but
into the query's parameters.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from common.keys import keyed_hash
from identity.keeping.lookup import PERSON_IDENTIFIER, VALUE_OWNER
from identity.showing.following import follow

# Kinds of a match beside the identifier types of the registry.
ONE_ID, ALIAS, ORDER, RECORD, NAME = "one_id", "alias", "order", "record", "name"
_ONE_ID: Final = re.compile(r"P[0-9A-Z]{12}")
_NOT_DIGITS: Final = re.compile(r"[\s\-‐‑–—().+/]+")
_FEWEST_DIGITS: Final = 5


@dataclass(frozen=True)
class Match:
    """A person who was found.

    Attributes:
        one_id: who.
        kinds: by what: identifier types, or one of `one_id`, `alias`, `order`, `record`, `name`.
    """

    one_id: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """Who was found, in the order of their ids.

    Attributes:
        matches: at most as many as were asked for.
        n_people: how many there are.
    """

    matches: tuple[Match, ...]
    n_people: int


def readings(text: str) -> tuple[str, ...]:
    """The ways in which files may write what somebody typed; the first is the text itself, tidied.

    Args:
        text: as typed: full-width signs, spaces around it and between digits are read as people mean them.
    """
    tidy = " ".join(unicodedata.normalize("NFKC", text).split())
    if not tidy:
        return ()
    ways = [tidy, tidy.lower(), tidy.upper(), tidy.replace(" ", "")]
    digits = _NOT_DIGITS.sub("", tidy)
    if digits.isdecimal() and digits.isascii() and len(digits) >= _FEWEST_DIGITS:
        bare = digits.removeprefix("00")
        # Chinese mobile numbers are kept without their country code, all others with it.
        ways += [digits, bare, bare.removeprefix("86") if len(bare) == 13 else bare, "1" + bare]
    return tuple(dict.fromkeys(ways))


def find_people(con: duckdb.DuckDBPyConnection, vault: Path, text: str, *, most: int = 50) -> Found:
    """Everybody whom exactly this names.

    Args:
        con: a published warehouse.
        vault: the run's folder in the vault.
        text: what somebody typed.
        most: how many people to give.
    """
    ways = readings(text)
    if not ways:
        return Found((), 0)
    if _ONE_ID.fullmatch(ways[0].upper()):
        followed = follow(con, ways[0])
        if followed.one_id:
            return Found((Match(followed.one_id, (ALIAS if followed.state == "merged" else ONE_ID,)),), 1)
    owners = vault / "identity" / f"{VALUE_OWNER}.parquet"
    places: dict[str, object] = {"ways": list(ways)}
    if owners.exists():
        told = _OWNERS
        places["owners"] = str(owners)
    else:  # a run of an earlier version
        told = _TOLD
        places["identifier"] = str(vault / "touchpoints" / "identifier.parquet")
        places["attribute"] = str(vault / "touchpoints" / "attribute.parquet")
    rows = con.execute(_FIND.format(told=told), places).fetchall()
    matches = tuple(Match(one_id, tuple(kinds)) for one_id, kinds in rows[:most])
    return Found(matches, len(rows))


# The list stands in the filter itself, so that row groups without any of it are passed by.
_OWNERS: Final = "select one_id, kind from read_parquet($owners) where value in $ways"
_TOLD: Final = """
    select m.one_id, p.kind from (
        select record_id, role, id_type as kind from read_parquet($identifier) where id_value in $ways
        union
        select record_id, role, 'name' from read_parquet($attribute)
        where name in ('name', 'name_simplified', 'nickname') and value in $ways
    ) as p inner join identity.record_map as m using (record_id, role)
"""
_FIND: Final = """
    with named as (
        {told}
        union
        select one_id, 'record' from identity.record_map where natural_key in $ways
        union
        select unnest([one_id, buyer_one_id, receiver_one_id]), 'order' from core.orders
        where order_no in $ways or order_key in $ways
    )
    select one_id, list(distinct kind order by kind) as kinds from named
    where one_id is not null
    group by one_id order by one_id
"""


@dataclass(frozen=True)
class Held:
    """An identifier of a person, in the clear: mask it before it is shown.

    Attributes:
        id_type, id_scope, value: as in the registry and the files.
        first_seen, last_seen: of the records that carry it; UTC.
        n_records: how many do.
        sources: where they come from.
        status, reason: of `identity.identifier_value`; None where only one record carries it.
    """

    id_type: str
    id_scope: str
    value: str
    first_seen: dt.datetime | None
    last_seen: dt.datetime | None
    n_records: int
    sources: tuple[str, ...]
    status: str | None
    reason: str | None

    @property
    def is_shared(self) -> bool:
        """Whether it is not one person's alone, by the judgement of the run."""
        return self.status in ("shared", "blocked")


def identifiers_of(con: duckdb.DuckDBPyConnection, vault: Path, one_id: str, key: bytes) -> Sequence[Held]:
    """Every identifier that a person's records carry, those that are seen on most records first.

    Args:
        con: a published warehouse.
        vault: the run's folder in the vault.
        one_id: an active OneID.
        key: the home's key: values are judged by their keyed hashes.
    """
    known = vault / "identity" / f"{PERSON_IDENTIFIER}.parquet"
    if known.exists():
        rows = con.execute(_CARRIED, {"one_id": one_id, "known": str(known)}).fetchall()
    else:  # a run of an earlier version
        identifier = vault / "touchpoints" / "identifier.parquet"
        rows = con.execute(_HELD, {"one_id": one_id, "identifier": str(identifier)}).fetchall()
    hashes = {keyed_hash(row[2], key): row[2] for row in rows}
    judged = {
        (id_type, id_scope, hashes[value_hash]): (status, reason)
        for id_type, id_scope, value_hash, status, reason in con.execute(_JUDGED, [list(hashes)]).fetchall()
    }
    found = []
    for id_type, id_scope, value, first, last, n_records, sources in rows:
        status, reason = judged.get((id_type, id_scope, value), (None, None))
        found.append(Held(id_type, id_scope, value, first, last, n_records, tuple(sources), status, reason))
    return found


_CARRIED: Final = """
    select id_type, id_scope, id_value, first_seen_at, last_seen_at, n_records, sources from read_parquet($known)
    where one_id = $one_id order by n_records desc, id_type, id_scope, id_value
"""
_HELD: Final = """
    with party as (select record_id, role, source from identity.record_map where one_id = $one_id)
    select i.id_type, coalesce(i.id_scope, '') as id_scope, i.id_value, min(i.seen_at), max(i.seen_at),
        count(distinct (i.record_id, i.role)) as n_records, list(distinct p.source order by p.source) as sources
    from read_parquet($identifier) as i inner join party as p using (record_id, role)
    where i.id_value is not null
    group by all order by n_records desc, id_type, id_scope, id_value
"""
_JUDGED: Final = """
    select id_type, id_scope, value_hash, status, reason from identity.identifier_value
    where value_hash in (select unnest(?)) and coalesce(time_window, '') = ''
"""
