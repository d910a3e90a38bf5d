"""Scores of a demo home against the simulator's truth: who was alive, and what people went on to spend.

    guiyi demo --home HOME --people 20000
    python -m benchmarks.value_truth HOME

HOME is a home that `guiyi demo` made (the folder with warehouse.duckdb and truth/). The scores stand on exported files
and on OneIDs as the run resolved them; the truth knows each person's 365 days after the as-of date, and what an
observer who knew the process and everybody's purchases would have expected.
"""

import argparse
import os
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from benchmarks.report import machine, write_result
from common.keys import load_key
from identity.measuring.evaluate import compared
from profiles.value_models import ValueConfig, score
from profiles.value_models.measures import calibration, gini
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

STAGES = ("active", "repeat", "won_back", "new", "at_risk", "silent", "churned")


def owners(home: Home, key: str | None) -> pl.DataFrame:
    """one_id, person_id: whose each OneID mostly is."""
    both = _known(home, key)
    return (
        both.group_by("one_id", "person_id")
        .len("n")
        .sort("n", "person_id", descending=[True, False])
        .unique("one_id", keep="first", maintain_order=True)
    )


def _known(home: Home, key: str | None) -> pl.DataFrame:
    record_map = home.snapshot(home.require_published()) / "tables" / "identity" / "record_map.parquet"
    return compared(record_map, home.path / "truth" / "party.parquet", load_key(home.vault, configured=key))[0]


def whole_people(home: Home, key: str | None) -> pl.DataFrame:
    """One row a person whose purchases the files tell of, scored as if each purchase's person were known."""
    run = home.require_published()
    parties = _known(home, key).select("record_id", "role", "person_id")
    as_of = date.fromisoformat(home.manifest(run)["as_of"])
    with open_warehouse(home, run) as con:
        con.register("party", parties.to_arrow())
        purchases = con.sql(
            """
            with whose as (
                select o.order_key, any_value(party.person_id) as person_id
                from core.orders as o
                join identity.record_map as m on m.record_id = o.record_id and m.one_id = o.one_id
                join party on party.record_id = m.record_id and party.role = m.role
                group by o.order_key
            )
            select person_id as one_id, ordered_date as purchase_date, sum(net_amount_cny) as net_amount_cny
            from core.orders join whose using (order_key) where is_valid and net_amount_cny > 0
            group by all order by 1, 2
            """
        ).pl()
    scored = score(purchases, as_of, ValueConfig()).clv
    truth = pl.read_parquet(home.path / "truth" / "person.parquet").select(
        "person_id", "future_purchases", "future_spend_cny"
    )
    return scored.join(truth, left_on="one_id", right_on="person_id").sort("one_id")


def people(home: Home, key: str | None) -> pl.DataFrame:
    """One row a true person with purchases, with the scores of the OneIDs that are mostly theirs."""
    run = home.require_published()
    owner = owners(home, key)
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


def _error(rows: pl.DataFrame) -> float:
    bought = rows["future_purchases"].to_numpy().astype(float)
    return float(calibration(rows["p_buy_365d"].to_numpy(), bought)["p_buy_calibration_error"])


def _spearman(rows: pl.DataFrame) -> float:
    return float(spearmanr(rows["clv_12m_cny"].to_numpy(), rows["future_spend_cny"].to_numpy()).statistic)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    home = Home(parser.parse_args().home)
    key = os.environ.get("GUIYI_KEY")
    rows, whole = people(home, key), whole_people(home, key)
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
        f"If each purchase's person were known: {whole['expected_purchases_365d'].sum():,.0f} expected,",
        f"calibration error of P(buy) {_error(whole):.3f}, Spearman {_spearman(whole):.3f}.",
        "What is missing above is missing because purchases that no chain of evidence ties together",
        "look like many people's first.",
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
