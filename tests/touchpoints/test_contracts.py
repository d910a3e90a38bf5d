"""Contracts: checked when they are loaded, found by header names alone."""

import random
from pathlib import Path

import pytest
import touchpoints_files as files
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import DefinitionError
from touchpoints.contracts import SOURCES, load_contract, load_contracts
from touchpoints.matching import best_match

CONTRACTS = load_contracts()
BY_NAME = {contract.name: contract for contract in CONTRACTS}
HEADERS = {
    "tmall_order": [name.strip() for name in files.TMALL],
    "tmall_item": files.TMALL_ITEM,
    "jd_order": files.JD,
    "youzan_order": files.YOUZAN,
    "youzan_customer": files.YOUZAN_CUSTOMER,
    "wechatpay_bill": files.WECHATPAY,
    "pos_member": files.POS_MEMBER,
    "after_sales_order": files.AFTER_SALES,
    "shopify_order": files.SHOPIFY,
    "shopify_customer": files.SHOPIFY_CUSTOMER,
    "wechat_oa_follower": list(files.follower("o")),
    "aliyun_sms_receipt": list(files.receipt("1")),
    "aliyun_sms_reply": list(files.reply(1, "")),
    "pos_ticket": list(files.ticket("1")),
    "wecom_contact": ["external_contact.external_userid", "external_contact.name", "follow_info.userid"],
}


def test_there_is_a_header_here_for_every_contract():
    assert set(HEADERS) == set(BY_NAME)


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_columns_in_any_order_are_known(name):
    header = list(HEADERS[name])
    random.Random(name).shuffle(header)
    found = best_match(CONTRACTS, header)
    assert found is not None and found.contract.name == name
    assert found.coverage == 1.0


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_the_required_columns_alone_are_enough(name):
    found = best_match(CONTRACTS, [names[0] for names in BY_NAME[name].signature])
    assert found is not None and found.contract.name == name


@pytest.mark.parametrize("name", sorted(HEADERS))
@pytest.mark.parametrize("missing", range(3))
def test_without_one_of_its_required_columns_a_file_fits_no_contract(name, missing):
    signature = BY_NAME[name].signature
    gone = set(signature[missing % len(signature)])
    found = best_match(CONTRACTS, [column for column in HEADERS[name] if column not in gone])
    assert found is None or found.contract.name != name


@given(st.lists(st.text(alphabet="abcdefghij订单号手机姓名", max_size=6), max_size=30))
@settings(max_examples=50)
def test_foreign_names_fit_no_contract(names):
    assert best_match(CONTRACTS, names) is None


@pytest.mark.parametrize(
    "header",
    [
        "编号,退款编号,支付宝交易号,买家退款金额,退款状态",
        "主订单编号,子订单编号,选购商品,商品规格,商品数量,收件人,收件人手机号,订单提交时间,订单状态",
        "商品,订单号,订单状态,商品总价(元),商品数量(件),发货时间",
        "id,name,email,created_at,status",
    ],
)
def test_files_of_sources_without_a_contract_fit_none(header):
    assert best_match(CONTRACTS, header.split(",")) is None


def mended(tmp_path: Path, name: str, old: str, new: str) -> Path:
    text = (SOURCES / f"{name}.yml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{name}.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("occurred_at: created_at", "occurred_at: created_on", "created_on"),
        ("grade: A", "grade: Z", "grade"),
        ("rows: lines", "row: lines", "row"),
        ("is: closed", "is: shut", "shut"),
        ("unit_price * qty", "unit_price * (qty", "is no SQL expression"),
        ("title: title", "title: tittle", "lines.title"),
        ("  - 订单金额\n", "", "not in the signature"),
        ("name: jd_order", "name: jd_orders", "Name it `jd_order`"),
        ("kind: money", "kind: cash", "kind"),
        ("rows: lines", "rows: [", "no YAML"),
    ],
)
def test_a_mistake_in_a_contract_names_file_place_and_remedy(tmp_path, old, new, said):
    path = mended(tmp_path, "jd_order", old, new)
    with pytest.raises(DefinitionError) as error:
        load_contract(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)


def test_a_role_that_is_no_party_is_refused(tmp_path):
    path = mended(tmp_path, "pos_member", "  - role: member", "  - role: buyer")
    with pytest.raises(DefinitionError, match="buyer"):
        load_contract(path)


def test_two_definitions_have_two_digests(tmp_path):
    path = mended(tmp_path, "jd_order", "version: 1", "version: 2")
    assert load_contract(path).digest != BY_NAME["jd_order"].digest


def test_every_personal_column_says_so():
    for contract in CONTRACTS:
        for name, column in contract.columns.items():
            if any(
                word in name for word in ("phone", "address", "email", "openid", "birthday")
            ) and not name.startswith("accepts"):
                assert column.pii, f"{contract.name}.{name}"
