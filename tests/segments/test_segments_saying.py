"""Whatever the checker of audiences may say, it says in Chinese and in English."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from segments import saying
from segments.api import RuleFault, in_chinese
from segments.rules.load import parse_audience
from segments.saying import Said, say, sentences

ROOT = Path(saying.__file__).parent
# Rooms whose faults a marketer meets while putting an audience together.
FILES = [*sorted((ROOT / "rules").glob("*.py")), *sorted((ROOT / "reaching").glob("*.py")), ROOT / "published.py"]
# Rooms that say sentences as well, beside faults that are the command line's matter.
SAYING = [*FILES, *sorted((ROOT / "campaigns").glob("*.py"))]
HAN = re.compile(r"[\u4e00-\u9fff]")
FAULTS = {
    "RuleFault", "UnsafeSql", "Unfit", "UnusableList", "ValueError", "UsageError", "DefinitionError", "fault",
}  # fmt: skip
# A name in the error itself, not a sentence: an unknown OneID is the command line's matter.
CLI_ONLY = {"why.py"}


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def calls(*names, files=FILES):
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in names:
                    yield path, node


def test_every_sentence_is_there_in_both_languages_and_names_the_same_facts_in_each():
    for code, (zh, en) in sentences().items():
        assert not HAN.search(re.sub("会员卡号", "", en)) and en, code
        # A sentence that only carries another along is as that one is.
        assert HAN.search(zh) or fields(zh), code
        assert fields(zh) == fields(en), code


def test_no_fault_is_said_in_one_language_alone():
    for path, node in calls(*FAULTS):
        if path.name in CLI_ONLY:
            continue
        for argument in [*node.args, *(one.value for one in node.keywords)]:
            is_text = isinstance(argument, ast.JoinedStr) or (
                isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value
            )
            assert not is_text, f"{path.name}:{node.lineno} says a sentence that is not in sentences.yml"


def test_every_sentence_that_is_said_is_known_and_every_known_one_is_said():
    said = set()
    for path, node in calls("say", files=SAYING):
        code = node.args[0]
        if isinstance(code, ast.Constant):
            assert code.value in sentences(), f"{path.name}:{node.lineno} {code.value}"
            given = {one.arg for one in node.keywords if one.arg}
            if all(one.arg for one in node.keywords):
                assert given == fields(sentences()[code.value][1]), f"{path.name}:{node.lineno}"
            said.add(code.value)
    found = next(node for path in FILES if path.name == "load.py" for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "_FOUND")  # fmt: skip
    said |= {one.value for one in ast.walk(found) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    assert set(sentences()) - said == set()


def test_facts_that_are_sentences_or_names_are_told_in_the_language_of_the_whole():
    inner = say("nothing_between", low=5, high=2)
    told = say("sentence", text=inner)
    assert (told.zh, told) == (f"{inner.zh}。", f"{inner}.")
    assert say("no_sense", operator="gt", family=("是否", "boolean")).zh == "gt 对是否字段没有意义。"
    assert in_chinese("as it is") == "as it is"


HEAD = """name: a
label: {zh: 甲, en: A}
description: {zh: 甲, en: A}
owner: crm
channel: null
columns: [{column: city}]
"""


@pytest.mark.parametrize(
    "rule",
    [
        "{column: n_orders, gte: 3, lte: 1}",
        "{column: n_orders}",
        "{column: Bad Name, eq: 1}",
        "{column: n_orders, in: []}",
        "{column: n_orders, gte: .nan}",
        "{events: {type: scan, days_ago: {lte: 99999999}}}",
        "{events: {type: scan, count: {gte: 0}}}",
        "{events: {type: [], count: {eq: 1}}}",
        "{durable: {}}",
        "{durable: {status: [broken]}}",
        "{sequence: {first: {}, then: {orders: {}}, within_days: 3}}",
        "{sequence: {first: {orders: {}}, then: {orders: {}}, within_days: -3}}",
        "{sequence: {first: {orders: {}}, then: {orders: {}}, within_days: 1.5}}",
        "{ids: [x]}",
        "{list: 3}",
        "{tag: vip, on: soon}",
        "{nothing: 1}",
        "{all: 3}",
        "[]",
        "$open",
    ],
)
def test_what_pydantic_finds_is_told_in_both_languages_too(rule):
    with pytest.raises(RuleFault) as caught:
        parse_audience(f"{HEAD}where: {rule}\n", Path("a.yml"))
    for one in (caught.value, *caught.value.others):
        assert isinstance(one.problem, Said), one.problem
        assert one.problem.code != "wrong_value", one.problem
        assert HAN.search(one.problem.zh)
        assert not one.remedy or HAN.search(one.remedy.zh)
