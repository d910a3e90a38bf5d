"""Reachable components: parties of one person between which a chain of shared evidence runs through the files.

Evidence is (a) an equal identifier in the clear, (b) the same name at the same address, (c) the same full name with the
same number, shown in whole or in part, (d) what a mask or a title leaves of a name, at the same address with the same
number, (e) an account most of whose orders, two at least, go to one receiver, likewise a payer and a card.

No evidence is (f) a message to a number that two people who use it together have both registered by then, and (g) what
a mask or a title leaves of a name that fits two people of one address and number.
"""

from typing import Final

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from simulator.model import World
from simulator.streams import Ints
from simulator.truth.frame import PARTY, STRONG
from simulator.variants import EXACT, MASKED, NO_ROOM, TITLE, TRADITIONAL, TYPO

_FULL_NAME: Final = (EXACT, TRADITIONAL)
_NEARLY: Final = (EXACT, TRADITIONAL, TYPO)
_PARTLY: Final = (MASKED, TITLE)


def label_components(seen: pl.DataFrame, world: World) -> pl.DataFrame:
    """One row per party with `person`, `phenomenon` and `component` (its number, by first party in order)."""
    parties = (
        seen.group_by(PARTY, maintain_order=True)  # in order of sight, the same in every run
        .agg(pl.col("person").first(), pl.col("phenomenon").first())
        .with_columns(party=pl.int_range(pl.len()).cast(pl.Int64))
    )
    located = seen.join(parties.select(*PARTY, "party"), on=list(PARTY), how="left", maintain_order="left")
    links = _links(located, world)
    return parties.with_columns(component=_connect(len(parties), links))


def _connect(n: int, links: pl.DataFrame) -> Ints:
    """Component of each party: the number of its first party."""
    key = links["key"].rank("dense").to_numpy().astype(np.int64) - 1 + n
    size = n + (int(key.max()) - n + 1 if len(key) else 0)
    graph = coo_array((np.ones(len(key), dtype=np.int8), (links["party"].to_numpy(), key)), shape=(size, size))
    label = connected_components(graph, directed=False)[1][:n]
    first = np.full(label.max() + 1, n, dtype=np.int64)
    np.minimum.at(first, label, np.arange(n))
    return first[label]


def _key(kind: str, *columns: str) -> pl.Expr:
    return pl.struct(pl.lit(kind).alias("kind"), *columns).hash(7).alias("key")


def _links(seen: pl.DataFrame, world: World) -> pl.DataFrame:
    """Party and key: parties with the same key are one."""
    found = []
    in_doubt = _doubtful_messages(seen, world)
    for kind in STRONG:
        rows = seen.filter(pl.col(kind) != "").with_columns(value=kind)
        if kind == "phone":
            doubtful = rows.join(in_doubt, on="party", how="semi")
            found.append(doubtful.select("party", _key("message", "person", "value")))
            rows = rows.join(in_doubt, on="party", how="anti")
        found.append(rows.select("party", _key(kind, "person", "value")))
    placed = seen.filter((pl.col("home") >= 0) & (pl.col("home_kind") != NO_ROOM) & pl.col("name_kind").is_in(_NEARLY))
    found.append(placed.select("party", _key("home", "person", "home")))
    named = seen.filter((pl.col("any_phone") >= 0) & pl.col("name_kind").is_in(_FULL_NAME))
    found.append(named.select("party", _key("name", "person", "any_phone")))
    found.append(_by_parts(seen, world))
    found += [_by_account(seen, kind) for kind in ("nick", "pin")]
    found += _by_payer(seen)
    return pl.concat(found)


def _doubtful_messages(seen: pl.DataFrame, world: World) -> pl.DataFrame:
    """Messages to a number that several people who share it had registered by then: nothing tells whose they are."""
    given = seen.filter((pl.col("role") == "member") & (pl.col("phone") != "") & (pl.col("at") >= 0))
    since = given.group_by("any_phone", "person").agg(since=pl.col("at").min())
    second = since.group_by("any_phone").agg(n=pl.len(), second=pl.col("since").sort().get(1, null_on_oob=True))
    second = second.filter((pl.col("n") > 1) & (pl.col("any_phone") >= 0))
    # A number that was given up and given out again is not shared: the network's reports tell the two apart.
    passed_on = world.contacts.phone_heir[second["any_phone"].to_numpy()] >= 0
    shared = second.filter(~pl.Series(passed_on, dtype=pl.Boolean))
    messages = seen.filter(pl.col("source") == "aliyun_sms").select("party", "any_phone", "at")
    return messages.join(shared, on="any_phone").filter(pl.col("at") >= pl.col("second")).select("party").unique()


def _by_parts(seen: pl.DataFrame, world: World) -> pl.DataFrame:
    """Names of which a part shows, at an address with a number, unless the part fits another who is there too."""
    rows = seen.filter(
        (pl.col("home") >= 0)
        & (pl.col("home_kind") != NO_ROOM)
        & (pl.col("any_phone") >= 0)
        & pl.col("name_kind").is_in([*_NEARLY, *_PARTLY])
    )
    surname = pl.Series(world.people.surname[rows["person"].to_numpy()], dtype=pl.String)
    rows = rows.with_columns(surname=surname)
    alone = pl.col("person").n_unique().over("home", "any_phone", "surname") == 1
    return rows.filter(alone).select("party", _key("part", "person", "home", "any_phone"))


def _by_account(seen: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Receivers to whom an account sends two orders or more and most of all that it makes."""
    source = "tmall" if kind == "nick" else "jd"
    own = seen.filter((pl.col("source") == source) & (pl.col("order") >= 0))
    buyers = own.filter((pl.col("role") == "buyer") & (pl.col(kind) != "")).select("order", "person", value=kind)
    made = buyers.group_by("value").agg(n_orders=pl.len())
    received = own.filter((pl.col("role") == "receiver") & pl.col("name_kind").is_in(_NEARLY))
    joined = received.select("order", "party", "person", "home", "home_kind", "any_phone").join(
        buyers, on=["order", "person"], how="inner", maintain_order="left"
    )
    joined = joined.join(made, on="value", how="left", maintain_order="left")
    same_home = joined.filter(pl.col("home_kind") != NO_ROOM)
    most = pl.concat([_majority(same_home, "home"), _majority(joined, "any_phone")])
    return most.select("party", _key(kind, "person", "value"))


def _majority(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    count = pl.len().over("value", by)
    kept = rows.filter((count >= 2) & (count * 2 > pl.col("n_orders")))
    return kept.select("party", "person", "value")


def _by_payer(seen: pl.DataFrame) -> list[pl.DataFrame]:
    """Payers who pay two purchases or more of one card (or shop account), and mostly that one's."""
    paid = seen.filter((pl.col("source") == "wechatpay") & (pl.col("order") >= 0))
    paid = paid.unique(["order", "openid"], maintain_order=True)
    made = paid.group_by("openid").agg(n_orders=pl.len())
    found = []
    for kind, role in (("card", "member"), ("phone", "buyer")):
        source = "pos" if kind == "card" else "youzan"
        named = (pl.col("source") == source) & (pl.col("role") == role) & (pl.col("order") >= 0) & (pl.col(kind) != "")
        bought = seen.filter(named).select("order", "person", value=kind).unique("order", maintain_order=True)
        joined = paid.select("order", "party", "person", "openid").join(bought, on=["order", "person"], how="inner")
        joined = joined.join(made, on="openid", how="left").sort("party")
        count = pl.len().over("openid", "value")
        most = joined.filter((count >= 2) & (count * 2 > pl.col("n_orders")))
        found.append(most.select("party", _key(kind, "person", "value")))
    return found
