"""What the brand pays for bringing customers: the rules, and who brought whom.

Staff, partners and referrers are paid on up to three levels: who rang up the order or first brought the buyer, who
leads or brought them, and who leads or brought those. What came back is taken off again.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.brand import till_code
from simulator.fulfilment import NEVER
from simulator.plans import SHORT_NAMES, money
from simulator.presence import POS, YOUZAN
from simulator.wechat import guide_names
from simulator.writers.youzan import with_cells

if TYPE_CHECKING:
    from simulator.model import World

STAFF, PARTNER, REFERRER = "staff", "partner", "referrer"
_NAMES: Final = {STAFF: "员工", PARTNER: "合作方", REFERRER: "推荐人"}
LEVELS: Final = (1, 2, 3)


@dataclass(frozen=True)
class Rule:
    """One line of the list; `rate` is of what was paid less what came back, `fixed` is for the order as it was paid."""

    code: str
    payee: str
    level: int
    rate: float = 0.0
    fixed: int = 0
    least: int = 0
    most: int = 0
    category: str = ""
    since: date | None = None
    until: date | None = None


def rules(world: "World") -> tuple[Rule, ...]:
    """All rules; the partners' rate went up with the as-of day's year."""
    turn = date(world.span.as_of.year, 1, 1)
    before = turn - timedelta(days=1)
    return (
        Rule("S1", STAFF, 1, rate=0.01),
        Rule("S1L", STAFF, 1, rate=0.015, most=60, category="滤芯"),
        Rule("S2", STAFF, 2, rate=0.003),
        Rule("S3", STAFF, 3, rate=0.001, most=20),
        Rule("P1", PARTNER, 1, rate=0.04, least=500, most=300, until=before),
        Rule("P1", PARTNER, 1, rate=0.05, least=500, most=300, since=turn),
        Rule("P2", PARTNER, 2, rate=0.01, least=500, most=60),
        Rule("P3", PARTNER, 3, rate=0.005, least=500, most=30),
        Rule("R1", REFERRER, 1, fixed=50, least=300),
        Rule("R2", REFERRER, 2, fixed=20, least=300),
        Rule("R3", REFERRER, 3, fixed=10, least=300),
    )


def rule_list(world: "World") -> pl.DataFrame:
    """佣金规则 as the brand's list has them."""
    begun = world.span.start.replace(day=1)
    rows = [
        {
            "规则编号": rule.code,
            "佣金对象": _NAMES[rule.payee],
            "层级": str(rule.level),
            "适用品类": rule.category,
            "计算基数": "实付金额" if rule.fixed else "扣除退款后净额",
            "佣金比例": f"{rule.rate * 100:g}%" if rule.rate else "",
            "固定佣金": money(rule.fixed) if rule.fixed else "",
            "最低订单金额": money(rule.least) if rule.least else "",
            "封顶金额": money(rule.most) if rule.most else "",
            "生效日期": (rule.since or begun).isoformat(),
            "失效日期": rule.until.isoformat() if rule.until else "",
        }
        for rule in rules(world)
    ]
    return pl.DataFrame(rows)


def payees(world: "World") -> pl.DataFrame:
    """Who has a claim on which order: `order`, `payee` (kind), `level`, `payee_id`.

    Referrers are people (their number as text), the others codes of the brand's lists.
    """
    orders = world.sales.orders.filter(
        (pl.col("at") < world.span.end) & ~pl.col("unpaid") & ~pl.col("damaged") & (pl.col("paid") > 0)
    )
    brand = world.brand
    leader = dict(brand.staff.select("code", "leader").iter_rows())
    above = dict(brand.partners.select("code", "parent").iter_rows())
    parts = [
        _chain(_rung_up_or_brought(world, orders), STAFF, leader),
        _chain(_handed_in(world, orders), PARTNER, above),
        _referred(world, orders),
    ]
    return pl.concat(parts).sort("order", "payee", "level")


def _chain(first: pl.DataFrame, payee: str, above: dict[str, str]) -> pl.DataFrame:
    """Levels of a claim: `order`, `payee_id` of the first, then who stands above."""
    rows = [first.select("order", "payee_id")]
    for _ in LEVELS[1:]:
        up = rows[-1]["payee_id"].replace_strict(above, default="", return_dtype=pl.String)
        rows.append(rows[-1].with_columns(payee_id=up).filter(pl.col("payee_id") != ""))
    return pl.concat(
        part.with_columns(payee=pl.lit(payee), level=pl.lit(level, dtype=pl.Int64))
        for part, level in zip(rows, LEVELS, strict=True)
    ).select("order", "payee", "level", "payee_id")


def _rung_up_or_brought(world: "World", orders: pl.DataFrame) -> pl.DataFrame:
    """The till of an order in a store; of others the employee who first added the buyer or followed them as a lead."""
    tills = orders.filter(pl.col("channel") == POS)
    rung_up = tills.select("order", payee_id=pl.Series([till_code(s) for s in tills["store"]], dtype=pl.String))
    codes = [i.replace("cy_guide_", "G") for i in guide_names(world.stores)[0]]
    met = pl.concat(
        [
            world.wechat.contacts.select("person", "at", "guide"),
            world.leads.filter(~pl.col("by_ad")).select("person", "at", "guide"),
        ]
    )
    first = _first(met)
    brought = (
        orders.filter(pl.col("channel") != POS).select("order", person="buyer", bought="at").join(first, on="person")
    )
    brought = brought.filter(pl.col("at") <= pl.col("bought"))
    return pl.concat(
        [rung_up, brought.select("order", payee_id=pl.Series([codes[g] for g in brought["guide"]], dtype=pl.String))]
    )


def _first(met: pl.DataFrame) -> pl.DataFrame:
    return met.sort("person", "at").unique("person", keep="first", maintain_order=True)


def _handed_in(world: "World", orders: pl.DataFrame) -> pl.DataFrame:
    """The partner who first handed the buyer in, before the order."""
    first = _first(world.leads.filter(~pl.col("by_ad")).select("person", "at", "partner"))
    rows = (
        orders.select("order", person="buyer", bought="at")
        .join(first, on="person")
        .filter(pl.col("at") <= pl.col("bought"))
    )
    return rows.select("order", payee_id=world.brand.partners["code"].gather(rows["partner"]))


def _referred(world: "World", orders: pl.DataFrame) -> pl.DataFrame:
    """Whom the shop's order names as its seller, else who brought the buyer; then who brought those."""
    edges = world.referrals.filter(pl.col("level") == 1)
    brought_by = np.full(world.people.total, -1, dtype=np.int64)
    since = np.full(world.people.total, NEVER, dtype=np.int64)
    brought_by[edges["person"].to_numpy()] = edges["referrer"].to_numpy()
    since[edges["person"].to_numpy()] = edges["at"].to_numpy()
    buyer, at = orders["buyer"].to_numpy(), orders["at"].to_numpy()

    def up(person: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.where((person >= 0) & (since[person] <= at), brought_by[person], -1)

    named = _named_sellers(world, orders)
    first = np.where((named >= 0) & (named != buyer), named, up(buyer))
    second = up(first)
    third = up(second)
    # A circle pays nobody twice, and nobody for their own order.
    second_paid = np.where((second == first) | (second == buyer), -1, second)
    third_paid = np.where((third == first) | (third == second) | (third == buyer), -1, third)
    frames = []
    for level, person in zip(LEVELS, (first, second_paid, third_paid), strict=True):
        rows = pl.DataFrame({"order": orders["order"], "person": person}).filter(pl.col("person") >= 0)
        frames.append(
            rows.select(
                "order",
                payee=pl.lit(REFERRER),
                level=pl.lit(level, dtype=pl.Int64),
                payee_id=pl.col("person").cast(pl.String),
            )
        )
    return pl.concat(frames)


def _named_sellers(world: "World", orders: pl.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The seller whom an order of the own shop names, -1 for none."""
    told = with_cells(world, orders.filter(pl.col("channel") == YOUZAN)).select("order", "referrer")
    joined = orders.select("order").join(told, on="order", how="left", maintain_order="left")
    return joined["referrer"].fill_null(-1).to_numpy()


def categories_of(product: pl.Series) -> pl.Series:
    """What the brand calls the categories of these products."""
    return pl.Series([SHORT_NAMES[p // 5] for p in product], dtype=pl.String)
