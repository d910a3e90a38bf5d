"""The segments stage as assets: one asset an audience, exported as CSV from the published warehouse."""

import dagster as dg

from assets.metadata import plain, table_key
from assets.warehouse import PUBLISHED
from segments.api import Audience, export_audience, load_audiences
from warehouse.building import Building


def audience_assets() -> list[dg.AssetsDefinition]:
    """One asset for each file in `segments/audiences`."""
    return [_audience_asset(audience) for audience in load_audiences().values()]


def _audience_asset(audience: Audience) -> dg.AssetsDefinition:
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
        report = export_audience(building.home.path, audience)
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
