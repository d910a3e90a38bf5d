"""DuckDB's SQL in Spark's dialect: schemes are written once.

Belongs here: what sqlglot does not translate by itself (brackets of texts and lists, lambdas, functions on lists, edit
distances, which DuckDB counts in bytes), and the text function that Spark has otherwise than DuckDB.
"""

from collections.abc import Collection
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

# Java's regular expressions name the script otherwise than DuckDB's.
_HAN = (r"\p{Han}", r"\p{IsHan}")
_JARO = "duckdb_jaro_winkler"
# DuckDB's functions on lists with another name on Spark.
_NAMES = {"list_intersect": "array_intersect", "list_distinct": "array_distinct", "jaro_winkler_similarity": _JARO}
_BYTEWISE = ("hamming", "levenshtein", "damerau_levenshtein")


def to_spark(sql: str, lists: Collection[str] = ()) -> str:
    """DuckDB's SQL in Spark's dialect.

    Args:
        sql: an expression or a query.
        lists: the columns that hold lists, without the `_l` and `_r` of their two sides; the others hold single values.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    nodes = list(tree.walk())
    of_list = {id(n) for n in nodes if isinstance(n, exp.Length | exp.Bracket) and _is_list(n.this, lists)}
    # From the leaves up: what a node is made of has been translated before it.
    for node in reversed(nodes):
        made = _translated(node, id(node) in of_list)
        if node is tree:
            tree = made
        elif made is not node:
            node.replace(made)
    return tree.sql("spark")


def _is_list(node: exp.Expr, lists: Collection[str]) -> bool:
    if isinstance(node, exp.Column):
        return node.name in lists or node.name.removesuffix("_l").removesuffix("_r") in lists
    if isinstance(node, exp.Bracket):
        return isinstance(node.expressions[0], exp.Slice) and _is_list(node.this, lists)
    return isinstance(node, exp.Anonymous) and node.name.lower() == "list_intersect"


def _translated(node: exp.Expr, of_list: bool) -> exp.Expr:
    if isinstance(node, exp.Literal) and node.is_string and _HAN[0] in node.this:
        return exp.Literal.string(node.this.replace(*_HAN))
    if isinstance(node, exp.ArrayOverlaps):
        return _call("arrays_overlap", node.this, node.expression)
    if isinstance(node, exp.Length) and of_list:
        return _call("size", node.this)
    if isinstance(node, exp.Bracket):
        return _bracket(node, of_list)
    if isinstance(node, exp.Lambda) and len(node.expressions) == 2:
        return _counted_from_one(node)
    return _function(node)


def _function(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.JarowinklerSimilarity):
        return _call(_JARO, node.this, node.expression)
    if isinstance(node, exp.Levenshtein):
        return _call("levenshtein", *map(_bytes, (node.this, node.expression)))
    if not isinstance(node, exp.Anonymous):
        return node
    name, given = node.name.lower(), node.expressions
    if name == "list_sum":
        return _call("aggregate", given[0], exp.Literal.number(0), _parsed("(total, one) -> total + one"))
    if name == "hamming":
        left, right = (_call("split", _bytes(one), exp.Literal.string("")) for one in given)
        differs = _call("zip_with", left, right, _parsed("(a, b) -> if(a <=> b, 0, 1)"))
        return _call("aggregate", differs, exp.Literal.number(0), _parsed("(total, one) -> total + one"))
    if name in _BYTEWISE:
        return _call(name, *map(_bytes, given))
    return _call(_NAMES[name], *given) if name in _NAMES else node


def _bracket(node: exp.Bracket, of_list: bool) -> exp.Expr:
    """`text[2]`, `text[2:4]`, and the same of lists; DuckDB counts from 1, and from the end below 0."""
    at, of = node.expressions[0], node.this
    if not isinstance(at, exp.Slice):
        # sqlglot has taken one off what is written as a number.
        place = _number(int(at.sql()) + 1) if isinstance(at, exp.Literal | exp.Neg) else at
        return _call("try_element_at", of, place) if of_list else _call("substring", of, place, _number(1))
    start = at.this or _number(1)
    if at.expression is None:
        return _call("slice", of, start, _parsed(f"greatest(size({of.sql('spark')}), 1)")) if of_list else _call(
            "substring", of, start
        )  # fmt: skip
    n = at.expression if at.this is None else exp.Paren(this=exp.Sub(this=at.expression, expression=exp.Paren(
        this=exp.Sub(this=start.copy(), expression=_number(1)))))  # fmt: skip
    return _call("slice" if of_list else "substring", of, start, n)


def _counted_from_one(node: exp.Lambda) -> exp.Lambda:
    """The place of an element, which Spark's lambdas count from 0."""
    place = node.expressions[1].name
    for told in list(node.this.find_all(exp.Identifier)):
        if told.name == place:
            whole = told.parent if isinstance(told.parent, exp.Column) else told
            whole.replace(exp.Paren(this=exp.Add(this=whole.copy(), expression=_number(1))))
    return node


def _bytes(text: exp.Expr) -> exp.Expr:
    """A text with a character for each of its bytes: DuckDB's distances count them."""
    return _call("decode", _call("encode", text, exp.Literal.string("UTF-8")), exp.Literal.string("ISO-8859-1"))


def _call(name: str, *given: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(given))


def _parsed(sql: str) -> exp.Expr:
    return exp.Var(this=sql)


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def with_doubles(sql: str) -> str:
    """Spark's SQL with numbers that are cast to double written as doubles: as decimals they have 38 digits at most."""

    def changed(node: exp.Expr) -> exp.Expr:
        is_double = isinstance(node, exp.Cast | exp.TryCast) and node.to.is_type("double")
        if is_double and isinstance(node.this, exp.Literal) and node.name != "Infinity":
            return exp.Var(this=f"{node.name}D")
        return node

    return sqlglot.parse_one(sql, read="spark").transform(changed).sql("spark")


def register(spark: Any) -> None:
    """Makes DuckDB's Jaro-Winkler known to a session: others round transpositions and weigh prefixes otherwise."""
    from pyspark.sql import functions

    arrow_udf: Any = functions.arrow_udf  # its overloads name no arrays
    spark.udf.register(_JARO, arrow_udf(jaro_winkler, "double"))


def jaro_winkler(left: pa.Array, right: pa.Array) -> pa.Array:
    """DuckDB's own Jaro-Winkler similarity of texts, on whatever worker the pairs are; null where one is."""
    import duckdb

    con = duckdb.connect(config={"threads": 1})
    try:
        con.register("pair", pa.table({"n": pa.array(range(len(left))), "l": left, "r": right}))
        found = con.sql("select jaro_winkler_similarity(l, r) as similarity from pair order by n").to_arrow_table()
        return found["similarity"].combine_chunks()
    finally:
        con.close()
