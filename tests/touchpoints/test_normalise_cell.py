import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.normalise import cell, status

few = settings(deadline=None, max_examples=40)


def undecorated(value):
    return pl.Series([value], dtype=pl.String).to_frame("v").select(cell.undecorate(pl.col("v"))).item()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('="35153131473293579"', "35153131473293579"),
        ("\t6917926768823643751", "6917926768823643751"),
        ("'9013808660771", "9013808660771"),
        ("`6917926768823643751", "6917926768823643751"),
        ("123\t", "123"),
        ('=""', ""),
        ("　收货地址　", "收货地址"),
        ("\ufeff订单\u200b号", "订单号"),
        ('="\t138"', "138"),
        ("it's", "it's"),
        ('5" pipe', '5" pipe'),
        (None, None),
    ],
)
def test_a_cell_loses_its_dressing_and_nothing_else(written, meant):
    assert undecorated(written) == meant


@few
@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12))
def test_undressing_gives_back_what_was_dressed(value):
    assert undecorated(f'="{value}"') == undecorated(f"\t{value}") == undecorated(f"'{value}") == undecorated(value)


@few
@given(st.text(max_size=12))
def test_a_bare_value_is_not_undressed_further(value):
    once = undecorated(value)
    if once and once[0] not in "='`":
        assert undecorated(once) == once


@pytest.mark.parametrize("sign", ["-", "/", "--", "——", "无", "null", "NULL", "None", "N/A", "***", "", " ", "　"])
def test_signs_for_nothing_become_null(sign):
    assert pl.select(cell.blank_to_null(pl.lit(sign))).item() is None


@pytest.mark.parametrize("value", ["0", "无锡", "-1", "其他", "Nullarbor"])
def test_values_that_look_like_signs_for_nothing_stay(value):
    assert pl.select(cell.blank_to_null(pl.lit(value))).item() == value


@pytest.mark.parametrize(
    ("value", "lossy"),
    [("1.38001E+10", True), ("5.113837045333047e+18", True), ("1E+10", True), ("13912345678", False), ("1E5", False)],
)
def test_identifiers_in_scientific_notation_are_known_as_damaged(value, lossy):
    assert pl.select(cell.is_lossy_id(pl.lit(value))).item() is lossy


def test_status_words_in_half_and_full_width_are_equal():
    half, full = "买家已付款,等待卖家发货", "买家已付款，等待卖家发货 "
    assert pl.select(status.fold(pl.lit(half))).item() == pl.select(status.fold(pl.lit(full))).item()


def test_cells_that_came_as_numbers_are_read_as_text():
    assert cell.clean(pl.Series([13912345678.0, 1.5, None])).to_list() == ["13912345678", "1.5", None]
