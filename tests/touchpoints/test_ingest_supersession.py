"""Which telling counts when several exports tell of the same thing, and what does not depend on how files lie."""

import os
import random
import shutil

import polars as pl
import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put

from touchpoints.model import TABLES

OLD = "tmall/shop/ExportOrderList202601030900.csv"
NEW = "tmall/shop/ExportOrderList202602030900.csv"
NEWEST = "tmall/shop/ExportOrderList202603030900.csv"


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def test_the_newest_export_wins_and_the_history_stays(landing):
    put(landing, NEW, files.tmall(files.tmall_row("1", 订单状态="交易成功", 退款金额="5.00")))
    put(landing, OLD, files.tmall(files.tmall_row("1")))
    result = Ingested(landing)
    assert (result.order("1")["status"], result.order("1")["refunded_amount"]) == ("completed", 5.0)
    record = result.table("record").row(0, named=True)
    assert (record["n_versions"], record["version_at"].month, record["first_seen_at"].month) == (2, 2, 1)
    history = result.table("record_version").sort("version_at")
    assert history["status_raw"].to_list() == ["买家已付款，等待卖家发货", "交易成功"]
    assert history["is_current"].to_list() == [False, True]


def test_a_masked_value_never_replaces_a_plain_one(landing):
    put(landing, OLD, files.tmall(files.tmall_row("1")))
    masked = files.tmall_row(
        "1", 联系手机="139****1111", 收货人姓名="陆**", 买家会员名="b**e", 买家支付宝账号="", 订单状态="交易成功"
    )
    put(landing, NEW, files.tmall(masked))
    result = Ingested(landing)
    assert result.identifiers("receiver") == {("phone", "CN", "13900001111", "exact")}
    assert {i[2] for i in result.identifiers("buyer")} == {"blue_kettle", "kettle@example.com"}
    assert result.attributes("receiver")["name"] == "陆小青"
    assert result.order("1")["status"] == "completed"


def test_a_newer_plain_value_replaces_an_older_plain_one(landing):
    put(landing, OLD, files.tmall(files.tmall_row("1")))
    put(landing, NEW, files.tmall(files.tmall_row("1", 联系手机="'13900009999")))
    assert Ingested(landing).identifiers("receiver") == {("phone", "CN", "13900009999", "exact")}


def test_what_an_older_version_told_is_kept_apart_with_its_end(landing):
    put(landing, OLD, files.tmall(files.tmall_row("1")))
    put(landing, NEW, files.tmall(files.tmall_row("1", 联系手机="'13900009999")))
    put(landing, NEWEST, files.tmall(files.tmall_row("1", 联系手机="'13900009999", 订单状态="交易成功")))
    former = Ingested(landing).table("identifier_former")
    assert former.select("role", "id_value").rows() == [("receiver", "13900001111")]
    assert former["valid_to"].dt.month().to_list() == [2]


def test_a_column_that_the_newer_file_lacks_keeps_its_value_and_a_blank_cell_does_not(landing):
    put(landing, OLD, files.tmall(files.tmall_row("1", 退款金额="5.00", 买家应付邮费="7.00")))
    header = [name for name in files.TMALL if name != "退款金额"]
    row = {name: cell for name, cell in files.tmall_row("1", 买家应付邮费="").items() if name != "退款金额"}
    put(landing, NEW, files.tmall(row, header=header))
    order = Ingested(landing).order("1")
    assert (order["refunded_amount"], order["freight_amount"]) == (5.0, None)


def test_a_telling_that_returns_to_an_older_one_is_a_version_of_its_own(landing):
    put(landing, OLD, files.tmall(files.tmall_row("1")))
    put(landing, NEW, files.tmall(files.tmall_row("1", 订单状态="交易关闭")))
    put(landing, NEWEST, files.tmall(files.tmall_row("1"), files.tmall_row("2")))
    result = Ingested(landing)
    assert result.order("1")["status"] == "paid"
    assert result.table("record").filter(pl.col("natural_key") == "1")["n_versions"].to_list() == [3]


def test_the_lines_of_an_order_are_those_of_its_newest_file(landing):
    old = [files.jd_row("9001", "11"), files.jd_row("9001", "12"), files.jd_row("9002", "11")]
    new = [files.jd_row("9001", "12", 订单状态="完成"), files.jd_row("9002", "11")]
    put(landing, "jd/s/order_20260301.csv", files.csv_text(files.JD, old))
    put(landing, "jd/s/order_20260401.csv", files.csv_text(files.JD, new))
    result = Ingested(landing)
    lines = result.table("order_lines").sort("order_key", "line_no")
    assert lines.select("order_key", "sku").rows() == [("jd/9001", "12"), ("jd/9002", "11")]
    assert result.counts("jd/s/order_20260401.csv") == (2, 1, 0, 1)
    assert result.order("9001")["status"] == "completed"


def test_item_rows_of_an_order_are_those_of_its_newest_file(landing):
    def item(title: str) -> dict[str, object]:
        return {"订单编号": "77", "标题": title, "价格": "10.00", "购买数量": "1", "订单状态": "交易成功"}

    put(
        landing,
        "tmall/s/ExportItemList202601030900.csv",
        files.csv_text(files.TMALL_ITEM, [item("热水器"), item("滤芯")]),
    )
    put(landing, "tmall/s/ExportItemList202602030900.csv", files.csv_text(files.TMALL_ITEM, [item("热水器")]))
    result = Ingested(landing)
    assert result.table("order_lines")["title"].to_list() == ["热水器"]
    assert result.counts("tmall/s/ExportItemList202602030900.csv") == (1, 0, 0, 1)


def test_equal_keys_of_two_accounts_are_two_things(landing):
    put(landing, "pos/east/tickets_20260501.jsonl", files.jsonl(files.ticket("T1")))
    put(landing, "pos/west/tickets_20260501.jsonl", files.jsonl(files.ticket("T1")))
    result = Ingested(landing)
    assert set(result.table("orders")["order_key"]) == {"pos/east/T1", "pos/west/T1"}
    assert set(result.table("identifier")["id_scope"]) == {"east", "west"}


def fill(landing, *, seed: int | None = None) -> None:
    """Files of several sources with re-exports, written in another order for each seed."""
    contact = {"external_userid": "wo_1", "name": "海边", "unionid": "u_o_1"}
    contents = {
        OLD: files.tmall(*(files.tmall_row(str(i)) for i in range(5))),
        NEW: files.tmall(*(files.tmall_row(str(i), 订单状态="交易成功", 联系手机="139****1111") for i in range(3, 8))),
        "tmall/shop/again/ExportOrderList202601030900.csv": files.tmall(*(files.tmall_row(str(i)) for i in range(5))),
        "jd/s/order_20260301.csv": files.csv_text(files.JD, [files.jd_row("9", "1"), files.jd_row("9", "2")]),
        "jd/s/order_20260401.csv": files.csv_text(files.JD, [files.jd_row("9", "2", 订单状态="完成")]),
        "youzan/小店/订单导出_20260401.csv": files.csv_text(files.YOUZAN, [files.youzan_row("E1")]),
        "wechat_oa/wxaaaa/a_20260101.jsonl": files.jsonl(files.follower("o_1"), files.follower("o_2")),
        "wechat_oa/wxaaaa/b_20260201.jsonl": files.jsonl({"subscribe": 0, "openid": "o_1", "tagid_list": []}),
        "wecom/corp1/c_20260101.json": files.wecom((contact, {"userid": "g", "createtime": 1760000000})),
        "wechatpay/m/bill_20260301.csv": files.wechatpay(files.payment_row("42001")),
        "pos/east/t_20260501.jsonl": files.jsonl(files.ticket("T1"), files.ticket("T2", invalid=1)),
        "aliyun_sms/a/SmsUp_20260601.json": files.json_array(files.reply(1, "TD"), files.reply(2, "好")),
        "misc/foreign.csv": b"a,b\n1,2\n",
    }
    names = list(contents)
    if seed is not None:
        random.Random(seed).shuffle(names)
    for name in names:
        path = put(landing, name, contents[name])
        if seed is not None:
            os.utime(path, (1_700_000_000 + seed, 1_700_000_000 + seed))


def test_neither_the_place_of_the_folder_nor_file_times_nor_their_order_matter(tmp_path):
    fill(tmp_path / "one" / "landing")
    fill(tmp_path / "two" / "elsewhere" / "files", seed=7)
    one = Ingested(tmp_path / "one" / "landing", work=tmp_path / "one")
    two = Ingested(tmp_path / "two" / "elsewhere" / "files", work=tmp_path / "two")
    for name in TABLES:
        first, second = one.table(name), two.table(name)
        if name == "source_file":
            assert set(first["exported_at_from"].drop_nulls()) == {"name"}
        assert first.equals(second), name


def test_files_under_other_names_give_the_same_tables_when_their_names_say_nothing_else(tmp_path):
    fill(tmp_path / "one" / "landing")
    fill(tmp_path / "two" / "landing")
    moved = tmp_path / "two" / "landing"
    for path in [p for p in moved.rglob("*") if p.is_file() and p.parent.name != "again"]:
        path.rename(path.with_name("zz_" + path.name))
    one = Ingested(tmp_path / "one" / "landing", work=tmp_path / "one")
    two = Ingested(moved, work=tmp_path / "two")
    for name in set(TABLES) - {"source_file", "reject"}:
        assert one.table(name).equals(two.table(name)), name


def test_a_second_run_reads_the_lake_and_gives_the_same(landing, tmp_path, monkeypatch):
    fill(landing)
    first = Ingested(landing)
    tables = {name: first.table(name) for name in TABLES}

    def refuse(*_):
        raise AssertionError("parsed again")

    monkeypatch.setattr("touchpoints.lake.canonical", refuse)
    second = Ingested(landing)
    for name, table in tables.items():
        assert second.table(name).equals(table), name


def test_a_damaged_lake_entry_is_parsed_again(landing, tmp_path):
    put(landing, OLD, files.tmall(files.tmall_row("1")))
    Ingested(landing)
    for entry in (tmp_path / "lake").iterdir():
        entry.write_bytes(b"half written")
    assert Ingested(landing).counts(OLD) == (1, 1, 0, 0)


def test_two_runs_on_a_growing_landing_end_as_one_run_on_all_of_it(tmp_path):
    fill(tmp_path / "all" / "landing")
    whole = Ingested(tmp_path / "all" / "landing", work=tmp_path / "all")
    grown = tmp_path / "grown" / "landing"
    fill(grown)
    held = tmp_path / "held.csv"
    shutil.move(grown / NEW, held)
    Ingested(grown, work=tmp_path / "grown")
    shutil.move(held, grown / NEW)
    result = Ingested(grown, work=tmp_path / "grown")
    for name in TABLES:
        assert result.table(name).equals(whole.table(name)), name


def test_equal_bytes_of_many_accounts_are_each_read(landing):
    for account in range(20):
        put(landing, f"pos/till{account}/tickets_20260501.jsonl", files.jsonl(files.ticket("T1")))
    assert Ingested(landing).table("orders").height == 20


def test_a_ticket_that_is_voided_later_is_gone_and_its_rows_stay_counted(landing):
    old, new = "pos/east/tickets_20260501.jsonl", "pos/east/tickets_20260601.jsonl"
    put(landing, old, files.jsonl(files.ticket("T1"), files.ticket("T2")))
    put(landing, new, files.jsonl(files.ticket("T1", invalid=1), files.ticket("T2")))
    result = Ingested(landing)
    for name in ("orders", "order_lines", "ledger", "event"):
        assert set(result.table(name)["order_key"]) == {"pos/east/T2"}, name
    for name in ("record", "record_version", "identifier"):
        assert result.table(name)["record_id"].n_unique() == 1, name
    assert (result.counts(old), result.counts(new)) == ((2, 2, 0, 0), (2, 0, 1, 1))
    assert result.reasons() == ["void"]
    result.assert_every_row_is_accounted_for()


def test_a_void_ticket_that_a_newer_export_has_as_valid_counts(landing):
    put(landing, "pos/east/tickets_20260501.jsonl", files.jsonl(files.ticket("T1", invalid=1)))
    put(landing, "pos/east/tickets_20260601.jsonl", files.jsonl(files.ticket("T1")))
    assert Ingested(landing).order("T1")["paid_amount"] == 90.0


def test_a_void_ticket_of_another_till_withdraws_nothing_here(landing):
    put(landing, "pos/east/tickets_20260501.jsonl", files.jsonl(files.ticket("T1")))
    put(landing, "pos/west/tickets_20260601.jsonl", files.jsonl(files.ticket("T1", invalid=1)))
    assert Ingested(landing).table("orders")["account"].to_list() == ["east"]
