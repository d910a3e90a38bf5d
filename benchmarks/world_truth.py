"""A demo home against the simulator's truth: replacement windows and commissions.

    guiyi demo --home HOME
    python -m benchmarks.world_truth HOME

HOME is a home that `guiyi demo` made (the folder with warehouse.duckdb and truth/). The tables stand on exported files
and on OneIDs as the run resolved them; the truth knows when each appliance will be replaced, and what every payee is
due.
"""

import argparse
import os
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.report import machine, write_result
from benchmarks.value_truth import owners
from profiles.categories import load_categories
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

STATED = 0.5  # a window goes from the day on which 25 % are replaced to the day on which 75 % are


def replacements(con: duckdb.DuckDBPyConnection, home: Home, key: str | None) -> pl.DataFrame:
    """One row an appliance that the warehouse tells of and the truth knows by person, category and day."""
    owner = owners(home, key).select("one_id", "person_id")
    truth = pl.read_parquet(home.path / "truth" / "replacement.parquet").filter(~pl.col("is_gift"))
    names = dict(load_categories().select("category_zh", "category").rows())
    truth = truth.with_columns(pl.col("category").replace_strict(names, default=None))
    told = con.sql("select * from customer.durable").pl().join(owner, on="one_id")
    as_of = con.sql("select max(as_of_date) from customer.customer_360").fetchall()[0][0]
    found = told.join(
        truth,
        left_on=["person_id", "category", "last_purchase_date"],
        right_on=["person_id", "category", "bought_date"],
    )
    return found.filter(pl.col("replace_date") > as_of)


def commissions(con: duckdb.DuckDBPyConnection, home: Home) -> list[tuple]:
    """By payee and level: dues of the truth, those that the warehouse tells, those equal to the cent, and both sums."""
    return con.execute(
        """
        with told as (
            select o.order_no, e.payee, e.payee_level, e.rule_code, cast(sum(e.amount_cny) * 100 as bigint) as cents
            from marts.commission_entry as e join core.orders as o using (order_key) group by all
        )
        select payee, payee_level, count(*), count(cents), count(*) filter (where cents = due_cents),
               sum(due_cents) / 100, sum(cents) / 100
        from read_parquet(?) as truth left join told using (order_no, payee, payee_level, rule_code)
        group by all order by all
        """,
        [str(home.path / "truth" / "commission.parquet")],
    ).fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    home = Home(parser.parse_args().home)
    with open_warehouse(home) as con:
        due = replacements(con, home, os.environ.get("GUIYI_KEY"))
        paid = commissions(con, home)
    inside = pl.col("replace_date").is_between(pl.col("due_from"), pl.col("due_to"))
    before = pl.col("replace_date") < pl.col("due_from")
    by = due.group_by("category").agg(pl.len(), inside.mean().alias("inside"), before.mean().alias("before"))
    lines = [
        "# Replacement windows and commissions against the simulator's truth",
        "",
        f"`python -m benchmarks.world_truth HOME`, OneIDs as resolved. {machine()}",
        "",
        "## Replacement windows",
        "",
        f"Stated: {STATED:.0%} of the appliances that still serve are replaced between `due_from` and `due_to`,",
        "a quarter before.",
        "",
        "| category | appliances | inside the window | before it |",
        "|---|---|---|---|",
        *(f"| {c} | {n:,} | {share:.1%} | {early:.1%} |" for c, n, share, early in by.sort("category").rows()),
        f"| all | {due.height:,} | {due.select(inside.mean()).item():.1%} | {due.select(before.mean()).item():.1%} |",
        "",
        "## Commissions",
        "",
        "| payee | level | due by the truth | told | equal to the cent | due, CNY | told, CNY |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {payee} | {level} | {n:,} | {told:,} | {equal:,} | {due_cny:,.2f} | {told_cny or 0:,.2f} |"
            for payee, level, n, told, equal, due_cny, told_cny in paid
        ),
        "",
        "Not told: orders whose buyer the files do not tie to the person who was brought (masked marketplaces).",
        "Unequal: orders whose lines come in one title, so that one article's rule is taken for both.",
    ]
    write_result("world_truth", lines)


if __name__ == "__main__":
    main()
