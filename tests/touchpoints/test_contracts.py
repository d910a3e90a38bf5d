"""Contracts: checked when they are loaded. Which files they fit is in test_contracts_recognition."""

import re
from pathlib import Path

import pytest

from common.errors import DefinitionError
from touchpoints.contract_words import expression
from touchpoints.contracts import SOURCES, load_contract, load_contracts

CONTRACTS = load_contracts()
BY_NAME = {contract.name: contract for contract in CONTRACTS}


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


PUBLISHED_OF_EVENTS = ("subtype", "campaign", "store_id", "partner_code", "product_code", "ref_no")


def columns_behind(contract, sql: str | None) -> set[str]:
    """The file's columns that an expression shows, through derived ones."""
    names = set(expression(sql).meta.root_names()) if sql else set()
    inner = [columns_behind(contract, contract.derived[name]) for name in names & set(contract.derived)]
    return (names & set(contract.columns)).union(*inner)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_nothing_personal_is_in_what_analysts_see_of_events_orders_and_lines(contract):
    shown = [getattr(event, slot) for event in contract.events for slot in PUBLISHED_OF_EVENTS]
    if contract.order is not None:
        shown += [contract.order.store_id, contract.order.status.value, contract.order.currency]
    if contract.lines is not None:
        shown += [contract.lines.title, contract.lines.spec, contract.lines.sku]
    # Words that tell a meaning alone (`case … then 'opt_out'`) show nothing of the cell that they are read from.
    personal = {
        name: contract.columns[name].pii
        for sql in shown
        if sql and not re.search(r"\bthen '", sql)
        for name in columns_behind(contract, sql)
        if contract.columns[name].pii
    }
    assert personal == {}
