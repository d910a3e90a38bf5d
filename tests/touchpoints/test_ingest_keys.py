"""What stands in keys and columns that leave the vault: no phone, no name of an employee."""

import polars as pl
import pytest
import touchpoints_files as files
from touchpoints_files import KEY, Ingested, put

from common.keys import keyed_hash
from touchpoints.keys import hide_phones, md5_of

PHONE = "13900002222"


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def test_a_phone_as_member_number_is_hashed_in_the_key(landing):
    member = {"会员编号": PHONE, "会员姓名": "何阿姨", "手机号码": PHONE}
    put(landing, "pos/east/members_20260501.csv", files.csv_text(files.POS_MEMBER, [member]))
    result = Ingested(landing)
    record = result.table("record").row(0, named=True)
    assert record["natural_key"] == keyed_hash(PHONE, KEY)
    row = pl.DataFrame({"a": ["pos"], "b": ["east"], "c": ["customer"], "d": [keyed_hash(PHONE, KEY)]})
    assert record["record_id"] == md5_of(row, ["a", "b", "c", "d"])[0]
    assert ("pos_card", "east", PHONE, "scoped") in result.identifiers("member")


def test_an_employee_known_by_phone_hashes_the_whole_key(landing):
    put(
        landing,
        "wecom/corp1/c_20260501.json",
        files.wecom(({"external_userid": "wo_1", "name": "海边"}, {"userid": PHONE})),
    )
    assert Ingested(landing).table("record")["natural_key"].to_list() == [keyed_hash(f"wo_1/{PHONE}", KEY)]


def test_an_order_number_that_is_a_phone_is_hashed_wherever_it_stands_and_still_finds_its_payment(landing):
    put(landing, "pos/east/t_20260501.jsonl", files.jsonl(files.ticket(PHONE)))
    put(landing, "wechatpay/m/bill_20260501.csv", files.wechatpay(files.payment_row("42001", 商户订单号=PHONE)))
    result = Ingested(landing)
    key = f"pos/east/{keyed_hash(PHONE, KEY)}"
    order = result.table("orders").row(0, named=True)
    assert (order["order_key"], order["order_no"]) == (key, keyed_hash(PHONE, KEY))
    assert set(result.table("order_lines")["order_key"]) == {key}
    assert set(result.table("ledger")["order_key"]) == {key}
    for name in ("orders", "order_lines", "event", "ledger"):
        assert PHONE not in result.table(name).write_csv()


@pytest.mark.parametrize(
    "text", [PHONE, "+86-13900002222", "8613900002222", "139 0000 2222", f"a/{PHONE}", f"{PHONE}/2"]
)
def test_a_part_that_is_a_phone_hides_the_key(text):
    assert hide_phones(pl.Series([text]), KEY).to_list() == [keyed_hash(text, KEY)]


@pytest.mark.parametrize("text", ["12900002222", "139000022221", "A13900002222", "5113837045333047045", "#1001", None])
def test_other_keys_stay_as_they_are(text):
    assert hide_phones(pl.Series([text], dtype=pl.String), KEY).to_list() == [text]


def test_the_name_of_who_sold_it_is_hashed_and_a_number_is_kept(landing):
    header = [*files.YOUZAN, "销售导购"]
    rows = [files.youzan_row("E1", 销售导购="罗店员"), files.youzan_row("E2")]
    put(landing, "youzan/小店/订单导出_20260401.csv", files.csv_text(header, rows))
    put(landing, "pos/east/t_20260501.jsonl", files.jsonl(files.ticket("T1")))
    result = Ingested(landing)
    assert result.order("E1")["guide_id"] == keyed_hash("罗店员", KEY)
    assert result.order("E2")["guide_id"] is None
    assert result.order("T1")["guide_id"] == "c1"
