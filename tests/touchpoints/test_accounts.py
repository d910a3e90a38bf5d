"""Whose a file is, and when it was exported."""

from datetime import datetime

import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put

from common.errors import DefinitionError
from touchpoints.accounts import Accounts, load_accounts
from touchpoints.contracts import load_contracts
from touchpoints.exported import export_moment

CONTRACTS = {contract.name: contract for contract in load_contracts()}


@pytest.mark.parametrize(
    ("path", "account"),
    [
        ("pos/east/tickets.jsonl", "east"),
        ("2026/05/pos/east/deep/er/tickets.jsonl", "east"),
        ("pos/old/pos/west/tickets.jsonl", "west"),
        ("pos/tickets.jsonl", "default"),
        ("tickets.jsonl", "default"),
        ("jd/east/tickets.jsonl", "default"),
    ],
)
def test_the_folder_below_the_sources_own_names_the_account(path, account):
    assert Accounts({}, "Asia/Shanghai").resolve(path, "pos").account == account


def test_an_entry_of_accounts_yml_wins_over_the_folder_and_a_later_one_over_an_earlier(tmp_path):
    text = '"**": {time_zone: Asia/Tokyo}\n"pos/*": {account: north, scope: one}\n"pos/east/*": {scope: two}\n'
    put(tmp_path, "accounts.yml", text)
    found = load_accounts(tmp_path, "Asia/Shanghai").resolve("pos/east/t.jsonl", "pos")
    assert (found.account, found.scope, found.time_zone, found.is_named) == ("north", "two", "Asia/Tokyo", True)


@pytest.mark.parametrize(
    "text", ["- pos", '"pos/*": east', '"pos/*": {till: 1}', '"pos/*": {time_zone: Moon/Base}', '"a: b: c']
)
def test_a_mistake_in_accounts_yml_is_named(tmp_path, text):
    put(tmp_path, "accounts.yml", text)
    with pytest.raises(DefinitionError, match=r"accounts\.yml"):
        load_accounts(tmp_path, "Asia/Shanghai")


def test_local_times_are_those_of_the_accounts_zone(tmp_path):
    landing = tmp_path / "landing"
    put(landing, "accounts.yml", '"pos/tokyo/*": {time_zone: Asia/Tokyo}\n')
    put(landing, "pos/tokyo/t_20260501.jsonl", files.jsonl(files.ticket("T1")))
    put(landing, "pos/east/t_20260501.jsonl", files.jsonl(files.ticket("T1")))
    orders = Ingested(landing).table("orders")
    at = dict(orders.select("account", "created_at").iter_rows())
    assert at == {"tokyo": datetime(2026, 4, 5, 6), "east": datetime(2026, 4, 5, 7)}


@pytest.mark.parametrize(
    ("contract", "name", "preamble", "at", "origin"),
    [
        ("tmall_order", "ExportOrderList202601030900.csv", "", datetime(2026, 1, 3, 1), "name"),
        ("tmall_order", "orders.csv", "", datetime(2020, 1, 1), "mtime"),
        ("tmall_order", "ExportOrderList209999999999.csv", "", datetime(2020, 1, 1), "mtime"),
        ("pos_member", "m_20260103.csv", "导出时间：[2026-01-02 08:00:00]", datetime(2026, 1, 2), "preamble"),
        ("pos_member", "m_20260103.csv", "会员资料", datetime(2026, 1, 2, 16), "name"),
        ("wechatpay_bill", "1600000001All20260103.csv", "", datetime(2026, 1, 2, 16), "name"),
    ],
)
def test_the_moment_of_export_comes_from_preamble_name_or_disk(contract, name, preamble, at, origin):
    found = export_moment(
        CONTRACTS[contract], name=name, preamble=preamble, mtime=1577836800.0, time_zone="Asia/Shanghai"
    )
    assert (found.at, found.origin) == (at, origin)
