"""The escape into SQL: one query that reads published tables, and can do nothing else.

What a query may hold is told by DuckDB's own parser, from the text that will run: kinds of nodes, tables and functions
are let through by name, everything that is not named here is refused. The connection is read-only besides.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any, Final

import duckdb
import sqlglot
from sqlglot import exp

from segments.rules.dictionary import SCHEMAS, DataDictionary
from segments.saying import say

SECONDS: Final = 10.0  # that a query may take by itself
MAX_ROWS: Final = 5_000_000

# Nodes of DuckDB's syntax tree that stand for no expression.
_NODES: Final = frozenset(
    {
        "SELECT_NODE", "SET_OPERATION_NODE", "BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST",
        "TABLE_FUNCTION", "ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING",
        "DESCENDING",
    }
)  # fmt: skip
# Expressions; a parameter, a lambda or a star with a pattern is none of them.
_EXPRESSIONS: Final = frozenset(
    {
        "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION",
        "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW",
    }
)  # fmt: skip
# Functions of the values alone: the same values give the same result, today and tomorrow, and nothing else is touched.
_FUNCTIONS: Final = frozenset(
    {
        "abs", "add", "any_value", "approx_count_distinct", "arg_max", "arg_min", "array_agg", "array_contains",
        "array_distinct", "array_extract", "array_has", "array_has_all", "array_has_any", "array_length",
        "array_position", "array_slice", "array_sort", "array_to_string", "array_unique", "avg", "bool_and",
        "bool_or", "ceil", "ceiling", "coalesce", "concat", "concat_ws", "contains", "count", "count_if",
        "count_star", "cume_dist", "date_add", "date_diff", "date_part", "date_sub", "date_trunc", "datediff",
        "datepart", "datesub", "datetrunc", "day", "dayname", "dayofmonth", "dayofweek", "dayofyear",
        "dense_rank", "divide", "ends_with", "epoch", "exp", "first", "first_value", "floor", "greatest",
        "hour", "if", "ifnull", "ilike_escape", "isnan", "isodow", "lag", "last", "last_day", "last_value",
        "lead", "least", "left", "len", "length", "like_escape", "list", "list_aggregate", "list_any_value",
        "list_contains", "list_count", "list_distinct", "list_extract", "list_filter", "list_has",
        "list_has_all", "list_has_any", "list_max", "list_min", "list_position", "list_slice", "list_sort",
        "list_sum", "list_unique", "list_value", "ln", "log", "log10", "lower", "lpad", "ltrim", "make_date",
        "max", "max_by", "median", "min", "min_by", "minute", "mod", "mode", "month", "monthname", "multiply",
        "not_ilike_escape", "not_like_escape", "nth_value", "ntile", "nullif", "percent_rank", "power",
        "quantile", "quantile_cont", "quantile_disc", "quarter", "range", "rank", "regexp_extract",
        "regexp_full_match", "regexp_matches", "regexp_replace", "repeat", "replace", "reverse", "right",
        "round", "row", "row_number", "rpad", "rtrim", "second", "sign", "split", "split_part", "sqrt",
        "starts_with", "stddev", "stddev_pop", "stddev_samp", "str_split", "strftime", "string_agg",
        "string_split", "string_to_array", "strip_accents", "strlen", "strpos", "strptime", "struct_extract",
        "struct_pack", "substr", "substring", "subtract", "sum", "time_bucket", "to_days", "to_months",
        "to_weeks", "to_years", "trim", "trunc", "try_strptime", "unnest", "upper", "var_pop", "var_samp",
        "variance", "week", "weekofyear", "year", "yearweek",
    }
)  # fmt: skip
# What SQL calls without brackets: not of the values, but of the moment and of who asks.
_MOMENTARY: Final = frozenset(
    {
        "current_catalog", "current_database", "current_date", "current_role", "current_schema", "current_time",
        "current_timestamp", "current_user", "localtime", "localtimestamp", "session_user", "user",
    }
)  # fmt: skip


class UnsafeSql(ValueError):
    """A query that is not let through; `problem` and `remedy` say why and what to do."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(problem)


def safe_query(text: str, dictionary: DataDictionary) -> exp.Query:
    """A query as it was written, once it is sure that it does nothing but read published tables.

    Raises:
        UnsafeSql: it may do more, or is no query.
    """
    try:
        statements = [one for one in sqlglot.parse(text, dialect="duckdb") if one is not None]
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise UnsafeSql(say("sql_says", message=_first_line(error)), say("try_in_duckdb")) from error
    if len(statements) != 1:
        raise UnsafeSql(say("n_statements", n=len(statements)), say("one_select"))
    query = statements[0]
    if not isinstance(query, exp.Query) or isinstance(query, exp.Subquery | exp.Table):
        raise UnsafeSql(say("no_select"), say("one_select"))
    _refuse_unsafe(query.sql(dialect="duckdb"), dictionary)
    return query


def bounded(query: exp.Query) -> exp.Select:
    """A query that fails past `MAX_ROWS` rows, wherever it runs: to cut it off would let people through a `not`.

    Args:
        query: what `safe_query` let through.
    """
    number = exp.Window(this=exp.func("row_number"))
    numbered = exp.select("one_id", number.as_("row_no")).from_(query.copy().subquery("query", copy=False))
    too_many = exp.GT(this=exp.column("row_no"), expression=exp.Literal.number(MAX_ROWS))
    failing = exp.func("error", exp.Literal.string(str(say("too_many_rows", most=f"{MAX_ROWS:,}"))))
    passes = exp.Case().when(too_many, failing).else_(exp.true())
    return exp.select("one_id").from_(numbered.subquery("numbered", copy=False)).where(passes)


def try_out(con: duckdb.DuckDBPyConnection, query: exp.Query, *, seconds: float = SECONDS) -> None:
    """Runs a query by itself, for so long and no longer.

    Args:
        con: connection to the published warehouse.
        query: what `safe_query` let through.
        seconds: that it may take.

    Raises:
        UnsafeSql: it fails, takes too long, gives no one_id or too many rows.
    """
    counted = exp.select(
        exp.Count(this=exp.column("one_id")), exp.func("any_value", exp.func("typeof", exp.column("one_id")))
    ).from_(exp.select("one_id").from_(query.copy().subquery("written")).limit(MAX_ROWS + 1).subquery("counted"))
    timer = threading.Timer(seconds, con.interrupt)
    timer.start()
    try:
        n_rows, kind = con.execute(counted.sql(dialect="duckdb")).fetchall()[0]
    except duckdb.InterruptException as error:
        raise UnsafeSql(say("sql_too_slow", seconds=f"{seconds:g}"), say("ask_less")) from error
    except duckdb.Error as error:
        raise UnsafeSql(_about_sql(error), say("must_give_one_id")) from error
    finally:
        timer.cancel()
    if n_rows > MAX_ROWS:
        raise UnsafeSql(say("too_many_rows", most=f"{MAX_ROWS:,}"), say("once_each"))
    if n_rows and kind != "VARCHAR":
        raise UnsafeSql(say("one_id_is", kind=kind), say("give_one_id"))


def _refuse_unsafe(text: str, dictionary: DataDictionary) -> None:
    con = duckdb.connect(":memory:")
    try:
        answer = json.loads(con.execute("SELECT CAST(json_serialize_sql(?) AS VARCHAR)", [text]).fetchall()[0][0])
    except duckdb.Error as error:
        raise UnsafeSql(_about_sql(error), say("try_in_duckdb")) from error
    finally:
        con.close()
    if answer.get("error"):
        raise UnsafeSql(say("not_taken_for_select", message=answer.get("error_message")), say("one_select"))
    if len(answer["statements"]) != 1:
        raise UnsafeSql(say("several_statements"), say("one_select"))
    _walk(answer["statements"][0], frozenset(), dictionary)


def _walk(node: Any, ctes: frozenset[str], dictionary: DataDictionary) -> None:
    """Checks a node of the tree and all below it.

    Args:
        node: of the JSON that DuckDB makes of the query.
        ctes: names of the WITH clauses that may be used here, in small letters.
        dictionary: the published tables.
    """
    if isinstance(node, list):
        for one in node:
            _walk(one, ctes, dictionary)
    elif isinstance(node, Mapping):
        _check(node, ctes, dictionary)
        for entry in (node.get("cte_map") or {"map": []})["map"]:
            _walk(entry["value"], ctes, dictionary)
            ctes = ctes | {entry["key"].lower()}
        for name, below in node.items():
            if name not in _LEAVES:
                _walk(below, ctes, dictionary)


# What holds no nodes, or was walked already.
_LEAVES: Final = frozenset({"cte_map", "qualified_name", "literal"})


def _check(node: Mapping[str, Any], ctes: frozenset[str], dictionary: DataDictionary) -> None:
    kind = node.get("class") or node.get("type")
    known = _EXPRESSIONS if node.get("class") else _NODES
    if isinstance(kind, str) and kind not in known:
        raise UnsafeSql(say("not_allowed", kind=kind.lower().replace("_", " ")), say("use_select"))
    if kind in ("FUNCTION", "WINDOW"):
        _check_function(node)
    if kind == "COLUMN_REF" and node["column_names"][-1].lower() in _MOMENTARY:
        raise UnsafeSql(say("changes_each_time", name=node["column_names"][-1]), say("today_is"))
    if kind == "BASE_TABLE":
        _check_table(node, ctes, dictionary)
    if node.get("sample") is not None:
        raise UnsafeSql(say("sample_changes"), say("leave_out"))


def _check_function(node: Mapping[str, Any]) -> None:
    name = str(node.get("function_name", "")).lower()
    if node.get("schema") or node.get("catalog"):
        raise UnsafeSql(say("function_with_schema", name=name), say("name_without"))
    if not node.get("is_operator") and name not in _FUNCTIONS:
        raise UnsafeSql(say("function_not_allowed", name=name), say("today_is"))


def _check_table(node: Mapping[str, Any], ctes: frozenset[str], dictionary: DataDictionary) -> None:
    name, schema = str(node["table_name"]), str(node["schema_name"])
    if node.get("catalog_name") or node.get("at_clause") is not None:
        raise UnsafeSql(say("other_database", name=name), say("name_tables"))
    if not schema:
        if name.lower() in ctes:
            return
        raise UnsafeSql(say("no_schema", name=name), say("name_tables_of", schemas=", ".join(SCHEMAS)))
    if schema.lower() not in SCHEMAS:
        raise UnsafeSql(
            say("table_not_open", name=f"{schema}.{name}"), say("use_tables_of", schemas=", ".join(SCHEMAS))
        )
    missing = dictionary.missing(f"{schema.lower()}.{name.lower()}")
    if missing:
        raise UnsafeSql(*missing)


def _about_sql(error: duckdb.Error) -> str:
    """What DuckDB says of the query; of other errors, which may quote values of people's rows, only their kind."""
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return say("sql_says", message=_first_line(error))
    return say("sql_fails", error=type(error).__name__)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") + "."
