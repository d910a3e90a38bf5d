"""What the tables of several contracts tell of each other: whose order a record is about, and what is told twice.

Everything here needs the tables of all contracts at once; what one contract tells by itself is `build`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from touchpoints.batch import gathered
from touchpoints.build import Built
from touchpoints.contract import Contract, OrderJoin
from touchpoints.flows import count_flows_once
from touchpoints.keys import md5_of
from touchpoints.rows import RECORD
from touchpoints.sales import told_by_refund
from touchpoints.ties import tie_people

_CENT: Final = 0.005
_OPEN: Final = ("none", "requested", "refunding", "refunded_part")  # what a later refund may overtake


def settle(built: Sequence[Built], contracts: Sequence[Contract]) -> None:
    """Lets the contracts' tables know of each other, now that all files are read; changes the tables in place.

    A second telling of an order gives way to the first; events and ledger entries find the order that they are about;
    the people of both are tied by it; money given back is counted once, by the case that tells it where there is one.
    """
    by_name = {contract.name: contract for contract in contracts}
    named: dict[str, pl.DataFrame] = {}
    _keep_finest_lines(built, by_name)
    tellers = [part for part in built if not _gives_way(by_name[part.contract])]
    seconds = [part for part in built if _gives_way(by_name[part.contract])]
    for part in sorted(seconds, key=lambda part: _distance(by_name[part.contract])):
        found = _orders_named(part, by_name[part.contract], tellers)
        _give_way(part, found)
        named[part.contract] = found
        tellers.append(part)
    for part in built:
        contract = by_name[part.contract]
        if contract.join_orders is not None:
            if part.contract not in named:
                named[part.contract] = _orders_named(part, contract, [other for other in built if other is not part])
            _tell_orders(part, named[part.contract])
    tie_people(built, by_name, named)
    _count_refunds_once(built, by_name)
    count_flows_once(built)
    for part in built:
        for name, derived in part.derived.items():
            part.tables[name] = pl.concat([part.tables[name], derived])


def _gives_way(contract: Contract) -> bool:
    return contract.order is not None and contract.order.gives_way


def _distance(contract: Contract) -> tuple[bool, str]:
    """Second tellings in the order in which they are believed: the platform's own before others' copies."""
    sources = contract.join_orders.sources if contract.join_orders else []
    return (bool(sources) and contract.source not in sources, contract.name)


def _keep_finest_lines(built: Sequence[Built], contracts: Mapping[str, Contract]) -> None:
    """Of each order the lines of one report: of one that has lines proper, and of the order's own before a copy."""
    ranked = []
    for part in built:
        contract = contracts[part.contract]
        if contract.lines is not None:
            rank = (contract.lines.gives_way, _gives_way(contract), contract.name)
            ranked.append((contract.source, rank, part))
    for source, rank, part in ranked:
        better = [
            o.tables["order_lines"]["order_key"] for theirs, above, o in ranked if theirs == source and above < rank
        ]
        if better:
            told = pl.col("order_key").is_in(pl.concat(better).unique().implode())
            part.tables["order_lines"] = part.tables["order_lines"].filter(~told)


def _orders_named(part: Built, contract: Contract, others: Sequence[Built]) -> pl.DataFrame:
    """The orders of others that the records of a contract name: record_id, order_key.

    A number that two orders have names neither. A number is tried as it is written, then without the suffix that
    others add. A second telling of an order names it by its own key, too.
    """
    join = contract.join_orders or OrderJoin(value="null", sources=[])
    all_known = pl.concat([pl.DataFrame(schema=part.numbers.schema), *(other.numbers for other in others)])
    known = all_known.filter(pl.col("source").is_in(join.sources)).select("number", "order_key").unique()
    known = known.filter(pl.col("number").is_unique())
    number = pl.col("join_no")
    asked = part.joins.drop_nulls("join_no")
    if join.separator is not None:
        parted = number.str.replace_all(join.separator, "\n").str.split("\n")
        asked = asked.with_columns(parted).explode("join_no")
    bare = number if join.suffix is None else number.str.replace(f"(?:{join.suffix})$", "")
    asked = asked.with_columns(number.str.strip_chars()).with_columns(bare=bare)
    found = asked.join(known, left_on="join_no", right_on="number", how="left", maintain_order="left")
    found = found.join(known.rename({"order_key": "other"}), left_on="bare", right_on="number", how="left")
    found = found.select(RECORD, order_key=pl.coalesce("order_key", "other")).drop_nulls("order_key")
    if _gives_way(contract):
        same = part.tables["orders"].select(RECORD, "order_key").join(all_known, on="order_key", how="semi")
        found = pl.concat([found.join(same, on=RECORD, how="anti"), same])
    return found.unique().sort(RECORD, "order_key")


def _give_way(part: Built, found: pl.DataFrame) -> None:
    """Takes out the orders of records that tell again what another report tells; finer lines of the same order stay."""
    gone = pl.col(RECORD).is_in(found[RECORD].unique().implode())
    keys = part.tables["orders"].filter(gone)["order_key"]
    part.tables["orders"] = part.tables["orders"].filter(~gone)
    lines = part.tables["order_lines"]
    part.tables["order_lines"] = lines.filter(~gone | pl.col("order_key").is_in(found["order_key"].implode()))
    part.derived = {name: table.filter(~gone) for name, table in part.derived.items()}
    part.numbers = part.numbers.filter(~pl.col("order_key").is_in(keys.implode()))
    nothing = pl.when(~gone).then(pl.col("order_key")).alias("order_key")
    for name in ("ledger", "event"):
        part.tables[name] = part.tables[name].with_columns(nothing)


def _tell_orders(part: Built, found: pl.DataFrame) -> None:
    """Ledger entries and events with the order that their record names; a record of several has its events for each."""
    found = found.rename({"order_key": "found"}).with_columns(several=pl.len().over(RECORD) > 1)
    single = found.filter(~pl.col("several")).drop("several")
    ledger = part.tables["ledger"].join(single, on=RECORD, how="left", maintain_order="left")
    part.tables["ledger"] = ledger.with_columns(pl.coalesce("order_key", "found").alias("order_key")).drop("found")
    events = part.tables["event"].join(found, on=RECORD, how="left", maintain_order="left_right")
    ids = md5_of(events, ["event_id", "found"])
    each = pl.when(pl.col("several").fill_null(False)).then(ids).otherwise(pl.col("event_id")).alias("event_id")
    events = events.with_columns(each, pl.coalesce("order_key", "found").alias("order_key"))
    part.tables["event"] = events.drop("found", "several")


def _count_refunds_once(built: Sequence[Built], contracts: Mapping[str, Contract]) -> None:
    """Of an order whose after-sales cases tell what was given back, only what they do not tell stays the order's own.

    A payment provider's bill is no such case: it says again what the order says.
    """
    cases = [
        part.tables["ledger"].filter((pl.col("kind") == "refund") & pl.col("order_key").is_not_null())
        for part in built
        if contracts[part.contract].record_type != "payment"
    ]
    told = gathered(cases, "ledger").select("order_key", pl.col("amount").alias("told"), case=RECORD)
    if told.is_empty():
        return
    for part in built:
        orders = part.tables["orders"]
        by_cases = told.join(orders.select("order_key", RECORD), on="order_key").filter(
            pl.col("case") != pl.col(RECORD)
        )
        if by_cases.height:
            _lessen(part, by_cases.group_by("order_key").agg(-pl.col("told").sum()))


def _lessen(part: Built, by_cases: pl.DataFrame) -> None:
    """The orders with what was given back in all; their own refund entries and events with the rest alone."""
    told = pl.col("told")
    orders = part.tables["orders"].join(by_cases, on="order_key", how="left", maintain_order="left")
    in_all = pl.when(told > _CENT).then(pl.max_horizontal("refunded_amount", told)).otherwise("refunded_amount")
    orders = orders.with_columns(refunded_amount=in_all)
    overtaken = (told > _CENT) & pl.col("after_sale_status").fill_null("none").is_in(_OPEN)
    status = pl.when(overtaken).then(told_by_refund()).otherwise("after_sale_status").alias("after_sale_status")
    part.tables["orders"] = orders.with_columns(status).drop("told")
    for name, kind, column, sign in (("ledger", "kind", "amount", -1.0), ("event", "type", "value_num", 1.0)):
        table = part.derived[name].join(by_cases, on="order_key", how="left", maintain_order="left")
        is_refund = (pl.col(kind) == "refund") & told.is_not_null()
        rest = sign * (sign * pl.col(column) - told)
        table = table.with_columns(pl.when(is_refund).then(rest).otherwise(column).alias(column))
        part.derived[name] = table.filter(~is_refund | (sign * pl.col(column) > _CENT)).drop("told")
