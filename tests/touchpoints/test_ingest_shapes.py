"""The shapes of files: rows below the header that explain it, workbooks of several tables, encodings."""

import pytest
import touchpoints_files as files
import yaml
from touchpoints_files import Ingested, put

from touchpoints.contract import Contract
from touchpoints.contracts import SOURCES
from touchpoints.matching import Match
from touchpoints.readers import delimited, workbook

SETTLEMENT = ["订单号", "金额", "时间"]


def contract(**more: object) -> Contract:
    told = yaml.safe_load((SOURCES / "tmall_item.yml").read_text(encoding="utf-8"))
    told |= {
        "signature": SETTLEMENT,
        "columns": {
            "order_no": {"from": "订单号", "kind": "id", "required": True},
            "at": {"from": "时间", "kind": "time"},
        },
        "natural_key": {"parts": ["order_no"]},
    }
    for name in ("lines", "derived", "occurred_at", "status_column", "other_columns"):
        told.pop(name, None)
    return Contract.model_validate(told | more)


@pytest.mark.parametrize("second", ["' , ,收入+支出", ",元,\u3000", "编号,数字 1 到 9,时间"])
def test_a_row_that_explains_the_header_is_no_data(second):
    data = "\n".join([",".join(SETTLEMENT), second, "'100,5.00,2026-01-01"]).encode()
    (table,) = delimited.recognise(data, True, [contract(second_header=True)])
    assert table.read(data).frame["订单号"].to_list() == ["'100"]


def test_a_file_without_such_a_row_loses_nothing():
    data = "\n".join([",".join(SETTLEMENT), "'100,5.00,2026-01-01"]).encode()
    (table,) = delimited.recognise(data, True, [contract(second_header=True)])
    assert table.read(data).rows_read == 1


def test_a_workbooks_row_that_explains_the_header_is_no_data(tmp_path):
    files.workbook(tmp_path / "a.xlsx", {"S": [SETTLEMENT, ["系统编号", "收入", ""], ["100", "5.00", "2026-01-01"]]})
    data = (tmp_path / "a.xlsx").read_bytes()
    (table,) = workbook.recognise(data, True, [contract(second_header=True, formats=["xlsx"])])
    assert isinstance(table.match, Match)
    assert table.read(data).frame["订单号"].to_list() == ["100"]


def test_a_header_cell_may_be_broken_over_two_lines(tmp_path):
    header = [name.replace("工单类型", "工单\n类型") for name in files.AFTER_SALES]
    files.workbook(tmp_path / "landing" / "a.xlsx", {"S": [header, files.work_order("G1")]})
    assert Ingested(tmp_path / "landing").report.rows_accepted == 1


def test_each_sheet_of_a_workbook_has_its_own_contract_and_strangers_are_told(tmp_path):
    member = {"会员编号": "M1", "会员姓名": "何女士", "手机号码": "13900002222", "会员卡名称": "金卡"}
    files.workbook(
        tmp_path / "landing" / "pos" / "e" / "all.xlsx",
        {
            "工单": [files.AFTER_SALES, files.work_order("G1")],
            "会员": [["会员报表"], files.POS_MEMBER, files.cells(files.POS_MEMBER, member)],
            "发货": [["甲", "乙", "丙"], ["1", "2", "3"]],
            "说明": [["本表由系统导出"]],
            "Sheet5": [],
        },
    )
    done = Ingested(tmp_path / "landing")
    told = {row["path"]: (row["contract"], row["status"]) for row in done.table("source_file").iter_rows(named=True)}
    assert told == {
        "pos/e/all.xlsx#工单": ("after_sales_order", "loaded"),
        "pos/e/all.xlsx#会员": ("pos_member", "loaded"),
        "pos/e/all.xlsx#发货": (None, "unknown"),
    }


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_one_table_in_any_encoding_is_the_same_table(tmp_path, encoding, delimiter):
    text = files.csv_text(
        files.POS_MEMBER, [{"会员编号": "M1", "会员姓名": "何𠮷", "手机号码": "13900002222"}], quote=False
    )
    put(tmp_path / "landing", "pos/e/m.csv", text.replace(",", delimiter).encode(encoding))
    done = Ingested(tmp_path / "landing")
    assert done.report.rows_accepted == 1
    assert done.attributes("member")["name"] == "何𠮷"


def test_a_wide_text_file_of_no_contract_is_unknown_and_not_unreadable(tmp_path):
    put(tmp_path / "landing", "a.txt", "甲\t乙\n1\t2\n".encode("utf-16"))
    assert Ingested(tmp_path / "landing").table("source_file")["status"].to_list() == ["unknown"]


@pytest.mark.parametrize(
    "page", ["<html><table><tr><td>订单编号</td></tr></table>", '<?xml version="1.0"?>\n<Workbook>']
)
def test_a_web_page_under_the_name_of_a_table_is_told_with_its_remedy(tmp_path, page):
    put(tmp_path / "landing", "报表.xls", page)
    file = Ingested(tmp_path / "landing").table("source_file")
    assert file["status"].to_list() == ["unreadable"]
    assert "save it as xlsx" in file["note"][0]
