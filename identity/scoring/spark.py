"""The scored stage on Spark: blocking, Splink and clustering for tables that one machine cannot hold.

Belongs here: the same schemes, models and clustering as on one machine, with Parquet in and Parquet out. The SQL of
schemes is DuckDB's; it is translated, never written twice. Average linkage runs the very function of `cluster` on
each component, wherever Spark put it. Needs the extra `guiyi[spark]` and Java 17.
"""

import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from common.errors import UsageError
from identity.graph import Keys
from identity.scoring.cluster import MERGE_WEIGHT, MISSING_WEIGHT, VETOED_WEIGHT, cluster
from identity.scoring.model import Model
from identity.scoring.scheme import BlockingRule, Scheme, prior
from identity.scoring.score import LEAST_WEIGHT
from identity.scoring.spark_sql import register, to_spark, with_doubles


def session(master: str | None = "local[*]", conf: Mapping[str, str] | None = None) -> Any:
    """The Spark session, with Splink's text functions.

    Args:
        master: `local[*]`, `yarn`, `spark://host:7077`, …; None leaves it to `spark-submit`.
        conf: further settings of Spark, as `spark-defaults.conf` has them.

    Raises:
        UsageError: PySpark or Java is not there.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
        from splink.backends.spark import similarity_jar_location
    except ImportError as missing:
        raise UsageError("The Spark engine needs PySpark: install guiyi[spark], or set engine: duckdb.") from missing
    builder = SparkSession.builder.appName("guiyi").config("spark.jars", similarity_jar_location())
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        master = None  # started by spark-submit, which has said where to
    local = {}
    if master:
        builder = builder.master(master)
        if master.startswith("local"):
            # Workers on this machine run this Python, and find the driver whatever the machine calls itself.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            local = _LOCAL
    for name, value in {**_DEFAULTS, **local, **(conf or {})}.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as problem:
        raise UsageError(
            "Spark did not start: it needs Java 17 (JAVA_HOME) and a master that answers; or set engine: duckdb."
        ) from problem
    spark.sparkContext.setLogLevel("ERROR")
    register(spark)
    return spark


# Dates and hours read the same on every worker; the console keeps quiet.
_DEFAULTS = {"spark.sql.session.timeZone": "UTC", "spark.ui.showConsoleProgress": "false"}
# One machine has few cores: Spark's 200 parts of a table would cost more than they give.
_LOCAL = {
    "spark.driver.host": "127.0.0.1", "spark.driver.memory": "3g", "spark.sql.shuffle.partitions": "16",
    "spark.ui.enabled": "false",
}  # fmt: skip


def settings_for_spark(model: Model, n_rows: int, lists: Collection[str] = ()) -> dict[str, Any]:
    """A model's settings in Spark's dialect, with its prior, or that for a number of rows; `lists` are columns."""
    settings = deepcopy(model.settings)
    settings["sql_dialect"] = "spark"
    settings["probability_two_random_records_match"] = model.prior or prior(n_rows)
    # Pairs are blocked here; Splink only asks that there be a rule.
    settings["blocking_rules_to_generate_predictions"] = [{"blocking_rule": "l.unique_id = r.unique_id"}]
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level["sql_condition"] != "ELSE":
                level["sql_condition"] = to_spark(level["sql_condition"], lists)
    return settings


def block_on_spark(spark: Any, rows: Path | str, out: Path | str, rules: Sequence[BlockingRule]) -> None:
    """Blocks a Parquet table of rows; writes match_key (the number of the rule), join_key_l < join_key_r as Parquet.

    Args:
        spark: a session made by `session`.
        rows: the scheme's columns, as one Parquet file or a folder of them.
        out: folder for the pairs.
        rules: the first that finds a pair has it.
    """
    table = spark.read.parquet(str(rows))
    table.createOrReplaceTempView("candidate")
    _blocked(spark, rules, _lists(table)).write.mode("overwrite").parquet(str(out))


def score_on_spark(
    spark: Any,
    rows: Path | str,
    out: Path | str,
    model: Model,
    scheme: Scheme,
    *,
    pairs: Path | str | None = None,
    least_weight: float | None = LEAST_WEIGHT,
) -> None:
    """Blocks and scores a Parquet table of rows; writes the pairs as Parquet.

    Args:
        spark: a session made by `session`.
        rows: the scheme's columns, as one Parquet file or a folder of them.
        out: folder for the pairs: Splink's own columns, and those that `cluster_on_spark` reads.
        model: the trained model.
        scheme: what the model is of.
        pairs: what `block_on_spark` wrote; blocked here where there is none.
        least_weight: weaker pairs are left out.
    """
    from splink import Linker

    table = spark.read.parquet(str(rows))
    table.createOrReplaceTempView("candidate")
    lists = _lists(table)
    blocked = _blocked(spark, scheme.blocking, lists) if pairs is None else spark.read.parquet(str(pairs))
    api = _api(spark, out)
    # Frozen frequencies come as columns tf_*; Splink on Spark takes them as tables.
    frequencies = {name.removeprefix("tf_"): name for name in table.columns if name.startswith("tf_")}
    rest = table.drop(*frequencies.values())
    linker = Linker(api.register(rest), settings_for_spark(model, table.count(), lists), log_level="ERROR")
    for column, frequency in frequencies.items():
        known = table.select(column, frequency).where(f"{column} is not null").distinct()
        linker.table_management.register_term_frequency_lookup(api.register(known), column)
    linker.table_management.register_blocked_pairs_for_predict(api.register(blocked))
    predicted = linker.inference.predict(threshold_match_weight=least_weight).as_spark_dataframe()
    predicted.withColumns(_as_pairs(scheme)).write.mode("overwrite").parquet(str(out))


def _lists(table: Any) -> frozenset[str]:
    """The columns of a table that hold lists: brackets and lengths are other functions of theirs on Spark."""
    return frozenset(field.name for field in table.schema if field.dataType.typeName() == "array")


def _as_pairs(scheme: Scheme) -> dict[str, Any]:
    """What clustering reads, beside Splink's own columns."""
    from pyspark.sql.functions import expr

    vetoed = " or ".join(f"gamma_{name} = 0" for name in scheme.vetoes) or "false"
    sql = {"cluster_a": "unique_id_l", "cluster_b": "unique_id_r", "is_vetoed": vetoed}
    return {name: expr(text) for name, text in sql.items()}


def _api(spark: Any, out: Path | str) -> Any:
    """Splink's Spark, keeping what lies between its steps as Parquet beside the result: plans stay short."""
    from splink import SparkAPI

    class CompiledAPI(SparkAPI):
        """Splink writes its SQL with a class of its own, which a compiled sqlglot refuses; the tree says the same."""

        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            return with_doubles(sql)

    # Text, not a path: the folder may be an address such as hdfs:// or s3://.
    spark.sparkContext.setCheckpointDir(str(out).rstrip("/") + ".between")
    return CompiledAPI(spark_session=spark, break_lineage_method="parquet")


def _blocked(spark: Any, rules: Sequence[BlockingRule], lists: Collection[str]) -> Any:
    """The pairs of all rules, each once, under the number of the first rule that finds it."""
    keyed = []
    for number, rule in enumerate(rules):
        item = f"explode({to_spark(rule.explode, lists)})" if rule.explode else "cast(null as string)"
        keyed.append(f"""
            select distinct {number} as rule, {rule.largest_block} as largest, unique_id,
                   cast({to_spark(rule.key, lists)} as string) as key
            from (select *, {item} as item from candidate)
        """)
    # All rules in one: Spark lays a table out by its keys once instead of once a rule.
    spark.sql(f"""
        select rule, key, unique_id from (
            select *, count(*) over (partition by rule, key) as n_members
            from ({" union all ".join(keyed)}) where key is not null
        ) where n_members between 2 and largest
    """).createOrReplaceTempView("block_member")
    return spark.sql("""
        select cast(min(l.rule) as string) as match_key, l.unique_id as join_key_l, r.unique_id as join_key_r
        from block_member l join block_member r
        on l.rule = r.rule and l.key = r.key and l.unique_id < r.unique_id group by l.unique_id, r.unique_id
    """)


def cluster_on_spark(
    spark: Any,
    pairs: Path | str,
    out: Path | str,
    *,
    merge_weight: float = MERGE_WEIGHT,
    guards: Path | str | None = None,
    least_weight: float = MISSING_WEIGHT,
    linked: "Linked | None" = None,
) -> None:
    """Clusters scored pairs: components by Splink on Spark, then average linkage inside each, in parallel.

    Args:
        spark: a session made by `session`.
        pairs: Parquet of cluster_a, cluster_b, match_weight, is_vetoed: one file or a folder.
        out: folder for `unique_id`, `cluster_id` (the least unique_id of the cluster) as Parquet: rows that are in
            no pair are not in it, each is a cluster of its own.
        merge_weight: least average match weight.
        guards: Parquet of unique_id, guard (a type that people have one of), value: rows that differ in one stay apart.
        least_weight: weaker pairs count as ones that nobody scored.
        linked: what clusters the edges of whole components; `cluster_edges` where not told. It runs on the workers.
    """
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    weight = f"case when is_vetoed then {VETOED_WEIGHT} else match_weight end as w"
    edges = spark.read.parquet(str(pairs)).selectExpr("cluster_a as a", "cluster_b as b", weight)
    edges = edges.where(f"w >= {least_weight} or w = {VETOED_WEIGHT}").persist()
    strong = edges.where(f"w >= {merge_weight}").selectExpr("a as unique_id_l", "b as unique_id_r")
    nodes = strong.selectExpr("unique_id_l as unique_id").union(strong.selectExpr("unique_id_r")).distinct()
    api = _api(spark, out)
    component = cluster_pairwise_predictions_at_threshold(
        api.register(nodes),
        api.register(strong),
        api,
        node_id_column_name="unique_id",
        edge_id_column_name_left="unique_id_l",
        edge_id_column_name_right="unique_id_r",
    )
    component.as_spark_dataframe().createOrReplaceTempView("component")
    edges.createOrReplaceTempView("edge")
    if guards:
        spark.read.parquet(str(guards)).createOrReplaceTempView("guard")
    held = "select unique_id, collect_list(concat(guard, '=', value)) as held from guard group by unique_id"
    none = "select cast(null as bigint) as unique_id, cast(null as array<string>) as held"
    inside = spark.sql(f"""
        with held as ({held if guards else none})
        select a.cluster_id as component, e.a, e.b, e.w, ha.held as held_a, hb.held as held_b
        from edge e
        join component a on a.unique_id = e.a
        join component b on b.unique_id = e.b and b.cluster_id = a.cluster_id
        left join held ha on ha.unique_id = e.a
        left join held hb on hb.unique_id = e.b
    """)
    parts = inside.repartition("component").mapInArrow(
        _linkage(merge_weight, linked or cluster_edges), "unique_id bigint, cluster_id bigint"
    )
    parts.write.mode("overwrite").parquet(str(out))
    # What is kept is found again by its path, whatever has been written there since.
    edges.unpersist()


# From a table of a, b, w, held_a, held_b and the merge weight to unique_id, cluster_id, as `cluster_edges`.
Linked = Callable[[pl.DataFrame, float], pl.DataFrame]


def _linkage(merge_weight: float, cluster_of: Linked) -> Any:
    """The function that Spark runs on each partition of whole components."""

    def linked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = list(batches)
        if not rows:
            return
        edge = pl.DataFrame(pl.from_arrow(pa.Table.from_batches(rows)))
        if edge.is_empty():
            return
        found = cluster_of(edge, merge_weight)
        yield from found.to_arrow().cast(_OUT).to_batches()

    return linked


_OUT = pa.schema([("unique_id", pa.int64()), ("cluster_id", pa.int64())])


def cluster_edges(edge: pl.DataFrame, merge_weight: float) -> pl.DataFrame:
    """Average linkage on edges between any integer ids.

    Args:
        edge: a, b, w (match weight), held_a, held_b (list of `guard=value`, or null).
        merge_weight: least average match weight.

    Returns:
        unique_id, cluster_id (the least unique_id of its cluster), by unique_id.
    """
    node, pair = numbered(edge)
    label = cluster(
        len(node),
        pair.select(
            "cluster_a", "cluster_b", pl.col("w").alias("match_weight"), is_vetoed=pl.col("w") == VETOED_WEIGHT
        ),
        list(held_values(pair).values()),
        merge_weight=merge_weight,
    ).label
    return least_of_each(node, label)


def numbered(edge: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """The ids that edges are between, ascending, and the edges with cluster_a, cluster_b: their places among them."""
    node = pl.concat([edge["a"], edge["b"]]).unique().sort()
    number = pl.DataFrame({"id": node}).with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
    pair = (
        edge.join(number.rename({"id": "a", "number": "cluster_a"}), on="a")
        .join(number.rename({"id": "b", "number": "cluster_b"}), on="b")
        .sort("cluster_a", "cluster_b")
    )
    return node, pair


def least_of_each(node: pl.Series, part: Keys) -> pl.DataFrame:
    """unique_id, cluster_id (the least unique_id of its part), by unique_id."""
    parts = pl.DataFrame({"unique_id": node, "part": part})
    return parts.select("unique_id", pl.col("unique_id").min().over("part").alias("cluster_id")).sort("unique_id")


def held_values(pair: pl.DataFrame) -> dict[str, dict[int, frozenset[str]]]:
    """Per guard, the values of each node that has any; guards by name."""
    guards: dict[str, dict[int, frozenset[str]]] = {}
    for side in ("a", "b"):
        told = pair.filter(pl.col(f"held_{side}").is_not_null()).unique(f"cluster_{side}", maintain_order=True)
        for node, held in told.select(f"cluster_{side}", f"held_{side}").iter_rows():
            for one in held:
                guard, _, value = one.partition("=")
                of_node = guards.setdefault(guard, {})
                of_node[node] = of_node.get(node, frozenset()) | {value}
    return {name: guards[name] for name in sorted(guards)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Scores and clusters a Parquet table: what `spark-submit` runs."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="identity.spark", description="Score and cluster candidate rows (Parquet) on Spark."
    )
    parser.add_argument("rows", help="the rows, as the scheme's columns")
    parser.add_argument("out", help="folder for pairs/ and clusters/")
    parser.add_argument("--model", type=Path, help="trained model (JSON); default: the one shipped")
    parser.add_argument("--guards", help="Parquet of unique_id, guard, value")
    options = parser.parse_args(arguments)
    from identity.scoring.retail import RETAIL

    path = Path(options.model or str(RETAIL.shipped_model))
    model = Model(path.stem, json.loads(path.read_text("utf-8")))
    spark = session(master=None)
    pairs, clusters = (f"{options.out.rstrip('/')}/{name}" for name in ("pairs", "clusters"))
    score_on_spark(spark, options.rows, pairs, model, RETAIL)
    cluster_on_spark(spark, pairs, clusters, merge_weight=RETAIL.round_weights[-1], guards=options.guards)


if __name__ == "__main__":
    main()
