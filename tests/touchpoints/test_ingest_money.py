"""Money that comes back or is no new money: revoked payments, refunds without a time, stored value."""

from datetime import datetime

import polars as pl
import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def test_a_payment_and_its_revocation_are_two_records_in_one_bill_or_two(landing):
    revoked = files.payment_row("42001", 交易状态="REVOKED", 退款金额="90.00")
    both = files.payment_row("42002", 交易状态="REVOKED", 退款金额="90.00")
    put(landing, "wechatpay/m/bill_20260301.csv", files.wechatpay(files.payment_row("42001"), revoked))
    put(landing, "wechatpay/m/bill_20260302.csv", files.wechatpay(files.payment_row("42002")))
    put(landing, "wechatpay/m/bill_20260303.csv", files.wechatpay(both))
    result = Ingested(landing)
    assert sorted(result.table("record")["natural_key"]) == ["42001", "42001/revoked", "42002", "42002/revoked"]
    ledger = result.table("ledger").sort("ref_no", "kind").select("ref_no", "kind", "amount")
    assert ledger.rows() == [
        ("42001", "payment", 90.0),
        ("42001", "refund", -90.0),
        ("42002", "payment", 90.0),
        ("42002", "refund", -90.0),
    ]


def test_a_revocation_without_an_amount_gives_the_whole_payment_back(landing):
    revoked = files.payment_row("42001", 交易状态="REVOKED")
    put(landing, "wechatpay/m/bill_20260301.csv", files.wechatpay(files.payment_row("42001"), revoked))
    assert Ingested(landing).table("ledger")["amount"].sum() == 0.0


def test_a_refund_without_a_time_is_dated_by_the_export_that_tells_it(landing):
    timed = files.youzan_row("E1", 订单已退款金额="20.00", 交易成功时间="2026-03-05 12:00:00")
    untimed = files.youzan_row("E2", 订单已退款金额="20.00")
    put(landing, "youzan/小店/订单导出_20260401.csv", files.csv_text(files.YOUZAN, [timed, untimed]))
    result = Ingested(landing)
    told, exported = datetime(2026, 3, 5, 4), datetime(2026, 3, 31, 16)
    events = result.table("event").filter(pl.col("type") == "refund").sort("order_key")
    assert events.select("order_key", "at").rows() == [("youzan/E1", told), ("youzan/E2", exported)]
    entries = result.table("ledger").filter(pl.col("kind") == "refund").sort("order_key")
    assert entries.select("at", "at_precision").rows() == [(told, "second"), (exported, "unknown")]


@pytest.mark.parametrize(
    ("status", "amount", "refunded"),
    [
        ("付款以后用户退款成功，交易自动关闭", "", 201.12),
        ("付款以后用户退款成功，交易自动关闭", "0.00", 201.12),
        ("付款以后用户退款成功，交易自动关闭", "50.00", 50.0),
        ("交易关闭", "0.00", 0.0),
    ],
)
def test_a_tmall_order_closed_after_a_refund_was_given_back_whole_unless_an_amount_is_told(
    landing, status, amount, refunded
):
    put(landing, "tmall/s/ExportOrderList202601030900.csv", files.tmall(tmall_closed(status, amount)))
    order = Ingested(landing).order("1")
    assert (order["status"], order["refunded_amount"]) == ("closed", refunded)
    expected = {201.12: "refunded_full", 50.0: "refunded_part", 0.0: "none"}
    assert order["after_sale_status"] == expected[refunded]


def tmall_closed(status: str, amount: str) -> dict[str, object]:
    return files.tmall_row("1", 订单状态=status, 退款金额=amount)


@pytest.mark.parametrize(
    ("word", "amount", "status"),
    [
        ("退款成功", "20.00", "refunded_part"),
        ("全额退款成功", "20.00", "refunded_part"),
        ("退款关闭", "20.00", "refunded_part"),
        ("全额退款成功", "90.00", "refunded_full"),
        ("全额退款成功", "", "refunded_full"),
        ("退款中", "0.00", "refunding"),
        ("", "", "none"),
    ],
)
def test_what_youzan_gave_back_tells_more_than_its_word(landing, word, amount, status):
    row = files.youzan_row("E1", 订单退款状态=word, 订单已退款金额=amount)
    put(landing, "youzan/小店/订单导出_20260401.csv", files.csv_text(files.YOUZAN, [row]))
    assert Ingested(landing).order("E1")["after_sale_status"] == status


def test_a_locked_jd_order_is_held_not_closed(landing):
    put(landing, "jd/s/order_20260301.csv", files.csv_text(files.JD, [files.jd_row("9001", "11", 订单状态="锁定")]))
    assert Ingested(landing).order("9001")["status"] == "paid"


def test_paying_with_stored_value_lowers_the_balance_and_a_return_raises_it(landing):
    back = files.ticket(
        "T2", ticketType="SELL_RETURN", totalAmount=-30.0, discount=0, payments=[{"code": "储值", "amount": -30.0}]
    )
    put(landing, "pos/east/t_20260501.jsonl", files.jsonl(files.ticket("T1"), back))
    ledger = Ingested(landing).table("ledger").filter(pl.col("kind") == "stored_value").sort("order_key")
    assert ledger["amount"].to_list() == [-30.0, 30.0]
