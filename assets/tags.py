"""Tags as assets: those of this run, what they are called, how imported lists fared, and who had which tag when."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.metadata import parquet_results, table_key
from assets.tag_lists import resolve_lists
from profiles.tagging import history
from profiles.tagging.build import build, catalogue, use_lists
from profiles.tagging.load import load_tags
from warehouse.building import Building, literal
from warehouse.snapshot import attach_tables

SCHEMA = "profiles"
DESCRIPTIONS = {
    "tag": "Tags of each person, as the tag files define them · 标签",
    "tag_catalogue": "What each tag is called and means · 标签目录",
    "tag_import": "How imported lists fared: rows matched, unknown, expired · 导入名单结果",
    "tag_history": "Who had which tag when · 标签历史",
    "tag_observation": "On which days each tag was computed · 标签计算日",
}


def tag_assets(reads: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset that computes all tags.

    Args:
        reads: what tags are made from.
    """
    specs = [
        dg.AssetSpec(
            table_key(SCHEMA, table),
            deps=reads,
            group_name="customer",
            description=text,
            kinds={"duckdb", "parquet"},
        )
        for table, text in DESCRIPTIONS.items()
    ]

    @dg.multi_asset(name="profiles_tags", specs=specs)
    def profiles_tags(building: dg.ResourceParam[Building]) -> Iterator[dg.MaterializeResult]:
        con = building.con
        tags = load_tags(own=building.home.tags)
        found, imports = resolve_lists(building, tags)
        use_lists(con, found)
        base = building.base_snapshot
        history.recall(con, base / "tables" if base else None, building.public / "identity" / "one_id.parquet")
        due = history.due(con, tags, building.as_of)
        build(con, due.fresh, building.as_of, time_zone=building.time_zone)
        history.observe(con, building.as_of, due.fresh, "customer.tag")
        history.retire(con, building.as_of, tags)
        history.keep(con, building.as_of, due.kept)
        folder = building.scratch("public", SCHEMA)
        catalogue(tags).write_parquet(folder / "tag_catalogue.parquet")
        imports.write_parquet(folder / "tag_import.parquet")
        for name in ("tag", "tag_history", "tag_observation"):
            path = literal(str(folder / f"{name}.parquet"))
            con.execute(f"copy (select * from customer.{name} order by all) to {path} (format parquet)").fetchall()
        attach_tables(building, {f"customer.{name}": folder / f"{name}.parquet" for name in DESCRIPTIONS})
        people = dict(
            pl.read_parquet(folder / "tag.parquet", columns=["tag"])["tag"].value_counts(sort=True).iter_rows()
        )
        yield from parquet_results(specs, {SCHEMA: folder}, {"rows_by_tag": people})

    return profiles_tags
