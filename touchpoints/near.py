"""Near misses: a file that a contract would fit, were one or two of its header names as they should be.

Such a file is most likely that contract's with a header mistyped or renamed, so somebody has to be told; a file that is
near to nothing is none of ours.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from touchpoints.contract import Contract
from touchpoints.files import LandingFile, head_texts
from touchpoints.probe import Probe, probe

_MOST: Final = 3
# A miss is near where at most half of the contract's signature is lacking, and most of the columns are known to it.
_LACKING: Final = 0.5
_COVERED: Final = 0.6
_WIDE_ENCODINGS: Final = ("utf-16-le", "utf-16-be")


@dataclass(frozen=True)
class Nearest:
    """A contract that does not fit, and the header names for want of which it does not.

    Attributes:
        contract: its name.
        source: whose files it reads.
        n_fitting: entries of its signature that the file has.
        missing: the others; alternatives with / between.
        coverage: share of the file's columns that it knows, 0..1.
        is_near: whether the file is taken for one of its own.
    """

    contract: str
    source: str
    n_fitting: int
    missing: list[str]
    coverage: float
    is_near: bool


@dataclass(frozen=True)
class NearMiss:
    """A table that is taken for one of a contract's, and its rows, where they are cheaply counted."""

    nearest: Nearest
    n_rows: int | None


def nearest(file: LandingFile, part: str, contracts: Sequence[Contract]) -> list[Nearest]:
    """The contracts that come nearest to a table of a file, the nearest first; none where it has no header.

    Args:
        file: that none fits.
        part: the sheet, where the file has several tables.
        contracts: to choose from.
    """
    table = _table(file, part)
    return nearest_of(table, contracts) if table else []


def near_miss(file: LandingFile, part: str, contracts: Sequence[Contract]) -> NearMiss | None:
    """What a table of a file nearly is; None where no contract is near.

    Args:
        file: that none fits.
        part: the sheet, where the file has several tables.
        contracts: to choose from.
    """
    table = _table(file, part)
    found = next((one for one in nearest_of(table, contracts) if one.is_near), None) if table else None
    return NearMiss(found, _n_rows(file, table)) if found and table else None


def _table(file: LandingFile, part: str) -> Probe | None:
    try:
        found = probe(file)
    except Exception:  # a damaged file can make a parser fail in any way
        return None
    return next((table for table in found if table.part == part), next(iter(found), None))


def nearest_of(table: Probe, contracts: Sequence[Contract]) -> list[Nearest]:
    """The contracts whose signature a table has half of or more, the nearest first.

    Args:
        table: that none fits.
        contracts: to choose from.
    """
    names = frozenset(name for name in table.names if name)
    found = []
    for contract in contracts:
        missing = ["/".join(several) for several in contract.signature if not names & set(several)]
        n_all = len(contract.signature)
        if not missing or len(missing) > _LACKING * n_all or table.form not in contract.formats:
            continue
        coverage = len(names & contract.known_headers) / len(names)
        is_near = coverage >= _COVERED
        found.append(Nearest(contract.name, contract.source, n_all - len(missing), missing, coverage, is_near))
    order = sorted(found, key=lambda n: (not n.is_near, len(n.missing) / (n.n_fitting or 1), -n.coverage, n.contract))
    return order[:_MOST]


def _n_rows(file: LandingFile, table: Probe) -> int | None:
    """Rows below the header: of text as many as it has lines with something on them; None where that tells nothing."""
    if table.form == "xlsx":
        return table.n_rows
    if table.form == "json":
        return None
    head = file.head()
    header = table.header_row or 0
    if file.n_bytes <= len(head):
        text = next((text for _, text in head_texts(head, complete=True)), "")
        rows = csv.reader(io.StringIO(text)) if table.form == "csv" else iter([[line] for line in text.splitlines()])
        try:
            return max(sum(any(cell.strip() for cell in row) for row in rows) - header, 0)
        except csv.Error:
            return None
    if any(encoding in _WIDE_ENCODINGS for encoding, _ in head_texts(head, complete=False)):
        return None
    n_lines, last = 0, b""
    for block in file.blocks():
        n_lines, last = n_lines + block.count(b"\n"), block[-1:]
    return max(n_lines + (last not in (b"\n", b"")) - header, 0)
