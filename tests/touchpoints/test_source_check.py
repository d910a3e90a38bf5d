"""What a file would come to, told without a run; and the first contract of a file that nobody has seen."""

import dataclasses
import json

import pytest
import touchpoints_files as files
from touchpoints_files import put

from common.errors import UsageError
from common.masks import shape
from touchpoints.check import check_file
from touchpoints.contracts import load_contracts, parse_contract
from touchpoints.draft import draft, first_table
from touchpoints.page import FOLDER, pages

CONTRACTS = load_contracts()


def only(path, contracts=CONTRACTS):
    (found,) = check_file(path, contracts)
    return found


def test_a_check_tells_contract_columns_and_what_would_be_stored(tmp_path):
    rows = [files.tmall_row("100000000000000001"), files.tmall_row("1.38001E+17"), files.tmall_row("3", 总金额="多少")]
    path = put(tmp_path, "tmall/my-shop/ExportOrderList202601030900.csv", files.tmall(*rows))
    found = only(path)
    assert (found.contract, found.encoding, found.header_row) == ("tmall_order", "gb18030", 1)
    assert found.counts["rows_accepted"] == 1
    assert {(r["reason"], r["column"]) for r in found.rejects} == {("id_lossy", "订单编号"), ("bad_money", "总金额")}
    assert not found.is_held
    by_header = {column.header: column for column in found.columns}
    assert by_header["订单编号"].use == "order_no"
    assert by_header["预约门店"].use == "raw"
    assert by_header["总金额"].n_unreadable == 1
    assert found.stored["orders"] == 1


def test_a_check_shows_nobody(tmp_path):
    rows = [files.tmall_row("100000000000000001"), files.tmall_row("2", 订单创建时间="13900001111")]
    path = put(tmp_path, "o.csv", files.tmall(*rows))
    told = json.dumps(dataclasses.asdict(only(path)), ensure_ascii=False, default=str)
    for personal in ("13900001111", "陆小青", "kettle@example.com", "体育西路1号", "blue_kettle"):
        assert personal not in told


def test_a_file_that_fits_none_names_the_nearest_and_what_is_missing(tmp_path):
    header = [name for name in files.TMALL if name != "订单状态"]
    path = put(tmp_path, "o.csv", files.csv_text(header, [{"订单编号": "1"}]).encode("gb18030"))
    found = only(path)
    assert found.contract is None
    assert ["订单状态"] in [near.missing for near in found.nearest if near.contract == "tmall_order"]


def test_each_sheet_and_each_file_of_an_archive_is_told(tmp_path):
    book = tmp_path / "all.xlsx"
    files.workbook(
        book, {"工单": [files.AFTER_SALES, files.work_order("G1")], "乙": [["甲", "乙", "丙"], ["1", "2", "3"]]}
    )
    assert [(t.name, t.contract) for t in check_file(book, CONTRACTS)] == [
        ("all.xlsx", "after_sales_order"),
        ("all.xlsx#乙", None),
    ]
    with pytest.raises(UsageError, match="no file"):
        check_file(tmp_path / "none.csv", CONTRACTS)


def test_a_shape_shows_separators_and_no_content():
    assert shape('何清,13900002222,"a@b.c"') == '字字,###########,"x*x*x"'


POS = ["小票号", "销售时间", "门店", "会员卡号", "会员姓名", "手机号", "消费金额", "实收金额", "备注 1"]
SOLD = [
    ["XS2026100100001", "2026-10-01 10:12:33", "一店", "K0001", "何清", "13900002222", "¥1,299.00", "¥1,199.00", ""],
    ["XS2026100100002", "2026/10/1 11:40", "一店", "", "", "", "59.90", "59.90", "-"],
]


@pytest.mark.parametrize("form", ["xlsx", "csv", "jsonl"])
def test_a_draft_is_valid_and_reads_the_file_that_it_was_made_from(tmp_path, form):
    path = tmp_path / f"pos.{form}"
    if form == "xlsx":
        total = ["合计", *[None] * 5, "1", "1"]
        files.workbook(path, {"销售": [["试验家居 销售流水"], ["导出时间：2026-10-05 09:30:00"], POS, *SOLD, total]})
    elif form == "csv":
        path.write_bytes("\n".join(",".join(f'"{c}"' for c in row) for row in [POS, *SOLD]).encode("gb18030"))
    else:
        path.write_bytes(files.jsonl(*(dict(zip(POS, row, strict=True)) for row in SOLD)))
    contract = parse_contract(draft(first_table(path), "my_till"), tmp_path / "my_till.yml")
    found = only(path, [*CONTRACTS, contract])
    assert found.contract == "my_till"
    assert found.counts == {"rows_read": 2, "rows_accepted": 2, "rows_rejected": 0, "rows_repeated": 0}
    assert found.coverage == 1.0
    assert found.stored["orders"] == 2
    assert contract.columns["phone"].pii == "phone"
    assert contract.columns["created_at"].kind == "time"
    assert contract.columns["order_no"].kind == "id"


def test_a_draft_of_lines_keeps_the_order_together(tmp_path):
    header = ["单号", "下单时间", "商品名称", "数量", "实付金额"]
    rows = [["A1", "2026-01-01 10:00:00", "壶", "1", "5.00"], ["A1", "2026-01-01 10:00:00", "杯", "2", "3.00"]]
    path = tmp_path / "o.csv"
    path.write_text("\n".join(",".join(row) for row in [header, *rows, ["B1", *rows[0][1:]]]), encoding="utf-8")
    contract = parse_contract(draft(first_table(path), "own"), tmp_path / "own.yml")
    found = only(path, [contract])
    assert (contract.rows, found.stored["orders"], found.stored["order_lines"]) == ("lines", 2, 3)


def test_a_draft_of_people_has_their_balances(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(
        "会员号,姓名,手机,积分,余额,入会时间\nM1,何清,13900002222,10,5.00,2026-01-01 10:00:00\n", encoding="utf-8"
    )
    contract = parse_contract(draft(first_table(path), "own"), tmp_path / "own.yml")
    found = only(path, [contract])
    assert contract.record_type == "customer"
    assert found.stored["balance"] == 2


def test_nothing_like_a_table_is_told(tmp_path):
    path = put(tmp_path, "a.txt", "一段话\n又一段话\n")
    with pytest.raises(UsageError, match="looks like a table"):
        first_table(path)


def test_the_pages_of_sources_are_of_today():
    made = pages(CONTRACTS)
    assert {path.name for path in FOLDER.glob("*.md")} == set(made), "run python -m touchpoints.page"
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"run python -m touchpoints.page ({name})"
