"""The daily schedule."""

import dagster as dg

from pipelines.jobs import DAILY, run_config
from pipelines.resources import TIME_ZONE


def daily_schedule() -> dg.ScheduleDefinition:
    """Every night at half past three, for the day that has just ended in the business zone."""

    @dg.schedule(
        name=f"{DAILY}_schedule",
        job_name=DAILY,
        cron_schedule="30 3 * * *",
        execution_timezone=TIME_ZONE,
        description="Runs the whole line every night as of the day before · 每日凌晨运行",
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date()
        as_of = day.fromordinal(day.toordinal() - 1).isoformat()
        return dg.RunRequest(run_key=as_of, run_config=run_config(as_of=as_of), tags={"as_of": as_of})

    return daily
