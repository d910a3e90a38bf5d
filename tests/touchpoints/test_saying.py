"""Whatever is said of a file that is not taken as it is, is said in Chinese and in English."""

import ast
import gzip
import re
from pathlib import Path
from string import Formatter

from touchpoints_files import Ingested

from touchpoints import saying

HAN = re.compile(r"[\u4e00-\u9fff]")
# Codes that stand in a name first.
NAMED = {"workbook_damaged", "json_damaged", "no_text"}


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_sentence_is_said_and_is_there_in_both_languages_with_the_same_facts():
    said = set(NAMED)
    for path in Path(saying.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    said.add(code.value)
                    assert {one.arg for one in node.keywords} == fields(saying.SENTENCES.known[code.value][1])
    assert said == set(saying.SENTENCES.known)
    for code, (zh, en) in saying.SENTENCES.known.items():
        assert HAN.search(zh) and not HAN.search(en), code
        assert fields(zh) == fields(en), code


def test_each_file_that_is_not_taken_as_it_is_says_why_in_both_languages(tmp_path):
    landing = tmp_path / "landing"
    files = {
        "a.csv": b"",
        "b.csv": "供应商,对账金额\n甲,1\n".encode(),
        "c.xlsx": b"PK\x03\x04 no workbook",
        "d.json": b'{"a": ',
        "e.csv": b"\x00\x01\x02\x03" * 99,
        "f.xls": b"<html><table></table></html>",
        "g.gz": gzip.compress(b"x" * 5000)[:20],
    }
    for name, content in files.items():
        (landing / "misc").mkdir(parents=True, exist_ok=True)
        (landing / "misc" / name).write_bytes(content)
    told = {row["path"]: row for row in Ingested(landing).table("source_file").iter_rows(named=True)}
    assert len(told) == len(files)
    for path, row in told.items():
        assert HAN.search(row["note_zh"]), path
        assert not HAN.search(row["note"]), path
    assert (told["misc/a.csv"]["note_zh"], told["misc/a.csv"]["note"]) == saying.SENTENCES.known["nothing_in_it"]
    assert told["misc/b.csv"]["note_zh"] == saying.SENTENCES.known["no_contract"][0]
    assert told["misc/f.xls"]["note_zh"] == saying.SENTENCES.known["web_page"][0]
    assert told["misc/g.gz"]["note_zh"] == saying.SENTENCES.known["archive_damaged"][0]
