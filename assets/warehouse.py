"""The warehouse stage as assets: the assembled candidate with its checks, and what is published of it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import dagster as dg
import polars as pl

from assets.checks import checks_so_far
from assets.metadata import plain, table_key
from identity.showing.explain import MACROS as WHY
from profiles.showing import HISTORY
from profiles.value_models import calibration_plot
from profiles.value_models.plot import MEASURES
from warehouse.building import Building
from warehouse.privacy import scan
from warehouse.publish import publish
from warehouse.report import REPORT, write_report
from warehouse.snapshot import assemble

CANDIDATE = table_key("warehouse", "candidate")
PUBLISHED = table_key("warehouse", "published")
# Published under the schema that people look for them in.
_ELSEWHERE = {"golden_field": "customer.golden_field"}
# What the warehouse can be asked in one line.
MACROS = (WHY, HISTORY)
_REQUIRED = ("core.orders", "customer.customer_360", "identity.record_map", "identity.one_id")


def warehouse_assets(
    upstream: list[dg.AssetKey], clock: Callable[[], datetime], described: pl.DataFrame
) -> list[dg.AssetsDefinition]:
    """The candidate, made of everything upstream, and the published snapshot.

    Args:
        upstream: every table that a snapshot holds.
        clock: tells UTC without zone.
        described: the data dictionary, see `dbt_like_sql.dictionary.dictionary_rows`.
    """

    @dg.asset(
        key=CANDIDATE,
        deps=upstream,
        group_name="warehouse",
        description="The next snapshot, whole but not yet live: warehouse.duckdb, Parquet tables, manifest · 候选快照",
        kinds={"duckdb", "parquet"},
        check_specs=[
            dg.AssetCheckSpec(
                "no_personal_data_in_the_clear",
                asset=CANDIDATE,
                blocking=True,
                description="No phone, e-mail or national id in any text column of the warehouse.",
            ),
            dg.AssetCheckSpec(
                "the_main_tables_hold_rows",
                asset=CANDIDATE,
                blocking=True,
                description="A run that found nobody does not replace one that did.",
            ),
        ],
    )
    def candidate(context: dg.AssetExecutionContext, building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        identity = building.public / "identity"
        tables = {
            _ELSEWHERE.get(path.stem, f"identity.{path.stem}"): path for path in sorted(identity.glob("*.parquet"))
        }
        checks = checks_so_far(context, building.run_id)
        manifest = assemble(building, tables, finished_at=clock(), macros=MACROS, described=described, checks=checks)
        write_report(
            building.con,
            building.snapshot / REPORT,
            run_id=building.run_id,
            as_of=building.as_of,
            pictures=_pictures(building),
        )
        rows = {f"{table['schema']}.{table['table']}": table["rows"] for table in manifest["tables"]}
        return dg.MaterializeResult(
            metadata=plain({"dagster/row_count": sum(rows.values()), "tables": rows, "run": building.run_id}),
            check_results=[_is_private(building), _has_rows(rows)],
        )

    @dg.asset(
        key=PUBLISHED,
        deps=[CANDIDATE],
        group_name="warehouse",
        description="warehouse.duckdb as analysts open it: the snapshot that is live · 已发布的数据仓库",
        kinds={"duckdb"},
    )
    def published(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        snapshot = publish(building)
        return dg.MaterializeResult(
            metadata={
                "run": building.run_id,
                "as_of": building.as_of.isoformat(),
                "warehouse": dg.MetadataValue.path(building.home.warehouse),
                "snapshot": dg.MetadataValue.path(snapshot),
                "report": dg.MetadataValue.path(snapshot / REPORT),
            }
        )

    return [candidate, published]


def _pictures(building: Building) -> dict[str, str]:
    """The value model's calibration as the report shows it; none where there was no back-test."""
    table = building.con.sql("select * from customer.value_calibration order by decile").pl()
    return {measure: calibration_plot(table, measure) for measure in MEASURES} if table.height else {}


def _is_private(building: Building) -> dg.AssetCheckResult:
    findings = scan(building.con)
    return dg.AssetCheckResult(
        check_name="no_personal_data_in_the_clear",
        passed=not findings,
        description="; ".join(str(finding) for finding in findings) or None,
        metadata={"findings": len(findings)},
    )


def _has_rows(rows: dict[str, int]) -> dg.AssetCheckResult:
    empty = list(_empty(rows))
    return dg.AssetCheckResult(
        check_name="the_main_tables_hold_rows",
        passed=not empty,
        description=f"no rows in {', '.join(empty)}" if empty else None,
    )


def _empty(rows: dict[str, int]) -> Iterator[str]:
    return (name for name in _REQUIRED if not rows.get(name))
