"""The jobs: everything from landing files to audience CSVs, past days, and the audiences alone."""

from typing import Any

import dagster as dg

from assets.backfill import TAG_DAY
from assets.exported import EXPORTED

DAILY = "daily"
BACKFILL = "backfill"
EXPORTS = "exports"


def build_jobs() -> list[Any]:  # the type of an asset job is not exported by Dagster
    """The whole line, past days of tags, and the audiences alone.

    Both run in one process: the work is parallel inside DuckDB and Polars, and one file has one writer.
    """
    return [
        dg.define_asset_job(
            DAILY,
            selection=dg.AssetSelection.all() - dg.AssetSelection.assets(TAG_DAY, EXPORTED),
            description="Landing files to published warehouse and audience CSVs · 每日全流程",
        ),
        dg.define_asset_job(
            BACKFILL,
            selection=dg.AssetSelection.assets(TAG_DAY),
            description="Tags of past days, put into their history and published · 回填历史标签",
        ),
        dg.define_asset_job(
            EXPORTS,
            selection=dg.AssetSelection.groups("segments") - dg.AssetSelection.assets(EXPORTED),
            description="Audience CSVs from the published warehouse · 重新导出人群",
        ),
    ]


def run_config(
    *,
    as_of: str = "",
    path: str = "",
    landing: str = "",
    sources: str = "",
    accept_churn: bool = False,
    log_level: str = "INFO",
    resource: str = "building",
) -> dg.RunConfig:
    """Run config of a job: what its resource, the home, is to open, and how much of the run is logged."""
    given = {"as_of": as_of, "path": path, "landing": landing, "sources": sources, "accept_churn": accept_churn}
    return dg.RunConfig(
        resources={resource: {"config": {name: value for name, value in given.items() if value}}},
        loggers={"console": {"config": {"log_level": log_level}}},
    )
