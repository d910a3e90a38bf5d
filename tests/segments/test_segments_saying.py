"""Whatever the checker of audiences may say, it says in Chinese and in English."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from common.errors import DefinitionError, UsageError
from segments import saying
from segments.api import RuleFault, in_chinese
from segments.campaigns.plan import find_plan, load_plan
from segments.exporting.destination import find_destination, load_destination
from segments.reaching.policy import load_policy
from segments.rules.findings import FOUND
from segments.rules.load import parse_audience
from segments.saying import Said, say, sentences

ROOT = Path(saying.__file__).parent
# The command line's matter alone: results that are read in, and the report of a campaign.
CLI_ONLY = {"results.py", "report.py"}
# Rooms whose faults a marketer meets in the console: putting an audience together, planning, exporting.
ROOMS = ("rules", "reaching", "exporting", "campaigns")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).glob("*.py")) if path.name not in CLI_ONLY]
FILES.append(ROOT / "published.py")
HAN = re.compile(r"[\u4e00-\u9fff]")
FAULTS = {
    "RuleFault", "UnsafeSql", "Unfit", "UnusableList", "ValueError", "UsageError", "DefinitionError", "GuiyiError",
    "fault",
}  # fmt: skip


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def calls(*names):
    for path in FILES:
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
        for argument in [*node.args, *(one.value for one in node.keywords)]:
            is_text = isinstance(argument, ast.JoinedStr) or (
                isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value
            )
            assert not is_text, f"{path.name}:{node.lineno} says a sentence that is not in sentences.yml"


def test_every_sentence_that_is_said_is_known_and_every_known_one_is_said():
    said = set()
    for path, node in calls("say"):
        code = node.args[0]
        if isinstance(code, ast.Constant):
            assert code.value in sentences(), f"{path.name}:{node.lineno} {code.value}"
            given = {one.arg for one in node.keywords if one.arg}
            if all(one.arg for one in node.keywords):
                assert given == fields(sentences()[code.value][1]), f"{path.name}:{node.lineno}"
            said.add(code.value)
    assert set(sentences()) >= FOUND
    assert set(sentences()) - said - FOUND == set()


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


PLAN = """name: spring
code: SPRING
label: {zh: 春, en: Spring}
audience: silent_high_value
starts_on: 2026-03-01
ends_on: 2026-03-31
owner: crm
"""
DESTINATION = """name: tool
label: {zh: 甲, en: A}
description: {zh: 甲, en: A}
grade: A
evidence: a page
columns:
  - {header: 手机号, from: contact}
"""
POLICY = "salt: s\n"


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (load_plan, f"{PLAN}hold_out: {{share: 0.1}}", "did_you_mean"),
        (load_plan, PLAN.replace("owner: crm\n", ""), "missing"),
        (load_plan, PLAN.replace("2026-03-31", "2026-02-01"), "ends_before_start"),
        (load_plan, PLAN.replace("2026-03-31", "soon"), "date_from_datetime_parsing"),
        (load_plan, f"{PLAN}arms: {{A: 0.4, B: 0.5}}", "arms_sum"),
        (load_plan, f"{PLAN}arms: {{holdout: 1.0}}", "arm_reserved"),
        (load_plan, f"{PLAN}holdout: {{share: 0.00001}}", "share_too_small"),
        (load_plan, f"{PLAN}holdout: {{share: 1.2}}", "less_than"),
        (load_plan, f"{PLAN}cost_per_person_cny: much", "none_of_kinds"),
        (load_plan, f"{PLAN}channel: fax", "literal_error"),
        (load_plan, PLAN.replace("SPRING", "春"), "string_pattern_mismatch"),
        (load_plan, PLAN.replace("name: spring", "name: autumn"), "campaign_named"),
        (load_plan, "a: [", "not_yaml"),
        (load_plan, "", "model_type"),
        (load_destination, DESTINATION.replace("name: tool", "name: other"), "destination_named"),
        (load_destination, f"{DESTINATION}  - {{header: 手机号, text: x}}", "header_twice"),
        (load_destination, f"{DESTINATION}  - {{header: 备注}}", "from_or_text"),
        (load_destination, f"{DESTINATION}  - {{text: x}}", "header_needed"),
        (load_destination, f"{DESTINATION}  - {{header: x, from: name, hash: md5}}", "contact_alone"),
        (load_destination, DESTINATION.replace("from: contact", "text: x"), "nobody_meant"),
        (load_policy, f"{POLICY}caps: {{sms: {{messages: 0, days: 7}}}}", "greater_than_equal"),
        (load_policy, f"{POLICY}exclude: {{employes: true}}", "did_you_mean"),
    ],
)
def test_a_wrong_file_is_told_in_both_languages(tmp_path, read, text, code):
    path = tmp_path / {load_plan: "spring.yml", load_destination: "tool.yml", load_policy: "policy.yml"}[read]
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read(tmp_path if read is load_policy else path)
    problem, remedy = caught.value.problem, caught.value.remedy
    told = f"{problem.zh}{remedy.zh}", f"{problem} {remedy}"
    for whole, pattern in zip(told, sentences()[code], strict=True):
        assert max(re.split(r"\{\w+\}", pattern), key=len).strip() in whole
    assert sentences()["wrong_value"][0].split("{")[0] not in problem.zh
    assert problem.zh.endswith("。") and problem.endswith(".") and HAN.search(remedy.zh)


def test_what_is_not_there_is_told_in_both_languages_with_what_there_is(tmp_path):
    for find in (lambda: find_plan(tmp_path, "spring"), lambda: find_destination("fax", tmp_path)):
        with pytest.raises(UsageError) as caught:
            find()
        said = caught.value.args[0]
        assert said.endswith(("none yet.", "wecom_tags.")) and said.zh.endswith(("暂无。", "wecom_tags。"))
