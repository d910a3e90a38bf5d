"""Nothing that Guiyi itself writes or says is without a name in Chinese or in English."""

import re

import pytest

from assets.gates import load_gates
from common import labels
from common.yaml_text import load_yaml
from dbt_like_sql.dictionary import published_tables
from dbt_like_sql.project import load_project
from identity.keeping import causes
from identity.measuring.canary_cases import canary_rows
from identity.measuring.quality import load_metrics
from profiles.categories import load_categories
from profiles.tagging.load import load_tags
from segments.api import load_audiences
from touchpoints import expectations
from touchpoints.contracts import load_contracts

FILE = load_yaml(labels.FILE.read_text(encoding="utf-8"))
TABLES = published_tables(load_project())
HAN = re.compile(r"[\u4e00-\u9fff]")
# Names that are the same in both languages.
PROPER = {
    "Shopify", "WooCommerce", "Square", "Twilio", "Klaviyo", "Mailchimp", "Zendesk", "GA4", "ERP", "App", "IMEI", "MAC",
    "OneID",
}  # fmt: skip


def is_chinese(text: str) -> bool:
    return bool(HAN.search(text)) or text in PROPER


def is_english(text: str) -> bool:
    return bool(re.search(r"[A-Za-z0-9]", text)) and not HAN.search(text)


@pytest.mark.parametrize("part", ["kinds", "subtypes"])
def test_every_code_of_the_file_has_a_chinese_and_an_english_name(part):
    for kind, codes in FILE[part].items():
        for code, name in codes.items():
            assert isinstance(code, str), f"{kind} {code}: put it in quotes"
            assert is_chinese(name["zh"]), f"{kind} {code}"
            assert is_english(name["en"]), f"{kind} {code}"


def test_every_column_of_the_file_is_of_a_kind_that_there_is():
    assert set(FILE["columns"].values()) <= set(FILE["kinds"])


def test_every_value_that_a_published_column_may_have_is_named_in_both_languages():
    for table in TABLES:
        for column, values in table.accepted.items():
            for value in values:
                if not re.fullmatch(r"[\d+-]+", value):  # ages and numbers say themselves
                    assert labels.of_column(column, value, table.name), f"{table.name}.{column}: {value}"


def test_every_table_and_column_is_described_in_both_languages():
    for table in TABLES:
        for name, said in [(table.name, table.description), *((c.name, c.description) for c in table.columns)]:
            english, _, chinese = said.partition(" · ")
            assert is_english(english.replace("字", "")), f"{table.name} {name}"  # a sign that stands for any
            assert is_chinese(chinese), f"{table.name} {name}"


def test_every_built_in_tag_is_named_and_described_in_both_languages():
    for tag in load_tags():
        for said in (tag.label, tag.description, tag.no_data, *tag.values.values()):
            assert is_chinese(said.zh), f"{tag.tag}: {said.zh}"
            assert is_english(said.en), f"{tag.tag}: {said.en}"


def test_every_built_in_audience_with_its_columns_and_parameters_is_named_in_both_languages():
    for audience in load_audiences().values():
        definition = audience.definition
        columns = [one.label for one in definition.columns if one.label]
        parameters = [one.label for one in definition.parameters.values()]
        for said in (definition.label, definition.description, *columns, *parameters):
            assert is_chinese(said.zh), f"{audience.name}: {said.zh}"
            assert is_english(said.en), f"{audience.name}: {said.en}"


def test_every_category_of_goods_is_named_in_both_languages():
    for row in load_categories().iter_rows(named=True):
        assert is_chinese(row["category_zh"]), row["category"]
        assert is_english(row["category_en"]), row["category"]


def test_every_type_of_event_and_source_of_a_contract_is_named():
    contracts = load_contracts()
    told = {event for one in contracts for entry in one.events for event in (*entry.types, entry.type)}
    told |= {change.event for one in contracts for change in one.changes}
    assert [one for one in sorted(told) if one not in labels.names("event")] == []
    assert sorted({one.source for one in contracts} - set(labels.names("source"))) == []


def test_every_check_cause_of_a_change_and_kind_of_canary_is_named():
    gates = {name for gate in load_gates().values() for frame in gate.frames for name in frame.expectations}
    limited = {name for name, metric in load_metrics().items() if metric.warn is not None or metric.stop is not None}
    single = {"tests", "warnings", "few_ids_change", "every_override_is_applied"}
    checks = gates | limited | single | set(expectations.NAMES)
    assert sorted(checks - set(labels.names("check"))) == []
    assert {row["phenomenon"] for row in canary_rows(b"key")[1]} - set(labels.names("phenomenon")) == set()
    told = {value for name, value in vars(causes).items() if name.isupper() and isinstance(value, str)}
    assert told == set(labels.names("change_cause"))


def test_every_reason_for_which_a_contract_refuses_rows_is_named():
    reasons = {refusal.reason for contract in load_contracts() for refusal in contract.reject}
    assert sorted(reasons - set(labels.names("reject_reason"))) == []


def test_a_code_has_the_name_of_its_kind_and_one_without_a_name_is_shown_as_it_is():
    assert labels.of_column("status", "window", "customer.durable") == ("换新窗口内", "In the window")
    assert labels.of_column("status", "paid", "core.orders") == ("已付款", "Paid")
    assert labels.of_column("member_level", "金卡会员", "customer.customer_360") is None
    assert labels.of_subtype("refund", "cancelled") == labels.of_subtype("order_created", "cancelled")
    assert labels.of_subtype("store_visit", "选购") is None
    assert labels.name_of("own_words") == ("own_words", "own_words")
    assert labels.label("channel", None) == ("–", "–")
