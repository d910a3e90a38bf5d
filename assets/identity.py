"""The identity stage as assets: canonical tables in, OneIDs, edges and golden records out."""

from collections.abc import Iterator

import dagster as dg

from assets.metadata import parquet_results, table_key
from identity.pipeline import resolve
from warehouse.building import Building

PUBLIC, PRIVATE = "identity", "identity_private"
# `source_file` is read by the landing gate alone: what fails there stops the run before anybody is looked for.
_INPUTS = ("record", "identifier", "attribute", "orders", "ledger", "source_file")
_DESCRIPTIONS = {
    (PUBLIC, "record_map"): "One row per party, that is record and role, with its OneID · 记录与 OneID 对照",
    (PUBLIC, "one_id"): "One row per OneID that was ever given, merged ones as aliases · 全部 OneID",
    (PUBLIC, "absent_record"): "Records of earlier runs that no file tells of any more · 不再出现的记录",
    (PUBLIC, "edge"): "Why two parties are one person: rule or match weight, with evidence · 归一依据",
    (PUBLIC, "change"): "Records whose OneID this run changed, and the cause · OneID 变更",
    (PUBLIC, "golden_field"): "Golden record: each field's value or its hash, and where it came from · 黄金记录",
    (PUBLIC, "identifier_value"): "Identifier values that tell of several parties, judged · 标识值判定",
    (PUBLIC, "decided_by"): "Which rules and which model decided · 规则与模型版本",
    (PRIVATE, "golden_value"): "Golden record values in the clear; vault only · 黄金记录明文（保险库）",
    (PRIVATE, "contact_point"): "Where a person can be reached, in the clear; vault only · 联系方式明文（保险库）",
}


def identity_assets() -> dg.AssetsDefinition:
    """One step that resolves all parties, one asset a table."""
    specs = [
        dg.AssetSpec(
            table_key(schema, table),
            deps=[table_key("touchpoints", name) for name in _INPUTS],
            group_name="identity",
            description=text,
            kinds={"splink", "parquet"},
        )
        for (schema, table), text in _DESCRIPTIONS.items()
    ]

    @dg.multi_asset(name="identity", specs=specs)
    def identity(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        folders = {PUBLIC: building.scratch("public", PUBLIC), PRIVATE: building.scratch("private", PUBLIC)}
        report = resolve(
            building.private / "touchpoints",
            public=folders[PUBLIC],
            private=folders[PRIVATE],
            previous=building.base_identity,
            models=building.home.models,
            key=building.key,
            run_id=building.run_id,
            progress=building.progress,
        )
        yield from parquet_results(specs, folders, report.as_dict())

    return identity
