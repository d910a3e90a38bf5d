"""People of one order: the parties that two records name as its buyer, or as its receiver, carry one identifier.

An order's own report and an after-sales case, a review, a second report, an ERP's copy. How records find the order
that they are about is `together`; what the identifier is worth is identity's to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from touchpoints.batch import gathered
from touchpoints.build import Built
from touchpoints.contract import Contract
from touchpoints.rows import RECORD


@dataclass(frozen=True)
class _Telling:
    """Records of a contract that name somebody's order, in one role."""

    part: Built
    role: str
    of_order: str  # buyer | receiver
    found: pl.DataFrame  # record_id, order_key


def tie_people(built: Sequence[Built], contracts: Mapping[str, Contract], named: Mapping[str, pl.DataFrame]) -> None:
    """Adds the identifiers `order_buyer` and `order_receiver` to the parties of both records.

    A buyer of whom nobody tells anything is the order's receiver, here as in the orders of the warehouse: else an
    after-sales case would make an unknown customer of a known one.

    Args:
        built: every contract's tables; their identifiers grow.
        contracts: by name.
        named: contract → the orders that its records name: record_id, order_key.
    """
    tellings = [
        _Telling(part, role, of_order, _sure(named[part.contract], of_order))
        for part in built
        if (join := contracts[part.contract].join_orders) is not None
        for role, of_order in join.parties.items()
    ]
    if not tellings:
        return
    orders = _orders(built, contracts)
    known = [_who_are_known(t) for t in tellings]
    with_buyer = pl.concat([orders.filter("has_buyer")["order_key"], *known]).unique()
    for telling in tellings:
        is_buyer = (telling.of_order == "buyer") & telling.found["order_key"].is_in(with_buyer.implode())
        _tie(telling, telling.found.filter(is_buyer), "buyer", built, orders)
        _tie(telling, telling.found.filter(~is_buyer), "receiver", built, orders)


def _sure(found: pl.DataFrame, of_order: str) -> pl.DataFrame:
    """A parcel of several orders has one receiver; that one person bought them all is not said."""
    return found if of_order == "receiver" else found.filter(pl.len().over(RECORD) == 1)


def _orders(built: Sequence[Built], contracts: Mapping[str, Contract]) -> pl.DataFrame:
    """Every order: order_key, record_id, contract, the roles of its buyer and receiver, whether its buyer is known."""
    frames = [pl.DataFrame(schema=dict.fromkeys(("order_key", RECORD, "contract", "buyer", "receiver"), pl.String))]
    frames[0] = frames[0].with_columns(has_buyer=pl.lit(True))
    for part in built:
        contract = contracts[part.contract]
        if contract.order is None:
            continue
        role = contract.order.buyer_role
        known = _known(part, role)
        frames.append(
            part.tables["orders"].select(
                "order_key",
                RECORD,
                contract=pl.lit(part.contract),
                buyer=pl.lit(role),
                receiver=pl.lit("receiver" if "receiver" in contract.parties else None, dtype=pl.String),
                has_buyer=pl.col(RECORD).is_in(known.implode()),
            )
        )
    return pl.concat(frames)


def _known(part: Built, role: str) -> pl.Series:
    """The records that tell anything of the party."""
    told = [part.tables[name].filter(pl.col("role") == role)[RECORD] for name in ("identifier", "attribute")]
    return pl.concat(told).unique()


def _who_are_known(telling: _Telling) -> pl.Series:
    if telling.of_order != "buyer":
        return telling.found["order_key"].clear()
    is_known = telling.found[RECORD].is_in(_known(telling.part, telling.role).implode())
    return telling.found.filter(is_known)["order_key"]


def _tie(telling: _Telling, found: pl.DataFrame, of_order: str, built: Sequence[Built], orders: pl.DataFrame) -> None:
    theirs = orders.join(found.select("order_key").unique(), on="order_key", how="semi").drop_nulls(of_order)
    found = found.join(theirs.select("order_key").unique(), on="order_key", how="semi", maintain_order="left")
    _add(telling.part, found.with_columns(role=pl.lit(telling.role)), of_order)
    for part in built:
        mine = theirs.filter(pl.col("contract") == part.contract)
        _add(part, mine.select(RECORD, "order_key", role=of_order), of_order)


def _add(part: Built, rows: pl.DataFrame, of_order: str) -> None:
    if rows.is_empty():
        return
    dated = part.tables["record"].select(RECORD, seen_at=pl.coalesce("occurred_at", "version_at"))
    told = rows.join(dated, on=RECORD, how="inner", maintain_order="left").with_columns(
        id_type=pl.lit(f"order_{of_order}"), id_scope=pl.lit(""), id_value=pl.col("order_key"), strength=pl.lit("exact")
    )
    table = pl.concat([part.tables["identifier"], gathered([told], "identifier")])
    key = [RECORD, "role", "id_type", "id_scope", "id_value"]
    part.tables["identifier"] = table.unique(key, keep="first", maintain_order=True)
