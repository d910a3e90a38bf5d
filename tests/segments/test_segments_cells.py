import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.exporting.cells import as_cells, encode_csv

ZONE = ZoneInfo("Asia/Shanghai")


def cells(values, dtype=pl.String):
    return as_cells(pl.DataFrame({"v": pl.Series(values, dtype=dtype)}), language="zh", time_zone=ZONE)["v"].to_list()


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1", "＠SUM",
        "\u3000=1", "\ufeff=1", "﹦1",
    ],
)  # fmt: skip
def test_a_formula_gets_an_apostrophe(text):
    assert cells([text])[0].startswith("'")


@pytest.mark.parametrize("text", ["张三", "13812345678", "a=b", "1-2", "'=1", "A座-1层", "", "a@b.cn", "3+2"])
def test_other_text_is_unchanged(text):
    assert cells([text]) == [text]


def test_a_formula_behind_a_separator_is_made_safe_too():
    assert cells(["a;=cmd", "a\t=cmd", "a\n-1"]) == ["a;'=cmd", "a\t'=cmd", "a\n'-1"]


def test_numbers_and_dates_are_plain():
    assert cells([-1.005, 2.5, None], pl.Float64) == ["-1.0", "2.5", ""]
    assert cells([-3, 12345678901], pl.Int64) == ["-3", "12345678901"]
    assert cells([dt.date(2026, 1, 31)], pl.Date) == ["2026-01-31"]
    assert cells([True, False, None], pl.Boolean) == ["是", "否", ""]
    assert cells([["a", "b"], [], None], pl.List(pl.String)) == ["a、b", "", ""]
    assert cells([["=a"]], pl.List(pl.String)) == ["'=a"]


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1), st.sampled_from(["utf-8-sig", "utf-8", "gb18030"]))
def test_a_spreadsheet_reads_back_what_was_written_and_runs_none_of_it(rows, encoding):
    frame = pl.DataFrame(rows, schema=["甲", "乙"], orient="row")
    safe = as_cells(frame, language="zh", time_zone=ZONE)
    read = list(csv.reader(io.StringIO(encode_csv(safe, encoding).decode(encoding), newline="")))
    assert read[0] == ["甲", "乙"]
    assert [tuple(row) for row in read[1:]] == safe.rows()
    assert not any(cell.lstrip().startswith(tuple("=+-@＝＋－＠")) for row in read for cell in row)


def test_an_empty_list_is_a_header():
    frame = pl.DataFrame(schema={"手机号": pl.String})
    assert encode_csv(frame, "utf-8-sig") == "\ufeff手机号\r\n".encode()


def test_an_empty_cell_has_no_quotes():
    assert encode_csv(pl.DataFrame({"a": ["x"], "b": [""], "c": ["y"]}), "utf-8") == b"a,b,c\r\nx,,y\r\n"
