"""The identity stage as assets: canonical tables in, OneIDs, edges and golden records out."""

from collections.abc import Iterable, Iterator

import dagster as dg
import polars as pl

from assets.checks import told
from assets.metadata import parquet_results, table_key
from common.labels import label, names
from identity.keeping.causes import ChurnBudget
from identity.keeping.keeping import Keeping
from identity.measuring.measuring import Place, measure_run
from identity.measuring.quality import load_metrics
from identity.pipeline import resolve
from identity.results import IdentityReport
from identity.scoring.engine import engine_named
from warehouse.building import Building

PUBLIC, PRIVATE = "identity", "identity_private"
# `source_file` is read by the landing gate alone: what fails there stops the run before anybody is looked for.
_INPUTS = (
    "record", "identifier", "attribute", "orders", "ledger", "event", "identity_link", "staff", "business_account",
    "source_file",
)  # fmt: skip
_DESCRIPTIONS = {
    (PUBLIC, "record_map"): "One row per party, that is record and role, with its OneID · 记录与 OneID 对照",
    (PUBLIC, "one_id"): "One row per OneID that was ever given, merged ones as aliases · 全部 OneID",
    (PUBLIC, "absent_record"): "Records of earlier runs that no file tells of any more · 不再出现的记录",
    (PUBLIC, "displaced_record"): "OneIDs lost while a source is missing · 来源缺失期间暂失的 OneID",
    (PUBLIC, "edge"): "Why two parties are one person: rule or match weight, with evidence · 归一依据",
    (PUBLIC, "change"): "Records whose OneID this run changed, and the cause · OneID 变更",
    (PUBLIC, "golden_field"): "Golden record: each field's value or its hash, and where it came from · 黄金记录",
    (PUBLIC, "golden_candidate"): "Golden record: the values that lost, and by what · 黄金记录落选值",
    (PUBLIC, "override"): "What stewards decided, and whether it was applied · 人工裁定",
    (PUBLIC, "review_item"): "Open questions for people, most valuable first · 待复核问题",
    (PUBLIC, "identifier_value"): "Identifier values that tell of several parties, judged · 标识值判定",
    (PUBLIC, "relation"): "Who gives to, pays for, refers or lives with whom; never a merge · 人际关系",
    (PUBLIC, "device_history"): "Whose a device was, from when to when · 设备归属历史",
    (PUBLIC, "event_owner"): "Whose the events of anonymous devices are · 匿名事件归属",
    (PUBLIC, "doubt"): "People of whom it is in doubt that they are one person, and why · 存疑的人及原因",
    (PUBLIC, "over_limit"): "People with more identifiers of a type than the registry allows · 标识超限的人",
    (PUBLIC, "quality"): "What each run measured of its OneIDs, with limits · 归一质量指标",
    (PUBLIC, "canary_quality"): "Quality over invented people of known truth, by phenomenon · 虚构样本质量",
    (PUBLIC, "decided_by"): "Which rules and which model decided · 规则与模型版本",
    (PRIVATE, "golden_value"): "Golden record values in the clear; vault only · 黄金记录明文（保险库）",
    (PRIVATE, "contact_point"): "Where a person can be reached, in the clear; vault only · 联系方式明文（保险库）",
    (
        PRIVATE,
        "person_identifier",
    ): "A person's identifiers in the clear, by OneID; vault only · 个人标识明文（保险库）",
    (PRIVATE, "value_owner"): "Whose each value is, in the clear, by value; vault only · 按值查人（保险库）",
    (PRIVATE, "asked_value"): "What those say who are asked about, in the clear; vault only · 待复核记录明文（保险库）",
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

    limited = {
        name: one
        for name, one in load_metrics().items()
        # What becomes of churned ids is told by a check of its own.
        if (one.warn, one.stop) != (None, None) and name != "id_churn"
    }
    checks = [
        dg.AssetCheckSpec(name, asset=table_key(PUBLIC, table), description=text)
        for name, (table, text) in _CHECKS.items()
    ] + [
        dg.AssetCheckSpec(
            name, asset=table_key(PUBLIC, "quality"), description=metric.meaning, blocking=metric.stop is not None
        )
        for name, metric in limited.items()
    ]

    @dg.multi_asset(name="identity", specs=specs, check_specs=checks)
    def identity(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        folders = {PUBLIC: building.scratch("public", PUBLIC), PRIVATE: building.scratch("private", PUBLIC)}
        kept = Keeping(
            folder=building.home.identity,
            private=building.base_private_identity,
            budget=ChurnBudget(building.churn_warn, building.churn_stop),
            accept_churn=building.accept_churn,
        )
        report = resolve(
            building.private / "touchpoints",
            public=folders[PUBLIC],
            private=folders[PRIVATE],
            previous=building.base_identity,
            models=building.home.models,
            key=building.key,
            run_id=building.run_id,
            keeping=kept,
            engine=engine_named(building.scoring, building.scratch("spark"), building.spark_master),
            progress=building.progress,
        )
        place = Place(
            touchpoints=building.private / "touchpoints",
            public=folders[PUBLIC],
            scratch=building.scratch("measuring"),
            previous=building.base_identity,
            models=building.home.models,
            registry=kept.registry,
        )
        quality = measure_run(report, place, key=building.key, run_id=building.run_id, churn_limit=building.churn_warn)
        yield from parquet_results(specs, folders, report.as_dict())
        yield from _checked(report)
        yield from _measured(quality, limited)

    return identity


_CHECKS = {
    "few_ids_change": ("change", "The share of known records whose OneID changed is below the share that warns."),
    "every_override_is_applied": ("override", "Each decision of a steward could be applied."),
}


def _measured(quality: pl.DataFrame, names: Iterable[str]) -> Iterator[dg.AssetCheckResult]:
    """One check a metric that has limits: past the one that stops, nothing is published."""
    for name in names:
        rows = quality.filter(pl.col("metric") == name)
        bad = rows.filter(pl.col("state") != "ok")
        description, chinese = told(
            [
                (f"{_part(part) or zh}：{value:g}，界限 {limit:g}", f"{part or name}: {value:g}, limit {limit:g}")
                for part, zh, value, limit in bad.select(_TOLD).iter_rows()
            ]
        )
        yield dg.AssetCheckResult(
            asset_key=table_key(PUBLIC, "quality"),
            check_name=name,
            passed=bad.is_empty(),
            severity=dg.AssetCheckSeverity.ERROR if "stop" in bad["state"] else dg.AssetCheckSeverity.WARN,
            description=description,
            metadata={
                **{part or "value": value for part, value in rows.select("part", "value").iter_rows()},
                **chinese,
            },
        )


_TOLD = ("part", "meaning_zh", "value", "limit_value")


def _part(part: str) -> str:
    known = {**names("field"), **names("source")}
    return known.get(part, (part, part))[0]


def _checked(report: IdentityReport) -> Iterator[dg.AssetCheckResult]:
    """What a person should know of a run that goes on: neither check stops it."""
    causes = ", ".join(f"{n:,} by {cause}" for cause, n in report.changes_by_cause.items())
    causes_zh = "、".join(f"{label('change_cause', cause)[0]} {n:,}" for cause, n in report.changes_by_cause.items())
    share = f"{report.n_changed_records:,} of {report.n_known_records:,} known records have another OneID ({causes})"
    share_zh = f"{report.n_known_records:,} 条已知记录中有 {report.n_changed_records:,} 条换了 OneID（{causes_zh}）"
    left = report.overrides_not_applied
    for name, passed, said in (
        ("few_ids_change", not report.is_churn_high, [(share_zh, share)]),
        ("every_override_is_applied", not left, [(text, text) for text in left]),
    ):
        description, chinese = told([] if passed else said)
        yield dg.AssetCheckResult(
            asset_key=table_key(PUBLIC, _CHECKS[name][0]),
            check_name=name,
            passed=passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=description,
            metadata=chinese,
        )
