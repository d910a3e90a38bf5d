"""What parties have: devices told by work orders, companies that buy, balances as each export had them."""

from datetime import date, datetime

import polars as pl
import pytest
import touchpoints_files as files
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc
from touchpoints_files import Ingested, put

from touchpoints.normalise.company import parse_companies, parse_credit_codes
from touchpoints.possessions import serial_number

CODE = "91310000607342023U"  # valid by its check sign; nobody's that is known here
WARRANTY = [*files.AFTER_SALES, "保修截止日期"]


def work_order(number: str, **more: object) -> list[object]:
    return files.cells(WARRANTY, dict(zip(files.AFTER_SALES, files.work_order(number), strict=True)) | more)


def test_a_work_order_tells_of_the_machine_whatever_its_number_is_dressed_in(tmp_path):
    files.workbook(
        tmp_path / "landing" / "after_sales" / "b" / "w.xlsx",
        {
            "工单": [
                WARRANTY,
                work_order("G1", 工单类型="安装", 机身码="sn-0001 2", 购买日期="2026-05-01", 保修截止日期="2028-05-01"),
                work_order("G2", 工单类型="维修", 机身码="ＳＮ00012"),
                work_order("G3", 机身码="无"),
                work_order("G4", 机身码="000000000"),
            ]
        },
    )
    devices = Ingested(tmp_path / "landing").table("device").sort("told_at", "installed_at")
    assert devices["serial_no"].to_list() == ["SN00012"] * 2
    assert devices["device_id"].n_unique() == 1
    assert set(devices["installed_at"].to_list()) == {None, datetime(2026, 6, 3, 2)}
    assert set(devices["repaired_at"].to_list()) == {None, datetime(2026, 6, 3, 2)}
    assert date(2028, 5, 1) in devices["warranty_until"].to_list()


def test_several_machines_in_a_cell_are_several_and_a_number_that_lost_digits_is_none():
    cells = pl.Series(["A1-23", "1.38001E+15", "11111", "AB", "ABCDEF", "S***12"])
    assert cells.to_frame("s").select(serial_number(pl.col("s"))).to_series().to_list() == ["A123", *[None] * 5]


def test_a_company_that_buys_stands_beside_the_person(tmp_path):
    header = [*files.JD, "发票抬头", "普通发票纳税编号"]
    rows = [
        files.jd_row("1", "a", 发票抬头="试验（上海）有限公司", 普通发票纳税编号=CODE),
        files.jd_row("2", "a", 发票抬头="试验(上海) 有限公司"),
        files.jd_row("3", "a", 发票抬头="陆小青"),
        files.jd_row("4", "a", 发票抬头="个人"),
    ]
    put(tmp_path / "landing", "jd/s/o.csv", files.csv_text(header, rows).encode("gb18030"))
    told = Ingested(tmp_path / "landing").table("business_account").sort("key_type", descending=True)
    assert told.select("kind", "key_type", "key_value").rows() == [
        ("company", "tax_no", CODE),
        ("company", "name", "试验上海有限公司"),
    ]
    assert told["name_key"].n_unique() == 1


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17), st.booleans())
def test_credit_codes_are_judged_as_python_stdnum_judges_them(body, complete):
    code = body + (uscc.calc_check_digit(body) if complete else "0")
    expected = code if uscc.is_valid(code) and code[1] != "0" and code[0] != "0" else None
    found = parse_credit_codes(pl.Series([code])).item()
    # stdnum also knows which first signs are given out.
    assert found == expected or (found == code and not uscc.is_valid(code) and code[17] == uscc.calc_check_digit(body))


@pytest.mark.parametrize("name", ["陆小青", "个人", "", "李经理", None])
def test_a_persons_name_is_no_companys(name):
    assert parse_companies(pl.Series([name], dtype=pl.String)).row(0) == (None, None)


def balances(tmp_path, *amounts: str) -> pl.DataFrame:
    for day, amount in enumerate(amounts, start=1):
        row = {"会员编号": "M1", "手机号码": "13900002222", "会员姓名": "何女士", "储值本金余额(¥)": amount}
        text = files.csv_text(files.POS_MEMBER, [row, row | {"会员编号": f"N{day}", "储值本金余额(¥)": ""}])
        put(tmp_path / "landing", f"pos/e/members_2026010{day}.csv", text)
    return Ingested(tmp_path / "landing").table("balance").filter(pl.col("subtype") == "principal").sort("at")


def test_every_export_is_a_snapshot_of_the_balance(tmp_path):
    found = balances(tmp_path, "100.00", "70.00")
    assert found["amount"].to_list() == [100.0, 70.0]
    assert found["at"].to_list() == [datetime(2025, 12, 31, 16), datetime(2026, 1, 1, 16)]


def test_a_balance_told_again_unchanged_is_a_snapshot_too(tmp_path):
    found = balances(tmp_path, "100.00", "100.00", "100.00")
    assert found["amount"].to_list() == [100.0, 100.0]
    assert found["at"].to_list() == [datetime(2025, 12, 31, 16), datetime(2026, 1, 2, 16)]
