"""What files tell together: orders told twice, refunds told twice, people of one order, and the lines of orders."""

import polars as pl
import pytest
import touchpoints_files as files
from hypothesis import given
from hypothesis import strategies as st
from touchpoints_files import Ingested, put

from touchpoints.lines import status_of_order

REFUND = files.names("订单编号,退款编号,退款状态,买家退款金额,退款的申请时间,退款完结时间,买家退款原因")
ERP = files.names(
    "内部订单号,线上订单号,平台,店铺,状态,下单时间,付款时间,收件人,收件人手机,应付金额,商品名称,数量,商品金额"
)
REVIEW = files.names("订单编号,评价时间,评价内容,评分")
DOUYIN = files.names("主订单编号,子订单编号,选购商品,商品数量,订单应付金额,订单提交时间,支付完成时间,订单状态")
REPORT = files.names("流水号,日期,类型,收银员,实收金额,商品数量")


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def refund(number: str, amount: str, **more: object) -> dict[str, object]:
    row = {"订单编号": number, "退款编号": "R" + number, "退款状态": "退款成功", "买家退款金额": amount}
    return row | {"退款的申请时间": "2026-01-05 00:00:00", "退款完结时间": "2026-01-06 00:00:00"} | more


def erp(own: str, platforms: str, **more: object) -> dict[str, object]:
    row: dict[str, object] = {"内部订单号": own, "线上订单号": platforms, "平台": "天猫", "店铺": "试验旗舰店"}
    row |= {
        "状态": "已发货",
        "下单时间": "2026-01-02 03:04:05",
        "付款时间": "2026-01-02 03:05:00",
        "应付金额": "201.12",
    }
    return row | {"收件人": "陆小青", "收件人手机": "13900001111", "商品名称": "热水器", "数量": "1"} | more


def put_csv(landing, name: str, header: list[str], *rows: dict[str, object]) -> None:
    put(landing, name, files.csv_text(header, list(rows)))


GIVEN_BACK = [  # the order says, its cases say; the refund entries, the sum, the status that follow
    ("0.00", ["50.00"], [-50.0], 50.0, "refunded_part"),  # exported before the case was closed
    ("50.00", ["50.00"], [-50.0], 50.0, "refunded_part"),
    ("80.00", ["50.00"], [-50.0, -30.0], 80.0, "refunded_part"),  # what no case tells stays the order's own
    ("201.12", ["150.00", "51.12"], [-150.0, -51.12], 201.12, "refunded_full"),
]


def test_what_was_given_back_counts_once_whoever_tells_it(landing):
    orders = [files.tmall_row(str(n), 退款金额=says) for n, (says, *_) in enumerate(GIVEN_BACK)]
    cases = [
        refund(str(n), amount, 退款编号=f"R{n}-{i}")
        for n, (_, amounts, *_) in enumerate(GIVEN_BACK)
        for i, amount in enumerate(amounts)
    ]
    put(landing, "tmall/a/ExportOrderList202601070900.csv", files.tmall(*orders))
    put_csv(landing, "tmall/a/refunds202601070900.csv", REFUND, *cases)
    result = Ingested(landing)
    ledger, events = (result.table(name) for name in ("ledger", "event"))
    for n, (_, _, entries, in_all, status) in enumerate(GIVEN_BACK):
        mine = pl.col("order_key") == f"tmall/{n}"
        found = ledger.filter(mine & (pl.col("kind") == "refund"))["amount"].sort().to_list()
        assert found == pytest.approx(sorted(entries))
        order = result.order(str(n))
        assert (order["refunded_amount"], order["after_sale_status"]) == (pytest.approx(in_all), status)
        assert events.filter(mine & (pl.col("type") == "refund"))["value_num"].sum() == pytest.approx(in_all)


def test_a_case_that_was_called_off_gives_nothing_back(landing):
    put(landing, "tmall/a/ExportOrderList202601070900.csv", files.tmall(files.tmall_row("7")))
    put_csv(landing, "tmall/a/refunds202601070900.csv", REFUND, refund("7", "50.00", 退款状态="退款关闭"))
    result = Ingested(landing)
    assert "refund" not in result.table("ledger")["kind"]
    assert result.order("7")["after_sale_status"] == "none"


def test_a_refund_whose_order_no_file_tells_stands_alone(landing):
    put_csv(landing, "tmall/a/refunds202601070900.csv", REFUND, refund("7", "50.00"))
    entry = Ingested(landing).table("ledger").row(0, named=True)
    assert (entry["amount"], entry["order_key"]) == (-50.0, None)


def test_an_erps_copy_of_an_order_gives_way_to_the_platforms_report(landing):
    said = ["7000", "7001A", "7002-1", "7003_2", "9;7004", "7005A，8"]
    orders = [files.tmall_row(f"700{n}") for n in range(len(said))]
    put(landing, "tmall/a/ExportOrderList202601070900.csv", files.tmall(*orders))
    copies = [erp(f"N{n}", number, 收件人手机=f"1390000111{n}") for n, number in enumerate(said)]
    put_csv(landing, "erp/a/20260107.csv", ERP, *copies)
    result = Ingested(landing)
    assert sorted(result.table("orders")["order_key"]) == [f"tmall/700{n}" for n in range(len(said))]
    assert result.table("order_lines").is_empty()
    assert result.table("ledger")["kind"].to_list() == ["payment"] * len(said)
    tied = result.table("identifier").filter(pl.col("id_type") == "order_receiver")
    assert tied.group_by("id_value").len()["len"].to_list() == [2] * len(said)


def test_an_order_that_only_the_erp_has_is_told_by_it(landing):
    put_csv(landing, "erp/a/20260107.csv", ERP, erp("N1", "7001A"))
    result = Ingested(landing)
    assert result.table("orders")["order_key"].to_list() == ["erp/a/N1"]
    assert result.table("order_lines")["title"].to_list() == ["热水器"]
    assert result.identifiers("receiver") == {("phone", "CN", "13900001111", "exact")}


def test_a_suffix_is_cut_only_from_a_number_that_nobody_has(landing):
    rows = [files.tmall_row("7001"), files.tmall_row("7001-1")]
    put(landing, "tmall/a/ExportOrderList202601070900.csv", files.tmall(*rows))
    put_csv(landing, "erp/a/20260107.csv", ERP, erp("N1", "7001-1"))
    tied = Ingested(landing).table("identifier").filter(pl.col("id_type") == "order_receiver")
    assert set(tied["id_value"]) == {"tmall/7001-1"}


def test_one_parcel_of_two_orders_ties_the_receivers_and_not_the_buyers(landing):
    rows = [files.tmall_row("7001", 买家会员名="red_pot"), files.tmall_row("7002", 买家会员名="green_pot")]
    put(landing, "tmall/a/ExportOrderList202601070900.csv", files.tmall(*rows))
    put_csv(landing, "erp/a/20260107.csv", ERP, erp("N1", "7001;7002"))
    types = Ingested(landing).table("identifier")["id_type"].value_counts()
    assert dict(types.iter_rows()).get("order_buyer") is None
    assert dict(types.iter_rows())["order_receiver"] == 4


def test_a_review_of_a_number_that_two_tills_have_is_of_neither(landing):
    for till in ("east", "west"):
        put(landing, f"pos/{till}/tickets_20260407.jsonl", files.jsonl(files.ticket("T1", storeUid=till)))
    review = {"订单编号": "T1", "评价时间": "2026-04-06 00:00:00", "评价内容": "好", "评分": "5"}
    put_csv(landing, "review/a/20260407.csv", REVIEW, review)
    event = Ingested(landing).table("event").filter(pl.col("type") == "review").row(0, named=True)
    assert (event["order_key"], event["value_num"]) == (None, 5.0)


def test_the_report_of_a_till_gives_way_to_its_tickets_ticket_by_ticket(landing):
    put(landing, "pos/east/tickets_20260407.jsonl", files.jsonl(files.ticket("T1")))
    rows = [
        {
            "流水号": sn,
            "日期": "2026-04-05 15:00:00",
            "类型": "销售单",
            "收银员": "孟",
            "实收金额": "90.00",
            "商品数量": "2",
        }
        for sn in ("T1", "T2")
    ]
    put_csv(landing, "pos/east/销售单据20260407.csv", REPORT, *rows)
    put_csv(landing, "pos/west/销售单据20260407.csv", REPORT, rows[0])
    orders = Ingested(landing).table("orders")
    assert sorted(orders["order_key"]) == ["pos/east/T1", "pos/east/T2", "pos/west/T1"]


CASE = files.names("售后单号,订单号,商品单号,售后类型,售后状态,售后申请时间,退商品金额（元）")


def test_a_case_of_a_buyer_whom_nobody_knows_is_the_receivers(landing):
    put_csv(landing, "douyin/a/1767400000_new.csv", DOUYIN, douyin("691"))
    case = {"售后单号": "9", "订单号": "69", "商品单号": "691", "售后类型": "仅退款", "售后状态": "退款成功"}
    case |= {"售后申请时间": "2026-01-03 00:00:00", "退商品金额（元）": "1.00"}
    put_csv(landing, "douyin/a/1767500000_cases.csv", CASE, case)
    tied = Ingested(landing).table("identifier")
    assert tied.select("role", "id_type", "id_value").sort("role").rows() == [
        ("buyer", "order_receiver", "douyin/69"),  # the case's; the order gets no buyer that would hide its receiver
        ("receiver", "order_receiver", "douyin/69"),
    ]


def test_a_buyer_whom_the_second_report_knows_is_the_orders_too(landing):
    orders = "amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\titem-price\n"
    orders += "111-1\t2026-06-28T18:00:00+00:00\tShipped\tT\t1\t9.00\n"
    sent = (
        "amazon-order-id\tshipment-id\tpurchase-date\tshipment-date\tsku\tquantity-shipped\titem-price\tbuyer-email\n"
    )
    sent += "111-1\tD1\t2026-06-28T18:00:00+00:00\t2026-06-29T18:00:00+00:00\tT\t1\t9.00\tada@example.com\n"
    put(landing, "amazon/a/orders_20260705.txt", orders)
    put(landing, "amazon/a/sent_20260705.txt", sent)
    result = Ingested(landing)
    tied = result.table("identifier").filter(pl.col("id_type") == "order_buyer")
    assert tied["role"].to_list() == ["buyer", "buyer"]
    assert tied["record_id"].n_unique() == 2
    assert result.table("orders").height == 1


def test_of_two_second_tellings_the_platforms_own_is_believed_and_each_order_counts_once(landing):
    trade = {"tid": "7001", "status": "TRADE_FINISHED", "created": "2026-01-02 03:04:05", "payment": "9.00"}
    trade |= {"pay_time": "2026-01-02 03:05:00", "buyer_open_uid": "AA1", "orders": {"order": [{"oid": "1", "num": 1}]}}
    put(landing, "tmall/a/trades_20260107.jsonl", files.jsonl(trade))
    put_csv(landing, "erp/a/20260107.csv", ERP, erp("N1", "7001-1"))
    result = Ingested(landing)
    assert result.table("orders")["order_key"].to_list() == ["tmall/7001"]
    assert result.table("order_lines")["order_key"].to_list() == ["tmall/7001"]
    assert result.table("ledger")["amount"].to_list() == [9.0]


def douyin(sub: str, **more: object) -> dict[str, object]:
    row: dict[str, object] = {"主订单编号": "\t69", "子订单编号": "\t" + sub, "选购商品": "龙头", "商品数量": "1"}
    row |= {"订单应付金额": "10.00", "订单提交时间": "2026-01-02 03:04:05", "支付完成时间": "2026-01-02 03:05:00"}
    return row | {"订单状态": "已完成"} | more


def test_sub_orders_packed_into_one_row_are_lines_of_their_own(landing):
    row = douyin("691;692;693", 选购商品="龙头;滤芯;滤网", 商品数量="5", 订单应付金额="60.00")
    put_csv(landing, "douyin/a/1767400000_new.csv", DOUYIN, row)
    result = Ingested(landing)
    assert result.table("order_lines").select("line_no", "title", "qty", "line_amount").rows() == [
        ("691", "龙头", None, None),  # the row tells the sum alone
        ("692", "滤芯", None, None),
        ("693", "滤网", None, None),
    ]
    assert result.order("69")["paid_amount"] == 60.0


def test_an_order_is_the_sum_of_its_sub_orders(landing):
    put_csv(landing, "douyin/a/1767400000_new.csv", DOUYIN, douyin("691"), douyin("692", 订单状态="已关闭"))
    order = Ingested(landing).order("69")
    assert (order["paid_amount"], order["refunded_amount"]) == (20.0, 10.0)
    assert (order["status"], order["after_sale_status"]) == ("completed", "refunded_part")


@pytest.mark.parametrize(
    ("lines", "order"),
    [
        (["completed", "closed"], "completed"),
        (["closed", "closed"], "closed"),
        (["shipped", "completed"], "shipped"),
        (["paid", "shipped"], "partly_shipped"),
        (["paid", "completed", "closed"], "partly_shipped"),
        (["partly_shipped", "shipped"], "partly_shipped"),
        (["created", "created"], "created"),
        (["unknown", "paid"], "paid"),
        (["unknown", "closed"], "unknown"),
        (["unknown"], "unknown"),
    ],
)
def test_the_status_of_an_order_follows_from_its_lines(lines, order):
    for told in (lines, lines[::-1]):
        frame = pl.DataFrame({"record_id": ["r"] * len(told), "status": told})
        assert status_of_order(frame)["status"].to_list() == [order]


STATUSES = st.sampled_from(["created", "paid", "partly_shipped", "shipped", "completed", "closed", "unknown"])


@given(st.lists(STATUSES, min_size=1, max_size=5))
def test_alike_lines_and_a_closed_one_more_change_no_order_that_lives(lines):
    def of(told):
        return status_of_order(pl.DataFrame({"record_id": ["r"] * len(told), "status": told}))["status"].item()

    assert of(lines + lines) == of(lines)
    if set(lines) - {"closed", "unknown"}:
        assert of([*lines, "closed"]) == of(lines)


def test_a_time_of_day_in_its_own_column_and_the_files_own_zone_are_read(landing):
    header = files.names("Date,Time,Time Zone,Transaction ID,Item,Qty,Net Sales,Event Type")
    rows = [
        {"Date": date, "Time": "10:00:00", "Time Zone": zone, "Transaction ID": f"t{n}", "Item": "Tap"}
        | {"Qty": "1.0", "Net Sales": "$1.00", "Event Type": "Payment"}
        for n, (date, zone) in enumerate(
            [
                ("2026-07-01", "Pacific Time (US & Canada)"),
                ("07/01/26", "Eastern Time (US & Canada)"),
                ("2026-07-01", "Nowhere"),  # then the account's zone holds
            ]
        )
    ]
    put_csv(landing, "square/a/items-2026-07-01-2026-07-02.csv", header, *rows)
    result = Ingested(landing)
    assert [result.order(f"t{n}")["paid_at"].hour for n in range(3)] == [17, 14, 2]


@pytest.mark.parametrize("said", ["商户订单号", "微信订单号"])
def test_a_bill_finds_its_order_by_the_merchants_number_or_by_its_own(landing, said):
    header = [*files.YOUZAN, "支付流水号"]
    put_csv(landing, "youzan/a/20260310120000.csv", header, files.youzan_row("E1", 支付流水号="420001"))
    bill = (
        {"商户订单号": "E1", "微信订单号": "999"}
        if said == "商户订单号"
        else {"商户订单号": "X", "微信订单号": "420001"}
    )
    put(landing, "wechatpay/a/bill_20260302.csv", files.wechatpay(files.payment_row("999") | bill))
    ledger = Ingested(landing).table("ledger").filter(pl.col("role") == "payer")
    assert ledger["order_key"].to_list() == ["youzan/E1"]
