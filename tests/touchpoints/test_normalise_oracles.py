"""Properties of the smaller normalisers, and of times against the standard library's own zones."""

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchpoints.normalise.script import pinyin, simplified
from touchpoints.normalise.status import fold
from touchpoints.normalise.time import parse_times

WORDS = st.text(alphabet="买家已付款等待卖家发货交易成功ABCxyz", min_size=1, max_size=8)


def folded(*texts: str) -> list[str]:
    return pl.DataFrame({"s": list(texts)}).select(fold(pl.col("s"))).to_series().to_list()


@given(WORDS, WORDS)
def test_a_status_is_the_same_in_half_and_full_width_and_with_any_comma(first, second):
    wide = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in first)
    forms = folded(f"{first},{second}", f"{first}，{second}", f" {wide} ， {second}\t", f"{first}、{second}")
    assert len(set(forms)) == 1


@given(st.text(max_size=20))
def test_folding_a_status_twice_changes_nothing(text):
    (once,) = folded(text)
    assert folded(once) == [once]


@given(st.text(alphabet="陳陈張张歐欧龍龙愛爱王李abc", max_size=6))
def test_simplifying_twice_changes_nothing_and_keeps_the_length(text):
    once = simplified(pl.Series([text])).item()
    assert simplified(pl.Series([once])).item() == once
    assert len(once) == len(text)


@given(st.text(alphabet="陈张欧龙爱王李单仇解曾", min_size=2, max_size=4))
def test_the_sound_of_a_name_is_latin_letters(name):
    sound = pinyin(pl.Series([name])).item()
    assert sound
    assert all(sign == " " or unicodedata.name(sign).startswith("LATIN") for sign in sound)


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "America/Los_Angeles", "Europe/London", "Asia/Kolkata", "Africa/Cairo"]
)
@given(st.lists(st.datetimes(datetime(1985, 1, 1), datetime(2040, 12, 31)), min_size=1, max_size=5))
def test_local_times_are_utc_as_the_standard_library_has_it(zone, moments):
    local = [moment.replace(microsecond=0) for moment in moments]
    found = parse_times(pl.Series([f"{moment:%Y-%m-%d %H:%M:%S}" for moment in local]), time_zone=zone)["at"]
    for told, at in zip(local, found, strict=True):
        expected = told.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        exists = expected.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == told
        if exists:  # the hour that the clocks jumped over has no other answer
            assert at == expected.replace(tzinfo=None)


@pytest.mark.parametrize(
    "never", ["0001-01-01 00:00:00", "1970-01-01 00:00:00", "1970-01-01 08:00:00", "9999-12-31 23:59:59"]
)
def test_never_among_usual_times_is_no_time(never):
    found = parse_times(pl.Series(["2026-01-01 10:00:00", never, None, "2026/1/2 9:05"]))
    assert found["status"].to_list() == ["ok", "sentinel", None, "ok"]
    assert found["at"].null_count() == 2
