"""The brand's own lists, people at work in events, and states that have no time of their own."""

import pytest
from touchpoints_files import KEY, Ingested, put

from common.errors import DefinitionError
from common.keys import keyed_hash
from touchpoints.contracts import SOURCES, load_contract

LEADS = "线索编号,合作方编号,客户姓名,客户电话,报备时间,状态,跟进人,跟进人工号\n"


def test_a_lost_lead_is_dated_by_the_export_that_first_said_so(tmp_path):
    landing = tmp_path / "landing"
    row = "B1,P003,彭先生,13900005555,2026-01-02 09:00:00,{},周小满,\n"
    put(landing, "partner/brand/报备_20260201.csv", LEADS + row.format("跟进中"))
    put(landing, "partner/brand/报备_20260301.csv", LEADS + row.format("流失"))
    put(landing, "partner/brand/报备_20260401.csv", LEADS + row.format("流失").replace("P003", "P004"))
    events = Ingested(landing).table("event")
    lost = events.filter(events["type"] == "lead_lost")
    assert [str(at) for at in lost["at"]] == ["2026-02-28 16:00:00"]


def test_who_served_is_a_code_where_there_is_one_else_a_hashed_name(tmp_path):
    landing = tmp_path / "landing"
    coded = "B1,P003,彭先生,13900005555,2026-01-02 09:00:00,新,周小满,E07\n"
    named = "B2,P003,安女士,13900003333,2026-01-02 09:00:00,新,周小满,\n"
    put(landing, "partner/brand/报备_20260201.csv", LEADS + coded + named)
    staff = "员工编号,员工姓名,手机号,岗位,所属门店编号\n13900006666,周小满,13900006666,导购,S07\n"
    put(landing, "reference/brand/员工_20260201.csv", staff)
    result = Ingested(landing)
    hashed = keyed_hash("周小满", KEY)
    assert set(result.table("event")["staff_code"]) == {"E07", hashed}
    told = result.table("staff").row(0, named=True)
    assert told["name_key"] == hashed
    assert told["staff_code"] == told["phone_key"] == keyed_hash("13900006666", KEY)  # numbered by phone: never clear


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("table: product\n", "table: prodcut\n", "no reference table"),
        ("      title: title\n", "      titel: title\n", "does not have"),
        ("      product_code: code\n", "", "does not give product_code"),
        ("      spec: spec\n", "      spec: specs\n", "no column"),
    ],
)
def test_a_mistake_in_a_reference_is_refused_with_the_remedy(tmp_path, old, new, says):
    text = (SOURCES / "ref_product.yml").read_text(encoding="utf-8")
    assert old in text
    path = put(tmp_path, "ref_product.yml", text.replace(old, new))
    with pytest.raises(DefinitionError, match=says):
        load_contract(path)
