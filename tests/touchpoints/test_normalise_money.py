import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.normalise import money

few = settings(deadline=None, max_examples=40)


def parsed(value):
    return money.parse_money(pl.Series([value], dtype=pl.String)).row(0)


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("¥28.16", 28.16, "CNY"),
        ("￥28.16", 28.16, "CNY"),
        ("$45.00", 45.0, "USD"),
        ("-$12.00", -12.0, "USD"),
        ("$-12.00", -12.0, "USD"),
        ("(12.00)", -12.0, None),
        ("0元", 0.0, "CNY"),
        ("1,234,567.89", 1234567.89, None),
        ("499.00（系统计算中，该值仅供参考）", 499.0, None),
        ('="201.12"', 201.12, None),
        ("HK$ 99", 99.0, "HKD"),
        ("12.50 EUR", 12.5, "EUR"),
        ("1.2万", 12000.0, None),
        (".5", 0.5, None),
    ],
)
def test_amounts_are_read_through_their_dressing(written, amount, currency):
    assert parsed(written) == (amount, currency, "ok", None)


def test_a_refund_noted_behind_an_amount_is_kept_apart():
    assert parsed("131.77(已退款89.84)") == (131.77, None, "ok", 89.84)


@pytest.mark.parametrize("value", ["abc", "12,50", "1.2.3", "--5", "1e5", "12,3456"])
def test_what_is_no_amount_is_invalid_and_never_zero(value):
    assert parsed(value) == (None, None, "invalid", None)


@pytest.mark.parametrize("value", ["-", "", None, "——"])
def test_no_amount_is_null(value):
    assert parsed(value) == (None, None, None, None)


@few
@given(st.integers(-(10**11), 10**11))
def test_every_amount_in_cents_is_read_exactly_with_and_without_commas(cents):
    sign, whole, part = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    for written in (f"{sign}{whole}.{part:02d}", f"{sign}¥{whole:,}.{part:02d}"):
        assert parsed(written)[0] == cents / 100


def test_numbers_pass_as_they_are():
    assert money.parse_money(pl.Series([1, None]))["amount"].to_list() == [1.0, None]
    assert money.parse_money(pl.Series([1.25, float("nan")]))["status"].to_list() == ["ok", "invalid"]
