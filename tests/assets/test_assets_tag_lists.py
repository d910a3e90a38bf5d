"""Imported lists: who is found by what, what is counted, and that nothing personal leaves the vault."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from assets.tag_lists import resolve_lists
from common.keys import keyed_hash
from profiles.tagging.build import build, use_lists
from profiles.tagging.load import load_tags
from warehouse.building import Building, open_building
from warehouse.home import Home

AS_OF = date(2026, 6, 30)
KEY = b"secret"
TAG = """
tag: guests
kind: imported_list
label: {zh: 嘉宾, en: Guests}
description: Guests of the opening.
owner: events
refresh: daily
sensitivity: internal
no_data: Not on the list.
file: guests.csv
"""


@pytest.fixture
def building(tmp_path: Path):
    home = Home(tmp_path / "home")
    home.prepare()
    now = datetime(2026, 7, 1, tzinfo=UTC).replace(tzinfo=None)
    opened = open_building(home, name="t", as_of=AS_OF, landing=tmp_path, key=KEY, started_at=now)
    people = [("P1", "active", None), ("P2", "active", None), ("P3", "active", None), ("P0", "merged", "P1")]
    phones = [("r1", "P1", "13911110001"), ("r2", "P2", "13911110002"), ("r3", "P3", "13911110002"),
              ("r4", "P3", "13911110003")]  # fmt: skip
    identity, touchpoints = opened.scratch("public", "identity"), opened.scratch("private", "touchpoints")
    pl.DataFrame(people, schema=["one_id", "status", "merged_into"], orient="row").write_parquet(
        identity / "one_id.parquet"
    )
    golden = [("P1", "phone", keyed_hash("13911110001", KEY)), ("P2", "email", keyed_hash("b@example.com", KEY))]
    pl.DataFrame(golden, schema=["one_id", "field", "value_hash"], orient="row").write_parquet(
        identity / "golden_field.parquet"
    )
    record_map = [(record, "member", one_id) for record, one_id, _ in phones]
    pl.DataFrame(record_map, schema=["record_id", "role", "one_id"], orient="row").write_parquet(
        identity / "record_map.parquet"
    )
    identifier = [(record, "member", "phone", number) for record, _, number in phones]
    pl.DataFrame(identifier, schema=["record_id", "role", "id_type", "id_value"], orient="row").write_parquet(
        touchpoints / "identifier.parquet"
    )
    (home.tags / "guests.yml").write_text(TAG, encoding="utf-8")
    yield opened
    opened.close()


def tagged(building: Building, text: str | bytes | None) -> tuple[list[tuple], tuple]:
    path = building.home.tags / "guests.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8-sig"))
    tags = [tag for tag in load_tags(own=building.home.tags) if tag.tag == "guests"]
    found, report = resolve_lists(building, tags)
    use_lists(building.con, found)
    build(building.con, tags, building.as_of)
    rows = building.con.sql("select one_id, value, since from customer.tag order by all").fetchall()
    return rows, report.row(0)


def test_people_are_found_by_one_id_phone_email_or_hash(building):
    text = f"""one_id,phone,email,value_hash,value
P0,,,,
,+86 139-1111-0003,,,speaker
,,B@Example.com,,
,,,{keyed_hash("13911110001", KEY)},host
P9,13911110003,,,
"""
    rows, report = tagged(building, text)
    assert rows == [
        ("P1", "host", None), ("P1", "true", None), ("P2", "true", None), ("P3", "speaker", None), ("P3", "true", None),
    ]  # fmt: skip
    assert report == ("guests", "guests.csv", 5, 5, 3, 0, 0, 0, 0, None)


def test_who_is_unknown_shared_or_nobody_is_counted_and_gets_no_tag(building):
    rows, report = tagged(building, "手机号\n13922220009\n13911110002\n12\n \n13911110001\n")
    assert rows == [("P1", "true", None)]
    assert report == ("guests", "guests.csv", 4, 1, 1, 1, 1, 1, 0, None)


def test_a_row_counts_from_its_first_day_to_its_last(building):
    text = "OneID,生效日期,有效期至\nP1,2026-06-30,2026/6/30\nP2,2026-07-01,\nP3,,20260629\n"
    rows, report = tagged(building, text)
    assert rows == [("P1", "true", AS_OF)]
    assert report[8] == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "There is no file guests.csv"),
        ("姓名,城市\n张三,上海\n", "no column that names people"),
        ("", "no column that names people"),
        ("one_id,expires\nP1,soon\n", "expires_date that is no date"),
        (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_list_that_cannot_be_used_says_why_and_the_run_goes_on(building, text, problem):
    rows, report = tagged(building, text)
    assert rows == []
    assert problem in report[9]


def test_a_list_from_a_chinese_spreadsheet_is_read(building):
    rows, _ = tagged(building, "手机号,标签值\n13911110001,贵宾\n".encode("gb18030"))
    assert rows == [("P1", "贵宾", None)]
