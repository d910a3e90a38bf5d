"""Scores of a demo home against the simulator's truth: who was alive, and what people went on to spend.

    guiyi demo --home HOME --people 20000
    python -m benchmarks.value_truth HOME

HOME is a home that `guiyi demo` made (the folder with warehouse.duckdb and truth/). The scores stand on exported files
and on OneIDs as the run resolved them; the truth knows each person's 365 days after the as-of date, and what an
observer who knew the process and everybody's purchases would have expected.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from benchmarks.report import machine, write_result
from common.keys import load_key
from identity.measuring.evaluate import compared
from profiles.value_models.measures import calibration, gini
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

STAGES = ("active", "repeat", "won_back", "new", "at_risk", "silent", "churned")


def people(home: Home) -> pl.DataFrame:
    """One row a true person with purchases, with the scores of the OneIDs that are mostly theirs."""
    run = home.require_published()
    record_map = home.snapshot(run) / "tables" / "identity" / "record_map.parquet"
    both, _, _ = compared(
        record_map, home.path / "truth" / "party.parquet", load_key(home.vault, configured=os.environ.get("GUIYI_KEY"))
    )
    owner = (
        both.group_by("one_id", "person_id")
        .len("n")
        .sort("n", "person_id", descending=[True, False])
        .unique("one_id", keep="first", maintain_order=True)
    )
    with open_warehouse(home, run) as con:
        scored = con.sql(
            "select clv.*, c.net_amount_365d_cny, c.lifecycle_stage, c.net_amount_cny from customer.clv as clv "
            "join customer.customer_360 as c on c.one_id = clv.one_id order by clv.one_id"
        ).pl()
    found = (
        scored.join(owner.select("one_id", "person_id"), on="one_id")
        .sort("net_amount_cny", "one_id", descending=[True, False])
        .group_by("person_id", maintain_order=True)
        .agg(
            pl.col("clv_12m_cny", "net_amount_365d_cny", "expected_purchases_365d").sum(),
            pl.col("p_alive", "p_buy_365d").max(),
            pl.col("lifecycle_stage").first(),
        )
    )
    truth = pl.read_parquet(home.path / "truth" / "person.parquet").select(
        "person_id",
        "is_alive",
        "future_purchases",
        "future_spend_cny",
        truly_expected=pl.col("expected_purchases_365d") * pl.col("spend_level"),
        true_p_alive="p_alive",
        truly_expected_purchases="expected_purchases_365d",
    )
    return found.join(truth, on="person_id").sort("person_id")


def _ranks(rows: pl.DataFrame) -> list[str]:
    future = rows["future_spend_cny"].to_numpy()
    told = {
        "CLV of the next 12 months": "clv_12m_cny",
        "spend of the last 365 days": "net_amount_365d_cny",
        "expected by an observer who knows the process": "truly_expected",
    }
    lines = ["| ranked by | Spearman | Gini, normalised |", "|---|---|---|"]
    for label, column in told.items():
        by = rows[column].fill_null(0.0).to_numpy()
        lines.append(f"| {label} | {spearmanr(by, future).statistic:.3f} | {gini(by, future):.3f} |")
    return lines


def _calibration(rows: pl.DataFrame, column: str, came: np.ndarray) -> list[str]:
    groups = np.array_split(np.argsort(rows[column].to_numpy(), kind="stable")[::-1], 10)
    predicted = rows[column].to_numpy()
    cells = [f"{predicted[g].mean():.2f} / {came[g].mean():.2f}" for g in groups]
    return [f"| {' | '.join(str(i) for i in range(1, 11))} |", "|" + "---|" * 10, f"| {' | '.join(cells)} |"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    home = Home(parser.parse_args().home)
    rows = people(home)
    alive, bought = rows["is_alive"].to_numpy().astype(float), rows["future_purchases"].to_numpy().astype(float)
    lines = [
        "# Value scores against the simulator's truth",
        "",
        f"`python -m benchmarks.value_truth HOME`, {rows.height:,} people with purchases that the files tell of,",
        f"OneIDs as resolved. {machine()}",
        "",
        "## Who will spend",
        "",
        *_ranks(rows),
        "",
        f"Purchases of the next 365 days: {rows['expected_purchases_365d'].sum():,.0f} expected,",
        f"{bought.sum():,.0f} came; the observer who knows the process expects",
        f"{rows['truly_expected_purchases'].sum():,.0f}.",
        "",
        "## P(alive), predicted / truly alive, by tenth",
        "",
        *_calibration(rows, "p_alive", alive),
        "",
        f"Calibration error {calibration(rows['p_alive'].to_numpy(), alive)['p_buy_calibration_error']:.3f}, of the",
        f"observer {calibration(rows['true_p_alive'].to_numpy(), alive)['p_buy_calibration_error']:.3f}.",
        "",
        "## P(buy within 365 days), predicted / bought, by tenth",
        "",
        *_calibration(rows, "p_buy_365d", (bought > 0).astype(float)),
        "",
        f"Calibration error {calibration(rows['p_buy_365d'].to_numpy(), bought)['p_buy_calibration_error']:.3f}.",
        "",
        "## Lifecycle stage and the purchases that follow",
        "",
        "| stage | people | bought within 365 days |",
        "|---|---|---|",
    ]
    for stage in STAGES:
        part = rows.filter(pl.col("lifecycle_stage") == stage)
        if part.height:
            lines.append(
                f"| {stage} | {part.height:,} | {float((part['future_purchases'].to_numpy() > 0).mean()):.1%} |"
            )
    write_result("value_truth", lines)


if __name__ == "__main__":
    main()
