"""Matching: which contract a table's header names fit. Never the file's name, never the order of columns.

How header names are found in a file is the readers' matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from touchpoints.contract import Contract


@dataclass(frozen=True)
class Match:
    """A contract that fits, and how well it knows the table."""

    contract: Contract
    coverage: float  # share of the table's named columns that the contract knows, 0..1


def fits(contract: Contract, names: frozenset[str]) -> bool:
    """Whether every entry of the signature is among the names."""
    return all(any(name in names for name in alternatives) for alternatives in contract.signature)


def best_match(contracts: Sequence[Contract], names: Iterable[str]) -> Match | None:
    """The contract that says most about these header names; None when no signature fits.

    Args:
        contracts: those to choose from.
        names: header names without blanks around them; dotted paths for JSON.
    """
    known = frozenset(name for name in names if name)
    fitting = [contract for contract in contracts if fits(contract, known)]
    if not fitting:
        return None
    fitting = [contract for contract in fitting if not contract.generic] or fitting
    best = min(fitting, key=lambda c: (-c.priority, -len(c.signature), -len(known & c.known_headers), c.name))
    return Match(best, len(known & best.known_headers) / len(known))
