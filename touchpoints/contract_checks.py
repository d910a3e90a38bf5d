"""Checks of contracts that are of the right form: whether what they say can be meant.

The form itself is `contract`'s to judge; how a mistake is told, with its line, is in `contracts`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from touchpoints.contract import Contract, Nested
from touchpoints.contract_words import SqlMark, expression
from touchpoints.model_reference import REFERENCE_TABLES, REQUIRED

# Columns that every row has besides those that its contract names: they may be used in expressions.
BUILT_IN: Final = frozenset({"account", "scope", "version_at", "row_no", "position"})
ORDER_STATUSES: Final = frozenset({"created", "paid", "partly_shipped", "shipped", "completed", "closed"})
AFTER_SALE_STATUSES: Final = frozenset({"none", "requested", "refunding", "refunded_part", "refunded_full", "rejected"})
# Columns of reference tables that the ingest fills by itself.
_GIVEN: Final = frozenset({"record_id", "source", "account", "version_at"})


@dataclass(frozen=True)
class Mistake:
    """Something in a contract that cannot be meant.

    Attributes:
        place: dotted path of the entry, as `order.status.value`.
        problem: a sentence.
        remedy: a sentence.
    """

    place: str
    problem: str
    remedy: str


def mistakes(contract: Contract) -> Iterator[Mistake]:
    """What is wrong in a contract of the right form: columns and roles that it does not have, words of no meaning."""
    known = {*contract.columns, *contract.derived, *BUILT_IN}
    for place, sql, nested in expressions(contract):
        extra = set(nested.columns) if nested else set()
        extra |= {f"{column}_{told}" for column in contract.watched_columns for told in ("since", "was")}
        unknown = sorted(set(expression(sql).meta.root_names()) - known - extra)
        if unknown:
            problem = f"`{place}` uses {', '.join(unknown)}, which is no column of the contract."
            yield Mistake(place, problem, "Add it under `columns:` or mend the name.")
    for place, role in _roles(contract):
        if role not in contract.parties:
            problem = f"`{place}` names the role {role}, which is no party of the contract."
            yield Mistake(place, problem, "Add it under `parties:` or mend the name.")
    yield from _required(contract)
    yield from _vocabularies(contract)
    yield from _grants(contract)
    yield from _reference(contract)


def _required(contract: Contract) -> Iterator[Mistake]:
    """A required column that the signature does not ask for would let a file in only to refuse all its rows."""
    for name, column in contract.columns.items():
        if column.required and not any(set(names) <= set(column.names) for names in contract.signature):
            problem = f"the required column `{name}` is not in the signature."
            yield Mistake(f"columns.{name}", problem, "Add its header names there or make it optional.")


def _grants(contract: Contract) -> Iterator[Mistake]:
    """A grant dated by its export would come after every opt-out, each time that the list is exported again."""
    by_export = {"version_at", *(f"{column}_since" for column in contract.watched_columns)}
    for number, consent in enumerate(contract.consent):
        if consent.state == "granted" and consent.at and by_export & set(expression(consent.at).meta.root_names()):
            problem = f"a grant for {consent.channel} takes its `at` from the moment of the export."
            yield Mistake(
                f"consent.{number}.at", problem, "Name the column that tells when it was given, or leave `at` out."
            )


def _vocabularies(contract: Contract) -> Iterator[Mistake]:
    if contract.order is None:
        return
    allowed_by_status = (
        ("status", contract.order.status, ORDER_STATUSES),
        ("after_sale", contract.order.after_sale, AFTER_SALE_STATUSES),
    )
    for name, status, allowed in allowed_by_status:
        said = {*status.vocabulary, *(p.means for p in status.patterns)} if status else set()
        if said - allowed:
            problem = f"the status {', '.join(sorted(said - allowed))} is not one of the canonical ones."
            yield Mistake(f"order.{name}.vocabulary", problem, f"Use {', '.join(sorted(allowed))}.")


def _reference(contract: Contract) -> Iterator[Mistake]:
    for number, reference in enumerate(contract.reference):
        place = f"reference.{number}"
        if reference.table not in REFERENCE_TABLES:
            problem = f"`{reference.table}` is no reference table."
            yield Mistake(f"{place}.table", problem, f"Use one of {', '.join(sorted(REFERENCE_TABLES))}.")
            continue
        known = [name for name in REFERENCE_TABLES[reference.table] if name not in _GIVEN and not _is_hash(name)]
        unknown = sorted(set(reference.columns) - set(known))
        if unknown:
            problem = f"`reference.{reference.table}` gives {', '.join(unknown)}, which that table does not have."
            yield Mistake(f"{place}.columns", problem, f"It has {', '.join(known)}.")
        missing = sorted(set(REQUIRED[reference.table]) - set(reference.columns))
        if missing:
            problem = f"`reference.{reference.table}` does not give {', '.join(missing)}."
            yield Mistake(f"{place}.columns", problem, "Add it; a row without it says nothing.")


def _is_hash(name: str) -> bool:
    return name.endswith("_key")


def _roles(contract: Contract) -> Iterator[tuple[str, str]]:
    for name in ("ledger", "events", "changes", "consent", "links", "devices", "businesses", "balances"):
        for number, part in enumerate(getattr(contract, name)):
            if part.role is not None:
                yield f"{name}.{number}.role", part.role


Place = tuple[str, str, Nested | None]


def expressions(contract: Contract) -> Iterator[Place]:
    """Every SQL expression of a contract, with its place and the nested list whose columns it also sees."""
    for name, sql in contract.derived.items():
        yield f"derived.{name}", sql, None
    for number, reference in enumerate(contract.reference):
        yield from ((f"reference.{number}.columns.{name}", sql, None) for name, sql in reference.columns.items())
    yield from _expressions_in(contract, "", None)
    for place, column in (("status_column", contract.status_column), ("account", contract.account)):
        if column is not None and column != "folder":
            yield place, column, None


def _expressions_in(part: BaseModel, place: str, nested: Nested | None) -> Iterator[Place]:
    inner = getattr(part, "explode", None) or nested
    for name, holds_sql in _fields(type(part)):
        value = getattr(part, name)
        here = f"{place}.{name}".lstrip(".")
        if holds_sql:
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


@cache
def _fields(part: type[BaseModel]) -> list[tuple[str, bool]]:
    """The fields of a part, and whether each holds expressions."""
    return [(name, _is_sql(field.annotation, field.metadata)) for name, field in part.model_fields.items()]


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
