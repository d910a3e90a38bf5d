"""From a tracker's own log to whose each visit was: the real reader, the real contract, the real resolution."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from identity.pipeline import resolve
from touchpoints.ingest import ingest

START = datetime(2026, 10, 1, tzinfo=UTC)


class Log:
    """Lines of a Sensors Data log."""

    def __init__(self) -> None:
        self.lines = []

    def event(self, name, day, distinct_id, *, type="track", **more):
        at = int((START + timedelta(days=day)).timestamp() * 1000)
        properties = {"$lib": "js", "$is_login_id": more.pop("is_login", False)}
        self.lines.append(
            {"type": type, "event": name, "time": at, "distinct_id": distinct_id, "_track_id": len(self.lines) + 1,
             "properties": properties, "project": "shop"} | more
        )  # fmt: skip

    def login(self, day, device, user):
        self.event("$SignUp", day, user, type="track_signup", original_id=device, is_login=True)


@pytest.fixture
def resolved(tmp_path):
    def run(log):
        landing = tmp_path / "landing" / "sensors" / "shop"
        landing.mkdir(parents=True)
        (landing / "log.jsonl").write_text("\n".join(json.dumps(line) for line in log.lines), encoding="utf-8")
        tables = tmp_path / "tables"
        report = ingest(tmp_path / "landing", lake=tmp_path / "lake", out=tables, key=b"k")
        assert report.rows_accepted == len(log.lines)
        resolve(
            tables, public=tmp_path / "public", private=tmp_path / "private", previous=None,
            models=tmp_path / "models", key=b"k", run_id="r1",
        )  # fmt: skip
        return {path.stem: pl.read_parquet(path) for path in (tmp_path / "public").glob("*.parquet")}, tables

    return run


def test_visits_of_a_family_tablet_go_to_whoever_was_logged_in(resolved):
    log = Log()
    for day in range(6):
        log.event("$pageview", day, "tablet")
    log.login(1.5, "tablet", "u-wang")
    log.login(3.5, "tablet", "u-li")
    tables, canonical = resolved(log)
    event = pl.read_parquet(canonical / "event.parquet").filter(pl.col("type") == "page_view")
    owned = event.join(tables["event_owner"], on="event_id", how="left").sort("at")["one_id"].to_list()
    wang, li = owned[2], owned[4]
    assert owned == [None, None, wang, wang, li, li]
    assert None not in (wang, li) and wang != li
    assert tables["record_map"]["one_id"].n_unique() == 2
    assert set(tables["device_history"]["is_shared"]) == {True}
    assert "distinct_id" not in tables["identifier_value"]["id_type"].to_list()


def test_visits_before_the_only_login_are_that_persons_and_others_nobodys(resolved):
    log = Log()
    log.event("$pageview", 0, "phone of wang")
    log.event("$pageview", 0, "phone of nobody")
    log.login(2, "phone of wang", "u-wang")
    log.event("ViewProduct", 3, "phone of wang")
    tables, _ = resolved(log)
    assert sorted(tables["event_owner"]["basis"]) == ["before_first_login", "logged_in"]
    assert set(tables["event_owner"]["one_id"]) == set(tables["record_map"]["one_id"])
