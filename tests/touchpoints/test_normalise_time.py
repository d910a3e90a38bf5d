from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.normalise import time

few = settings(deadline=None, max_examples=40)

SHANGHAI = ZoneInfo("Asia/Shanghai")


def parsed(value, **options):
    return time.parse_times(pl.Series([value], dtype=pl.String), **options).row(0, named=True)


@pytest.mark.parametrize(
    ("written", "at", "precision"),
    [
        ("2023-07-01 09:05:03", datetime(2023, 7, 1, 1, 5, 3), "second"),
        ("2023-07-01 09:05:03\t", datetime(2023, 7, 1, 1, 5, 3), "second"),
        ("2023/7/1 9:05", datetime(2023, 7, 1, 1, 5), "minute"),
        ("2023-07-01", datetime(2023, 6, 30, 16), "day"),
        ("20230701", datetime(2023, 6, 30, 16), "day"),
        ("2026年10月03日", datetime(2026, 10, 2, 16), "day"),
        ("2026年10月3日 9时05分", datetime(2026, 10, 3, 1, 5), "minute"),
        ("20210128171501", datetime(2021, 1, 28, 9, 15, 1), "second"),
        ("201809011818", datetime(2018, 9, 1, 10, 18), "minute"),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20), "second"),
        ("1700000000123", datetime(2023, 11, 14, 22, 13, 20, 123000), "second"),
        ("2023-07-01T09:05:03Z", datetime(2023, 7, 1, 9, 5, 3), "second"),
        ("2023-07-01T09:05:03.250+08:00", datetime(2023, 7, 1, 1, 5, 3, 250000), "second"),
        ("2025-12-06 10:37:33 -0500", datetime(2025, 12, 6, 15, 37, 33), "second"),
        ("45123.5", datetime(2023, 7, 16, 4), "second"),
        ("45123", datetime(2023, 7, 15, 16), "day"),
    ],
)
def test_times_are_read_through_their_dressing(written, at, precision):
    found = parsed(written)
    assert (found["at"], found["precision"], found["status"]) == (at, precision, "ok")


@pytest.mark.parametrize(
    "never",
    [
        "0001-01-01 00:00:00",
        "1970-01-01 00:00:00",
        "1970-01-01 08:00:00",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "9999-12-31",
        "0",
    ],
)
def test_what_systems_write_for_never_is_no_time(never):
    assert parsed(never) == {"at": None, "local_date": None, "precision": None, "status": "sentinel"}


@pytest.mark.parametrize(
    "value", ["2023-02-30 01:02:03", "2023-13-01", "abc", "2023-07-01 25:00:00", "12", "2423-01-01"]
)
def test_what_is_no_time_is_invalid(value):
    assert parsed(value)["status"] == "invalid"


def test_a_birthday_is_the_day_that_the_cell_says():
    assert parsed("1986-05-04")["local_date"] == date(1986, 5, 4)
    assert parsed("1970-01-01")["local_date"] == date(1970, 1, 1)


def test_an_hour_that_came_twice_is_the_earlier_one():
    assert parsed("2025-11-02 01:30:00", time_zone="America/New_York")["at"] == datetime(2025, 11, 2, 5, 30)


def test_an_hour_that_never_came_is_moved_on():
    assert parsed("2025-03-09 02:30:00", time_zone="America/New_York")["at"] == datetime(2025, 3, 9, 7, 30)


def test_formats_of_ones_own_are_tried():
    formats = ["%a %b %d %H:%M:%S %z %Y", "%m/%d/%Y"]
    assert parsed("Tue May 31 17:46:55 +0800 2011", formats=formats)["at"] == datetime(2011, 5, 31, 9, 46, 55)
    assert parsed("12/25/2025", formats=formats)["precision"] == "day"
    assert parsed("12/25/2025")["status"] == "invalid"


def test_dates_that_the_reader_knows_count_as_local():
    assert time.parse_times(pl.Series([date(2023, 7, 1), None])).rows() == [
        (datetime(2023, 6, 30, 16), date(2023, 7, 1), "day", "ok"),
        (None, None, None, None),
    ]
    aware = pl.Series([datetime(2023, 7, 1, tzinfo=UTC)])
    assert time.parse_times(aware)["at"].to_list() == [datetime(2023, 7, 1)]


@few
@given(st.datetimes(datetime(1992, 1, 1), datetime(2099, 12, 31)).map(lambda t: t.replace(microsecond=0)))
def test_local_times_and_epochs_of_one_moment_agree(moment):
    utc = moment.replace(tzinfo=SHANGHAI).astimezone(UTC).replace(tzinfo=None)
    assert parsed(f"{moment:%Y-%m-%d %H:%M:%S}")["at"] == utc
    assert parsed(f"{moment:%Y/%m/%dT%H:%M:%S}+0800")["at"] == utc
    seconds = (utc - datetime(1970, 1, 1)) // timedelta(seconds=1)
    if len(str(seconds)) == 10:
        assert parsed(str(seconds))["at"] == parsed(f"{seconds}000")["at"] == utc
