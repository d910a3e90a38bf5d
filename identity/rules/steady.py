"""Steady companions: an account without a name that keeps ordering to, or paying for, one and the same person.

Being on most of an account's orders, twice or more, is a link. How often that holds is measured on the accounts whose
owner is known by other evidence. Being on an account's only order is a link for those kinds of account of which it
nearly always holds: people send gifts, but few pay with another's purse. How often any one order meets whom the others
meet is measured, per kind of account, on those with several; so no id need change when the second order comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from identity.graph import GuardedMerge, Keys, by_first_node, connected
from identity.parties import Parties
from identity.registry import Registry

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
# The chance from which the companion of an only order is linked: one in forty is somebody else, and no more.
LEAST_FIRST = 0.975
STEADY, FIRST = "steady_companion", "first_companion"


@dataclass(frozen=True)
class SteadyLinks:
    """Links from nameless accounts to their steady companions.

    Attributes:
        link: account, companion (cluster labels), party_a, party_b (one party of each that met), n_orders, n_met,
            rule (`STEADY` | `FIRST`), probability.
        probability: the measured, or assumed, chance that a link to a steady companion is right.
        n_measured: accounts with a known owner in this run, to measure it on.
        is_measured: the chance is measured, in this run or when the model was new, and not assumed.
        first: per kind of account (source and role), the chance that its only order meets its steady companion.
    """

    link: pl.DataFrame
    probability: float
    n_measured: int
    is_measured: bool = False
    first: dict[str, float] = field(default_factory=dict)


def steady_links(
    parties: Parties,
    label: Keys,
    touchpoints: Path,
    registry: Registry,
    guards: Sequence[dict[int, frozenset[str]]] = (),
    apart: Sequence[tuple[int, int]] = (),
    probability: float | None = None,
    first: dict[str, float] | None = None,
) -> SteadyLinks:
    """The links that the orders and payments of this run support.

    Args:
        label: per party, its cluster so far.
        touchpoints: folder with the canonical `orders` and `ledger`.
        registry: tells which identifiers make an account.
        guards: per type that a person has one of, the values of each cluster; they hold a link back as any merge.
        apart: pairs of clusters that a steward says are two people.
        probability: what was measured when the model was new; null: measure it.
        first: what was measured of only orders when the model was new; null: measure it.
    """
    meeting = _meetings(parties.party.with_columns(pl.Series("cluster", label)), touchpoints)
    # Of all its orders, also those whose receiver has no name: two of two may be two of ten.
    of_account = meeting.group_by("cluster").agg(pl.col("order_key").n_unique().alias("n_orders"))
    met = (
        meeting.filter("is_known_b")
        .join(of_account, on="cluster")
        .group_by("cluster", "cluster_b")
        .agg(
            pl.col("order_key").n_unique().alias("n_met"),
            pl.col("n_orders").first(),
            pl.col("party").min().alias("party_a"),
            pl.col("party_b").min().alias("party_b"),
            pl.col("is_named").first(),
            pl.col("kind").min(),
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
    is_new = ~pl.col("is_named") & (pl.col("cluster") != pl.col("cluster_b"))
    often = met.filter(is_new & (pl.col("n_met") >= least)).with_columns(
        pl.lit(STEADY).alias("rule"), pl.lit(round(probability, 6)).alias("probability")
    )
    if probability < LEAST_PROBABILITY:
        often = often.clear()
    chances = first if first is not None else _first_chances(meeting)
    once = _first_companions(met.filter(is_new), often, _kinds_held(parties, label, registry), chances)
    link = pl.concat([often, once]).select(
        pl.col("cluster").alias("account"), pl.col("cluster_b").alias("companion"),
        "party_a", "party_b", "n_orders", "n_met", "rule", "probability",
    )  # fmt: skip
    merged = GuardedMerge(int(label.max()) + 1 if len(label) else 0, guards, apart)
    allowed = [merged.merge(a, b) for a, b in link.select("account", "companion").iter_rows()]
    link = link.filter(pl.Series(allowed, dtype=pl.Boolean))
    return SteadyLinks(link, round(probability, 6), len(known), is_measured, chances)


def _first_chances(meeting: pl.DataFrame) -> dict[str, float]:
    """Per kind of account, the chance that any one of its orders meets its steady companion.

    Two orders of an account meet the same person with the square of that chance, as whoever is met by the way is
    somebody else each time: the share of such pairs of orders, on nameless accounts with several, tells it.
    """
    met = meeting.filter(~pl.col("is_named") & pl.col("is_known_b"))
    n = pl.col("n_met").sum()
    several = (
        met.group_by("kind", "cluster", "cluster_b")
        .agg(pl.col("order_key").n_unique().cast(pl.Int64).alias("n_met"))
        .group_by("kind", "cluster")
        .agg(n.alias("n"), (pl.col("n_met") * (pl.col("n_met") - 1)).sum().alias("pairs"))
        .filter(pl.col("n") >= LEAST_ORDERS)
        .with_columns((pl.col("pairs") / (pl.col("n") * (pl.col("n") - 1))).alias("same"))
        .group_by("kind")
        .agg(pl.len().alias("n"), pl.col("same").sort().sum().alias("same"))
        .filter(pl.col("n") >= MEASURED_MINIMUM)
        .sort("kind")
    )
    chance = ((pl.col("same") + 1) / (pl.col("n") + 2)).sqrt().round(6)
    return dict(several.select("kind", chance.alias("chance")).iter_rows())


def _kinds_held(parties: Parties, label: Keys, registry: Registry) -> pl.DataFrame:
    """The kinds of account that each cluster is, or has: cluster, kind."""
    accounts = [kind.name for kind in registry.values() if kind.links == "always"]
    is_account = pl.col("id_type").is_in(accounts) & pl.col("strength").is_in(["exact", "scoped"])
    held = parties.identifier.filter(is_account).select("party").unique()
    party = parties.party.select("party", _kind()).with_columns(pl.Series("cluster", label))
    return party.join(held, on="party").select("cluster", "kind").unique()


def _first_companions(
    met: pl.DataFrame, often: pl.DataFrame, held: pl.DataFrame, chances: dict[str, float]
) -> pl.DataFrame:
    """The companions of accounts with one order, in the shape of `often`.

    A companion with a second account of that kind is given neither: one of the two may be a giver's.
    """
    able = pl.DataFrame(
        [(kind, chance) for kind, chance in sorted(chances.items()) if chance >= LEAST_FIRST],
        schema={"kind": pl.String, "probability": pl.Float64},
        orient="row",
    )
    once = (
        met.filter(pl.col("n_orders") == 1)
        .join(held, on=["cluster", "kind"], how="semi")
        .join(able, on="kind")
        .with_columns(pl.lit(FIRST).alias("rule"))
        .select(often.columns)
    )
    has_one = [often.select(pl.col("cluster_b").alias("cluster"), "kind"), held]
    is_only = (pl.len().over("cluster") == 1) & (pl.len().over("cluster_b", "kind") == 1)
    return (
        once.filter(is_only)
        .join(pl.concat(has_one), left_on=["cluster_b", "kind"], right_on=["cluster", "kind"], how="anti")
        .sort("cluster", "cluster_b")
    )


def _kind() -> pl.Expr:
    """The kind of account that a party is: where it is seen, and as what."""
    return pl.concat_str("source", pl.lit(" "), "role").alias("kind")


def _meetings(party: pl.DataFrame, touchpoints: Path) -> pl.DataFrame:
    """Who met whom on which order: party, cluster, kind, is_named of the account side; the other side's with `_b`.

    A companion `is_known_b` who has a full name, or is the account that was paid for.
    """
    orders = pl.read_parquet(touchpoints / "orders.parquet", columns=["order_key", "record_id"])
    payments = (
        pl.read_parquet(touchpoints / "ledger.parquet", columns=["record_id", "order_key", "role"])
        .filter((pl.col("role") == "payer") & pl.col("order_key").is_not_null())
        .select("order_key", pl.col("record_id").alias("payment"))
        .unique()
    )
    is_full = pl.col("name").is_not_null() & (pl.col("quality") == "full")
    side = party.with_columns(is_full.any().over("cluster").alias("is_named")).select(
        "party", "record_id", "role", "cluster", "is_named", _kind()
    )
    on_order = orders.join(side, on="record_id")
    payer = payments.join(side.filter(pl.col("role") == "payer"), left_on="payment", right_on="record_id")
    account = on_order.filter(pl.col("role").is_in(["buyer", "member"]))
    receiver = on_order.filter(pl.col("role") == "receiver")
    columns = ["order_key", "party", "cluster", "is_named", "kind"]
    return pl.concat(
        [
            account.select(columns)
            .join(receiver.select(columns), on="order_key", suffix="_b")
            .with_columns(pl.col("is_named_b").alias("is_known_b")),
            payer.select(columns)
            .join(account.select(columns), on="order_key", suffix="_b")
            .with_columns(pl.lit(True).alias("is_known_b")),
        ]
    )


def apply_links(label: Keys, links: SteadyLinks) -> Keys:
    """The clusters after each account has joined its companion, dense from 0 in party order."""
    if links.link.is_empty():
        return label
    joined = connected(int(label.max()) + 1, links.link["account"].to_numpy(), links.link["companion"].to_numpy())
    return by_first_node(joined[label])
