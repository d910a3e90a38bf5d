"""Points and stored value of the till's members, entry by entry: they add up to what the lists of members show.

A card shows the same balance in every list: what comes in between two lists goes out again before the second. Points
are given fifteen days after a sale that was kept, and lapse after two years, those that lapse first being spent first.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.fulfilment import NEVER, STORED
from simulator.people import DAY
from simulator.presence import POS
from simulator.referrals import REWARDS
from simulator.streams import Floats, Ints

if TYPE_CHECKING:
    from simulator.model import World

_KEPT_AFTER: Final = 15 * DAY
_LAPSES_AFTER: Final = 730 * DAY
GIVEN, BROUGHT, OPENING, SPENT, LAPSED, GIFT = "消费赠送", "推荐奖励", "期初导入", "积分兑换", "积分过期", "活动赠送"
TOP_UP, PAID, PAID_BACK, WITHDRAWN = "充值", "消费", "消费退款", "提现"
_ENTRY: Final = ("row", "at", "points", "kind", "origin", "order", "expires_at")


def list_times(world: "World") -> tuple[int, int]:
    """When the lists of members in the landing folder were made."""
    return int(0.6 * world.span.end), world.span.end - 1


def _cards(world: "World") -> pl.DataFrame:
    return world.members.cards.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def _entries(row: Ints, at: Ints, points: Ints, kind: str, origin: str, order: Ints | int = -1) -> pl.DataFrame:
    n = len(row)
    expires = at + _LAPSES_AFTER if kind in (GIVEN, BROUGHT) else np.full(n, NEVER)
    return pl.DataFrame(
        {
            "row": row,
            "at": at,
            "points": points,
            "kind": pl.Series([kind] * n, dtype=pl.String),
            "origin": pl.Series([origin] * n, dtype=pl.String),
            "order": np.broadcast_to(np.asarray(order), n).astype(np.int64),
            "expires_at": expires,
        }
    )


def make_points(world: "World") -> pl.DataFrame:
    """One row per entry in order of card and time: `card`, `person`, `at`, `points`, `kind`, `balance`, …"""
    cards, rng = _cards(world), world.streams("points")
    first, second = list_times(world)
    lots = _earned(world, cards).sort("row", "at", "order")
    parts = [lots, _balanced(world, cards, lots, first, second, rng)]
    after = lots.filter(pl.col("at") > second)
    # After the last list whatever comes in is spent within the hour, on that day.
    day_end = (after["at"].to_numpy() // DAY + 1) * DAY - 1
    spent_at = np.minimum(after["at"].to_numpy() + 3000, day_end)
    parts.append(_entries(after["row"].to_numpy(), spent_at, -after["points"].to_numpy(), SPENT, "门店"))
    rows = pl.concat(parts).filter(pl.col("points") != 0)
    rank = pl.col("kind").replace_strict(
        [OPENING, GIVEN, BROUGHT, GIFT, LAPSED, SPENT], list(range(6)), return_dtype=pl.Int64
    )
    rows = rows.sort("row", "at", rank, "order").with_columns(
        balance=pl.col("points").cum_sum().over("row"), number=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    of_card = cards.select("row", "card", "person", "account", "store")
    orders = world.sales.orders.select("order", "order_no")
    return rows.join(of_card, on="row", how="left", maintain_order="left").join(
        orders, on="order", how="left", maintain_order="left"
    )


def _earned(world: "World", cards: pl.DataFrame) -> pl.DataFrame:
    """Points for sales that were kept, and for members brought."""
    by_card = cards.select("row", "card")
    sold = world.sales.orders.filter(
        (pl.col("channel") == POS) & (pl.col("card") != "") & (pl.col("returned_at") >= NEVER)
    ).join(by_card, on="card", how="inner", maintain_order="left")
    given = _entries(
        sold["row"].to_numpy(),
        sold["at"].to_numpy() + _KEPT_AFTER,
        sold["payable"].to_numpy().astype(np.int64),
        GIVEN,
        "门店",
        sold["order"].to_numpy(),
    )
    first_card = cards.filter(~pl.col("second")).select("row", referrer="person", since="at")
    brought = world.referrals.filter(pl.col("order") >= 0).join(
        first_card, on="referrer", how="inner", maintain_order="left"
    )
    at = brought["order_at"].to_numpy() + _KEPT_AFTER
    worth = np.asarray(REWARDS)[brought["level"].to_numpy() - 1]
    rewards = _entries(brought["row"].to_numpy(), at, worth, BROUGHT, "小程序", brought["number"].to_numpy() * 0 - 1)
    rewards = rewards.filter(pl.Series(brought["since"].to_numpy() <= at))
    return pl.concat([given, rewards])


def _balanced(
    world: "World", cards: pl.DataFrame, lots: pl.DataFrame, first: int, second: int, rng: np.random.Generator
) -> pl.DataFrame:
    """What else happened, so that each card shows its points in the lists made at `first` and `second`."""
    n, joined, shown = len(cards), cards["at"].to_numpy(), cards["points"].to_numpy().astype(np.int64)
    row, at, points = (lots[c].to_numpy() for c in ("row", "at", "points"))
    # Cards that came after the first list have one span only, up to the second.
    until = np.where(joined <= first, first, second)
    early = at <= until[row]
    inside = ~early & (at <= second)
    came = np.bincount(row[early], points[early], n).astype(np.int64)
    opening = np.maximum(shown - came, 0)
    spent = np.maximum(came - shown, 0)
    latest = np.maximum(_latest(row[early], at[early], n), joined)
    spent_at = _between(rng, latest, until)
    lapsing = _lapsed(lots.filter(pl.Series(early)), spent, second)
    lapsed = np.bincount(lapsing["row"].to_numpy(), -lapsing["points"].to_numpy(), n).astype(np.int64)
    more = np.bincount(row[inside], points[inside], n).astype(np.int64) - lapsed
    last = np.maximum(
        _latest(row[inside], at[inside], n), _latest(lapsing["row"].to_numpy(), lapsing["at"].to_numpy(), n)
    )
    everyone = np.arange(n)
    opened_at = np.where(opening > 0, joined + 60, joined)
    later = joined > second
    return pl.concat(
        [
            _entries(everyone, opened_at, np.where(later, shown, opening), OPENING, "系统"),
            _entries(everyone, spent_at, np.where(later, 0, -spent), SPENT, "小程序"),
            lapsing,
            _entries(
                everyone,
                _between(rng, np.maximum(last, first), np.full(n, second)),
                -np.maximum(more, 0),
                SPENT,
                "小程序",
            ),
            _entries(
                everyone, _between(rng, np.maximum(last, first), np.full(n, second)), np.maximum(-more, 0), GIFT, "系统"
            ),
        ]
    )


def _latest(row: Ints, at: Ints, n: int) -> Ints:
    latest = np.full(n, -(10**9), dtype=np.int64)
    np.maximum.at(latest, row, at)
    return latest


def _between(rng: np.random.Generator, start: Ints, end: Ints) -> Ints:
    """A moment of each span, after its start and not after its end."""
    width: Floats = np.maximum(end - start, 1).astype(np.float64)
    return np.minimum(start + 1 + (rng.random(len(start)) * width * 0.98).astype(np.int64), np.maximum(end, start + 1))


def _lapsed(lots: pl.DataFrame, spent: Ints, second: int) -> pl.DataFrame:
    """What of the lots was not spent by the day on which it lapsed; the oldest lots are spent first."""
    row, points = lots["row"].to_numpy(), lots["points"].to_numpy()
    through = lots.select(pl.col("points").cum_sum().over("row"))["points"].to_numpy()
    left = np.clip(through - spent[row], 0, points)
    gone = (lots["expires_at"].to_numpy() <= second) & (left > 0)
    return _entries(row[gone], lots["expires_at"].to_numpy()[gone], -left[gone], LAPSED, "系统")


def make_stored_value(world: "World") -> pl.DataFrame:
    """One row per entry in order of card and time: `principal`, `gift` and what is left of both, in yuan.

    Whoever pays by stored value has paid in as much before, part of it as the shop's gift.
    """
    cards, rng = _cards(world), world.streams("stored value")
    opening = cards.filter(pl.col("balance") > 0)
    parts = [
        _moved(
            opening["row"], opening["at"] + 90, opening["balance"].cast(pl.Float64), opening["balance"] * 0.0, TOP_UP
        )
    ]
    paid = world.sales.orders.filter((pl.col("method") == STORED) & (pl.col("channel") == POS) & (pl.col("card") != ""))
    paid = paid.join(cards.select("row", "card", since="at"), on="card", how="inner", maintain_order="left")
    at, total = paid["at"].to_numpy(), paid["payable"].to_numpy()
    gift = np.floor(total * 0.1 / 10) * 10
    before = np.maximum(at - rng.integers(1800, 20 * DAY, len(paid)), paid["since"].to_numpy() + 120)
    before = np.minimum(before, at - 60)
    for made in list_times(world):  # what is paid in for a purchase is not seen in a list before it
        before = np.where((before <= made) & (at > made), made + (at - made) // 2, before)
    order = paid["order"]
    parts.append(_moved(paid["row"], pl.Series(before), pl.Series(total - gift), pl.Series(gift), TOP_UP))
    parts.append(_moved(paid["row"], paid["at"], pl.Series(gift - total), pl.Series(-gift), PAID, order))
    back = paid["returned_at"] < NEVER
    returned = paid["returned_at"].filter(back)
    whole, given = pl.Series(total - gift).filter(back), pl.Series(gift).filter(back)
    parts.append(_moved(paid["row"].filter(back), returned, whole, given, PAID_BACK, order.filter(back)))
    parts.append(_moved(paid["row"].filter(back), returned + 1, -whole, -given, WITHDRAWN))
    rows = pl.concat(parts).sort("row", "at", "order", "kind")
    rows = rows.with_columns(
        principal_left=pl.col("principal").cum_sum().over("row").round(2),
        gift_left=pl.col("gift").cum_sum().over("row").round(2),
        number=pl.int_range(pl.len(), dtype=pl.Int64),
    )
    orders = world.sales.orders.select("order", "order_no", "returned_at", "store")
    own = cards.select("row", "card", "person", "account", home="store")
    return rows.join(own, on="row", how="left", maintain_order="left").join(
        orders, on="order", how="left", maintain_order="left"
    )


def _moved(
    row: pl.Series, at: pl.Series, principal: pl.Series, gift: pl.Series, kind: str, order: pl.Series | None = None
) -> pl.DataFrame:
    return pl.DataFrame({"row": row, "at": at, "principal": principal, "gift": gift}).with_columns(
        pl.col("principal", "gift").cast(pl.Float64),
        kind=pl.lit(kind, dtype=pl.String),
        order=pl.lit(-1, dtype=pl.Int64) if order is None else order,
    )
