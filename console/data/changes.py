"""What changed since the run before, and why: people, buyers, sales, each taken apart into its causes."""

from typing import Final

import duckdb

from console.data.rows import Row, has_table, one

_NEW_PEOPLE: Final = "select count(*) as n from identity.one_id where first_run = ? and status = 'active'"
_FIRST_ORDERS: Final = "select count(*) as n from customer.customer_360 where n_purchases > 0 and first_order_date > ?"
_NEW_SALES: Final = "select coalesce(sum(net_amount_cny), 0) as net from marts.channel_daily where ordered_date > ?"


def changes_since(con: duckdb.DuckDBPyConnection, run: Row, before: Row | None) -> list[Row]:
    """People, buyers, members, sales and customer value against the run before, with causes in words.

    Args:
        con: the published run.
        run: its row of ops.run.
        before: that of the run before; None for the first.

    Returns:
        `name_zh`, `name_en`, `now`, `change`, `is_money` and the `causes`: texts with their part of the change.
        Runs of earlier versions did not tell all figures; what cannot be compared is left out.
    """
    if before is None:
        return []
    found = [_people(con, run, before)]
    if _both(run, before, "n_buyers"):
        found.append(_buyers(con, run, before))
    if _both(run, before, "n_members"):
        found.append(_plain("会员", "Members", run, before, "n_members"))
    if _both(run, before, "net_amount_cny"):
        found.append(_sales(con, run, before))
    if _both(run, before, "clv_12m_cny"):
        found.append(_plain("未来一年价值", "CLV, next 12 months", run, before, "clv_12m_cny", is_money=True))
    return found


def _people(con: duckdb.DuckDBPyConnection, run: Row, before: Row) -> Row:
    row = _plain("客户", "People", run, before, "n_people")
    new = one(con, _NEW_PEOPLE, [run["run_id"]]) if has_table(con, "identity.one_id") else None
    if new:
        merged = row["change"] - new["n"]
        row["causes"] = _told(
            (("首次出现", "seen for the first time"), new["n"]),
            (("并入他人或不再出现", "joined with others, or gone"), merged),
        )
    return row


def _buyers(con: duckdb.DuckDBPyConnection, run: Row, before: Row) -> Row:
    row = _plain("已购", "Buyers", run, before, "n_buyers")
    first = one(con, _FIRST_ORDERS, [before["as_of_date"]]) or {"n": 0}
    row["causes"] = _told(
        (("新的日子里首次购买", "first bought on the new days"), first["n"]),
        (
            ("补来的旧订单、退货或归一变化", "older orders that came late, returns, or people joined"),
            row["change"] - first["n"],
        ),
    )
    return row


def _sales(con: duckdb.DuckDBPyConnection, run: Row, before: Row) -> Row:
    row = _plain("累计净销售", "Net sales so far", run, before, "net_amount_cny", is_money=True)
    new = one(con, _NEW_SALES, [before["as_of_date"]]) or {"net": 0.0}
    row["causes"] = _told(
        (("新的日子里的销售", "sales of the new days"), new["net"]),
        (
            ("对过去日子的更正：迟到的订单与退款", "earlier days put right: late orders and refunds"),
            row["change"] - new["net"],
        ),
    )
    return row


def _plain(zh: str, en: str, run: Row, before: Row, name: str, *, is_money: bool = False) -> Row:
    change = run[name] - before[name]
    return {"name_zh": zh, "name_en": en, "now": run[name], "change": change, "is_money": is_money, "causes": []}


def _told(*causes: tuple[tuple[str, str], float]) -> list[Row]:
    """The causes that moved anything; less than half a unit is rounding."""
    return [{"text_zh": zh, "text_en": en, "part": part} for (zh, en), part in causes if abs(part) >= 0.5]


def _both(run: Row, before: Row, name: str) -> bool:
    return run.get(name) is not None and before.get(name) is not None
