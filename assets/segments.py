"""The segments stage as assets: each audience exported as CSV from the published warehouse.

A built-in audience is an asset. The brand's own come and go as files of the home, so one asset exports all of them, as
they are when it runs; one that is wrong does not keep the others back.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import dagster as dg

from assets.metadata import plain, table_key
from assets.warehouse import PUBLISHED
from common.errors import GuiyiError
from segments.api import Audience, export_audience, find_audience, load_audiences, survey_audiences
from warehouse.building import Building

OWN: Final = table_key("segments", "own_audiences")


def audience_assets(clock: Callable[[], datetime]) -> list[dg.AssetsDefinition]:
    """One asset for each file in `segments/audiences`, and one for the brand's own.

    Args:
        clock: tells UTC without zone.
    """
    built_in = load_audiences()
    return [
        *(_audience_asset(audience, clock) for audience in built_in.values()),
        _own_asset(frozenset(built_in), clock),
    ]


def _own_asset(built_in: frozenset[str], clock: Callable[[], datetime]) -> dg.AssetsDefinition:
    """The brand's own audiences but for those that take a built-in one's place."""

    @dg.asset(
        key=OWN,
        deps=[PUBLISHED],
        group_name="segments",
        description="The brand's own audiences, HOME/audiences/*.yml · 自建人群",
        kinds={"csv"},
        check_specs=[
            dg.AssetCheckSpec(
                "every_own_audience_is_exported",
                asset=OWN,
                description="Each file in HOME/audiences can be read and fits the published tables.",
            )
        ],
    )
    def own_audiences(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        shelf = survey_audiences(building.home.path)
        faults = {name: str(error) for name, error in shelf.faults.items() if name not in built_in}
        reports = {}
        for name, audience in shelf.audiences.items():
            if audience.origin == "own" and name not in built_in:
                try:
                    reports[name] = export_audience(building.home.path, audience, at=clock(), is_sending=False)
                except GuiyiError as error:
                    faults[name] = str(error)
        return dg.MaterializeResult(
            metadata=plain(
                {
                    "dagster/row_count": sum(report.rows for report in reports.values()),
                    "rows": {name: report.rows for name, report in reports.items()},
                    "sha256": {name: report.sha256 for name, report in reports.items()},
                    "matching": {name: report.matching for name, report in reports.items()},
                }
            ),
            check_results=[
                dg.AssetCheckResult(
                    check_name="every_own_audience_is_exported",
                    passed=not faults,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(faults.values()) or None,
                )
            ],
        )

    return own_audiences


def _audience_asset(audience: Audience, clock: Callable[[], datetime]) -> dg.AssetsDefinition:
    definition, label = audience.definition, audience.definition.label

    @dg.asset(
        key=table_key("segments", audience.name),
        deps=[PUBLISHED],
        group_name="segments",
        description="\n\n".join((f"{label.zh} · {label.en}", definition.description.zh, definition.description.en)),
        kinds={"csv"},
        metadata={"channel": definition.channel or "none", "owner": definition.owner},
    )
    def export(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        home = building.home.path
        report = export_audience(home, find_audience(audience.name, home), at=clock(), is_sending=False)
        return dg.MaterializeResult(
            metadata=plain(
                {
                    "dagster/row_count": report.rows,
                    "csv": dg.MetadataValue.path(report.csv),
                    "sha256": report.sha256,
                    "matching": report.matching,
                    "dropped": report.dropped,
                    "run": report.run_id,
                }
            ),
            data_version=dg.DataVersion(report.sha256),
        )

    return export
