"""What assets say of themselves, in the terms that the Dagster UI understands, and the names they go by.

Every asset's step reaches its run through the resource `building`.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from common.errors import GuiyiError

Lineage = Mapping[str, list[tuple[dg.AssetKey, str]]]


def table_key(schema: str, table: str) -> dg.AssetKey:
    """Key of the asset that is one table."""
    return dg.AssetKey([schema, table])


def parquet_rows(path: Path) -> int:
    """Rows of a Parquet file, from its footer.

    Raises:
        GuiyiError: the file is not there.
    """
    if not path.exists():
        raise GuiyiError(f"The stage wrote no {path.stem}; materialize the whole job, so that its inputs are made too.")
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def table_metadata(n_rows: int, relation: str, figures: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Row count and table name as Dagster plots and shows them, with a stage's own figures."""
    return {"dagster/row_count": n_rows, "dagster/table_name": relation, **plain(figures or {})}


def plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as metadata values: numbers and text as they are, nested ones as JSON."""
    return {
        name: dg.MetadataValue.json(value) if isinstance(value, dict | list) else value
        for name, value in figures.items()
        if value is not None
    }


def column_schema(columns: Iterable[tuple[str, str, str]]) -> dg.TableSchema:
    """Name, type and description of each column."""
    return dg.TableSchema([dg.TableColumn(name, type=kind, description=text or None) for name, kind, text in columns])


def column_lineage(lineage: Lineage) -> dg.TableColumnLineage:
    """Which columns of other assets each column is made from."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=key, column_name=name) for key, name in sources]
            for column, sources in lineage.items()
        }
    )


def parquet_results(
    specs: Iterable[dg.AssetSpec], folders: Mapping[str, Path], figures: Mapping[str, Any]
) -> Iterator[dg.MaterializeResult]:
    """One result for each table of a stage that writes many; the first carries the stage's own figures.

    Args:
        specs: the stage's assets, keyed schema and table.
        folders: where each schema's Parquet files lie.
        figures: of the stage as a whole.
    """
    for number, spec in enumerate(specs):
        schema, table = spec.key.path
        rows = parquet_rows(folders[schema] / f"{table}.parquet")
        yield dg.MaterializeResult(
            asset_key=spec.key,
            metadata=table_metadata(rows, f"{schema}.{table}", figures if number == 0 else None),
        )
