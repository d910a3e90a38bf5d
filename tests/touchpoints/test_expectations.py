"""A missing, half-empty or broken file is an alert: held back whole, or told against what is usual."""

from datetime import date, datetime

import polars as pl
import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put

from touchpoints.contracts import SOURCES, load_contract, load_contracts
from touchpoints.expectations import NAMES, expect
from touchpoints.model import empty

CONTRACTS = load_contracts()
ORDERS = empty("orders")


def bad_and_good(n_bad: int, n_good: int) -> bytes:
    rows = [files.tmall_row(f"10000000000000{n:04d}") for n in range(n_good)]
    return files.tmall(*rows, *(files.tmall_row(f"1.380{n:02d}E+17") for n in range(n_bad)))


def test_a_file_of_which_too_many_rows_are_refused_is_held_back_whole(tmp_path):
    put(tmp_path / "landing", "tmall/s/ExportOrderList202601030900.csv", bad_and_good(12, 30))
    put(tmp_path / "landing", "tmall/s/ExportOrderList202601020900.csv", bad_and_good(0, 2))
    done = Ingested(tmp_path / "landing")
    held = done.file("tmall/s/ExportOrderList202601030900.csv")
    assert held["status"] == "held"
    assert "29% of its rows" in str(held["note"])
    assert "id_lossy" in str(held["note"])
    assert done.table("orders").height == 2
    assert sorted(set(done.reasons())) == ["held", "id_lossy"]
    done.assert_every_row_is_accounted_for()


@pytest.mark.parametrize(("bad", "good"), [(9, 1), (10, 40)])
def test_a_few_bad_rows_hold_nothing_back(tmp_path, bad, good):
    put(tmp_path / "landing", "tmall/s/ExportOrderList202601030900.csv", bad_and_good(bad, good))
    assert Ingested(tmp_path / "landing").table("orders").height == good


def test_what_a_contract_does_not_want_holds_nothing_back(tmp_path):
    voided = [files.ticket(f"V{n}", invalid=1) for n in range(30)]
    put(tmp_path / "landing", "pos/e/t.jsonl", files.jsonl(files.ticket("T1"), *voided))
    assert Ingested(tmp_path / "landing").table("orders").height == 1


def test_the_limit_is_the_contracts(tmp_path):
    contract = load_contract(SOURCES / "tmall_order.yml").model_copy(update={"reject_limit": 0.9})
    put(tmp_path / "landing", "tmall/s/ExportOrderList202601030900.csv", bad_and_good(12, 30))
    assert Ingested(tmp_path / "landing", contracts=[contract]).table("orders").height == 30


def landing_files(*days: tuple[str, int], contract: str = "tmall_order", rejected: int = 0) -> pl.DataFrame:
    rows = [
        {
            "path": f"tmall/s/{contract}{day}.csv",
            "contract": contract,
            "source": "tmall",
            "account": "s",
            "status": "loaded",
            "exported_at": datetime.fromisoformat(day),
            "rows_read": n,
            "rows_rejected": rejected,
        }
        for day, n in days
    ]
    return pl.DataFrame(rows, schema=empty("source_file").schema)


USUAL = [("2026-01-01", 100), ("2026-01-02", 110), ("2026-01-03", 90)]


def missed(table: pl.DataFrame) -> set[str]:
    return set(table.filter(~pl.col("is_met"))["expectation"])


@pytest.mark.parametrize(
    ("newest", "as_of", "expected"),
    [
        (("2026-01-04", 100), date(2026, 1, 5), set()),
        (("2026-01-04", 49), date(2026, 1, 5), {"volume"}),
        (("2026-01-04", 0), date(2026, 1, 5), {"volume"}),
        (("2026-01-04", 100), date(2026, 1, 8), {"freshness"}),
    ],
)
def test_volume_and_freshness_are_held_against_what_is_usual(newest, as_of, expected):
    assert missed(expect(landing_files(*USUAL, newest), ORDERS, CONTRACTS, as_of)) == expected


def test_nothing_is_usual_after_two_exports():
    table = expect(landing_files(("2026-01-01", 100), ("2026-01-02", 1)), ORDERS, CONTRACTS, date(2026, 6, 1))
    assert missed(table) == set()


def test_a_source_that_was_there_in_the_run_before_is_missed():
    before = pl.concat([landing_files(*USUAL), landing_files(("2026-01-01", 50), contract="tmall_item")])
    table = expect(landing_files(*USUAL), ORDERS, CONTRACTS, date(2026, 1, 4), before)
    gone = table.filter(~pl.col("is_met"))
    assert gone.select("expectation", "contract", "value").rows() == [("presence", "tmall_item", 0.0)]


def test_many_refused_rows_and_unknown_statuses_are_told():
    orders = pl.DataFrame(
        [{"source": "tmall", "account": "s", "status": s} for s in ["unknown", *["completed"] * 50]], ORDERS.schema
    )
    table = expect(landing_files(("2026-01-01", 100), rejected=12), orders, CONTRACTS, date(2026, 1, 1))
    assert missed(table) == {"reject_rate", "unknown_status"}
    assert set(table["expectation"]) <= set(NAMES)


def test_a_few_refused_rows_of_a_short_file_are_no_alert():
    table = expect(landing_files(("2026-01-01", 40), rejected=6), ORDERS, CONTRACTS, date(2026, 1, 1))
    assert "reject_rate" not in missed(table)
