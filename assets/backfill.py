"""Past days by partition: the tags that people had as of each, put into their history.

The daily run's own assets compute a day, from the records and people of today, in a building beside the published one;
so a day that is filled in has the tags that a run of that day with the same files gives.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

import dagster as dg

from assets.metadata import plain, table_key
from assets.tags import DESCRIPTIONS, SCHEMA
from assets.warehouse import MACROS
from common.errors import GuiyiError, UsageError
from profiles.tagging import history
from profiles.tagging.load import load_tags
from warehouse.building import Building, literal
from warehouse.privacy import scan
from warehouse.publish import publish
from warehouse.republish import another_day, take_over
from warehouse.snapshot import assemble, attach_tables

TAG_DAY: Final = table_key("warehouse", "tag_day")
FIRST_DAY: Final = "2010-01-01"
_CHANGED: Final = ("tag_history", "tag_observation")
_QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def backfill_assets(
    tables: Sequence[dg.AssetsDefinition], clock: Callable[[], datetime], time_zone: str
) -> list[dg.AssetsDefinition]:
    """The asset whose daily partitions are the days that the tags' history knows by backfill.

    Args:
        tables: the assets that a day is computed with: models and profiles.
        clock: tells UTC without zone.
        time_zone: in which a day ends.
    """

    @dg.asset(
        key=TAG_DAY,
        partitions_def=dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=time_zone),
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="warehouse",
        description="Tags as of a past day, put into customer.tag_history and published · 回填历史某日的标签",
        kinds={"duckdb"},
    )
    def tag_day(context: dg.AssetExecutionContext, republishing: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        building = republishing
        days = sorted(date.fromisoformat(key) for key in context.partition_keys)
        if days[-1] > building.as_of:
            raise UsageError(
                f"{days[-1]} is later than {building.as_of}, up to which is published; run `guiyi run` for that day."
            )
        take_over(building)
        rows = _fill_in(building, days, _day_job(tables))
        assemble(building, {}, finished_at=clock(), macros=MACROS)
        if findings := scan(building.con):
            raise GuiyiError(f"Nothing was published: {'; '.join(str(finding) for finding in findings)}.")
        publish(building)
        return dg.MaterializeResult(metadata=plain({"run": building.run_id, "days": len(days), "rows_by_day": rows}))

    return [tag_day]


def _fill_in(building: Building, days: list[date], compute: Any) -> dict[str, int]:
    """Put each day into the history; rows of tags by day."""
    con, base = building.con, building.base_snapshot
    tags = load_tags(own=building.home.tags)
    history.recall(con, base / "tables" if base else None, building.public / "identity" / "one_id.parquet")
    rows = {}
    for number, day in enumerate(days):
        if building.progress:
            building.progress(number, len(days), day.isoformat())
        due = history.due(con, tags, day)
        found = f"read_parquet({literal(compute(another_day(building, day)))})"
        history.observe(con, day, due.fresh, found)
        counted = con.execute(f"select count(*) from {found} where list_contains(?, tag)", [[t.tag for t in due.fresh]])
        rows[day.isoformat()] = int(counted.fetchall()[0][0])
    folder = building.scratch("public", SCHEMA)
    for name in _CHANGED:
        path = folder / f"{name}.parquet"
        con.execute(f"copy (select * from customer.{name} order by all) to {literal(str(path))} (format parquet)")
    attach_tables(building, {f"customer.{name}": folder / f"{name}.parquet" for name in _CHANGED})
    return rows


def _day_job(tables: Sequence[dg.AssetsDefinition]) -> Callable[[Building], str]:
    """What computes the tags of a building's day: path of the Parquet table that comes of it."""
    wanted = dg.AssetSelection.assets(*(table_key(SCHEMA, name) for name in DESCRIPTIONS))
    definitions = dg.Definitions(
        assets=list(tables),
        jobs=[dg.define_asset_job("day", wanted.upstream().required_multi_asset_neighbors())],
        resources={"building": dg.ResourceDefinition.none_resource()},
        executor=dg.in_process_executor,
    )
    job = definitions.resolve_job_def("day")

    def compute(day: Building) -> str:
        try:
            with dg.DagsterInstance.ephemeral() as instance:
                job.execute_in_process(instance=instance, resources={"building": day}, run_config=_QUIET)
        finally:
            day.unmount_all()
        return str(day.public / SCHEMA / "tag.parquet")

    return compute
