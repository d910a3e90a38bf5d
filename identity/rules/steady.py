"""Steady companions: an account without a name that keeps ordering to, or paying for, one and the same person.

Being on one order is no link: people send gifts. Being on most of an account's orders, twice or more, is. How often
that holds is measured in every run on the accounts whose owner is known by other evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from identity.graph import GuardedMerge, Keys, by_first_node
from identity.parties import Parties

# An account must have met its companion on at least this many orders, and on more than this share of them.
LEAST_ORDERS = 2
# … or on this many, where too few accounts have a known owner to measure how often the rule is right.
LEAST_ORDERS_UNMEASURED = 3
LEAST_SHARE = 0.5
# Below this measured chance the rule is not applied.
LEAST_PROBABILITY = 0.9
# What is assumed where fewer accounts than this have a known owner to measure on.
MEASURED_MINIMUM = 30
ASSUMED_PROBABILITY = 0.95


@dataclass(frozen=True)
class SteadyLinks:
    """Links from nameless accounts to their steady companions.

    Attributes:
        link: account, companion (cluster labels), party_a, party_b (one party of each that met), n_orders, n_met.
        probability: the measured, or assumed, chance that such a link is right.
        n_measured: accounts with a known owner in this run, to measure it on.
        is_measured: the chance is measured, in this run or when the model was new, and not assumed.
    """

    link: pl.DataFrame
    probability: float
    n_measured: int
    is_measured: bool = False


def steady_links(
    parties: Parties,
    label: Keys,
    touchpoints: Path,
    guards: Sequence[dict[int, frozenset[str]]] = (),
    apart: Sequence[tuple[int, int]] = (),
    probability: float | None = None,
) -> SteadyLinks:
    """The links that the orders and payments of this run support.

    Args:
        label: per party, its cluster so far.
        touchpoints: folder with the canonical `orders` and `ledger`.
        guards: per type that a person has one of, the values of each cluster; they hold a link back as any merge.
        apart: pairs of clusters that a steward says are two people.
        probability: what was measured when the model was new; null: measure it.
    """
    meeting = _meetings(parties.party.with_columns(pl.Series("cluster", label)), touchpoints)
    # Of all its orders, also those whose receiver has no name: two of two may be two of ten.
    of_account = meeting.group_by("cluster").agg(pl.col("order_key").n_unique().alias("n_orders"))
    met = (
        meeting.filter("is_named_b")
        .join(of_account, on="cluster")
        .group_by("cluster", "cluster_b")
        .agg(
            pl.col("order_key").n_unique().alias("n_met"),
            pl.col("n_orders").first(),
            pl.col("party").min().alias("party_a"),
            pl.col("party_b").min().alias("party_b"),
            pl.col("is_named").first(),
        )
        .filter(pl.col("n_met") > LEAST_SHARE * pl.col("n_orders"))
        .sort("cluster", "cluster_b")
    )
    known = met.filter(pl.col("is_named") & (pl.col("n_met") >= LEAST_ORDERS))
    own = int((known["cluster"] == known["cluster_b"]).sum())
    is_measured = probability is not None or len(known) >= MEASURED_MINIMUM
    if probability is None:
        probability = (own + 1) / (len(known) + 2) if is_measured else ASSUMED_PROBABILITY
    least = LEAST_ORDERS if is_measured else LEAST_ORDERS_UNMEASURED
    is_new = ~pl.col("is_named") & (pl.col("cluster") != pl.col("cluster_b")) & (pl.col("n_met") >= least)
    link = met.filter(is_new).select(
        pl.col("cluster").alias("account"), pl.col("cluster_b").alias("companion"),
        "party_a", "party_b", "n_orders", "n_met",
    )  # fmt: skip
    if probability < LEAST_PROBABILITY:
        link = link.clear()
    merged = GuardedMerge(int(label.max()) + 1 if len(label) else 0, guards, apart)
    allowed = [merged.merge(a, b) for a, b in link.select("account", "companion").iter_rows()]
    link = link.filter(pl.Series(allowed, dtype=pl.Boolean))
    return SteadyLinks(link, round(probability, 6), len(known), is_measured)


def _meetings(party: pl.DataFrame, touchpoints: Path) -> pl.DataFrame:
    """Who met whom on which order: party, cluster, is_named of the account side; the other side's with `_b`."""
    orders = pl.read_parquet(touchpoints / "orders.parquet", columns=["order_key", "record_id"])
    payments = (
        pl.read_parquet(touchpoints / "ledger.parquet", columns=["record_id", "order_key", "role"])
        .filter((pl.col("role") == "payer") & pl.col("order_key").is_not_null())
        .select("order_key", pl.col("record_id").alias("payment"))
        .unique()
    )
    is_full = pl.col("name").is_not_null() & (pl.col("quality") == "full")
    side = party.with_columns(is_full.any().over("cluster").alias("is_named")).select(
        "party", "record_id", "role", "cluster", "is_named"
    )
    on_order = orders.join(side, on="record_id")
    payer = payments.join(side.filter(pl.col("role") == "payer"), left_on="payment", right_on="record_id")
    account = on_order.filter(pl.col("role").is_in(["buyer", "member"]))
    receiver = on_order.filter(pl.col("role") == "receiver")
    columns = ["order_key", "party", "cluster", "is_named"]
    return pl.concat(
        [
            account.select(columns).join(receiver.select(columns), on="order_key", suffix="_b"),
            payer.select(columns).join(account.select(columns), on="order_key", suffix="_b"),
        ]
    )


def apply_links(label: Keys, links: SteadyLinks) -> Keys:
    """The clusters after each account has joined its companion, dense from 0 in party order."""
    if links.link.is_empty():
        return label
    goes_to = np.arange(int(label.max()) + 1, dtype=np.int64)
    goes_to[links.link["account"].to_numpy()] = links.link["companion"].to_numpy()
    return by_first_node(goes_to[label])
