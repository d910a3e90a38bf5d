"""What each payee is due for each order by the brand's rules, in cents, and when each durable will be replaced."""

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from simulator.catalogue import CATEGORIES
from simulator.commissions import REFERRER, Rule, categories_of, payees, rules
from simulator.fulfilment import NEVER
from simulator.model import World
from simulator.people import DAY
from simulator.plans import SHORT_NAMES
from simulator.presence import POS
from simulator.purchases import STAYS_WITH_BRAND, life_seconds
from simulator.streams import chance

_E8: Final = 100_000_000


def commission_truth(world: World, ids: pl.Series) -> pl.DataFrame:
    """One row per order, payee kind, level and rule with something due at the end of the as-of day.

    Of the rules for a line the one for its category comes before the one for all. An order with lines of several
    categories is shared out by list prices (`is_mixed`), which may differ from another sharing by a cent.
    """
    shares = _shares(world)
    rows = payees(world).join(shares, on="order", how="inner", maintain_order="left")
    rows = rows.with_columns(rule=_rule_of(rows, rules(world))).filter(pl.col("rule") >= 0)
    base = rows.group_by("order", "payee", "level", "payee_id", "rule", maintain_order=True).agg(
        pl.col("paid_cents", "net_cents").sum(),
        pl.col("order_no", "all_back").first(),
        is_mixed=pl.col("n_kinds").first() > 1,
    )
    due = base.with_columns(due_cents=_due(base, rules(world))).filter(pl.col("due_cents") > 0)
    codes = [rule.code for rule in rules(world)]
    is_person = due["payee"] == REFERRER
    number = due["payee_id"].str.extract(r"^(\d+)$").cast(pl.Int64).fill_null(0)
    return due.select(
        "order_no",
        payee="payee",
        payee_level="level",
        payee_id=pl.when(is_person).then(ids.gather(number)).otherwise("payee_id"),
        rule_code=pl.Series([codes[r] for r in due["rule"]], dtype=pl.String),
        due_cents="due_cents",
        is_mixed="is_mixed",
    ).sort("order_no", "payee", "payee_level", "rule_code")


def _shares(world: World) -> pl.DataFrame:
    """What was paid and kept of each order by category, in cents: the last category takes what rounding leaves."""
    orders = world.sales.orders.filter((pl.col("at") < world.span.end) & (pl.col("paid") > 0))
    back = pl.when(pl.col("refund_at") < world.span.end).then(pl.col("refunded")).otherwise(0.0)
    returned = (pl.col("returned_at") < world.span.end) & (pl.col("channel") == POS)
    known = orders.select(
        "order", "order_no", "at",
        whole=(pl.col("paid") * 100).round(0).cast(pl.Int64),
        back=pl.when(returned).then(pl.col("paid")).otherwise(back),
    ).with_columns(kept=pl.col("whole") - (pl.col("back") * 100).round(0).cast(pl.Int64))  # fmt: skip
    lines = world.sales.lines.select("order", "amount", category=categories_of(world.sales.lines["product"]))
    kinds = lines.group_by("order", "category").agg(pl.col("amount").sum()).sort("order", "category")
    through = pl.col("amount").cum_sum().over("order") / pl.col("amount").sum().over("order")
    cut = kinds.with_columns(through=through, n_kinds=pl.len().over("order")).join(known, on="order", how="inner")
    for name, amount in (("paid_cents", "whole"), ("net_cents", "kept")):
        upper = (pl.col(amount) * pl.col("through")).round(0).cast(pl.Int64)
        cut = cut.with_columns((upper - upper.shift(1).over("order").fill_null(0)).alias(name))
    day = np.datetime64(world.span.start) + (cut["at"].to_numpy() // DAY)
    return cut.with_columns(day=pl.Series(day).cast(pl.Date), all_back=pl.col("kept") <= 0)


def _rule_of(rows: pl.DataFrame, known: tuple[Rule, ...]) -> pl.Series:
    """The place of the rule that holds for each line, -1 for none."""
    found = pl.lit(-1, dtype=pl.Int64)
    for number in sorted(range(len(known)), key=lambda n: known[n].category != ""):
        rule = known[number]
        holds = (pl.col("payee") == rule.payee) & (pl.col("level") == rule.level)
        holds &= (pl.col("day") >= (rule.since or date.min)) & (pl.col("day") <= (rule.until or date.max))
        holds &= pl.col("whole") >= rule.least * 100
        if rule.category:
            holds &= pl.col("category") == rule.category
        found = pl.when(holds).then(number).otherwise(found)
    return rows.select(rule=found)["rule"]


def _due(base: pl.DataFrame, known: tuple[Rule, ...]) -> pl.Series:
    rate = np.asarray([round(rule.rate * _E8) for rule in known])[base["rule"].to_numpy()]
    fixed = np.asarray([rule.fixed * 100 for rule in known])[base["rule"].to_numpy()]
    most = np.asarray([rule.most * 100 or NEVER for rule in known])[base["rule"].to_numpy()]
    by_rate = (base["net_cents"].to_numpy() * rate + _E8 // 2) // _E8
    due = np.minimum(by_rate + fixed, most)
    nothing = base["all_back"].to_numpy() | ((rate > 0) & (base["net_cents"].to_numpy() <= 0))
    return pl.Series(np.where(nothing, 0, due))


def replacement_truth(world: World, ids: pl.Series) -> pl.DataFrame:
    """One row per buyer and category of durables that they bought in the files: the newest, and when it is replaced.

    `is_with_brand` says whether the next one will be bought here; one that was replaced elsewhere before the as-of day
    has its date in the past.
    """
    rng, span = world.streams("next wear"), world.span
    orders = world.sales.orders.filter(
        (pl.col("at") < span.end) & ~pl.col("unpaid") & ~pl.col("refunded_fully") & (pl.col("returned_at") >= NEVER)
    )
    lines = world.sales.lines.filter("durable").select("order", category=pl.col("product") // 5)
    owned = lines.join(orders.select("order", "gift", person="buyer", bought_at="at"), on="order", how="inner")
    newest = owned.sort("bought_at", "order").unique(["person", "category"], keep="last", maintain_order=True)
    newest = newest.sort("person", "category").with_columns(day=pl.col("bought_at") // DAY)
    wear = world.values.wear.with_columns(day=pl.col("bought_at") // DAY).drop("bought_at")
    wear = wear.unique(["person", "category", "day"], keep="last", maintain_order=True)
    found = newest.join(wear, on=["person", "category", "day"], how="left", maintain_order="left")
    # What was itself bought as a replacement lasts a life of its own.
    own = found["bought_at"].to_numpy() + life_seconds(rng, found["category"].to_numpy())
    stays = pl.Series(chance(rng, len(found), STAYS_WITH_BRAND))
    found = found.with_columns(pl.col("again_at").fill_null(pl.Series(own)), pl.col("loyal").fill_null(stays))
    again = found["again_at"].to_numpy()
    days = [np.datetime64(span.start) + moment // DAY for moment in (found["bought_at"].to_numpy(), again)]
    return found.select(
        person_id=ids.gather(found["person"]),
        category=pl.Series([SHORT_NAMES[c] for c in found["category"]], dtype=pl.String),
        product_family=pl.Series([CATEGORIES[c].name for c in found["category"]], dtype=pl.String),
        bought_date=pl.Series(days[0]).cast(pl.Date),
        replace_date=pl.Series(days[1]).cast(pl.Date),
        is_with_brand=pl.col("loyal"),
        is_gift=pl.col("gift"),
    )
