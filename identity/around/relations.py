"""Relations: who gives to, pays for, refers, serves or lives with whom, works for the brand, or acts for a company.

Belongs here: ties between two OneIDs, or a OneID and a company or a staff code, each with its evidence. A relation is
never a merge. Read a row as a sentence: one_id is the `relation` of other_one_id.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from identity.around.households import full_names, households, of_two_names
from identity.parties import PARTY, Parties
from identity.registry import Registry
from identity.rules.judge import Judgement

RELATION_COLUMNS = (
    "one_id", "other_one_id", "other_key", "relation", "evidence", "n", "first_at", "last_at", "source",
)  # fmt: skip
# Whom a record is about, in the order in which the SQL models ask.
_CUSTOMER = ("buyer", "member", "contact", "lead")


@dataclass(frozen=True)
class _People:
    """The parties with their persons.

    Attributes:
        party: record_id, role, one_id, seen_at, source.
        customer: record_id, one_id of the party whom each record is about.
        name: `households.full_names`.
    """

    party: pl.DataFrame
    customer: pl.DataFrame
    name: pl.DataFrame


def relations(
    parties: Parties, of_party: pl.DataFrame, judgement: Judgement, registry: Registry, touchpoints: Path
) -> pl.DataFrame:
    """Every relation that the records tell: `RELATION_COLUMNS`.

    Args:
        of_party: party, one_id.
        touchpoints: folder with the canonical `orders`, `ledger`, `staff` and `business_account`.

    Returns:
        One row per one_id, relation, other_one_id and other_key. relation: gift_receiver and
        payer_for of two people whose names differ, receiver and payer of those who may well be one; referrer, agent,
        employee, company_contact; and told both ways household and what people share who may be one (`households`).
        evidence: JSON without values.
    """
    people = _people(parties, of_party)
    found = [
        _receivers(people, touchpoints),
        _payers(people, touchpoints),
        *(_beside_customer(people, role) for role in ("referrer", "agent")),
        _employees(parties, of_party, touchpoints),
        _company_contacts(people, touchpoints),
    ]
    told = [_told(frame) for frame in found]
    return pl.concat([*told, households(parties, of_party, judgement, registry).select(RELATION_COLUMNS)]).sort(
        "one_id", "relation", "other_one_id", "other_key", nulls_last=True
    )


def _people(parties: Parties, of_party: pl.DataFrame) -> _People:
    whole = parties.party.join(of_party, on="party")
    party = whole.select(*PARTY, "one_id", "seen_at", "source")
    rank = pl.col("role").replace_strict(list(_CUSTOMER), range(len(_CUSTOMER)), default=None, return_dtype=pl.Int64)
    customer = (
        party.with_columns(rank.alias("rank"))
        .drop_nulls("rank")
        .sort("record_id", "rank")
        .unique("record_id", keep="first", maintain_order=True)
    )
    return _People(party, customer.select("record_id", "one_id"), full_names(whole))


def _receivers(people: _People, touchpoints: Path) -> pl.DataFrame:
    """Who received what another ordered: a gift where their names differ, else perhaps the buyer's other self."""
    order = pl.read_parquet(touchpoints / "orders.parquet", columns=["record_id", "order_key", "created_at", "paid_at"])
    pair = (
        order.join(people.party.filter(pl.col("role") == "receiver"), on="record_id")
        .join(people.customer.rename({"one_id": "other_one_id"}), on="record_id")
        .with_columns(pl.coalesce("paid_at", "created_at", "seen_at").alias("at"))
    )
    return _on_orders(pair, people, sure="gift_receiver", unsure="receiver")


def _payers(people: _People, touchpoints: Path) -> pl.DataFrame:
    """Who paid for what another ordered: for another where their names differ, else perhaps for themselves."""
    payment = (
        pl.read_parquet(touchpoints / "ledger.parquet", columns=["record_id", "order_key", "role", "kind", "at"])
        .filter((pl.col("role") == "payer") & (pl.col("kind") == "payment") & pl.col("order_key").is_not_null())
        .join(people.party, on=PARTY)
        .with_columns(pl.coalesce("at", "seen_at").alias("at"))
    )
    order = pl.read_parquet(touchpoints / "orders.parquet", columns=["record_id", "order_key"])
    buyer = order.join(people.customer, on="record_id").select("order_key", pl.col("one_id").alias("other_one_id"))
    return _on_orders(payment.join(buyer.unique(), on="order_key"), people, sure="payer_for", unsure="payer")


def _on_orders(pair: pl.DataFrame, people: _People, *, sure: str, unsure: str) -> pl.DataFrame:
    """Two people on one order, called `sure` where their full names say that they are two."""
    ends = ["one_id", "other_one_id"]
    two = of_two_names(pair.select(ends).unique(), people.name).select(*ends, pl.lit(sure).alias("relation"))
    return pair.join(two, on=ends, how="left").with_columns(
        pl.col("relation").fill_null(unsure),
        pl.col("order_key").alias("what"),
        pl.lit("orders").alias("evidence"),
    )


def _beside_customer(people: _People, role: str) -> pl.DataFrame:
    """Whom a record names beside the person that it is about, as its referrer or its agent."""
    beside = people.party.filter(pl.col("role") == role)
    return beside.join(people.customer.rename({"one_id": "other_one_id"}), on="record_id").with_columns(
        pl.lit(role).alias("relation"),
        pl.col("seen_at").alias("at"),
        pl.col("record_id").alias("what"),
        pl.lit("records").alias("evidence"),
    )


def _employees(parties: Parties, of_party: pl.DataFrame, touchpoints: Path) -> pl.DataFrame:
    """Customers who work for the brand: somebody told the phone and the name of one of its staff as their own."""
    staff = pl.read_parquet(touchpoints / "staff.parquet").filter(
        pl.all_horizontal(pl.col("staff_code", "name", "phone").is_not_null())
    )
    phone = parties.identifier.filter((pl.col("id_type") == "phone") & (pl.col("strength") == "exact"))
    return (
        phone.select("party", pl.col("id_value").alias("phone"))
        .join(parties.party.select("party", "name", "seen_at", "source"), on="party")
        .join(staff.select("staff_code", "name", "phone").unique(), on=["phone", "name"])
        .join(of_party, on="party")
        .with_columns(
            pl.lit("employee").alias("relation"),
            pl.col("staff_code").alias("other_key"),
            pl.col("seen_at").alias("at"),
            pl.col("party").cast(pl.String).alias("what"),
            pl.lit("records").alias("evidence"),
        )
    )


def _company_contacts(people: _People, touchpoints: Path) -> pl.DataFrame:
    """Who acts for a company, a dealer, a store or a partner."""
    account = pl.read_parquet(touchpoints / "business_account.parquet").filter(pl.col("role").is_not_null())
    return (
        account.select(*PARTY, "business_id")
        .unique()
        .join(people.party, on=PARTY)
        .with_columns(
            pl.lit("company_contact").alias("relation"),
            pl.col("business_id").alias("other_key"),
            pl.col("seen_at").alias("at"),
            pl.col("record_id").alias("what"),
            pl.lit("records").alias("evidence"),
        )
    )


def _told(sight: pl.DataFrame) -> pl.DataFrame:
    """Single sights as relations: counted, dated, with their sources; nobody is related to themselves."""
    ends = [pl.lit(None, pl.String).alias(c) for c in ("other_one_id", "other_key") if c not in sight.columns]
    count = pl.col("what").n_unique().cast(pl.Int64)
    return (
        sight.with_columns(ends)
        .filter((pl.col("one_id") != pl.col("other_one_id")).fill_null(True))
        .group_by("one_id", "other_one_id", "other_key", "relation", "evidence")
        .agg(
            count.alias("n"),
            pl.col("at").min().alias("first_at"),
            pl.col("at").max().alias("last_at"),
            pl.col("source").unique().sort().str.join(",").alias("source"),
        )
        .with_columns(
            pl.concat_str(pl.lit('{"'), "evidence", pl.lit('": '), pl.col("n").cast(pl.String), pl.lit("}")).alias(
                "evidence"
            )
        )
        .select(RELATION_COLUMNS)
    )
