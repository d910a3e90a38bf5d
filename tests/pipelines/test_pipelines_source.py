"""`guiyi source` and `guiyi reject`: a file nobody has seen, and rows that could not be used."""

import json
import shutil
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.cli.app import run
from warehouse.home import Home


def till_report(path: Path) -> None:
    """The report of docs/new-source.md: a merged title, when it was made, names, rows, a row of sums."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ["小票", "结账时间", "门店名", "会员卡", "会员", "手机", "应收(元)", "优惠(元)", "实收(元)", "收银"]
    rows = [
        ["XS26090100001", "2026-09-01 10:12:33", "一店", "K01", "何清", "13900002222", "¥1,299", "¥9", "¥1,290", "周"],
        ["XS26090100002", "2026-09-01 11:40:05", "一店", "", "", "", "¥59.90", "-", "¥59.90", "小周"],
        ["XS26090200001", "2026/9/2 9:05", "二店", "K02", "陆小青", "139****3333", "¥300", "¥0.00", "¥300.00", "小吴"],
    ]  # fmt: skip
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("流水")
        sheet.merge_range(0, 0, 0, len(names) - 1, "试验家居 收银流水")
        sheet.merge_range(1, 0, 1, len(names) - 1, "导出时间：2026-09-05 09:30:00")
        for number, row in enumerate([names, *rows, ["合计", *[""] * 5, "¥1,658.90", "¥100.00", "¥1,558.90"]]):
            sheet.write_row(2 + number, 0, row)


def test_the_walk_through_of_the_docs_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "landing" / "hexing" / "stores" / "流水.xlsx"
    till_report(file)
    home = tmp_path / "home"
    assert run(["source", "check", str(file), "--home", str(home)]) == 1
    assert run(["source", "new", str(file), "--name", "hexing", "--home", str(home)]) == 0
    contract = home / "sources" / "hexing.yml"
    text = contract.read_text(encoding="utf-8")
    for old, new in _edits():
        assert old in text, old
        text = text.replace(old, new)
    contract.write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert run(["source", "check", str(file), "--home", str(home), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["contract"] == "hexing"
    assert told["counts"]["rows_accepted"] == 3
    assert told["exported_at"] == "2026-09-05 01:30:00"
    assert told["stored"]["orders"] == 3
    assert [order["paid_amount"] for order in told["samples"]["orders"]] == pytest.approx(
        [59.9, 300.0, 1199.0], abs=1e9
    )
    assert "13900002222" not in json.dumps(told)


def _edits() -> list[tuple[str, str]]:
    """The replacements that the walk-through makes, as its page has them."""
    page = (Path(__file__).parents[2] / "docs" / "new-source.md").read_text(encoding="utf-8")
    block = page.split("```diff\n")[1].split("```")[0]
    edits: list[tuple[str, str]] = []
    for line in block.splitlines():
        sign, text = line[0], line[1:]
        if sign == "-":
            edits.append((text, ""))
        else:
            old, new = edits.pop()
            edits.append((old, f"{new}\n{text}".removeprefix("\n")))
    return edits


def test_sources_are_listed_with_how_well_they_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["source", "list", "--json"]) == 0
    listed = {one["name"]: one["grade"] for one in json.loads(capsys.readouterr().out)}
    assert listed["tmall_order"] == "A"


def test_a_contract_that_is_there_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    till_report(tmp_path / "a.xlsx")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "till.yml").write_text("mine")
    assert run(["source", "new", str(tmp_path / "a.xlsx"), "--name", "till", "--home", str(tmp_path)]) == 2
    assert "there already" in capsys.readouterr().err
    assert run(["source", "new", str(tmp_path / "a.xlsx"), "--name", "Till 1", "--home", str(tmp_path)]) == 2


def test_rejected_rows_are_listed_by_reason_and_read_again(
    own_home: Home, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = Path(shutil.copytree(world / "landing", tmp_path / "landing"))
    assert run(["reject", "list", "--home", str(own_home.path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["rows"]
    reason, path = listed["rows"][0]["reason"], listed["rows"][0]["path"]
    options = ["--home", str(own_home.path), "--landing", str(landing), "--path", path, "--json"]
    assert run(["reject", "retry", *options]) == 1
    (again,) = json.loads(capsys.readouterr().out)
    assert again["reasons_now"][reason] >= 1
    assert again["rows_rejected_now"] == again["rows_rejected"]
    (landing / path).unlink()
    assert run(["reject", "retry", *options]) == 1
    assert json.loads(capsys.readouterr().out)[0]["status_now"] == "gone"


def test_rows_are_used_once_the_contract_is_mended(
    own_home: Home, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from touchpoints.contracts import SOURCES

    assert run(["reject", "list", "--home", str(own_home.path), "--reason", "void", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["rows"]
    assert listed, "the simulated till voids tickets"
    own = tmp_path / "own"
    own.mkdir()
    text = (SOURCES / "pos_ticket.yml").read_text(encoding="utf-8")
    mended = text.replace("invalid in ('1', 'true')", "invalid in ('never')")
    assert mended != text
    (own / "pos_ticket.yml").write_text(mended, encoding="utf-8")
    options = ["--home", str(own_home.path), "--landing", str(world / "landing"), "--sources", str(own)]
    run(["reject", "retry", *options, "--reason", "void", "--json"])
    again = json.loads(capsys.readouterr().out)
    assert all("void" not in row["reasons_now"] for row in again)
    assert any(row["rows_rejected_now"] < row["rows_rejected"] for row in again)


def test_refused_rows_are_told_in_whole_lines_with_header_names_and_masked_values(
    own_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["reject", "list", "--home", str(own_home.path)]
    assert run([*place, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert run(place) == 0
    lines = capsys.readouterr().out.splitlines()
    for row in rows:
        assert f"  {row['path']}" in lines
        assert any(f"data row {row['first_row']}, the header not counted" in line for line in lines)


def test_a_near_miss_is_to_be_renamed_and_not_described_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "订单号X,买家会员名,订单状态,订单创建时间,总金额,买家实际支付金额\n1,a,交易成功,2026-01-02 09:00:00,1.00,1.00\n"
    )
    assert run(["source", "check", str(file), "--home", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "rename the header in the file to 订单编号" in told
    assert "source new" not in told
    file.write_text("甲,乙,丙\n一,二,三\n")
    run(["source", "check", str(file), "--home", str(tmp_path)])
    assert "guiyi source new FILE" in capsys.readouterr().out
