"""Contracts: read from `sources/*.yml` and checked, so that a mistake is found before a file is read.

What the entries mean is `contract`; which contract fits a file is `matching`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from common.errors import DefinitionError
from touchpoints.contract import Contract, Nested
from touchpoints.contract_words import SqlMark, expression
from touchpoints.model_reference import REFERENCE_TABLES, REQUIRED

SOURCES = Path(__file__).parent / "sources"

# The C parser is ten times faster, and safe too; a libyaml is not in every build of PyYAML.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Columns that every row has besides those that its contract names: they may be used in expressions.
BUILT_IN = frozenset({"account", "scope", "version_at", "row_no", "position"})
# Columns of reference tables that the ingest fills by itself.
_GIVEN = frozenset({"record_id", "source", "account", "version_at"})
ORDER_STATUSES = frozenset({"created", "paid", "partly_shipped", "shipped", "completed", "closed"})
AFTER_SALE_STATUSES = frozenset({"none", "requested", "refunding", "refunded_part", "refunded_full", "rejected"})


def load_contracts(*own: Path) -> list[Contract]:
    """The built-in contracts and those of the brand's own folders, by name.

    A contract of an own folder takes the place of a built-in one of its name.

    Args:
        own: folders of `*.yml`; one that is not there is passed over.

    Raises:
        DefinitionError: a contract is wrong; says where, what and how to mend it.
    """
    contracts = {
        contract.name: contract for path in sorted(SOURCES.glob("*.yml")) for contract in [load_contract(path)]
    }
    for folder in own:
        contracts |= {c.name: c for path in sorted(folder.glob("*.yml")) for c in [load_contract(path)]}
    return [contracts[name] for name in sorted(contracts)]


def load_contract(path: Path) -> Contract:
    """One contract, checked.

    Raises:
        DefinitionError: as `load_contracts`.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(path, f"is no YAML: {error}.", "Mend the line that it names.") from error
    if not isinstance(content, dict):
        raise DefinitionError(path, "is no mapping.", "Begin with `name:`; see the other contracts.")
    try:
        contract = Contract.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise DefinitionError(path, f"`{place}`: {first['msg']}.", "Mend that entry.") from error
    if contract.name != path.stem:
        raise DefinitionError(path, f"its name is `{contract.name}`.", f"Name it `{path.stem}` as its file.")
    check(path, contract)
    return contract


def check(path: Path, contract: Contract) -> None:
    """Refuses expressions that use a column which the contract does not have, and roles without a party."""
    known = {*contract.columns, *contract.derived, *BUILT_IN}
    for place, sql, nested in expressions(contract):
        extra = set(nested.columns) if nested else set()
        extra |= {f"{change.column}_{told}" for change in contract.changes for told in ("since", "was")}
        unknown = sorted(set(expression(sql).meta.root_names()) - known - extra)
        if unknown:
            problem = f"`{place}` uses {', '.join(unknown)}, which is no column of the contract."
            raise DefinitionError(path, problem, "Add it under `columns:` or mend the name.")
    for place, role in _roles(contract):
        if role not in contract.parties:
            problem = f"`{place}` names the role {role}, which is no party of the contract."
            raise DefinitionError(path, problem, "Add it under `parties:` or mend the name.")
    _check_required(path, contract)
    _check_vocabularies(path, contract)
    _check_grants(path, contract)
    _check_reference(path, contract)


def _check_required(path: Path, contract: Contract) -> None:
    """A required column that the signature does not ask for would let a file in only to refuse all its rows."""
    for name, column in contract.columns.items():
        if column.required and not any(set(names) <= set(column.names) for names in contract.signature):
            problem = f"the required column `{name}` is not in the signature."
            raise DefinitionError(path, problem, "Add its header names there or make it optional.")


def _check_grants(path: Path, contract: Contract) -> None:
    """A grant dated by its export would come after every opt-out, each time that the list is exported again."""
    by_export = {"version_at", *(f"{change.column}_since" for change in contract.changes)}
    for consent in contract.consent:
        if consent.state == "granted" and consent.at and by_export & set(expression(consent.at).meta.root_names()):
            problem = f"a grant for {consent.channel} takes its `at` from the moment of the export."
            raise DefinitionError(path, problem, "Name the column that tells when it was given, or leave `at` out.")


def _check_vocabularies(path: Path, contract: Contract) -> None:
    if contract.order is None:
        return
    allowed_by_status = (
        (contract.order.status, ORDER_STATUSES),
        (contract.order.after_sale, AFTER_SALE_STATUSES),
    )
    for status, allowed in allowed_by_status:
        said = {*status.vocabulary, *(p.means for p in status.patterns)} if status else set()
        if said - allowed:
            problem = f"the status {', '.join(sorted(said - allowed))} is not one of the canonical ones."
            raise DefinitionError(path, problem, f"Use {', '.join(sorted(allowed))}.")


def _check_reference(path: Path, contract: Contract) -> None:
    for reference in contract.reference:
        if reference.table not in REFERENCE_TABLES:
            problem = f"`{reference.table}` is no reference table."
            raise DefinitionError(path, problem, f"Use one of {', '.join(sorted(REFERENCE_TABLES))}.")
        known = [name for name in REFERENCE_TABLES[reference.table] if name not in _GIVEN and not _is_hash(name)]
        unknown = sorted(set(reference.columns) - set(known))
        if unknown:
            problem = f"`reference.{reference.table}` gives {', '.join(unknown)}, which that table does not have."
            raise DefinitionError(path, problem, f"It has {', '.join(known)}.")
        missing = sorted(set(REQUIRED[reference.table]) - set(reference.columns))
        if missing:
            problem = f"`reference.{reference.table}` does not give {', '.join(missing)}."
            raise DefinitionError(path, problem, "Add it; a row without it says nothing.")


def _is_hash(name: str) -> bool:
    return name.endswith("_key")


def _roles(contract: Contract) -> Iterator[tuple[str, str]]:
    parts: Iterable[Any] = [*contract.ledger, *contract.events, *contract.changes, *contract.consent, *contract.links]
    parts = [*parts, *contract.devices, *contract.businesses, *contract.balances]
    for part in parts:
        if part.role is not None:
            yield type(part).__name__.lower(), part.role


Place = tuple[str, str, Nested | None]


def expressions(contract: Contract) -> Iterator[Place]:
    """Every SQL expression of a contract, with its place and the nested list whose columns it also sees."""
    for name, sql in contract.derived.items():
        yield f"derived.{name}", sql, None
    for reference in contract.reference:
        yield from ((f"reference.{reference.table}.{name}", sql, None) for name, sql in reference.columns.items())
    yield from _expressions_in(contract, "", None)
    for place, column in (("status_column", contract.status_column), ("account", contract.account)):
        if column is not None and column != "folder":
            yield place, column, None


def _expressions_in(part: BaseModel, place: str, nested: Nested | None) -> Iterator[Place]:
    inner = getattr(part, "explode", None) or nested
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        here = f"{place}.{name}".lstrip(".")
        if _is_sql(field.annotation, field.metadata):
            texts = value if isinstance(value, list) else [value]
            yield from ((here, sql, inner) for sql in texts if sql is not None)
        else:
            yield from _expressions_below(value, here, inner)


def _expressions_below(value: Any, place: str, nested: Nested | None) -> Iterator[Place]:
    if isinstance(value, BaseModel):
        yield from _expressions_in(value, place, nested)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _expressions_below(item, f"{place}.{number}", nested)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _expressions_below(item, f"{place}.{name}", nested)


def _is_sql(annotation: Any, metadata: Iterable[Any]) -> bool:
    """Whether a field holds expressions: `Sql`, `Sql | None` or `list[Sql]`; not mappings to parts."""
    if any(isinstance(mark, SqlMark) for mark in metadata):
        return True
    if get_origin(annotation) is dict:
        return False
    inner = getattr(annotation, "__metadata__", ())
    return any(_is_sql(argument, inner) for argument in get_args(annotation)) or any(
        isinstance(mark, SqlMark) for mark in inner
    )
