"""A small building with the tables that `ops` needs, written as the stages write them."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from touchpoints.expectations import SCHEMA as EXPECTATIONS
from touchpoints.model import TABLES
from warehouse.building import Building, open_building
from warehouse.home import Home
from warehouse.publish import publish
from warehouse.snapshot import assemble

STARTED = datetime(2026, 11, 21, 1, 0, tzinfo=UTC).replace(tzinfo=None)
AS_OF = date(2026, 11, 21)


def begin(home: Home, name: str = "b1", as_of: date = AS_OF) -> Building:
    home.prepare()
    return open_building(home, name=name, as_of=as_of, landing=home.landing, key=b"key", started_at=STARTED)


def fill(building: Building, people: int = 3) -> None:
    """What touchpoints, identity and the models would leave."""
    touchpoints = building.scratch("private", "touchpoints")
    for table, schema in TABLES.items():
        pl.DataFrame(schema=schema).write_parquet(touchpoints / f"{table}.parquet")
    pl.DataFrame(
        {
            "file_id": ["f"],
            "path": ["pos/till/a.csv"],
            "status": ["loaded"],
            "rows_read": [5],
            "rows_accepted": [4],
            "rows_rejected": [1],
            "rows_repeated": [0],
            "rows_unread": [None],
        }
    ).write_parquet(touchpoints / "source_file.parquet")
    pl.DataFrame(schema=EXPECTATIONS).write_parquet(touchpoints / "expectation.parquet")
    pl.DataFrame(
        {
            "file_id": ["f"],
            "path": ["pos/till/a.csv"],
            "row_no": [3],
            "reason": ["bad_time"],
            "column": ["日期"],
            "raw_text": ["王小明,13812345678,xm@example.com,不是日期"],
        }
    ).write_parquet(touchpoints / "reject.parquet")
    public = building.scratch("public", "identity")
    ids = [f"P{i:012d}" for i in range(people)]
    pl.DataFrame({"record_id": ids, "role": ["buyer"] * people, "one_id": ids}).write_parquet(
        public / "record_map.parquet"
    )
    pl.DataFrame({"one_id": ids, "status": ["active"] * people}).write_parquet(public / "one_id.parquet")
    private = building.scratch("private", "identity")
    pl.DataFrame({"one_id": ids, "field": ["name"] * people, "value": ["王小明"] * people}).write_parquet(
        private / "golden_value.parquet"
    )


def assemble_filled(building: Building) -> None:
    public = building.public / "identity"
    assemble(
        building,
        {f"identity.{path.stem}": path for path in sorted(public.glob("*.parquet"))},
        finished_at=STARTED,
    )


def publish_run(home: Home, name: str = "b1", as_of: date = AS_OF, people: int = 3, keep: int = 7) -> Path:
    building = begin(home, name, as_of)
    fill(building, people)
    assemble_filled(building)
    return publish(building, keep=keep)


def count_people(path: Path) -> int:
    import duckdb

    with duckdb.connect(str(path), read_only=True) as con:
        return con.sql("select count(*) from identity.one_id").fetchall()[0][0]
