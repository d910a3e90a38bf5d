"""`guiyi review` and the churn budget, as stewards and engineers meet them."""

import csv
import json
from pathlib import Path

import pytest

from common.errors import UsageError
from pipelines.cli.app import run
from pipelines.resources import GuiyiHome
from warehouse.home import Home


@pytest.mark.parametrize("command", ["next", "list", "decide", "withdraw", "export", "import"])
def test_the_help_of_every_review_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["review", command, "--help"]) == 0
    assert f"Example: guiyi review {command}" in " ".join(capsys.readouterr().out.split())


def listed(home: Home, capsys: pytest.CaptureFixture[str]) -> list[dict]:
    assert run(["review", "list", "--home", str(home.path), "--top", "1000", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_answered_question_is_neither_next_nor_listed(own_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(own_home.path)
    questions = listed(own_home, capsys)
    assert run(["review", "next", "--home", home, "--json"]) == 0
    asked = json.loads(capsys.readouterr().out)
    assert asked["item_id"] == questions[0]["item_id"] and asked["side_a"]["facts"]
    assert run(["review", "decide", asked["item_id"].lower(), "not-sure", "--who", "anna", "--home", home]) == 0
    assert "takes effect in the next run" in capsys.readouterr().out
    assert [one["item_id"] for one in listed(own_home, capsys)] == [one["item_id"] for one in questions[1:]]
    assert run(["review", "next", "--home", home]) == 0
    assert questions[1]["item_id"] in capsys.readouterr().out


def test_an_answer_that_is_taken_back_leaves_the_question_open(
    own_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(own_home.path)
    first = listed(own_home, capsys)[0]["item_id"]
    assert run(["review", "withdraw", first, "--who", "anna", "--home", home]) == 2
    assert "has no answer" in capsys.readouterr().err
    assert run(["review", "decide", first, "same", "--who", "anna", "--home", home]) == 0
    assert run(["review", "withdraw", first, "--who", "bert", "--home", home]) == 0
    capsys.readouterr()
    assert listed(own_home, capsys)[0]["item_id"] == first
    assert (own_home.identity / "decisions.csv").read_text().count(first) == 2


def test_a_question_that_does_not_exist_or_an_answer_that_is_none_is_wrong_usage(
    own_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(own_home.path)
    first = listed(own_home, capsys)[0]["item_id"]
    assert run(["review", "decide", "Q0", "same", "--who", "anna", "--home", home]) == 2
    assert "There is no question Q0" in capsys.readouterr().err
    assert run(["review", "decide", first, "maybe", "--who", "anna", "--home", home]) == 2
    assert "use one of same, different, not_sure" in capsys.readouterr().err
    assert run(["review", "decide", first, "same", "--who", " ", "--home", home]) == 2
    assert not (own_home.identity / "decisions.csv").exists()


def test_a_team_fills_in_a_file_and_its_answers_are_taken_once(
    own_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, file = str(own_home.path), tmp_path / "questions.csv"
    assert run(["review", "export", str(file), "--top", "3", "--home", home]) == 0
    capsys.readouterr()
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    names = rows[0]["a_names"].removeprefix("✓ ").split("、")
    assert len(rows) == 3 and names and all(len(name.rstrip("*")) <= 1 for name in names)  # no more than a surname
    rows[0] |= {"decision": "Different", "who": "bob"}
    rows[1] |= {"decision": "same"}

    def fill(rows: list[dict]) -> None:
        with file.open("w", encoding="gb18030", newline="") as opened:
            writer = csv.DictWriter(opened, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    fill([*rows[:2], rows[2] | {"decision": "perhaps"}])
    assert run(["review", "import", str(file), "--who", "anna", "--home", home]) == 2
    assert "line 4: 'perhaps' is no answer" in capsys.readouterr().err
    assert not (own_home.identity / "decisions.csv").exists()
    fill(rows)
    for expected in ({"imported": 2, "blank": 1, "known_already": 0}, {"imported": 0, "blank": 1, "known_already": 2}):
        assert run(["review", "import", str(file), "--who", "anna", "--home", home, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == expected
    kept = list(csv.DictReader((own_home.identity / "decisions.csv").open(encoding="utf-8")))
    assert [(one["decision"], one["who"]) for one in kept] == [("different", "bob"), ("same", "anna")]


def test_the_churn_budget_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "landing").mkdir()
    monkeypatch.setenv("GUIYI_CHURN_STOP", "0.05")
    with GuiyiHome(path=str(tmp_path), churn_warn=0.03, accept_churn=True).open("test") as building:
        assert (building.churn_warn, building.churn_stop, building.accept_churn) == (0.03, 0.05, True)
    monkeypatch.setenv("GUIYI_CHURN_STOP", "5%")
    with pytest.raises(UsageError, match=r"GUIYI_CHURN_STOP is '5%', which is no share; write it as 0\.02"):
        GuiyiHome(path=str(tmp_path)).open("test").__enter__()
