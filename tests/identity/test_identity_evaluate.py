import polars as pl
import pytest

from common.errors import UsageError
from common.keys import keyed_hash
from identity.measuring.evaluate import KEYS, evaluate, evaluate_phenomena


def files(tmp_path, rows):
    """`rows`: (natural_key, one_id, person_id, component)."""
    base = {"source": "pos", "account": "a", "record_type": "customer", "role": "member"}
    run = pl.DataFrame([base | {"natural_key": k, "one_id": o} for k, o, _, _ in rows if o])
    truth = pl.DataFrame([base | {"natural_key": k, "person_id": p, "component": c} for k, _, p, c in rows])
    run.write_parquet(tmp_path / "record_map.parquet")
    truth.select(*KEYS, "person_id", "component").write_parquet(tmp_path / "truth.parquet")
    return tmp_path / "record_map.parquet", tmp_path / "truth.parquet"


def test_a_perfect_partition_scores_one_everywhere(tmp_path):
    found = evaluate(*files(tmp_path, [("1", "A", "p", "x"), ("2", "A", "p", "x"), ("3", "B", "q", "y")]), b"k")
    assert found.pairwise_f1 == found.b_cubed_f1 == found.exact_person_rate == 1.0


def test_the_figures_of_a_worked_example(tmp_path):
    # Person p is split over A and B; q sits in B too: pairs run {12, 34, 35, 45}, truth {12, 13, 23, 45}.
    rows = [("1", "A", "p", ""), ("2", "A", "p", ""), ("3", "B", "p", ""), ("4", "B", "q", ""), ("5", "B", "q", "")]
    found = evaluate(*files(tmp_path, rows), b"k")
    assert found.pairwise_precision == pytest.approx(2 / 4)
    assert found.pairwise_recall == pytest.approx(2 / 4)
    assert found.b_cubed_precision == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert found.b_cubed_recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert found.exact_person_rate == 0.0


def test_recall_within_reachable_components_forgives_what_no_file_shows(tmp_path):
    rows = [("1", "A", "p", "x"), ("2", "A", "p", "x"), ("3", "B", "p", "y")]
    found = evaluate(*files(tmp_path, rows), b"k")
    assert found.pairwise_recall == pytest.approx(1 / 3)
    assert found.pairwise_recall_reachable == found.b_cubed_recall_reachable == 1.0
    assert found.exact_person_rate == 1.0


def test_a_truth_in_the_clear_finds_keys_that_the_warehouse_hashes(tmp_path):
    run, truth = files(tmp_path, [(keyed_hash("13900000001", b"k"), "A", "p", "")])
    pl.read_parquet(truth).with_columns(pl.lit("13900000001").alias("natural_key")).write_parquet(truth)
    assert evaluate(run, truth, b"k").n_parties == 1


def test_a_truth_file_without_a_person_says_so_in_one_sentence(tmp_path):
    run, truth = files(tmp_path, [("1", "A", "p", "")])
    pl.read_parquet(truth).drop("person_id").write_parquet(truth)
    with pytest.raises(UsageError, match="has no column person_id"):
        evaluate(run, truth, b"k")


def test_a_csv_truth_is_read_too(tmp_path):
    run, truth = files(tmp_path, [("001", "A", "p", ""), ("002", "A", "p", "")])
    pl.read_parquet(truth).write_csv(tmp_path / "truth.csv")
    assert evaluate(run, tmp_path / "truth.csv", b"k").n_parties == 2


def test_the_cluster_measures_count_whole_people_alone(tmp_path):
    rows = [("1", "A", "p", ""), ("2", "B", "q", ""), ("3", "B", "q", ""), ("4", "C", "r", ""), ("5", "C", "s", "")]
    found = evaluate(*files(tmp_path, rows), b"k")
    assert found.cluster_precision == pytest.approx(2 / 3)  # A and B of A, B, C
    assert found.cluster_recall == pytest.approx(2 / 4)  # p and q of p, q, r, s
    assert found.cluster_f1 == pytest.approx(4 / 7)
    assert found.cluster_precision_reachable == pytest.approx(2 / 3)


def with_phenomena(tmp_path, rows, phenomena):
    run, truth = files(tmp_path, rows)
    pl.read_parquet(truth).with_columns(pl.Series("phenomenon", phenomena)).write_parquet(truth)
    return run, truth


def test_each_phenomenon_has_its_own_line_of_quality(tmp_path):
    rows = [
        ("1", "A", "p", "x"),
        ("2", "A", "p", "x"),
        ("3", "A", "q", "y"),
        ("4", "B", "r", "z"),
        ("5", "C", "r", "z"),
    ]
    found = evaluate_phenomena(*with_phenomena(tmp_path, rows, ["plain", "gift", "plain", "plain", "plain"]), b"k")
    line = {row["phenomenon"]: row for row in found.iter_rows(named=True)}
    assert found["phenomenon"].to_list() == ["all", "gift", "plain"]
    # Pairs with the gift: 12 right, 23 wrong. Without: 13 wrong; 45 is missing.
    assert line["gift"]["pairwise_precision"] == pytest.approx(1 / 2)
    assert line["gift"]["pairwise_recall_reachable"] == 1.0
    assert line["gift"]["b_cubed_precision"] == pytest.approx(2 / 3)
    assert (line["gift"]["n_wrongly_merged"], line["gift"]["wrongly_merged_rate"]) == (1, 1.0)
    assert line["all"]["pairwise_precision"] == pytest.approx(1 / 3)
    assert line["all"]["pairwise_recall_reachable"] == pytest.approx(1 / 2)
    assert (line["all"]["n_split"], line["plain"]["n_split"], line["gift"]["n_split"]) == (1, 1, 0)


def test_what_is_told_of_the_persons_adds_to_the_phenomena_of_the_parties(tmp_path):
    run, truth = with_phenomena(tmp_path, [("1", "A", "p", ""), ("2", "A", "q", "")], ["gift", "plain"])
    flags = {"person_id": ["p", "q"], "is_namesake": [False, True], "is_recycled_phone": [True, False], "n": [1, 2]}
    pl.DataFrame(flags).write_parquet(tmp_path / "person.parquet")
    found = evaluate_phenomena(run, truth, b"k")
    assert found["phenomenon"].to_list() == ["all", "gift", "namesake", "plain", "recycled_phone"]
    assert found.filter(phenomenon="recycled_phone").select("n_persons", "n_parties", "n_wrongly_merged").row(0) == (
        1,
        1,
        1,
    )


def test_a_truth_without_phenomena_is_plain(tmp_path):
    run, truth = files(tmp_path, [("1", "A", "p", ""), ("2", "A", "p", "")])
    assert evaluate_phenomena(run, truth, b"k")["phenomenon"].to_list() == ["all", "plain"]
