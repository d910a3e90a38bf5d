"""A file that one mistyped header keeps from being read is told as what it nearly is, with the rows that it holds."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import touchpoints_files as files
from contract_fixtures import CONTRACTS
from touchpoints_files import Ingested, put

from touchpoints.expectations import expect
from touchpoints.files import fingerprints
from touchpoints.landing import look_at
from touchpoints.matching import best_match
from touchpoints.model import empty
from touchpoints.near import near_miss, nearest_of
from touchpoints.probe import probe

FIXTURES = Path(__file__).with_name("fixtures")
MISTYPED = "tmall/my-shop/ExportOrderList202601030900.csv"


def mistyped(n_rows: int) -> bytes:
    rows = [files.tmall_row(f"10000000000000{n:04d}", **{"宝贝标题": "两行\n标题"}) for n in range(n_rows)]
    return files.tmall(*rows).replace("订单编号".encode("gb18030"), "订单号X".encode("gb18030"), 1)


def test_a_mistyped_header_is_told_with_the_contract_what_is_missing_and_the_rows(tmp_path):
    put(tmp_path / "landing", MISTYPED, mistyped(155))
    put(tmp_path / "landing", "tmall/my-shop/again/" + Path(MISTYPED).name, mistyped(3))
    done = Ingested(tmp_path / "landing")
    told = done.file(MISTYPED)
    assert (told["status"], told["contract"], told["source"], told["account"]) == ("unknown", None, "tmall", "my-shop")
    assert (told["nearest_contract"], told["missing_headers"], told["rows_unread"]) == ("tmall_order", "订单编号", 155)
    assert done.counts(MISTYPED) == (0, 0, 0, 0)
    assert "nearest tmall_order, missing 订单编号: rename the header or add an alias" in str(told["note"])
    assert "缺少 订单编号" in str(told["note_zh"])
    (alert,) = expect(done.table("source_file"), empty("orders"), CONTRACTS, date(2026, 1, 4)).to_dicts()
    assert (alert["expectation"], alert["source"], alert["account"]) == ("not_understood", "tmall", "my-shop")
    assert not alert["is_met"]
    assert alert["message"].startswith("2 files with 158 rows not understood, nearest tmall_order, missing 订单编号")
    assert alert["message_zh"].startswith("2 个文件（158 行）未能识别，最接近 tmall_order，缺少 订单编号")


def test_a_file_that_is_near_to_nothing_stays_unknown_and_raises_no_alert(tmp_path):
    put(tmp_path / "landing", "misc/a/list.csv", "甲,乙,丙\n一,二,三\n")
    put(tmp_path / "landing", "misc/a/readme.txt", "nothing to see here\n")
    done = Ingested(tmp_path / "landing")
    told = done.file("misc/a/list.csv")
    assert (told["status"], told["source"], told["nearest_contract"], told["rows_unread"]) == ("unknown",) + (None,) * 3
    assert expect(done.table("source_file"), empty("orders"), CONTRACTS, date(2026, 1, 4)).is_empty()


def test_rows_of_a_file_beyond_its_first_bytes_are_counted_by_lines(tmp_path):
    text = files.tmall(*(files.tmall_row(f"1{n:017d}") for n in range(3000)))
    wrong = text.replace("订单编号".encode("gb18030"), "订单号X".encode("gb18030"), 1)
    (file,) = fingerprints(put(tmp_path, "o.csv", wrong), tmp_path)
    assert file.n_bytes > len(file.head())
    found = near_miss(file, "", CONTRACTS)
    assert found is not None and found.n_rows == 3000


def test_a_sheet_is_counted_too(tmp_path):
    book = tmp_path / "all.xlsx"
    wrong = ["工单X" if name == "工单号" else name for name in files.AFTER_SALES]
    files.workbook(book, {"工单": [wrong, files.work_order("G1"), files.work_order("G2")]})
    (file,) = fingerprints(book, tmp_path)
    found = near_miss(file, "工单", CONTRACTS)
    assert found is not None
    assert (found.nearest.contract, found.nearest.missing, found.n_rows) == ("after_sales_order", ["工单号"], 2)


@pytest.mark.parametrize("path", sorted(p for p in FIXTURES.rglob("*.csv")), ids=lambda p: p.name)
def test_whichever_header_of_a_known_file_is_mistyped_its_own_source_is_named(path):
    (file,) = fingerprints(path, FIXTURES)
    for table in look_at(file, CONTRACTS).tables:
        contract = table.match.contract
        seen = probe(file)[0]
        for several in contract.signature:
            names = [f"{name}X" if name in several else name for name in seen.names]
            if best_match(CONTRACTS, names) is None and len(several) < 4:
                first = nearest_of(replace(seen, names=names), CONTRACTS)[0]
                assert (first.source, first.is_near) == (contract.source, True)
                assert "/".join(several) in first.missing
