"""Explicit login links: what a contract's `links:` make of its records."""

from datetime import datetime

import polars as pl
import pytest

from common.errors import DefinitionError
from touchpoints.batch import Batch
from touchpoints.contracts import load_contract
from touchpoints.links import links

CONTRACT = """
name: portal
title: Portal
source: portal
record_type: visit
version: 1
grade: M
evidence: invented
formats: [csv]
signature: [mac, phone]
exported_at: [{from: mtime}]
columns:
  mac: {from: mac, kind: id}
  phone: {from: phone, kind: id, pii: phone}
  at: {from: at, kind: time}
natural_key: {parts: [mac, phone]}
parties:
  contact:
    identifiers: [{type: phone, value: phone}]
links:
  - role: contact
    from: {type: mac, value: mac, scope: $account}
    to: {type: phone, value: phone}
    at: at
    when: at is not null
"""
LOGIN = datetime(2026, 1, 2, 3, 4, 5)


def contract_in(folder, text=CONTRACT):
    path = folder / "portal.yml"
    path.write_text(text, encoding="utf-8")
    return load_contract(path)


def batch_of(contract, *rows):
    schema = {"record_id": pl.String, "account": pl.String, "scope": pl.String, "mac": pl.String, "phone": pl.String}
    schema |= {name: pl.Datetime("us") for name in ("at", "occurred_at", "version_at")}
    records = pl.DataFrame([dict(zip(schema, row, strict=True)) for row in rows], schema=schema)
    return Batch(contract, b"key", records, records.clear(), records.clear())


def test_a_login_becomes_a_link_between_two_normalised_identifiers_at_its_time(tmp_path):
    batch = batch_of(contract_in(tmp_path), ("r1", "shop7", "x", "aa:bb", "+86 139-0000-2222", LOGIN, None, LOGIN))
    assert links(batch).to_dicts() == [
        {
            "record_id": "r1", "role": "contact", "from_type": "mac", "from_scope": "shop7", "from_value": "aa:bb",
            "to_type": "phone", "to_scope": "CN", "to_value": "13900002222", "at": LOGIN, "kind": "login",
        }
    ]  # fmt: skip


def test_a_link_needs_both_sides_and_its_condition(tmp_path):
    rows = [
        ("r1", "shop7", "x", None, "13900002222", LOGIN, None, LOGIN),
        ("r2", "shop7", "x", "aa:bb", None, LOGIN, None, LOGIN),
        ("r3", "shop7", "x", "aa:bb", "13900002222", None, LOGIN, LOGIN),
    ]
    assert links(batch_of(contract_in(tmp_path), *rows)).is_empty()


def test_a_link_without_a_time_of_its_own_takes_the_records(tmp_path):
    contract = contract_in(tmp_path, CONTRACT.replace("    at: at\n    when: at is not null\n", ""))
    rows = [
        ("r1", "shop7", "x", "aa:bb", "13900002222", None, LOGIN, None),
        ("r2", "shop7", "x", "aa:bb", "13900002222", None, None, LOGIN.replace(day=9)),
    ]
    assert links(batch_of(contract, *rows))["at"].to_list() == [LOGIN, LOGIN.replace(day=9)]


def test_a_link_of_a_role_that_is_no_party_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(DefinitionError, match="names the role member"):
        contract_in(tmp_path, CONTRACT.replace("role: contact", "role: member"))
