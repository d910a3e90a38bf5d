"""Names that people read: every source and every reason of a refusal has one."""

from pipelines.summary import REASONS, SOURCES
from touchpoints.contracts import load_contracts


def test_every_source_of_a_contract_has_its_name():
    assert sorted({contract.source for contract in load_contracts()} - set(SOURCES)) == []


def test_every_reason_for_which_a_contract_refuses_rows_has_its_words():
    reasons = {refusal.reason for contract in load_contracts() for refusal in contract.reject}
    assert sorted(reasons - set(REASONS)) == []
