"""`guiyi resolve`: its answer, its files, its errors."""

import json

import polars as pl
import pytest

from pipelines.cli.app import run

ROWS = """id,first_name,surname,dob,email,who
1,Ann,Smith,1980-01-02,ann@example.com,a
2,Anne,Smith,1980-01-02,ann@example.com,a
3,Bert,Jones,1971-05-06,bert@example.com,b
4,Carla,Brown,1965-11-12,,c
5,Carla,Brown,1965-11-12,carla@example.com,c
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(ROWS, "utf-8")
    return path


def test_the_help_has_an_example(capsys):
    assert run(["resolve", "--help"]) == 0
    assert "Example: guiyi resolve" in " ".join(capsys.readouterr().out.split())


def test_a_table_is_resolved_and_the_columns_are_written_for_editing(table, tmp_path, capsys):
    out, edges = tmp_path / "map.parquet", tmp_path / "edges.csv"
    assert run(["resolve", str(table), "--truth", "who", "--out", str(out), "--edges", str(edges), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    people = pl.read_parquet(out)
    assert people["person_id"].to_list() == [0, 0, 1, 2, 2]
    assert people["file"].unique().to_list() == ["people.csv"]
    assert told["n_people"] == 3
    assert told["quality"]["pairwise_f1"] == 1.0
    assert pl.read_csv(edges)["row_b"].to_list() == [2, 5]
    assert out.stat().st_mode & 0o077 == 0
    written = tmp_path / "map.columns.yml"
    assert "dob: birth_date" in written.read_text("utf-8")
    written.write_text("columns: {first_name: given_name}\n", "utf-8")
    assert run(["resolve", str(table), "--out", str(out)]) == 0
    assert written.read_text("utf-8") == "columns: {first_name: given_name}\n"
    assert "was left alone" in " ".join(capsys.readouterr().err.split())
    assert run(["resolve", str(table), "--map", str(written), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == {"first_name": "given_name"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--truth", "nobody"], "There is no column 'nobody'"),
        (["--map", "absent.yml"], "cannot be read as YAML"),
        (["--out", "absent/map.parquet"], "There is no folder"),
        (["--memory-limit", "much"], "is not a memory limit"),
    ],
)
def test_wrong_usage_says_what_to_do(table, tmp_path, monkeypatch, capsys, options, complaint):
    monkeypatch.chdir(tmp_path)
    assert run(["resolve", str(table), *options]) in (1, 2)
    assert complaint in " ".join(capsys.readouterr().err.split())


def test_the_answer_never_takes_the_place_of_a_file_that_is_read(table, capsys):
    assert run(["resolve", str(table), "--out", str(table)]) == 2
    assert "give the answer another name" in " ".join(capsys.readouterr().err.split())
