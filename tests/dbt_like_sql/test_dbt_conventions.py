"""The house rules of the models: documented in two languages, keyed, plain staging, a dictionary that is up to date."""

import ast
import io
import re
import tokenize
from pathlib import Path

import duckdb
import pytest

from dbt_like_sql.dictionary import PAGE, data_dictionary, published_tables
from dbt_like_sql.project import PACKAGE_ROOT, load_project
from touchpoints.model import TABLES

PROJECT = load_project()
PUBLISHED = published_tables(PROJECT)
REPOSITORY = PACKAGE_ROOT.parent
ENGINE = ("yaml_format", "project", "compile", "runner", "lineage")
TYPES = {"String": "varchar", "Int64": "bigint", "Float64": "double", "Date": "date", "Boolean": "boolean"}


@pytest.mark.parametrize("name", PROJECT.order())
def test_each_model_says_its_grain_and_every_column_in_both_languages(name):
    model = PROJECT.model(name)
    assert model.description.startswith(("One row per ", "One row:"))
    assert model.path.with_suffix(".yml").exists()
    for text in [model.description, *(column.description for column in model.columns)]:
        assert_both_languages(text)


@pytest.mark.parametrize("name", [n for n in PROJECT.order() if not n.startswith("stg_")])
def test_each_models_key_is_tested(name):
    tests = PROJECT.model(name).tests
    keys = [test.column for test in tests if test.kind == "unique"]
    parts = {part for key in keys for part in re.findall(r"[a-z_0-9]+", key.replace("'#'", ""))}
    assert keys
    assert parts <= {test.column for test in tests if test.kind == "not_null"}


@pytest.mark.parametrize("name", PROJECT.order())
def test_each_model_ends_with_its_final_step(name):
    assert PROJECT.model(name).sql.rstrip().endswith("select * from final")


@pytest.mark.parametrize("name", [n for n in PROJECT.order() if n.startswith("stg_")])
def test_staging_names_its_columns_and_reads_one_source(name):
    model = PROJECT.model(name)
    assert model.sql.count("*") == 1, "select * is for the last line alone"
    assert name == f"stg_{'__'.join(model.sources[0])}" and len(model.sources) == 1 and not model.depends_on


def test_later_models_read_sources_through_staging_only():
    assert not [m.name for m in PROJECT.models.values() if m.sources and not m.name.startswith("stg_")]


def test_published_tables_do_not_hold_personal_columns():
    hidden = {"identifier", "birth_date", "attribute", "name", "phone", "email", "address"}
    for table in PUBLISHED:
        assert not [c.name for c in table.columns if c.config.meta.get("pii") in hidden], table.name


@pytest.mark.parametrize("table", PUBLISHED, ids=lambda table: table.name)
def test_each_published_table_says_its_grain_and_every_column_in_both_languages(table):
    assert table.description.startswith(("One row per ", "One row:"))
    for text in [table.description, *(column.description for column in table.columns)]:
        assert_both_languages(text)


@pytest.mark.parametrize("table", PUBLISHED, ids=lambda table: table.name)
def test_each_published_table_has_an_owner(table):
    assert table.owner in {"data", "crm", "marketing", "retail", "merchandising", "service", "finance"}


@pytest.mark.parametrize("table", PUBLISHED, ids=lambda table: table.name)
def test_no_published_column_needs_quotes_in_sql(table):
    con = duckdb.connect()
    con.execute(f"create schema {table.schema}")
    quoted = ", ".join(f'"{column.name}" {column.data_type}' for column in table.columns)
    con.execute(f"create table {table.name} ({quoted})")
    for column in table.columns:
        name = column.name
        query = f"select {name} from {table.name} where {name} is not null group by {name} order by {name}"
        assert con.sql(query).columns == [name]


def test_keys_of_published_tables_are_their_columns():
    for table in PUBLISHED:
        parts = {part for key in table.key for part in re.findall(r"[a-z_0-9]+", key)}
        assert parts <= {column.name for column in table.columns}, table.name


def test_touchpoint_sources_are_declared_as_the_canonical_model_has_them():
    for table in PROJECT.sources["touchpoints"].tables:
        canonical = TABLES[table.name]
        for column in table.columns:
            kind = str(canonical[column.name]).replace("<class '", "").split(".")[-1].rstrip("'>")
            expected = "timestamp" if kind.startswith("Datetime") else TYPES[kind]
            assert column.data_type == expected, f"{table.name}.{column.name}"


def test_the_data_dictionary_page_is_up_to_date():
    page = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    assert page == data_dictionary(PROJECT), "run `python -m dbt_like_sql.dictionary`"


def test_the_reader_stays_under_400_lines_of_code():
    assert sum(lines_of_code(PACKAGE_ROOT / f"{module}.py") for module in ENGINE) < 400


def assert_both_languages(text: str) -> None:
    english, separator, chinese = text.partition(" · ")
    assert english and separator and re.search("[一-鿿]", chinese), text


def lines_of_code(path: Path) -> int:
    """Lines that hold code: no blank lines, comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            documented |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in silent]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - documented)
