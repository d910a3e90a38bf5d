"""Lists inside cells: JSON arrays of values or of objects, one row an element.

Taken apart by DuckDB, which keeps the digits of numbers and takes a cell that is no list for one value.
"""

from collections.abc import Sequence

import polars as pl

from touchpoints.cells import parsed_columns
from touchpoints.contract import Nested
from touchpoints.database import database

_ROW = "_row"


def explode_values(values: pl.Series) -> pl.DataFrame:
    """The elements of each cell's list: `row` (position of the cell) and `value`, in order."""
    cells = values.alias("cell").to_frame().with_row_index("row").filter(pl.col("cell").is_not_null())
    with database().cursor() as con:
        con.register("cells", cells)
        query = """
            select row, unnest(case when is_list then json_extract_string(cell, '$[*]') else [cell] end) as value
            from (select *, case when json_valid(cell) then json_type(cell) = 'ARRAY' else false end as is_list
                  from cells)
        """
        return con.sql(query).pl().sort("row", maintain_order=True)


def explode_objects(frame: pl.DataFrame, nested: Nested, keep: Sequence[str]) -> pl.DataFrame:
    """The objects of a nested list with their columns typed, the kept columns beside them and `position` from 1."""
    cells = frame.select(cell=pl.col(nested.column)).with_row_index(_ROW)
    cells = cells.filter(pl.col("cell").str.starts_with("["))
    names = {name: column.names for name, column in nested.columns.items()}
    paths = sorted({"$." + path for several in names.values() for path in several})
    with database().cursor() as con:
        con.register("cells", cells)
        query = """
            select _row, json_extract_string(element, $paths) as found
            from (select _row, unnest(json_extract(cell, '$[*]')) as element from cells where json_valid(cell))
        """
        found = con.sql(query, params={"paths": paths}).pl().sort(_ROW, maintain_order=True)
    elements = found.select(
        _ROW,
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(_ROW).alias("position"),
        **{
            name: pl.coalesce(pl.col("found").list.get(paths.index("$." + path)) for path in several)
            for name, several in names.items()
        },
    )
    elements = elements.with_columns(parsed_columns(elements, nested.columns, zones="UTC"))
    kept = frame.select(keep).with_row_index(_ROW)
    return elements.join(kept.drop(set(kept.columns) & set(nested.columns)), on=_ROW, how="left", maintain_order="left")
