"""Every row of every file ends as accepted, rejected or repeated, whatever the file went through."""

import polars as pl
import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put

from common.errors import UsageError
from touchpoints.ingest import ingest
from touchpoints.model import TABLES

ORDERS = "tmall/shop/ExportOrderList202601030900.csv"


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def rows(n: int) -> list[dict[str, object]]:
    return [files.tmall_row(str(1000 + i), 收货人姓名=f"陆小{i}") for i in range(n)]


def test_the_same_bytes_again_change_nothing(landing, tmp_path):
    put(landing, ORDERS, files.tmall(*rows(3)))
    before = Ingested(landing, work=tmp_path / "before")
    put(landing, "tmall/shop/z_copy_" + ORDERS.split("/")[-1], files.tmall(*rows(3)))
    after = Ingested(landing, work=tmp_path / "after")
    assert after.counts("tmall/shop/z_copy_ExportOrderList202601030900.csv") == (3, 0, 0, 3)
    assert after.file("tmall/shop/z_copy_ExportOrderList202601030900.csv")["status"] == "repeat"
    for name in ("record", "record_version", "identifier", "attribute", "event", "orders", "ledger"):
        assert after.table(name).equals(before.table(name)), name


def test_rows_that_a_newer_file_says_again_are_repeated(landing):
    put(landing, ORDERS, files.tmall(*rows(3)))
    put(landing, "tmall/shop/ExportOrderList202601040900.csv", files.tmall(*rows(2), files.tmall_row("2000")))
    result = Ingested(landing)
    assert result.counts("tmall/shop/ExportOrderList202601040900.csv") == (3, 1, 0, 2)
    assert result.table("record_version").height == 4


def test_a_row_twice_in_one_file_is_repeated_once(landing):
    put(landing, ORDERS, files.tmall(*rows(1), *rows(1)))
    assert Ingested(landing).counts(ORDERS) == (2, 1, 0, 1)


def test_a_cut_file_loses_its_last_row_alone(landing):
    whole = files.tmall(*rows(3))
    put(landing, ORDERS, whole[: whole.rindex(b"2026-01-02")])
    result = Ingested(landing)
    assert result.counts(ORDERS) == (3, 2, 1, 0)
    assert result.reasons() == ["unterminated_quote"]


def test_a_cut_between_cells_is_too_few_cells(landing):
    whole = files.tmall(*rows(2))
    put(landing, ORDERS, whole[: whole.rindex(b',"2026-01-02')])
    result = Ingested(landing)
    assert (result.counts(ORDERS), result.reasons()) == ((2, 1, 1, 0), ["too_few_cells"])
    raw = result.table("reject")["raw_text"][0]
    assert raw.startswith('="1001"')


def test_a_stray_quote_breaks_its_own_row_alone(landing):
    text = files.csv_text(files.YOUZAN, [files.youzan_row(f"E{i}") for i in range(5)], quote=False)
    put(landing, "youzan/s/订单导出_20260401.csv", text.replace("小何", '"小何', 1))
    result = Ingested(landing)
    assert result.counts("youzan/s/订单导出_20260401.csv") == (5, 4, 1, 0)
    assert result.reasons() == ["unterminated_quote"]


def test_cells_beyond_the_header_are_refused_unless_they_are_empty(landing):
    lines = files.csv_text(files.YOUZAN, [files.youzan_row(f"E{i}") for i in range(3)]).splitlines()
    lines[1] += ","
    lines[2] += ',"x"'
    put(landing, "youzan/s/订单导出_20260401.csv", "\n".join(lines))
    result = Ingested(landing)
    assert result.counts("youzan/s/订单导出_20260401.csv") == (3, 2, 1, 0)
    assert result.reasons() == ["too_many_cells"]


def test_cells_that_slipped_in_are_refused_though_the_last_ones_are_empty(landing):
    lines = files.csv_text(files.YOUZAN, [files.youzan_row(f"E{i}") for i in range(3)]).splitlines()
    parts = lines[2].split(",")
    lines[2] = ",".join([*parts[:4], '"x"', '"x"', *parts[4:]])
    put(landing, "youzan/s/订单导出_20260401.csv", "\n".join(lines))
    assert Ingested(landing).reasons() == ["too_many_cells"]


@pytest.mark.parametrize(
    ("change", "reason", "column"),
    [
        ({"订单编号": "3.51531E+16"}, "id_lossy", "订单编号"),
        ({"订单编号": ""}, "key_missing", "订单编号"),
        ({"订单创建时间": "yesterday"}, "bad_time", "订单创建时间"),
        ({"订单创建时间": "0000-00-00 00:00:00"}, "bad_time", "订单创建时间"),
        ({"总金额": "a lot"}, "bad_money", "总金额"),
    ],
)
def test_a_row_without_what_it_needs_is_refused_with_reason_and_column(landing, change, reason, column):
    put(landing, ORDERS, files.tmall(*rows(1), files.tmall_row("77", **change)))
    result = Ingested(landing)
    assert result.counts(ORDERS) == (2, 1, 1, 0)
    reject = result.table("reject").row(0, named=True)
    assert (reject["reason"], reject["column"], reject["row_no"]) == (reason, column, 2)
    assert result.report.rejects == {reason: 1}


def test_a_number_that_a_workbook_rounded_is_never_an_order_number(landing):
    header = [name.strip() for name in files.JD]
    good = files.cells(files.JD, files.jd_row("5113837045333047045", "1"))
    rounded = [5113837045333047045, *files.cells(files.JD, files.jd_row("", "2"))[1:]]
    short = [271828182845, *files.cells(files.JD, files.jd_row("", "3"))[1:]]
    files.workbook(landing / "jd/shop/orders_20260301.xlsx", {"订单": [header, good, rounded, short]})
    result = Ingested(landing)
    assert result.counts("jd/shop/orders_20260301.xlsx") == (3, 2, 1, 0)
    assert result.reasons() == ["id_lossy"]
    assert sorted(result.table("orders")["order_no"]) == ["271828182845", "5113837045333047045"]


def test_one_row_of_an_order_over_several_rows_may_be_refused_alone(landing):
    lines = [
        files.jd_row("9001", "11"),
        files.jd_row("9001", "12", 订单金额="?"),
        files.jd_row("9002", "11", 订单金额="?"),
    ]
    put(landing, "jd/shop/order_20260301.csv", files.csv_text(files.JD, lines))
    result = Ingested(landing)
    assert result.counts("jd/shop/order_20260301.csv") == (3, 1, 2, 0)
    assert result.table("orders")["order_no"].to_list() == ["9001"]


def test_lines_of_sums_and_repeated_headers_are_no_rows(landing):
    bill = files.wechatpay(files.payment_row("1")) + b"\r\n" + files.wechatpay(files.payment_row("2"))
    put(landing, "wechatpay/m/bill_20260301.csv", bill)
    assert Ingested(landing).counts("wechatpay/m/bill_20260301.csv") == (2, 2, 0, 0)


def test_a_bad_line_of_json_is_refused_alone(landing):
    text = files.jsonl(files.ticket("T1")) + b'{"sn": "T2",\n[1, 2]\n\n' + files.jsonl(files.ticket("T3"))
    put(landing, "pos/east/tickets.jsonl", text)
    result = Ingested(landing)
    assert result.counts("pos/east/tickets.jsonl") == (4, 2, 2, 0)
    assert sorted(result.reasons()) == ["bad_json", "not_an_object"]


@pytest.mark.parametrize("cut", [1, 40, 90])
def test_a_cut_json_array_keeps_its_whole_objects(landing, cut):
    whole = files.json_array(*(files.receipt(f"1390000{i:04}") for i in range(5)))
    put(landing, "aliyun_sms/a/SmsReport.json", whole[:-cut])
    result = Ingested(landing)
    assert result.counts("aliyun_sms/a/SmsReport.json") == ((5, 5, 0, 0) if cut == 1 else (5, 4, 1, 0))


def test_a_cut_wecom_answer_keeps_its_whole_contacts(landing):
    pairs = [
        ({"external_userid": f"wo_{i}", "name": "海"}, {"userid": "g", "createtime": 1760000000 + i}) for i in range(3)
    ]
    put(landing, "wecom/c/batch.json", files.wecom(*pairs)[:-60])
    assert Ingested(landing).counts("wecom/c/batch.json") == (3, 2, 1, 0)


def test_rows_in_another_encoding_are_refused_and_the_others_used(landing):
    text = files.csv_text(files.YOUZAN, [files.youzan_row(f"E{i}") for i in range(3)]).encode()
    lines = text.split(b"\n")
    lines[2] = lines[2].decode().encode("gb18030")
    put(landing, "youzan/s/订单导出_20260401.csv", b"\n".join(lines))
    result = Ingested(landing)
    assert result.counts("youzan/s/订单导出_20260401.csv") == (3, 2, 1, 0)
    assert result.reasons() == ["bad_encoding"]


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\xef\xbb\xbf \r\n\r\n", "empty"),
        ("header.csv", (",".join(files.YOUZAN)).encode(), "empty"),
        ("foreign.csv", b"date,visits\n2026-01-01,5\n", "unknown"),
        ("foreign.json", b'[{"a": 1}]', "unknown"),
        ("broken.xlsx", b"PK\x03\x04 this is no workbook", "unreadable"),
        ("broken.json", b'{"phone_number": ', "unreadable"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "unreadable"),
    ],
)
def test_a_file_that_cannot_be_used_is_reported_and_the_run_goes_on(landing, name, content, status):
    put(landing, f"misc/{name}", content)
    put(landing, ORDERS, files.tmall(*rows(1)))
    result = Ingested(landing)
    assert result.file(f"misc/{name}")["status"] == status
    assert result.file(f"misc/{name}")["note"]
    assert result.counts(f"misc/{name}") == (0, 0, 0, 0)
    assert result.counts(ORDERS) == (1, 1, 0, 0)


def test_a_file_of_nobody_says_so(landing):
    put(landing, "members.csv", files.csv_text(files.POS_MEMBER, [{"会员编号": "M1"}]))
    file = Ingested(landing).file("members.csv")
    assert file["account"] == "default"
    assert "accounts.yml" in str(file["note"])


def test_a_workbook_may_hold_several_tables(landing):
    orders = [[name.strip() for name in files.TMALL], files.cells(files.TMALL, files.tmall_row("1"))]
    items = [files.TMALL_ITEM, ["1", "热水器", "201.12", "1", "", "", "", "", "交易成功", "K1"]]
    files.workbook(landing / "tmall/s/report.xlsx", {"订单报表": orders, "销售明细": items, "说明": [["读我"]]})
    result = Ingested(landing)
    assert result.counts("tmall/s/report.xlsx#订单报表") == (1, 1, 0, 0)
    assert result.counts("tmall/s/report.xlsx#销售明细") == (1, 1, 0, 0)
    assert result.table("order_lines")["order_key"].to_list() == ["tmall/1"]


def test_an_unknown_status_stays_unknown_and_is_counted(landing):
    put(landing, ORDERS, files.tmall(files.tmall_row("1", 订单状态="等待外星人"), *rows(1)))
    result = Ingested(landing)
    assert (result.order("1")["status"], result.order("1")["status_raw"]) == ("unknown", "等待外星人")
    assert result.report.unknown_statuses == {"tmall_order": {"等待外星人": 1}}


def test_columns_that_no_contract_names_stay_in_the_raw_cells(landing):
    put(landing, ORDERS, files.tmall(files.tmall_row("1") | {"新列": "新值"}, header=[*files.TMALL, "新列"]))
    result = Ingested(landing)
    assert '"新列":"新值"' in result.table("record")["raw"][0]
    assert 0.9 < float(str(result.file(ORDERS)["coverage"])) < 1.0


def test_the_report_sums_what_the_files_say(landing):
    put(landing, ORDERS, files.tmall(*rows(3), *rows(1), files.tmall_row("")))
    result = Ingested(landing)
    report = result.report
    assert (report.rows_read, report.rows_accepted, report.rows_rejected, report.rows_repeated) == (5, 3, 1, 1)
    assert report.rows["record"] == 3
    result.assert_every_row_is_accounted_for()


def test_the_tables_and_the_lake_are_the_owners_alone(landing, tmp_path):
    put(landing, ORDERS, files.tmall(*rows(1)))
    Ingested(landing)
    for folder in (tmp_path / "lake", tmp_path / "out"):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_every_table_has_the_columns_and_types_of_the_model(landing):
    put(landing, ORDERS, files.tmall(*rows(1)))
    result = Ingested(landing)
    for name, schema in TABLES.items():
        assert dict(result.table(name).schema) == dict(pl.DataFrame(schema=schema).schema), name


def test_damage_inside_a_json_array_costs_its_own_object_alone(landing):
    whole = files.json_array(*(files.receipt(f"1390000{i:04}") for i in range(5)))
    put(landing, "aliyun_sms/a/SmsReport.json", whole.replace(b'"send_time"', b"send_time", 1))
    result = Ingested(landing)
    assert (result.counts("aliyun_sms/a/SmsReport.json"), result.reasons()) == ((5, 4, 1, 0), ["bad_json"])


def test_lines_of_json_are_read_though_the_first_is_broken(landing):
    put(landing, "pos/east/tickets.jsonl", b'"sn": "T0"}\n' + files.jsonl(files.ticket("T1"), files.ticket("T2")))
    assert Ingested(landing).counts("pos/east/tickets.jsonl") == (3, 2, 1, 0)


def test_text_behind_a_closing_quote_is_no_reason_to_lose_the_file(landing):
    text = files.csv_text(files.YOUZAN, [files.youzan_row(f"E{i}") for i in range(3)])
    put(landing, "youzan/s/订单导出_20260401.csv", text.replace('"小店"', '"小店"]', 1))
    assert Ingested(landing).counts("youzan/s/订单导出_20260401.csv") == (3, 3, 0, 0)


def test_an_empty_landing_folder_gives_empty_tables(landing):
    landing.mkdir()
    result = Ingested(landing)
    assert set(result.report.rows.values()) == {0}


def test_a_landing_folder_that_is_not_there_is_wrong_usage(landing):
    with pytest.raises(UsageError, match="landing"):
        Ingested(landing)


def test_progress_counts_up_to_the_end(landing, tmp_path):
    put(landing, ORDERS, files.tmall(*rows(1)))
    put(landing, "misc/foreign.csv", "a,b\n1,2\n")
    told: list[tuple[int, int]] = []
    ingest(
        landing,
        lake=tmp_path / "lake",
        out=tmp_path / "out",
        key=b"k",
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
