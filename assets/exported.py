"""Exports as partitions of one asset: whoever made them, on whichever way, each is a materialization in the UI.

The lists themselves are made by `segments`; here its register is told to Dagster.
"""

from typing import Final

import dagster as dg

from assets.metadata import plain, table_key
from assets.warehouse import PUBLISHED
from segments.api import ExportEntry

EXPORTED: Final = table_key("segments", "exported_list")
PARTITIONS: Final = dg.DynamicPartitionsDefinition(name="exported_list")


def exported_spec() -> dg.AssetSpec:
    """The asset whose partitions are audience, destination and campaign."""
    return dg.AssetSpec(
        key=EXPORTED,
        deps=[PUBLISHED],
        group_name="segments",
        description="Every list that was exported, by audience, destination and campaign · 每次导出的名单",
        partitions_def=PARTITIONS,
        kinds={"csv"},
    )


def partition_of(entry: ExportEntry) -> str:
    """The partition that an export belongs to: `audience|destination|campaign`, `-` where there is none."""
    return "|".join((entry.audience, entry.destination or "-", entry.campaign or "-"))


def materialization_of(entry: ExportEntry) -> dg.AssetMaterialization:
    """An export as Dagster records it: content hash, rows, path, who asked and why; nobody is in it."""
    return dg.AssetMaterialization(
        asset_key=EXPORTED,
        partition=partition_of(entry),
        metadata=plain(
            {
                "dagster/row_count": entry.rows,
                "sha256": entry.sha256,
                "path": dg.MetadataValue.path(entry.path),
                "export_id": entry.export_id,
                "run": entry.run_id,
                "exported_at": entry.at.isoformat(),
                "requested_by": entry.requested_by,
                "reason": entry.reason,
                "is_delta": entry.is_delta,
                "format": entry.format,
                "encoding": entry.encoding,
            }
        ),
        tags={"dagster/data_version": entry.sha256},
    )
