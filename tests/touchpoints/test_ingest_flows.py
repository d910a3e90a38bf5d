"""Members' value is counted once: the card's own report before what a ticket says was paid from the card."""

import touchpoints_files as files
from touchpoints_files import Ingested, put

FLOW = "会员编号,交易类型,本金变动,赠送变动,本金余额,赠送余额,交易时间,门店,订单号,流水号\n"


def test_what_a_ticket_and_the_cards_report_both_tell_is_taken_once(tmp_path):
    landing = tmp_path / "landing"
    put(landing, "pos/till/tickets_20260501.jsonl", files.jsonl(files.ticket("T1"), files.ticket("T2")))
    report = FLOW + "M001,消费,27.00,3.00,473.00,47.00,2026-04-05 15:00:00,一店,T1,R1\n"
    put(landing, "pos/till/储值流水_20260501.csv", report)
    result = Ingested(landing)
    ledger = result.table("ledger").sort("amount")
    value = ledger.filter(ledger["kind"] == "stored_value").select("order_key", "subtype", "amount").rows()
    assert value == [
        ("pos/till/T2", None, -30.0),  # the report does not have it: the ticket's word counts
        ("pos/till/T1", "principal", -27.0),
        ("pos/till/T1", "gift", -3.0),
    ]
    assert ledger.filter(ledger["kind"] == "payment").height == 2


def test_points_of_a_report_find_their_order_and_stay(tmp_path):
    landing = tmp_path / "landing"
    put(landing, "pos/till/tickets_20260501.jsonl", files.jsonl(files.ticket("T1")))
    report = "会员编号,变动类型,变动积分,变动时间,订单号\nM001,消费赠送,90,2026-04-05 15:00:01,T1\n"
    put(landing, "pos/till/积分流水_20260501.csv", report)
    result = Ingested(landing)
    ledger = result.table("ledger")
    points = ledger.filter(ledger["kind"] == "points")
    assert points.select("order_key", "subtype", "amount").rows() == [("pos/till/T1", "earned", 90.0)]
    events = result.table("event")
    assert events.filter(events["type"] == "points_earned")["order_key"].to_list() == ["pos/till/T1"]
