"""Every known header and every fixture is recognised by the right contract and by no other; foreign files by none.

Over all contracts, from tables: `data/headers.json` (the headers as they are known, verbatim), the fixtures, and the
foreign headers below. Order of columns, columns left out and encodings change nothing.
"""

import codecs
import csv
import io
import json
import random
import re
from pathlib import Path

import polars as pl
import pytest
from contract_fixtures import BY_NAME, CONTRACTS, FIXTURES
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.columns import canonical
from touchpoints.contract import Contract
from touchpoints.files import fingerprints
from touchpoints.landing import look_at
from touchpoints.matching import best_match, fits
from touchpoints.readers.tables import TOTALS, bare_names

KNOWN = json.loads((Path(__file__).parent / "data" / "headers.json").read_text(encoding="utf-8"))
CONTRACT_OF = {
    "tmall_order_v2017": "tmall_order",
    "tmall_order_v2018": "tmall_order",
    "tmall_item_v2017": "tmall_item",
    "qianniu_order_2025_subset": "tmall_order",
    "qianniu_item_2025_subset": "tmall_item",
    "tmall_refund": "tmall_refund",
    "douyin_order_v2023": "douyin_order",
    "douyin_order_v2024": "douyin_order",
    "douyin_after_sale": "douyin_after_sale",
    "jd_order_v2016": "jd_order",
    "jd_order_v2017": "jd_order",
    "pdd_order_full": "pdd_order",
    "pdd_order_2024": "pdd_order",
    "wechat_shop_order": "wechat_shop_order",
    "kuaishou_order": "kuaishou_order",
    "xiaohongshu_order_prefix": "xiaohongshu_order",
    "youzan_order": "youzan_order",
    "youzan_customer": "youzan_customer",
    "wecom_admin_customer": "wecom_console",
    "wechatpay_merchant": "wechatpay_bill",
    "alipay_merchant": "alipay_bill",
    "stored_value_pos": "pos_member",
    "shopify_order": "shopify_order",
    "shopify_customer_new": "shopify_customer",
    "shopify_customer_old": "shopify_customer",
    "square_items": "square_item",
    "amazon_fulfilled_shipments": "amazon_shipment",
    "amazon_all_orders": "amazon_order",
    "zendesk_csv_prefix": "zendesk_ticket",
    "mailchimp_audience": "mailchimp_contact",
    "klaviyo_profiles": "klaviyo_profile",
}
FOREIGN = {
    "personal WeChat bill": "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注",
    "personal Alipay bill": "交易号,商家订单号,交易创建时间,付款时间,类型,交易对方,商品名称,金额(元),收/支,交易状态",
    "bank statement": "记账日期,货币,交易金额,联机余额,交易摘要,对手信息",
    "Meituan settlement": "账单日期,门店ID,门店名称,结算单号,交易类型,商家应收款,平台服务费,结算金额",
    "JD settlement bill": "业务单号,业务类型,商品名称,费用项,应结金额,商家编号,账单日期",
    "Douyin fund flow": "动账时间,动账流水号,动账方向,动账金额,动账账户,动账场景,下单时间,订单实付应结",
    "stock of a warehouse": "仓库,货品编号,货品名称,规格,库存数量,可用库存,成本价",
    "attendance": "工号,姓名,部门,日期,上班时间,下班时间",
    "payroll": "姓名,身份证号,手机号,基本工资,奖金,实发工资,发放日期",
    "parcels of a courier": "运单号,寄件人,寄件电话,收件人,收件电话,目的地,重量,签收时间",
    "a shop's goods": "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Variant SKU,Variant Price",
    "contacts of a phone": "First Name,Last Name,Display Name,E-mail Address,Home Phone,Mobile Phone,Birthday",
    "users of a web app": "id,name,email,created_at,status",
    "web server log": "time,remote_addr,request,status,body_bytes_sent,http_referer,http_user_agent",
    "GA4 exploration": "Event name,Event count,Total users,Event count per user,Total revenue",
}


def known(key: str) -> list[str]:
    if key == "jd_order_v2017":
        return KNOWN["jd_order_v2016"]["columns"] + KNOWN["jd_order_v2017_extra"]["columns"]
    return KNOWN[key]["columns"]


def fitting(names: list[str]) -> list[str]:
    """The contracts that fit; of last resort only where no other does."""
    found = [contract for contract in CONTRACTS if fits(contract, frozenset(names))]
    return [c.name for c in found if not c.generic] or [c.name for c in found]


def test_there_is_a_contract_for_every_known_header():
    assert {key for key in KNOWN if key != "jd_order_v2017_extra"} | {"jd_order_v2017"} == set(CONTRACT_OF)


@pytest.mark.parametrize("key", sorted(CONTRACT_OF))
def test_a_known_header_fits_its_contract_and_no_other_in_any_order(key):
    names = bare_names(known(key))
    assert fitting(names) == [CONTRACT_OF[key]]
    random.Random(key).shuffle(names)
    found = best_match(CONTRACTS, names)
    assert found is not None and found.contract.name == CONTRACT_OF[key]
    assert found.coverage == 1.0, sorted(set(names) - found.contract.known_headers)


@pytest.mark.parametrize("key", sorted(CONTRACT_OF))
def test_of_a_known_header_the_required_columns_are_enough_and_one_less_is_not(key):
    contract = BY_NAME[CONTRACT_OF[key]]
    names = set(bare_names(known(key)))
    least = [next(name for name in several if name in names) for several in contract.signature]
    found = best_match(CONTRACTS, least)
    assert found is not None and found.contract is contract
    for several in contract.signature:
        found = best_match(CONTRACTS, names - set(several))
        assert found is None or found.contract is not contract


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_the_first_names_of_a_signature_are_its_contracts_own(contract):
    if contract.generic:
        return
    found = best_match([c for c in CONTRACTS if _kin(c, contract)], [names[0] for names in contract.signature])
    assert found is not None and found.contract is contract


def _kin(one: Contract, other: Contract) -> bool:
    return bool(set(one.formats) & set(other.formats)) and one.records_at == other.records_at


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_a_foreign_file_fits_no_contract(name):
    assert fitting(bare_names(FOREIGN[name].split(","))) == []


@given(st.lists(st.text(alphabet="abcdefghij订单号手机姓名时间金额", max_size=6), max_size=30))
@settings(max_examples=50)
def test_foreign_names_fit_no_contract(names):
    assert best_match(CONTRACTS, names) is None


DELIMITED = [
    pytest.param(path, name, id=f"{fixture.name}/{path.name}")
    for fixture in FIXTURES
    for path in fixture.files
    if path.suffix in (".csv", ".txt", ".tsv") and (name := fixture.contracts.get(path.name))
]


@pytest.mark.parametrize(("path", "name"), DELIMITED)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_file_is_recognised_in_every_encoding(tmp_path, path, name, encoding):
    copy = tmp_path / path.name
    copy.write_bytes(text_of(path).encode(encoding))
    (file,) = fingerprints(copy, tmp_path)
    assert [table.match.contract.name for table in look_at(file, CONTRACTS).tables] == [name]


def text_of(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith(codecs.BOM_UTF16_LE):
        return data.decode("utf-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError(path)


def rearranged(path: Path, target: Path, contract: Contract, *, all_columns: bool) -> None:
    """The file in another encoding, with its columns in another order: all of them, or those that are required."""
    text = text_of(path)
    lines = text.splitlines(keepends=True)
    header = next(i for i, line in enumerate(lines) if _is_header(line, contract))
    delimiter = max(",\t;", key=lines[header].count)
    rows = list(csv.reader(io.StringIO("".join(lines[header:])), delimiter=delimiter))
    width = len(rows[0])
    names = bare_names(rows[0])
    least = {next(name for name in several if name in names) for several in contract.signature}
    least |= {name for column in contract.columns.values() for name in column.followed_by}
    order = [i for i in range(width) if all_columns or names[i] in least]
    random.Random(path.name).shuffle(order)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        # Lines of sums and trailers begin with their own word whatever the columns.
        is_data = len(row) >= width and not re.search(rf"^\W*({TOTALS})\W*$", row[0])
        writer.writerow([row[i] for i in order] + row[width:] if is_data else row)
    other = "utf-8-sig" if _is_gbk(path) else "gb18030"
    target.write_bytes(("".join(lines[:header]) + out.getvalue()).encode(other))


def _is_header(line: str, contract: Contract) -> bool:
    return any(
        fits(contract, frozenset(bare_names(next(csv.reader([line], delimiter=delimiter), []))))
        for delimiter in ",\t;"
        if delimiter in line
    )


def _is_gbk(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


@pytest.mark.parametrize(("path", "name"), DELIMITED)
@pytest.mark.parametrize("all_columns", [True, False], ids=["all", "required"])
def test_columns_in_another_order_or_left_out_and_another_encoding_come_to_the_same_cells(
    tmp_path, path, name, all_columns
):
    # What a contract makes of its cells sees names alone, so that equal cells come to equal rows.
    copy, contract = tmp_path / path.name, BY_NAME[name]
    rearranged(path, copy, contract, all_columns=all_columns)
    first, second = (cells_of(file, contract) for file in (path, copy))
    assert set(second.columns) == set(first.columns) or not all_columns
    assert first.select(second.columns).equals(second)


def cells_of(path: Path, contract: Contract) -> pl.DataFrame:
    (file,) = fingerprints(path, path.parent)
    (table,) = look_at(file, CONTRACTS).tables
    cells = canonical(table.read(path.read_bytes()), contract)
    return cells.select("row_no", *sorted(set(contract.columns) & set(cells.columns)), "_reason", "_column")
