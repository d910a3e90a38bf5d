"""Check: what a file would come to, without a run. Which contract fits, what each column is, what would be refused.

Nothing is kept: what is parsed lies in a folder of its own that is deleted. Values are shown masked.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from common.errors import GuiyiError, UsageError
from common.masks import mask, row_shape
from touchpoints.accounts import Accounts
from touchpoints.build import Built, build
from touchpoints.cells import parsed_column
from touchpoints.columns import REASON
from touchpoints.contract import Contract
from touchpoints.files import Unread, fingerprints
from touchpoints.lake import Lake
from touchpoints.landing import Found, describe, look_at
from touchpoints.model_reference import PERSONAL
from touchpoints.near import Nearest, nearest
from touchpoints.rows import LoadedTable

SAMPLE: Final = 10
_KEY: Final = b"a check keeps nothing, so its key need not be secret"
_SKIPPED: Final = ("record_version", "reject")
# Columns that are personal in every row; of attributes only these names are not.
_ALWAYS_MASKED: Final = {
    "identifier": ("id_value",),
    "consent": ("id_value",),
    "identity_link": ("from_value", "to_value"),
    "device": ("serial_no",),
    "business_account": ("key_value", "name"),
    **PERSONAL,
}
_PLAIN_ATTRIBUTES: Final = frozenset(
    {"gender", "country", "province_code", "city_code", "district_code", "level", "store", "surname", "tags"}
)


@dataclass(frozen=True)
class ColumnCheck:
    """One column of the file.

    Attributes:
        header: its name in the file.
        use: the field of the contract; `raw` where it is known and kept in the raw cells alone; `unknown` else.
        kind: of the field.
        pii: of the field.
        n_filled: cells that say something.
        n_unreadable: of these, those that cannot be read as their kind.
    """

    header: str
    use: str
    kind: str = ""
    pii: str = ""
    n_filled: int = 0
    n_unreadable: int = 0


@dataclass
class TableCheck:
    """What one table of a file would come to.

    Attributes:
        name: the file, with archive member and sheet.
        contract: that fits; None with a note, or the nearest contracts.
        rejects: refused rows by reason and column, with the shape of the first.
        is_held: so many rows are refused that a run would hold the whole table back.
        unknown_statuses: words that the contract's vocabulary lacks, counted.
        stored: rows of each canonical table.
        samples: the first rows of each, masked.
    """

    name: str
    contract: str | None = None
    title: str = ""
    grade: str = ""
    note: str = ""
    coverage: float = 0.0
    encoding: str | None = None
    header_row: int | None = None
    account: str = ""
    exported_at: str = ""
    exported_at_from: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    columns: list[ColumnCheck] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    is_held: bool = False
    unknown_statuses: dict[str, int] = field(default_factory=dict)
    nearest: list[Nearest] = field(default_factory=list)
    stored: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def check_file(path: Path, contracts: Sequence[Contract], time_zone: str = "Asia/Shanghai") -> list[TableCheck]:
    """What every table of a file would come to, or of every file of an archive.

    Args:
        path: the file, anywhere; folders `<source>/<account>/` above it tell the account.
        contracts: that it may fit.
        time_zone: of its local times.

    Raises:
        UsageError: there is no such file.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"There is no file {path}; name one that is there.")
    checks: list[TableCheck] = []
    for file in fingerprints(path, Path(path.anchor)):
        if isinstance(file, Unread):
            checks.append(TableCheck(_short(file.file.name, path), note=file.trouble))
            continue
        look = look_at(file, contracts)
        tables = [describe(file, table, len(look.tables), Accounts({}, time_zone)) for table in look.tables]
        checks += [_check_table(found, _short(found.name, path)) for found in tables]
        for finding in look.findings:
            near = nearest(file, finding.part, contracts) if finding.status == "unknown" else []
            checks.append(TableCheck(_short(finding.name, path), note=finding.note, nearest=near))
    return checks


def _short(name: str, path: Path) -> str:
    """The name without the folders above the file."""
    return name[len(path.parent.as_posix()) :].lstrip("/") if len(path.parts) > 2 else name


def _check_table(found: Found, name: str) -> TableCheck:
    contract = found.table.match.contract
    check = TableCheck(
        name,
        contract.name,
        contract.title,
        contract.grade,
        coverage=found.table.match.coverage,
        header_row=found.table.header_row,
        account=found.account.account,
        exported_at=found.exported.at.isoformat(sep=" ", timespec="seconds"),
        exported_at_from=found.exported.origin,
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            parsed = Lake(Path(folder)).parsed(found.file, found.table)
        except GuiyiError as error:
            check.note = str(error)
            return check
        check.encoding = parsed.encoding
        loaded = LoadedTable(found.file, found.table, parsed, found.account, found.exported, name)
        built = build(contract, [loaded], _KEY)
        rows = parsed.frame()
    _tell_columns(check, contract, rows, found.table.names, found.account.time_zone)
    _tell_rows(check, built)
    return check


def _tell_columns(
    check: TableCheck, contract: Contract, rows: pl.DataFrame, headers: Sequence[str], time_zone: str
) -> None:
    good = rows.filter(pl.col(REASON).is_null())
    by_header = {
        header: name
        for name, column in contract.columns.items()
        for header in reversed((*column.names, *column.followed_by))
    }
    for header in headers:
        name = by_header.get(header.split(".")[0] if header not in by_header else header)
        if name is None or name not in good.columns:
            check.columns.append(ColumnCheck(header, "raw" if header in contract.known_headers else "unknown"))
            continue
        column = contract.columns[name]
        filled = good.filter(pl.col(name).fill_null("") != "")
        n_unreadable = parsed_column(filled, name, column, time_zone).null_count() if filled.height else 0
        check.columns.append(ColumnCheck(header, name, column.kind, column.pii or "", filled.height, n_unreadable))
    check.absent = [name for name in contract.columns if name not in rows.columns]


def _tell_rows(check: TableCheck, built: Built) -> None:
    (check.counts,) = built.counts.values()
    check.is_held = bool(built.held)
    check.unknown_statuses = dict(sorted(built.unknown.items()))
    rejects = built.tables["reject"].group_by("reason", "column").agg(pl.len(), pl.all().first())
    for row in rejects.sort("len", descending=True).iter_rows(named=True):
        example = {"row_no": row["row_no"], "shape": row_shape(row["raw_text"], row["column"])}
        check.rejects.append({"reason": row["reason"], "column": row["column"], "rows": row["len"], **example})
    tables = built.tables | {n: pl.concat([built.tables[n], t], how="diagonal") for n, t in built.derived.items()}
    for name, table in tables.items():
        if table.height and name not in _SKIPPED:
            check.stored[name] = table.height
            check.samples[name] = [_masked(name, row) for row in table.head(SAMPLE).iter_rows(named=True)]


def _masked(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row with what is personal masked, without the columns that say nothing."""
    shown = {name: value for name, value in row.items() if value is not None and name != "raw"}
    for name in _ALWAYS_MASKED.get(table, ()):
        if name in shown:
            shown[name] = mask(str(shown[name]))
    if table == "attribute" and row["name"] not in _PLAIN_ATTRIBUTES:
        shown = {n: mask(str(v)) if n in ("value", "value_date") else v for n, v in shown.items()}
    return shown
