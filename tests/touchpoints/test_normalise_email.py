import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.normalise import email

few = settings(deadline=None, max_examples=40)


def parsed(value):
    return email.parse_emails(pl.Series([value], dtype=pl.String)).row(0)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (" Li.Lei@QQ.com ", "li.lei@qq.com"),
        ("ｌｉ@ｑｑ.com", "li@qq.com"),
        ("mailto:li@qq.com", "li@qq.com"),
        ("<li@qq.com>", "li@qq.com"),
        ("li+shop@例子.cn", "li+shop@xn--fsqu00a.cn"),
        ("12345@qq.com", "12345@qq.com"),
    ],
)
def test_an_address_has_one_form_however_it_is_written(written, value):
    assert parsed(written) == ("email", value, "ok")


def test_a_masked_address_is_not_an_address():
    assert parsed("602***@qq.com") == ("email_masked", "602***@qq.com", "masked")


@pytest.mark.parametrize("alias", ["a1b2@marketplace.amazon.co.uk", "x9@privaterelay.appleid.com"])
def test_relay_aliases_are_told_apart(alias):
    assert parsed(alias) == ("email", alias, "relay")


@pytest.mark.parametrize("value", ["li@qq", "li", "@qq.com", "a..b@qq.com", "a b@qq.com", "a@b@qq.com", "13912345678"])
def test_what_is_no_address_is_invalid(value):
    assert parsed(value) == (None, None, "invalid")


def test_misspelt_domains_are_not_corrected():
    assert parsed("li@gmial.com")[1] == "li@gmial.com"


@few
@given(st.emails())
def test_every_common_address_is_taken_or_refused_and_taken_ones_stay_as_they_are(address):
    _, value, status = parsed(address)
    if status == "ok":
        assert parsed(value)[1] == value
