"""The analyses stage as assets: statistics over many people, of tables that the SQL models made.

Each table is a source of later models (`analyses.*`), which put it beside the figures that it belongs to.
"""

from collections.abc import Iterator

import dagster as dg

from analyses.attribution import attribute
from analyses.campaigns import breakdown_effect, campaign_effect
from analyses.funnel import load_funnels
from analyses.funnel_sql import build_funnels
from analyses.shrinkage import shrink_rates
from assets.metadata import parquet_results, table_key, table_metadata
from profiles.value_models.config import ValueConfig
from warehouse.building import Building

SCHEMA = "analyses"
_MOMENTS = "select * from lake.intermediate.int_campaign_moment"
_BREAKDOWN = "select * from lake.intermediate.int_campaign_breakdown"
_CREDITS = "select * from lake.intermediate.int_attribution_credit"
_JOURNEYS = "select * from lake.intermediate.int_attribution_journey"
_ARMS = "select campaign_code, arm, n_people, cost_cny, is_window_complete from marts.campaign_arm"
_STORE_RATE = "select * exclude (store_rate_id) from lake.intermediate.int_store_rate"


def analysis_assets() -> list[dg.AssetsDefinition]:
    """The assets of this stage, in the order in which they run."""
    return [_campaign_effect(), _campaign_breakdown(), _attribution(), _funnels(), _store_rate()]


def _campaign_effect() -> dg.AssetsDefinition:
    @dg.asset(
        key=table_key(SCHEMA, "campaign_effect"),
        deps=[table_key("intermediate", "int_campaign_moment"), table_key("marts", "campaign_arm")],
        group_name=SCHEMA,
        description="What each campaign brought beyond its holdout, with intervals · 活动增量与区间",
        kinds={"polars", "parquet"},
    )
    def effect(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        moments, arms = (building.con.sql(query).pl() for query in (_MOMENTS, _ARMS))
        found = campaign_effect(moments, arms, ValueConfig().gross_margin)
        found.write_parquet(building.scratch("public", SCHEMA) / "campaign_effect.parquet")
        verdicts = dict(found["verdict"].value_counts(sort=True).iter_rows())
        return dg.MaterializeResult(
            metadata=table_metadata(found.height, f"{SCHEMA}.campaign_effect", {"verdicts": verdicts})
        )

    return effect


def _campaign_breakdown() -> dg.AssetsDefinition:
    @dg.asset(
        key=table_key(SCHEMA, "campaign_breakdown"),
        deps=[table_key("intermediate", "int_campaign_breakdown")],
        group_name=SCHEMA,
        description="What each channel, store and employee of a campaign brought · 活动增量按渠道、门店、员工拆分",
        kinds={"polars", "parquet"},
    )
    def breakdown(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        found = breakdown_effect(building.con.sql(_BREAKDOWN).pl(), ValueConfig().gross_margin)
        found.write_parquet(building.scratch("public", SCHEMA) / "campaign_breakdown.parquet")
        return dg.MaterializeResult(metadata=table_metadata(found.height, f"{SCHEMA}.campaign_breakdown"))

    return breakdown


def _attribution() -> dg.AssetsDefinition:
    @dg.asset(
        key=table_key(SCHEMA, "attribution"),
        deps=[table_key("intermediate", name) for name in ("int_attribution_credit", "int_attribution_journey")],
        group_name=SCHEMA,
        description="Whose doing each month's conversions are, by seven models · 归因",
        kinds={"polars", "parquet"},
    )
    def attribution(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        found = attribute(*(building.con.sql(query).pl() for query in (_CREDITS, _JOURNEYS)))
        found.write_parquet(building.scratch("public", SCHEMA) / "attribution.parquet")
        return dg.MaterializeResult(metadata=table_metadata(found.height, f"{SCHEMA}.attribution"))

    return attribution


def _store_rate() -> dg.AssetsDefinition:
    @dg.asset(
        key=table_key(SCHEMA, "store_rate"),
        deps=[table_key("intermediate", "int_store_rate")],
        group_name=SCHEMA,
        description="Rates of stores drawn towards their class, with interval, rank and flag · 门店比率的收缩估计",
        kinds={"polars", "parquet"},
    )
    def store_rate(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        told = building.con.sql(_STORE_RATE).pl()
        found = shrink_rates(told, rate=["window_days", "metric"], group="store_class", unit="store_code")
        found.write_parquet(building.scratch("public", SCHEMA) / "store_rate.parquet")
        flagged = found.height - found["flag"].null_count()
        return dg.MaterializeResult(metadata=table_metadata(found.height, f"{SCHEMA}.store_rate", {"flagged": flagged}))

    return store_rate


def _funnels() -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            table_key(SCHEMA, table),
            deps=[table_key("core", "events"), table_key("core", "orders")],
            group_name=SCHEMA,
            description=text,
            kinds={"duckdb", "parquet"},
        )
        for table, text in (
            ("funnel_step", "How many people came to each step of each funnel · 漏斗步骤"),
            ("funnel_loss", "Why the others did not · 漏斗流失原因"),
        )
    ]

    @dg.multi_asset(name="analyses_funnels", specs=specs)
    def funnels(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        steps, losses = build_funnels(building.con, load_funnels(), building.as_of, building.time_zone)
        folder = building.scratch("public", SCHEMA)
        steps.write_parquet(folder / "funnel_step.parquet")
        losses.write_parquet(folder / "funnel_loss.parquet")
        yield from parquet_results(specs, {SCHEMA: folder}, {})

    return funnels
