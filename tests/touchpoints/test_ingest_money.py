"""Money that comes back or is no new money: revoked payments, refunds without a time, stored value."""


import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def test_a_payment_and_its_revocation_are_two_records_in_one_bill_or_two(landing):
    revoked = files.payment_row("42001", 交易状态="REVOKED", 退款金额="90.00")
    both = files.payment_row("42002", 交易状态="REVOKED", 退款金额="90.00")
    put(landing, "wechatpay/m/bill_20260301.csv", files.wechatpay(files.payment_row("42001"), revoked))
    put(landing, "wechatpay/m/bill_20260302.csv", files.wechatpay(files.payment_row("42002")))
    put(landing, "wechatpay/m/bill_20260303.csv", files.wechatpay(both))
    result = Ingested(landing)
    assert sorted(result.table("record")["natural_key"]) == ["42001", "42001/revoked", "42002", "42002/revoked"]
    ledger = result.table("ledger").sort("ref_no", "kind").select("ref_no", "kind", "amount")
    assert ledger.rows() == [
        ("42001", "payment", 90.0),
        ("42001", "refund", -90.0),
        ("42002", "payment", 90.0),
        ("42002", "refund", -90.0),
    ]
