"""The analyses stage as assets: statistics over many people, of tables that the SQL models made.

Each table is a source of later models (`analyses.*`), which put it beside the figures that it belongs to.
"""

import dagster as dg

from analyses.attribution import attribute
from analyses.campaigns import campaign_effect
from analyses.shrinkage import shrink_rates
from assets.metadata import table_key, table_metadata
from profiles.value_models.config import ValueConfig
from warehouse.building import Building

SCHEMA = "analyses"
_MOMENTS = "select * from lake.intermediate.int_campaign_moment"
_CREDITS = "select * from lake.intermediate.int_attribution_credit"
_JOURNEYS = "select * from lake.intermediate.int_attribution_journey"
_ARMS = "select campaign_code, arm, n_people, cost_cny, is_window_complete from marts.campaign_arm"
_STORE_RATE = "select * exclude (store_rate_id) from lake.intermediate.int_store_rate"


def analysis_assets() -> list[dg.AssetsDefinition]:
    """The assets of this stage, in the order in which they run."""
    return [_campaign_effect(), _attribution(), _store_rate()]


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
