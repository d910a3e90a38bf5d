"""Shopify: orders (79 columns, a row per item with the order on the first) and customers, old and new header."""

from typing import Final

import polars as pl

from simulator.catalogue import SHOPIFY_SHOP
from simulator.model import World
from simulator.places import ABROAD, streets_abroad
from simulator.presence import SHOPIFY
from simulator.rates import TEXTS
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.states import shown_orders

_RATE: Final = 7.1  # yuan for a dollar
_ZONE: Final = " -0800"  # the shop's time; the world's is UTC+8
_BEHIND: Final = 16 * 3600
_ON_EVERY_ROW: Final = frozenset(("Name", "Email", "Created at"))


def with_cells(world: World, orders: pl.DataFrame) -> pl.DataFrame:
    """Orders with what the files say of their people; also used for the truth."""
    contacts, people = world.contacts, world.people
    buyer, receiver = orders["buyer"].to_numpy(), orders["receiver"].to_numpy()
    email = d.gather(contacts.email, buyer)
    typo = pl.Series(orders["order"].to_numpy() % round(1 / TEXTS.email_typo) == 0)
    wrong = email.str.replace("gmail.com", "gmial.com", literal=True)
    buyer_phone = "+" + d.gather(contacts.phone_text, orders["account_phone"])
    names = people.full_name()
    return orders.with_columns(
        email=pl.select(pl.when(typo).then(wrong).otherwise(email)).to_series(),
        email_wrong=typo & (wrong != email),
        buyer_name=d.gather(names, buyer),
        shipping_name=d.gather(names, receiver),
        gives_phone=pl.Series(orders["order"].to_numpy() % 3 > 0),
        buyer_phone=buyer_phone,
        shipping_phone="+" + d.gather(contacts.phone_text, orders["phone"]),
        street=pl.Series(
            streets_abroad(people.homes, people.home_at(receiver, orders["at"].to_numpy())), dtype=pl.String
        ),
        billing_street=pl.Series(
            streets_abroad(people.homes, people.home_at(buyer, orders["at"].to_numpy())), dtype=pl.String
        ),
        place=people.city[receiver],
        billing_place=people.city[buyer],
    )


def write_shopify(world: World, out: Exports, day: Period | None = None) -> None:
    """Yearly orders and two lists of customers, or those of one day."""
    orders = with_cells(world, world.sales.orders.filter(pl.col("channel") == SHOPIFY))
    for period in [day] if day else periods(world.span, 12, overlap_days=20, delay_hours=9):
        _write_orders(world, out, shown_orders(orders, period, SHOPIFY), period)
    for exported_at, old in [(day.exported_at, False)] if day else snapshots(world):
        shown = shown_customers(world, exported_at)
        _write_customers(world, out, shown.filter(pl.col("at") >= day.start) if day else shown, exported_at, old)


def snapshots(world: World) -> tuple[tuple[int, bool], tuple[int, bool]]:
    """When the lists of customers were made, and whether with the old header (without Customer ID)."""
    return (world.span.end // 2, True), (world.span.end - 1, False)


def shown_customers(world: World, exported_at: int) -> pl.DataFrame:
    """The customers at a moment."""
    people, contacts = world.people, world.contacts
    rows = world.members.abroad.filter(pl.col("at") <= exported_at)
    person = rows["person"].to_numpy()
    return rows.with_columns(
        email=d.gather(contacts.email, person),
        first=d.gather(people.given, person),
        last=d.gather(people.surname, person),
        phone=pl.Series(
            pl.select(
                pl.when(rows["has_phone"])
                .then("+" + d.gather(contacts.phone_text, contacts.main[person]))
                .otherwise(pl.lit(""))
            ).to_series()
        ),
        street=pl.Series(streets_abroad(people.homes, people.home[person]), dtype=pl.String),
        place=people.city[person],
    )


def _of_place(column: str, field: str) -> pl.Expr:
    values = [str(getattr(place, field)) for place in ABROAD]
    return pl.col(column).replace_strict(list(range(len(ABROAD))), values, return_dtype=pl.String)


def _usd(value: pl.Expr) -> pl.Expr:
    return d.money(value / _RATE)


def _time(at: pl.Expr, world: World, before: int) -> pl.Expr:
    text = d.moment(at - _BEHIND, world.span, before=before - _BEHIND)
    return pl.when((text == "") | (at >= before)).then(d.text("")).otherwise(text + _ZONE)


def _write_orders(world: World, out: Exports, shown: pl.DataFrame, period: Period) -> None:
    if not len(shown):
        return
    lines = world.sales.lines.join(shown, on="order", how="inner", maintain_order="right")
    product = lines["product"]
    framed = lines.with_columns(title=d.gather(world.goods.english, product), sku=d.gather(world.goods.sku, product))
    columns = d.header("shopify_order")
    cells = _order_cells(world, period)
    item = _item_cells()
    first = pl.col("position") == 1
    arranged = [
        item[c]
        if c in item
        else cells[c]
        if c in _ON_EVERY_ROW
        else pl.when(first).then(cells.get(c, d.text(""))).otherwise(d.text(""))
        for c in columns
    ]
    rows = d.rows(framed, arranged)
    path = f"shopify/{SHOPIFY_SHOP}/orders_export_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.csv"
    out.write(path, d.encode([",".join(columns), *rows], "utf-8", end="\n"), period.exported_at, len(rows))


def _item_cells() -> dict[str, pl.Expr]:
    return {
        "Lineitem quantity": d.number(pl.col("qty")),
        "Lineitem name": d.quoted(pl.col("title")),
        "Lineitem price": _usd(pl.col("price")),
        "Lineitem sku": pl.col("sku"),
        "Lineitem requires shipping": d.text("true"),
        "Lineitem taxable": d.text("false"),
        "Lineitem fulfillment status": pl.when(pl.col("status") >= 2)
        .then(d.text("fulfilled"))
        .otherwise(d.text("pending")),
        "Lineitem discount": d.text("0.00"),
        "Vendor": d.text("Chengyu"),
    }


def _order_cells(world: World, period: Period) -> dict[str, pl.Expr]:
    now = period.exported_at + 1
    refunded = pl.col("refund_shown") > 0
    phone = pl.when(pl.col("gives_phone")).then(pl.col("buyer_phone")).otherwise(d.text(""))
    financial = (
        pl.when(pl.col("unpaid"))
        .then(d.text("voided"))
        .when(refunded & pl.col("refunded_fully"))
        .then(d.text("refunded"))
        .when(refunded)
        .then(d.text("partially_refunded"))
        .otherwise(d.text("paid"))
    )
    # A note over two lines, as buyers write them.
    note = pl.when(pl.col("order") % 41 == 0).then(d.text('"Please ring the bell.\nThank you"')).otherwise(d.text(""))
    return {
        "Name": pl.col("order_no"),
        "Email": pl.col("email"),
        "Financial Status": financial,
        "Paid at": _time(pl.col("paid_at"), world, now),
        "Fulfillment Status": pl.when(pl.col("status") >= 2).then(d.text("fulfilled")).otherwise(d.text("unfulfilled")),
        "Fulfilled at": _time(pl.col("shipped_at"), world, now),
        "Accepts Marketing": pl.when(pl.col("buyer") % 2 == 0).then(d.text("yes")).otherwise(d.text("no")),
        "Currency": d.text("USD"),
        "Subtotal": _usd(pl.col("goods") - pl.col("discount")),
        "Shipping": _usd(pl.col("freight")),
        "Taxes": d.text("0.00"),
        "Total": _usd(pl.col("payable")),
        "Discount Code": pl.when(pl.col("coupon") & (pl.col("discount") > 0))
        .then(d.text("CHENGYU10"))
        .otherwise(d.text("")),
        "Discount Amount": _usd(pl.col("discount")),
        "Shipping Method": d.text("Standard"),
        "Created at": _time(pl.col("at"), world, now),
        "Billing Name": pl.col("buyer_name"),
        "Billing Street": pl.col("billing_street"),
        "Billing Address1": pl.col("billing_street"),
        "Billing City": _of_place("billing_place", "city"),
        "Billing Zip": d.prefixed("'", _of_place("billing_place", "postcode")),
        "Billing Province": _of_place("billing_place", "province"),
        "Billing Country": _of_place("billing_place", "country"),
        "Billing Phone": phone,
        "Shipping Name": pl.col("shipping_name"),
        "Shipping Street": pl.col("street"),
        "Shipping Address1": pl.col("street"),
        "Shipping City": _of_place("place", "city"),
        "Shipping Zip": d.prefixed("'", _of_place("place", "postcode")),
        "Shipping Province": _of_place("place", "province"),
        "Shipping Country": _of_place("place", "country"),
        "Shipping Phone": pl.col("shipping_phone"),
        "Notes": note,
        "Cancelled at": _time(pl.col("closed_at"), world, now),
        "Payment Method": d.text("Shopify Payments"),
        "Refunded Amount": _usd(pl.col("refund_shown")),
        "Outstanding Balance": d.text("0.00"),
        "Id": (5_500_000_000_000 + pl.col("order") * 17).cast(pl.String),
        "Risk Level": d.text("Low"),
        "Source": d.text("web"),
        "Phone": phone,
    }


def _write_customers(world: World, out: Exports, shown: pl.DataFrame, exported_at: int, old: bool) -> None:
    if not len(shown):
        return
    past = world.sales.orders.filter((pl.col("channel") == SHOPIFY) & (pl.col("paid_at") <= exported_at))
    spent = past.group_by("buyer").agg(n_paid=pl.len(), spent=pl.col("paid").sum())
    framed = shown.join(spent, left_on="person", right_on="buyer", how="left", maintain_order="left")
    columns = d.header("shopify_customer_old" if old else "shopify_customer_new")
    rows = d.rows(framed, d.arrange(columns, _customer_cells(), d.text("")))
    path = f"shopify/{SHOPIFY_SHOP}/customers_export_{out.stamp_text(exported_at, '%Y%m%d%H%M%S')}.csv"
    out.write(path, d.encode([",".join(columns), *rows], "utf-8", end="\n"), exported_at, len(rows))


def _customer_cells() -> dict[str, pl.Expr]:
    def yes(flag: str) -> pl.Expr:
        return pl.when(pl.col(flag)).then(d.text("yes")).otherwise(d.text("no"))

    phone = d.prefixed("'", pl.col("phone"))
    cells = {
        "Customer ID": d.prefixed("'", pl.col("customer_id")),
        "First Name": pl.col("first"),
        "Last Name": pl.col("last"),
        "Email": pl.col("email"),
        "Accepts Email Marketing": yes("email_marketing"),
        "Accepts SMS Marketing": yes("sms_marketing"),
        "Phone": phone,
        "Total Spent": _usd(pl.col("spent").fill_null(0.0)),
        "Total Orders": d.number(pl.col("n_paid").fill_null(0)),
        "Tax Exempt": d.text("no"),
        "Address1": pl.col("street"),
        "City": _of_place("place", "city"),
        "Province": _of_place("place", "province"),
        "Province Code": _of_place("place", "province"),
        "Country": _of_place("place", "country"),
        "Country Code": _of_place("place", "country"),
        "Zip": d.prefixed("'", _of_place("place", "postcode")),
    }
    renamed = ("Address1", "City", "Province Code", "Country Code", "Zip")
    return cells | {f"Default Address {name}": cells[name] for name in renamed}
