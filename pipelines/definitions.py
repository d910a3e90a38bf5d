"""The one door: everything that Dagster knows of Guiyi, for production and for tests."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from assets.analyses import analysis_assets
from assets.backfill import backfill_assets
from assets.exported import exported_spec
from assets.gates import gate_checks
from assets.identity import identity_assets
from assets.models import model_assets
from assets.profiles import profile_assets
from assets.segments import audience_assets
from assets.touchpoints import landing_specs, touchpoint_assets
from assets.warehouse import warehouse_assets
from dbt_like_sql.dictionary import dictionary_rows
from dbt_like_sql.project import load_project
from pipelines.jobs import build_jobs
from pipelines.resources import TIME_ZONE, GuiyiHome, RepublishedHome, utc_now
from pipelines.schedules import daily_schedule
from pipelines.sensors import exports_sensor, landing_sensor


def build_defs(
    *,
    resource_overrides: Mapping[str, Any] | None = None,
    clock: Callable[[], datetime] = utc_now,
    with_lineage: bool = True,
) -> dg.Definitions:
    """All assets, checks, jobs, the schedule and the sensor.

    Args:
        resource_overrides: resources by name that take the place of the usual ones.
        clock: tells UTC without zone.
        with_lineage: tell the lineage of columns, which the UI shows and a run has no use for.
    """
    # What the records and people of a day make: a past day's tags are computed with these alone.
    project = load_project()
    of_a_day = [*model_assets(project, with_lineage=with_lineage), *profile_assets(), *analysis_assets()]
    tables = [touchpoint_assets(), identity_assets(), *of_a_day]
    made = sorted(key for asset in tables for key in asset.keys)
    return dg.Definitions(
        assets=[
            *landing_specs(),
            *tables,
            *warehouse_assets(made, clock, dictionary_rows(project)),
            *backfill_assets(of_a_day, clock, TIME_ZONE),
            *audience_assets(clock),
            exported_spec(),
        ],
        asset_checks=gate_checks(),
        jobs=build_jobs(),
        schedules=[daily_schedule()],
        sensors=[landing_sensor(), exports_sensor()],
        resources={"building": GuiyiHome(), "republishing": RepublishedHome(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads; built on call, so that importing this module reads no file."""
    return build_defs()
