"""The data dictionary against a warehouse that a run published."""

from dbt_like_sql.dictionary import published_tables
from dbt_like_sql.project import load_project
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

DOCUMENTED = {table.name: table for table in published_tables(load_project())}


def test_every_published_column_is_in_the_data_dictionary_with_its_type(home: Home) -> None:
    with open_warehouse(home) as con:
        rows = con.sql(
            "select schema_name || '.' || table_name, column_name, lower(data_type) from duckdb_columns() "
            "where not internal order by 1, column_index"
        ).fetchall()
    published: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        published.setdefault(table, []).append((column, kind))
    assert published == {name: [(c.name, c.data_type) for c in table.columns] for name, table in DOCUMENTED.items()}


def test_documented_keys_are_unique_in_a_published_warehouse(home: Home) -> None:
    with open_warehouse(home) as con:
        for table in DOCUMENTED.values():
            for key in table.key:
                twice = con.sql(f"select {key} from {table.name} group by all having count(*) > 1 limit 1").fetchall()
                assert twice == [], f"{table.name}: {key}"
