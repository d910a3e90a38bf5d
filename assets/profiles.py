"""The profiles stage as assets: thresholds, customer value, replacement windows and tags from the SQL models.

Each table is a source of later models (`profiles.*`); those that people query are also put into the warehouse.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.metadata import parquet_results, table_key
from assets.tags import tag_assets
from profiles.categories import load_bundles, load_categories
from profiles.households import households
from profiles.replacement import replacement_due
from profiles.stage_bands import stage_bands
from profiles.tagging.model import TABLES as TAG_TABLES
from profiles.thresholds import stage_thresholds
from profiles.value_models import calibration_plot, score
from touchpoints.normalise.regions import region_names_en
from warehouse.building import Building
from warehouse.snapshot import attach_tables

SCHEMA = "profiles"
# What analysts and audiences read of this stage, by its name in the warehouse.
PUBLISHED = {
    "customer.clv": "clv",
    "customer.value_model": "value_model",
    "customer.value_calibration": "value_calibration",
    "marts.customer_equity_monthly": "customer_equity_monthly",
    "customer.stage_threshold": "stage_threshold",
    "customer.stage_threshold_history": "stage_threshold_history",
    "customer.durable": "durable",
    "customer.durable_life": "durable_life",
}
_BY_CATEGORY = "select one_id, category, purchase_date from customer.category_purchase_day"


def profile_assets() -> list[dg.AssetsDefinition]:
    """The assets of this stage, in the order in which they run."""
    return [_reference(), _thresholds(), _stage_bands(), _households(), _values(), _durables(), _tags()]


def _specs(descriptions: dict[str, str], deps: list[dg.AssetKey], stage: str = SCHEMA) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            table_key(SCHEMA, table), deps=deps, group_name=stage, description=text, kinds={"polars", "parquet"}
        )
        for table, text in descriptions.items()
    ]


def _reference() -> dg.AssetsDefinition:
    specs = _specs(
        {
            "category_pattern": "Which product titles belong to which category · 品类识别规则",
            "category_bundle": "Which categories go with which · 搭配品类",
            "region": "Provinces, cities and districts after GB/T 2260 · 行政区划",
        },
        deps=[],
        stage="reference",
    )

    @dg.multi_asset(name="profiles_reference", specs=specs)
    def profiles_reference(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        tables = {
            "category_pattern": load_categories(),
            "category_bundle": load_bundles(),
            "region": region_names_en(),
        }
        folder = _write(building, tables)
        yield from parquet_results(specs, {SCHEMA: folder}, {})

    return profiles_reference


def _thresholds() -> dg.AssetsDefinition:
    specs = _specs(
        {"stage_threshold": "How long customers ordinarily wait between purchases · 生命周期阈值"},
        deps=[table_key("customer", "purchase_day"), table_key("customer", "category_purchase_day")],
    )

    @dg.multi_asset(name="profiles_thresholds", specs=specs)
    def profiles_thresholds(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        purchases = building.con.sql("select one_id, purchase_date from customer.purchase_day").pl()
        table = stage_thresholds(purchases, building.as_of, building.con.sql(_BY_CATEGORY).pl())
        folder = _write(building, {"stage_threshold": table})
        brand = table.row(0, named=True)
        yield from parquet_results(specs, {SCHEMA: folder}, {name: brand[name] for name in ("q80_days", "q95_days")})

    return profiles_thresholds


def _households() -> dg.AssetsDefinition:
    specs = _specs({"household_member": "Who lives with whom · 家庭成员"}, deps=[table_key("identity", "relation")])

    @dg.multi_asset(name="profiles_households", specs=specs)
    def profiles_households(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        relations = pl.read_parquet(building.public / "identity" / "relation.parquet")
        pairs = relations.filter(pl.col("relation") == "household").select("one_id", "other_one_id")
        folder = _write(building, {"household_member": households(pairs)})
        yield from parquet_results(specs, {SCHEMA: folder}, {})

    return profiles_households


def _stage_bands() -> dg.AssetsDefinition:
    specs = _specs(
        {
            "stage_threshold_history": "The thresholds that each past day had · 历史阈值",
            "stage_band": "How long ago is long, by each day's thresholds · 历史档位",
            "won_back_band": "Which gaps count as won back, by each day's thresholds · 历史召回档位",
        },
        deps=[table_key("intermediate", "int_purchase_span"), table_key("intermediate", "int_gap_change")],
    )

    @dg.multi_asset(name="profiles_stage_bands", specs=specs)
    def profiles_stage_bands(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        spans = building.con.sql(
            "select distinct scope, category, last_purchase_date, last_gap_days "
            "from lake.intermediate.int_purchase_span"
        ).pl()
        changes = building.con.sql("select * from lake.intermediate.int_gap_change").pl()
        found = stage_bands(spans, changes, building.as_of)
        folder = _write(
            building,
            {
                "stage_threshold_history": found.threshold,
                "stage_band": found.band,
                "won_back_band": found.won_back,
            },
        )
        yield from parquet_results(specs, {SCHEMA: folder}, {})

    return profiles_stage_bands


def _values() -> dg.AssetsDefinition:
    specs = _specs(
        {
            "clv": "P(alive), expected purchases and 12-month value of each customer · 客户价值",
            "value_model": "Parameters, likelihood and back-test of the value model · 价值模型",
            "value_calibration": "The back-test by decile, predicted and actual · 价值模型校准",
            "customer_equity_monthly": "What the customer base was worth at each month end · 客户权益走势",
        },
        deps=[table_key("customer", "purchase_day")],
    )

    @dg.multi_asset(name="profiles_values", specs=specs)
    def profiles_values(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        query = "select one_id, purchase_date, net_amount_cny from customer.purchase_day order by all"
        scores = score(building.con.sql(query).pl(), building.as_of)
        tables = {
            "clv": scores.clv,
            "value_model": scores.model_table(),
            "value_calibration": scores.calibration_table(),
            "customer_equity_monthly": scores.equity,
        }
        figures: dict[str, Any] = {"gate": scores.gate, "model": scores.model}
        if tables["value_calibration"].height:
            picture = base64.b64encode(calibration_plot(tables["value_calibration"]).encode()).decode()
            figures["calibration"] = dg.MetadataValue.md(f"![calibration](data:image/svg+xml;base64,{picture})")
        yield from parquet_results(specs, {SCHEMA: _write(building, tables)}, figures)

    return profiles_values


def _durables() -> dg.AssetsDefinition:
    specs = _specs(
        {
            "durable": "Appliances that people own, and when their replacement is due · 耐用品与换新窗口",
            "durable_life": "How long appliances of a category last · 耐用品寿命",
        },
        deps=[table_key("customer", "category_purchase_day"), table_key(SCHEMA, "category_pattern")],
    )

    @dg.multi_asset(name="profiles_durables", specs=specs)
    def profiles_durables(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        found = replacement_due(building.con.sql(_BY_CATEGORY).pl(), load_categories(), building.as_of)
        folder = _write(building, {"durable": found.durable, "durable_life": found.life})
        yield from parquet_results(specs, {SCHEMA: folder}, {})

    return profiles_durables


def _tags() -> dg.AssetsDefinition:
    return tag_assets(
        [
            table_key(SCHEMA, PUBLISHED[name]) if name in PUBLISHED else table_key(*name.split("."))
            for name in sorted(TAG_TABLES)
        ]
    )


def _write(building: Building, tables: dict[str, pl.DataFrame]) -> Path:
    """Tables as Parquet, and those that are published into the warehouse too."""
    folder = building.scratch("public", SCHEMA)
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    attach_tables(building, {name: folder / f"{table}.parquet" for name, table in PUBLISHED.items() if table in tables})
    return folder
