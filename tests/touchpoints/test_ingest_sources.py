"""Each contract end to end: what a file in its platform's own shape comes to."""

from datetime import datetime

import polars as pl
import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def test_a_tmall_order_keeps_its_long_number_and_both_its_parties(landing):
    put(landing, "tmall/shop/ExportOrderList202601030900.csv", files.tmall(files.tmall_row("5113837045333047045")))
    result = Ingested(landing)
    order = result.order("5113837045333047045")
    assert order["order_key"] == "tmall/5113837045333047045"
    assert (order["status"], order["channel"], order["account"]) == ("paid", "marketplace", "试验旗舰店")
    assert order["created_at"] == datetime(2026, 1, 1, 19, 4, 5)  # UTC
    assert (order["paid_amount"], order["refunded_amount"], order["currency"]) == (201.12, 0.0, "CNY")
    assert result.identifiers("buyer") == {
        ("tmall_nick", "tmall", "blue_kettle", "scoped"),
        ("email", "", "kettle@example.com", "exact"),
    }
    assert result.identifiers("receiver") == {("phone", "CN", "13900001111", "exact")}
    assert result.attributes("receiver")["district_code"] == "440106"
    assert set(result.table("event")["type"]) == {"order_created", "order_paid"}


def test_masked_accounts_of_tmall_never_become_identifiers_in_the_clear(landing):
    row = files.tmall_row(
        "1", 买家会员名="b**e", 买家支付宝账号="139****1111", 联系手机="139****1111", 收货人姓名="陆**"
    )
    put(landing, "tmall/shop/ExportOrderList202601030900.csv", files.tmall(row))
    result = Ingested(landing)
    assert result.identifiers("buyer") == {("phone_masked", "CN", "139****1111", "masked")}


def test_tmall_items_are_the_lines_of_their_order(landing):
    rows = [
        {
            "订单编号": "77",
            "标题": "热水器",
            "价格": "100.56",
            "购买数量": "1",
            "订单状态": "交易成功",
            "商家编码": "K1",
        },
        {"订单编号": "77", "标题": "滤芯", "价格": "50.28", "购买数量": "2", "订单状态": "交易成功", "商家编码": "K2"},
    ]
    text = files.csv_text(files.TMALL_ITEM, rows).replace('"K1"', '"K1",')  # one comma more than the header
    put(landing, "tmall/shop/ExportItemList202601030900.csv", text.encode("gb18030"))
    lines = Ingested(landing).table("order_lines").sort("line_no")
    assert lines["order_key"].to_list() == ["tmall/77", "tmall/77"]
    assert lines.select("line_no", "sku", "qty", "line_amount").rows() == [
        ("1", "K1", 1.0, 100.56),
        ("2", "K2", 2.0, 100.56),
    ]


def test_a_jd_order_counts_its_repeated_total_once(landing):
    rows = [files.jd_row("9001", "11"), files.jd_row("9001", "12", 京东价="99.00", 订购数量="1")]
    put(landing, "jd/shop/order_20260301120000.csv", files.csv_text(files.JD, rows, quote=False).encode("gb18030"))
    result = Ingested(landing)
    assert result.table("orders").height == 1
    order = result.order("9001")
    assert (order["goods_amount"], order["paid_amount"], order["discount_amount"]) == (199.0, 189.0, 10.0)
    assert order["completed_at"] is None  # the sentinel means: not yet
    assert result.table("order_lines")["line_amount"].to_list() == [100.0, 99.0]
    assert result.identifiers("buyer") == {("jd_pin", "jd", "jd_blue", "scoped")}
    assert result.identifiers("receiver") == {("phone_masked", "CN", "1******1111", "masked")}


def test_a_status_with_a_flag_in_brackets_is_read(landing):
    rows = [files.jd_row("9002", "11", 订单状态="(删除)等待出库")]
    put(landing, "jd/shop/order_20260301120000.csv", files.csv_text(files.JD, rows).encode("gb18030"))
    order = Ingested(landing).order("9002")
    assert (order["status"], order["status_raw"]) == ("closed", "(删除)等待出库")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_youzan_order_names_buyer_receiver_and_referrer(landing, encoding):
    row = files.youzan_row("E1", 分销员手机号="13900004444", 订单已退款金额="20.00", 订单退款状态="部分退款成功")
    put(landing, "youzan/小店/订单导出_20260401.csv", files.csv_text(files.YOUZAN, [row]).encode(encoding))
    result = Ingested(landing)
    order = result.order("E1")
    assert (order["after_sale_status"], order["refunded_amount"], order["discount_amount"]) == (
        "refunded_part",
        20.0,
        10.0,
    )
    assert {role: next(iter(result.identifiers(role)))[2] for role in ("buyer", "receiver", "referrer")} == {
        "buyer": "13900003333",
        "receiver": "13900002222",
        "referrer": "13900004444",
    }
    ledger = dict(result.table("ledger").select("kind", "amount").iter_rows())
    assert ledger == {"payment": 90.0, "refund": -20.0}
    assert result.file("youzan/小店/订单导出_20260401.csv")["encoding"] == encoding.removesuffix("-sig")


def test_a_youzan_customer_is_known_by_a_keyed_hash_and_gives_consent_as_member(landing):
    rows = [
        {
            "客户姓名": "何阿姨",
            "客户手机号": "13900002222",
            "客户生日": "1966-05-04",
            "客户性别": "女",
            "是否会员": "是",
            "成为会员时间": "2025-01-01 08:00:00",
        },
        {
            "客户姓名": " ",
            "客户手机号": "139******22",
            "客户性别": "其他",
            "是否会员": "否",
            "成为客户时间": "2025-02-01 08:00:00",
        },
    ]
    put(landing, "youzan/小店/客户导出_20260401.csv", files.csv_text(files.YOUZAN_CUSTOMER, rows))
    result = Ingested(landing)
    assert result.table("record")["natural_key"].str.starts_with("h:").all()
    assert "13900002222" not in "".join(result.table("record")["natural_key"])
    told = result.attributes("member")
    assert (told["gender"], told["birth_date"]) == ("female", "1966-05-04")
    consent = result.table("consent")
    assert consent.select("id_value", "channel", "state", "basis").rows() == [
        ("13900002222", "sms", "granted", "membership_terms")
    ]


def test_a_follower_carries_openid_under_its_appid_and_unionid_under_its_scope(landing):
    put(landing, "accounts.yml", '"wechat_oa/**": {scope: open-platform-1}\n')
    put(landing, "wechat_oa/wxaaaa/user_info_20260101000000.jsonl", files.jsonl(files.follower("o_1")))
    result = Ingested(landing)
    assert result.identifiers("contact") == {
        ("wechat_openid", "wxaaaa", "o_1", "scoped"),
        ("wechat_unionid", "open-platform-1", "u_o_1", "exact"),
    }
    event = result.table("event").row(0, named=True)
    assert (event["type"], event["subtype"], event["campaign"]) == ("follow", "ADD_SCENE_QR_CODE", "store_7")


def test_who_unfollows_between_two_exports_gets_an_event_and_loses_consent(landing):
    put(landing, "wechat_oa/wxaaaa/user_info_20260101000000.jsonl", files.jsonl(files.follower("o_1")))
    gone = {"subscribe": 0, "openid": "o_1", "tagid_list": []}
    put(landing, "wechat_oa/wxaaaa/user_info_20260201000000.jsonl", files.jsonl(gone))
    result = Ingested(landing)
    newer = datetime(2026, 1, 31, 16)
    events = result.table("event").filter(pl.col("type") == "unfollow")
    assert events["at"].to_list() == [newer]
    consent = result.table("consent").sort("at")
    assert consent["state"].to_list() == ["granted", "revoked"]
    assert consent["at"].to_list()[-1] == newer
    assert ("wechat_unionid", "default", "u_o_1", "exact") in result.identifiers("contact")  # the older export's


def test_a_wecom_remark_gives_a_derived_phone_and_name(landing):
    contact = {"external_userid": "wo_1", "name": "海边", "type": 1, "gender": 2, "unionid": "u_1"}
    follow = {
        "userid": "guide1",
        "remark": "李女士13900005555买空调",
        "createtime": 1760000000,
        "remark_mobiles": ["13900006666"],
        "add_way": 1,
        "state": "qr7",
    }
    put(landing, "wecom/corp1/batch_20260101000000.json", files.wecom((contact, follow)))
    result = Ingested(landing)
    assert result.identifiers("contact") == {
        ("wecom_external_userid", "corp1", "wo_1", "scoped"),
        ("wechat_unionid", "default", "u_1", "exact"),
        ("phone", "CN", "13900005555", "derived"),
        ("phone", "CN", "13900006666", "exact"),
    }
    names = result.table("attribute").filter(pl.col("name") == "name")
    assert names["quality"].to_list() == ["derived"] and names["value"][0].startswith("李")
    assert result.table("record")["natural_key"].to_list() == ["wo_1/guide1"]
    assert result.table("event").select("type", "subtype", "campaign").rows() == [("add_friend", "1", "qr7")]


def test_a_payment_finds_its_order_by_the_merchants_number(landing):
    put(
        landing,
        "wechatpay/1600000001/1600000001All20260301.csv",
        files.wechatpay(
            files.payment_row("42001"),
            files.payment_row(
                "42001", 交易状态="REFUND", 应结订单金额="0.00", 订单金额="0.00", 微信退款单号="5001", 退款金额="20.00"
            ),
            files.payment_row("42002", 商户订单号="nobody's"),
        ),
    )
    put(landing, "youzan/小店/订单导出_20260401.csv", files.csv_text(files.YOUZAN, [files.youzan_row("E1")]))
    result = Ingested(landing)
    assert result.counts("wechatpay/1600000001/1600000001All20260301.csv") == (3, 3, 0, 0)  # the sums are no rows
    ledger = result.table("ledger").filter(pl.col("role") == "payer").sort("ref_no")
    assert ledger.select("kind", "amount", "order_key").rows() == [
        ("payment", 90.0, "youzan/E1"),
        ("payment", 90.0, None),
        ("refund", -20.0, "youzan/E1"),
    ]
    assert set(result.table("record").filter(pl.col("source") == "wechatpay")["natural_key"]) == {
        "42001",
        "42001/5001",
        "42002",
    }
    assert result.identifiers("payer") == {("wechat_openid", "wxaaaa", "o_openid_1", "scoped")}


def test_a_payment_finds_a_till_ticket_by_its_external_number(landing):
    put(landing, "wechatpay/m/bill_20260501.csv", files.wechatpay(files.payment_row("42001", 商户订单号="W9")))
    put(landing, "pos/east/t.jsonl", files.jsonl(files.ticket("T1", externalOrderNo="W9"), files.ticket("T2")))
    result = Ingested(landing)
    assert result.table("ledger").filter(pl.col("role") == "payer")["order_key"].to_list() == ["pos/east/T1"]
    assert result.table("event").filter(pl.col("type") == "payment")["order_key"].to_list() == ["pos/east/T1"]


def test_a_number_that_two_orders_have_names_neither(landing):
    put(landing, "wechatpay/m/bill_20260501.csv", files.wechatpay(files.payment_row("42001", 商户订单号="T1")))
    put(landing, "pos/east/t.jsonl", files.jsonl(files.ticket("T1")))
    put(landing, "pos/west/t.jsonl", files.jsonl(files.ticket("T1")))
    assert Ingested(landing).table("ledger").filter(pl.col("role") == "payer")["order_key"].to_list() == [None]


def test_a_till_ticket_has_lines_payments_and_a_member(landing):
    back = files.ticket(
        "T2",
        ticketType="SELL_RETURN",
        totalAmount=-70.0,
        discount=0,
        payments=[{"code": "微信", "amount": -70.0}],
        items=[{"name": "净水器", "quantity": 1, "sellPrice": 70, "totalAmount": 70, "productUid": 1}],
    )
    void = files.ticket("T3", invalid=1)
    nobody = files.ticket("T4", customerUid="0", payments=[], items=[])
    put(landing, "pos/east/tickets_20260501000000.jsonl", files.jsonl(files.ticket("T1"), back, void, nobody))
    result = Ingested(landing)
    assert result.counts("pos/east/tickets_20260501000000.jsonl") == (4, 3, 1, 0)
    assert result.reasons() == ["void"]
    sale, returned = result.order("T1"), result.order("T2")
    assert (sale["order_key"], sale["paid_amount"], sale["goods_amount"], sale["coupon_amount"]) == (
        "pos/east/T1",
        90.0,
        100.0,
        10.0,
    )
    assert (returned["is_return"], returned["paid_amount"]) == (True, -70.0)
    lines = result.table("order_lines").filter(pl.col("order_key") == "pos/east/T1")
    assert lines["sku"].to_list() == ["90071992547409931", "2"]  # more digits than a float has
    assert result.table("order_lines").filter(pl.col("order_key") == "pos/east/T2")["qty"].to_list() == [-1.0]
    kinds = result.table("ledger").sort("order_key", "kind").select("kind", "amount").rows()
    assert kinds == [("coupon", -10.0), ("payment", 60.0), ("stored_value", -30.0), ("refund", -70.0)]
    assert result.identifiers("member") == {("pos_card", "east", "M001", "scoped")}
    assert result.table("identifier")["record_id"].n_unique() == 2  # "0" is nobody


def test_members_of_a_till_are_read_between_title_and_sums(landing):
    rows = [
        {
            "门店": "一店",
            "会员编号": "\tM001",
            "会员姓名": "何阿姨",
            "手机号码": "\t13900002222",
            "储值本金余额(¥)": "¥1200.50",
            "会员加入时间": "2024-01-01 10:00:00",
            "会员性别": "女",
            "身份证号": "\t11010519491231002X",
        }
    ]
    text = "会员资料,,,\n" + files.csv_text(files.POS_MEMBER, rows, quote=False) + "合计,,,,,1200.50,,,,,,,\n"
    put(landing, "pos/east/members.csv", text.encode("gb18030"))
    result = Ingested(landing)
    file = result.file("pos/east/members.csv")
    assert (file["header_row"], file["rows_read"], file["exported_at_from"]) == (2, 1, "mtime")
    assert result.identifiers("member") == {
        ("pos_card", "east", "M001", "scoped"),
        ("phone", "CN", "13900002222", "exact"),
        ("national_id", "CN", "11010519491231002X", "exact"),
    }
    assert result.attributes("member")["birth_date"] == "1949-12-31"
    balance = result.table("attribute").filter(pl.col("name") == "stored_value_balance")
    assert balance["value_num"].to_list() == [1200.5]


def test_receipts_tell_what_was_sent_and_what_arrived(landing):
    failed = files.receipt("13900003333", success=False, err_code="UNDELIVERED")
    put(landing, "aliyun_sms/acc/SmsReport_20260601.json", files.json_array(files.receipt("13900002222"), failed))
    result = Ingested(landing)
    events = result.table("event").sort("type").select("type", "subtype", "campaign").rows()
    assert events == [
        ("message_delivered", "DELIVERED", "campaign_1"),
        ("message_failed", "UNDELIVERED", "campaign_1"),
        ("message_sent", None, "campaign_1"),
        ("message_sent", None, "campaign_1"),
    ]
    assert result.table("record")["natural_key"].str.starts_with("h:").all()


def test_work_orders_open_and_solve_tickets(landing):
    rows = [
        ["售后工单明细"],
        list(files.AFTER_SALES),
        files.work_order("G1"),
        files.work_order("G2", 完成时间="", 状态="已派单"),
    ]
    files.workbook(landing / "after_sales/brand/工单_20260701.xlsx", {"工单": rows})
    result = Ingested(landing)
    assert result.file("after_sales/brand/工单_20260701.xlsx")["header_row"] == 2
    assert result.table("event")["type"].value_counts().sort("type").rows() == [
        ("ticket_opened", 2),
        ("ticket_solved", 1),
    ]
    assert ("product_sn", "brand", "SN0001", "scoped") in result.identifiers("contact")
    assert set(result.table("event")["subtype"]) == {"报修"}


def test_a_shopify_order_gathers_its_rows_and_its_zone(landing):
    first = {
        "Name": "#1001",
        "Email": "Jo@Example.com",
        "Financial Status": "partially_refunded",
        "Paid at": "2026-01-06 10:37:33 -0500",
        "Fulfillment Status": "fulfilled",
        "Accepts Marketing": "yes",
        "Currency": "USD",
        "Subtotal": "30.00",
        "Shipping": "5.00",
        "Total": "35.00",
        "Discount Code": "TEN",
        "Discount Amount": "3.00",
        "Created at": "2026-01-06 10:37:33 -0500",
        "Lineitem quantity": "1",
        "Lineitem name": "Filter",
        "Lineitem price": "13.00",
        "Billing Name": "Jo Miller",
        "Billing Country": "US",
        "Billing Phone": "(212) 736-5000",
        "Shipping Name": "Jo Miller",
        "Shipping Address1": "1 Main St",
        "Shipping City": "New York",
        "Shipping Country": "US",
        "Notes": 'ring "twice",\nplease',
        "Refunded Amount": "5.00",
    }
    second = {
        "Name": "#1001",
        "Email": "Jo@Example.com",
        "Created at": "2026-01-06 10:37:33 -0500",
        "Lineitem quantity": "2",
        "Lineitem name": "Tap",
        "Lineitem price": "10.00",
    }
    put(landing, "shopify/us/orders_export_20260201.csv", files.csv_text(files.SHOPIFY, [first, second]))
    result = Ingested(landing)
    assert result.counts("shopify/us/orders_export_20260201.csv") == (2, 2, 0, 0)
    order = result.order("#1001")
    assert (order["order_key"], order["status"], order["currency"]) == ("shopify/us/#1001", "shipped", "USD")
    assert order["created_at"] == datetime(2026, 1, 6, 15, 37, 33)
    assert (order["paid_amount"], order["goods_amount"], order["coupon_amount"]) == (35.0, 33.0, 3.0)
    assert order["after_sale_status"] == "refunded_part"
    assert result.table("order_lines")["title"].to_list() == ["Filter", "Tap"]
    assert ("phone", "US", "12127365000", "exact") in result.identifiers("buyer")
    assert ("email", "", "jo@example.com", "exact") in result.identifiers("buyer")
    assert result.table("consent").select("channel", "state").rows() == [("email", "granted")]


def test_a_shopify_customer_without_an_id_is_known_by_a_hash_of_the_address(landing):
    row = {
        "First Name": "Jo",
        "Last Name": "Miller",
        "Email": "jo@example.com",
        "Accepts Email Marketing": "yes",
        "Total Spent": "35.00",
    }
    put(
        landing,
        "shopify/us/customers_20260101.csv",
        files.csv_text([c for c in files.SHOPIFY_CUSTOMER if c != "Customer ID"], [row]),
    )
    put(
        landing,
        "shopify/us/customers_20260201.csv",
        files.csv_text(
            files.SHOPIFY_CUSTOMER, [row | {"Customer ID": "'9013808660771", "Accepts Email Marketing": "no"}]
        ),
    )
    result = Ingested(landing)
    keys = result.table("record")["natural_key"]
    assert sorted(key.startswith("h:") for key in keys) == [False, True]
    assert "9013808660771" in keys
    assert ("shopify_customer_id", "us", "9013808660771", "scoped") in result.identifiers("member")
