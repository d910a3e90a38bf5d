"""What a run's checks found, as rows for `ops.run_check`: from Dagster's own record of the run."""

from collections.abc import Sequence
from typing import Any, Final

import dagster as dg
import polars as pl

from common.labels import Pair

CHINESE: Final = "message_zh"  # the metadata that tells in Chinese what the description tells in English
CHECK_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "run_id": pl.String,
    "table_name": pl.String,
    "check_name": pl.String,
    "is_passed": pl.Boolean,
    "severity": pl.String,
    "is_blocking": pl.Boolean,
    "n_tests": pl.Int64,
    "n_failures": pl.Int64,
    "message": pl.String,
    "message_zh": pl.String,
}


def checks_so_far(context: dg.AssetExecutionContext, run_id: str) -> pl.DataFrame:
    """The checks of this Dagster run that have been evaluated, the last outcome of each.

    Args:
        context: of the asset that asks; checks that come after it are not there yet.
        run_id: what Guiyi calls the run.

    Returns:
        Columns of `CHECK_SCHEMA`, by table and check.
    """
    events = context.instance.all_logs(context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in events]
    rows = {(one.asset_key, one.check_name): _row(one, run_id) for one in found}
    table = pl.DataFrame(list(rows.values()), schema=CHECK_SCHEMA, orient="row")
    return table.sort("table_name", "check_name")


def told(said: Sequence[Pair]) -> tuple[str | None, dict[str, str]]:
    """What a check found, Chinese and English: as its description, and as metadata to go with it."""
    if not said:
        return None, {}
    return "; ".join(en for _, en in said), {CHINESE: "；".join(zh for zh, _ in said)}


def _row(one: Any, run_id: str) -> tuple[Any, ...]:
    tests = one.metadata.get("tests") or one.metadata.get("expectations")
    chinese = one.metadata.get(CHINESE)
    failures = one.metadata.get("failures") or one.metadata.get("not met")
    return (
        run_id,
        ".".join(one.asset_key.path),
        one.check_name,
        one.passed,
        one.severity.value.lower(),
        bool(one.blocking),
        int(tests.value) if tests is not None else 1,
        int(failures.value) if failures is not None else None,
        None if one.passed else one.description,
        None if one.passed else chinese and str(chinese.value),
    )
