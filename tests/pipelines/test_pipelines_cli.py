"""The command line: what it answers, in which form, with which exit code."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from pipelines.cli.app import run
from segments.api import load_audiences
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

COMMANDS = [
    ["demo"], ["simulate"], ["run"], ["status"], ["evaluate"], ["profile"], ["explain"], ["quality"],
    ["model", "list"], ["model", "show"], ["model", "train"], ["model", "compare"], ["model", "promote"],
    ["segment", "list"], ["segment", "preview"], ["segment", "export"], ["segment", "overlap"],
    ["source", "list"], ["source", "check"], ["source", "new"], ["reject", "list"], ["reject", "retry"],
]  # fmt: skip


def _json(capsys: pytest.CaptureFixture[str], *arguments: str):
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def _one_id(home: Home) -> str:
    with open_warehouse(home) as con:
        query = "select one_id from customer.customer_360 where n_purchases > 1 order by n_records desc, one_id limit 1"
        return con.sql(query).fetchall()[0][0]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    assert f"Example: guiyi {' '.join(command)}" in " ".join(capsys.readouterr().out.split())


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from pipelines.cli.app import run; run(['--help']); "
        "print({m for m in ('dagster', 'splink', 'duckdb', 'polars', 'pandas', 'great_expectations') "
        "if m in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


def test_an_unknown_command_or_option_is_wrong_usage() -> None:
    assert run(["nonsense"]) == 2
    assert run(["status", "--nonsense"]) == 2


def test_an_empty_home_is_answered_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--home", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("guiyi: Nothing is published in")
    assert "Traceback" not in error


def test_a_wrong_as_of_date_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "landing").mkdir()
    assert run(["run", "--home", str(tmp_path), "--as-of", "21.11.2026"]) == 2
    assert "YYYY-MM-DD" in capsys.readouterr().err


def test_the_home_comes_from_the_environment_when_no_option_names_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUIYI_HOME", str(home.path))
    assert _json(capsys, "status")["run_id"] == home.published()


def test_status_tells_files_people_stages_and_kept_snapshots(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    told = _json(capsys, "status", "--home", str(home.path))
    assert sum(row["n_read"] for row in told["sources"]) > 1000
    assert told["people"]["n_people"] == sum([told["people"]["n_people"]])
    assert {row["stage"] for row in told["stages"]} >= {"potential", "new"}
    assert [kept["run_id"] for kept in told["kept"]] == [home.published()]
    assert len(told["audiences"]) == len(load_audiences())


def test_status_of_a_home_that_an_earlier_version_published_leaves_out_what_that_did_not_know(
    own_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(own_home.warehouse)) as con:
        con.execute("drop table ops.source_expectation")
    told = _json(capsys, "status", "--home", str(own_home.path))
    assert told["alerts"] == [] and told["people"]["n_people"] > 0
    assert run(["status", "--home", str(own_home.path)]) == 0


def test_the_summary_reads_well_without_a_terminal(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--home", str(home.path)]) == 0
    shown = capsys.readouterr().out
    for words in ("文件 Files in", "拒收 Rejected rows", "生命周期 Lifecycle", "客户资产 Customer base"):
        assert words in shown
    assert "\x1b[" not in shown


def test_evaluate_gives_plain_and_reachable_figures(
    home: Home, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = str(world / "truth" / "party.parquet")
    figures = _json(capsys, "evaluate", "--truth", truth, "--home", str(home.path))
    assert figures["pairwise_precision"] > 0.9
    assert figures["b_cubed_recall_reachable"] >= figures["b_cubed_recall"]
    assert run(["evaluate", "--truth", "nowhere.parquet", "--home", str(home.path)]) == 2


def test_a_profile_shows_a_person_without_contact_data(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    one_id = _one_id(home)
    person = _json(capsys, "profile", one_id, "--home", str(home.path))
    assert person["one_id"] == one_id
    assert person["last_orders"]
    assert not {"phone", "email", "name", "address"} & set(person)
    assert {"relation", "one_id", "other", "n", "evidence", "last_date"} <= set(person["relations"][0])
    assert all(one_id in (row["one_id"], row["other"]) for row in person["relations"])
    assert run(["profile", "P000000000000", "--home", str(home.path)]) == 2


def test_a_person_and_a_pair_of_its_records_are_explained(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    one_id = _one_id(home)
    steps = _json(capsys, "explain", one_id, "--home", str(home.path))
    assert {"a", "b", "kind", "rule", "words"} <= set(steps[0])
    first, second = steps[0]["a"]["record"], steps[-1]["b"]["record"]
    path = _json(capsys, "explain", first, second, "--home", str(home.path))
    assert (path[0]["a"]["record"], path[-1]["b"]["record"]) == (first, second)
    assert run(["explain", one_id, "--home", str(home.path)]) == 0
    assert "依据 evidence" in capsys.readouterr().out


def test_an_explanation_is_drawn_and_shows_values_only_when_asked(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_id, place = _one_id(home), ["--home", str(home.path)]
    bare = _json(capsys, "explain", one_id, *place)
    told = _json(capsys, "explain", one_id, "--values", *place)
    assert not any("values" in step["a"] for step in bare) and any(step["a"].get("values") for step in told)
    pair = [bare[0]["a"]["record"], bare[-1]["b"]["record"]]
    for name, asked in (("person.svg", [one_id]), ("pair.svg", pair)):
        assert run(["explain", *asked, "--picture", str(tmp_path / name), *place]) == 0
        assert ElementTree.fromstring((tmp_path / name).read_text("utf-8")).tag.endswith("svg")
    capsys.readouterr()
    assert run(["explain", one_id, "--picture", str(tmp_path / "no" / "folder.svg"), *place]) == 2


def test_what_a_run_measured_is_shown_and_its_state_told(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "quality", "--home", str(home.path))
    assert {"people", "guards_broken", "drift_u", "canary_precision"} <= {row["metric"] for row in found["quality"]}
    assert {row["phenomenon"] for row in found["canaries"]} > {"all", "recycled_phone", "namesake"}
    assert run(["quality", "--home", str(home.path)]) == 0
    assert "虚构样本 Canaries" in capsys.readouterr().out


def test_mistakes_are_written_as_tables_and_charts(
    world: Path, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, out = world / "truth" / "party.parquet", tmp_path / "quality"
    found = _json(capsys, "evaluate", "--truth", str(truth), "--home", str(home.path), "--out", str(out))
    assert found["phenomena"][0]["phenomenon"] == "all" and {row["error"] for row in found["mistakes"]} <= {
        "merge",
        "split",
    }
    assert {path.name for path in out.iterdir()} == {
        f"{name}.{kind}" for name in ("measures", "phenomena", "mistakes") for kind in ("csv", "svg")
    }
    assert run(["evaluate", "--truth", str(truth), "--home", str(home.path)]) == 0
    assert "错误成因 Mistakes by cause" in capsys.readouterr().out


def test_a_model_is_looked_at_and_promoted_by_hand(own_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--home", str(own_home.path)]
    assert [one["name"] for one in _json(capsys, "model", "list", *place) if one["is_serving"]] == ["shipped"]
    assert {"m", "u", "weight"} <= set(_json(capsys, "model", "show", *place)["levels"][0])
    assert run(["model", "train", *place]) == 2  # 300 people are too few
    assert run(["model", "promote", "candidate-0001", *place]) == 2
    capsys.readouterr()
    assert _json(capsys, "model", "promote", "shipped", *place) == {"model": "shipped", "promoted_from": "shipped"}
    assert run(["model", "list", *place]) == run(["model", "show", *place]) == 0


def test_analysts_ask_why_in_plain_sql(home: Home) -> None:
    one_id = _one_id(home)
    query = f"select count(*) as n, count(distinct from_record) from why('{one_id.lower()}')"
    program = Path(sys.executable).with_name("duckdb")
    command = [program, "-readonly", "-csv", "-noheader", home.warehouse, "-c", query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout.split(",")[0]) >= 1
    assert not done.stderr


def test_segments_are_listed_previewed_compared_and_exported(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--home", str(home.path)]
    assert len(_json(capsys, "segment", "list")) == len(load_audiences())
    sizes = _json(capsys, "segment", "preview", "silent_high_value", *place)
    assert sizes["matching"] == sizes["reachable"] + sum(sizes["unreachable"].values())
    matrix = _json(capsys, "segment", "overlap", "silent_high_value", "coupon_lovers", *place)["matrix"]
    assert matrix[0][1] == matrix[1][0]
    out = tmp_path / "list"
    report = _json(
        capsys, "segment", "export", "silent_high_value", *place, "--out", str(out), "--encoding", "gb18030",
        "--set", "min_m_score=1",
    )  # fmt: skip
    text = Path(report["csv"]).read_bytes().decode("gb18030")
    assert text.count("\r\n") == report["rows"] + 1
    assert run(["segment", "preview", "nobody", *place]) == 2
    assert run(["segment", "export", "silent_high_value", *place, "--set", "min_m_score"]) == 2


def test_simulate_writes_files_and_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = _json(capsys, "simulate", "--people", "200", "--out", str(tmp_path / "w"), "--as-of", "2026-01-31")
    assert Path(told["landing"]).is_dir()
    assert (tmp_path / "w" / "truth" / "party.parquet").exists()
