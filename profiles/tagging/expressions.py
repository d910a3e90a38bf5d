"""The pieces of SQL in tag files: each has to be one expression over columns, the same on every run of a day."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from common.errors import DefinitionError
from profiles.tagging.model import (
    AggregateTag,
    Base,
    PercentileTag,
    PickTag,
    RuleTag,
    ScoreTag,
    Tag,
    TierLadderTag,
    TopTag,
)

PARAMETERS: Final = ("as_of", "time_zone")
_CLOCKS: Final = frozenset(
    ("now", "today", "current_date", "current_time", "current_timestamp", "random", "uuid", "get_current_timestamp")
)
_CLOCK_NODES: Final = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Rand, exp.Uuid)


def check_tag(tag: Tag) -> None:
    """Check every SQL expression of a tag.

    Raises:
        DefinitionError: an expression is no single expression, holds a query or a comment, asks the clock or
            chance, or names a parameter that there is not.
    """
    for place, text in _expressions(tag):
        _check(tag, place, text)


def _expressions(tag: Tag) -> Iterator[tuple[str, str]]:
    if isinstance(tag, Base) and tag.where:
        yield "where", tag.where
    if isinstance(tag, AggregateTag | TierLadderTag):
        yield from ((f"measures.{name}", text) for name, text in tag.measures.items())
    match tag:
        case RuleTag():
            yield from (("value", tag.value), ("since", tag.since))
        case AggregateTag():
            yield from (("having", tag.having), ("value", tag.value))
        case PickTag():
            yield "value", tag.value
        case TopTag():
            yield from (("value", tag.value), ("weight", tag.weight))
        case PercentileTag():
            yield from (("measure", tag.measure), ("count", tag.count))
        case ScoreTag():
            yield from (("score", tag.score), ("model_run", tag.model_run))
        case TierLadderTag():
            yield from ((f"tiers.{tier.value}", tier.when) for tier in tag.tiers)


def _check(tag: Tag, place: str, text: str) -> None:
    if "--" in text or "/*" in text or ";" in text:
        raise DefinitionError(tag.path, f"{place} holds a comment or a semicolon.", "Write one SQL expression.")
    try:
        # In brackets: a second statement or a stray keyword is then an error, not an alias.
        tree = sqlglot.parse_one(f"select ({text})", dialect="duckdb")
    except SqlglotError as error:
        message = str(error).split("\n")[0].split(". Line")[0]
        raise DefinitionError(tag.path, f"{place} is no SQL expression: {message}.", f"It says: {text}") from error
    inner = tree.expressions[0]
    if inner.find(exp.Select, exp.SetOperation, exp.Subquery):
        remedy = "Say further tables under `from`; they are joined by one_id."
        raise DefinitionError(tag.path, f"{place} holds a query.", remedy)
    if [name for name, part in tree.args.items() if part] != ["expressions"] or not isinstance(
        inner, exp.Paren | exp.Tuple
    ):
        raise DefinitionError(tag.path, f"{place} is more than an SQL expression.", f"It says: {text}")
    if isinstance(inner, exp.Tuple):
        raise DefinitionError(tag.path, f"{place} holds several expressions.", "Write one SQL expression.")
    named = {node.name.lower() for node in inner.find_all(exp.Anonymous, exp.Column)}
    if inner.find(*_CLOCK_NODES) or named & _CLOCKS:
        raise DefinitionError(tag.path, f"{place} asks the clock or chance.", "Use $as_of, the day that is computed.")
    for parameter in inner.find_all(exp.Parameter, exp.Placeholder):
        if parameter.name not in PARAMETERS:
            near = get_close_matches(parameter.name, PARAMETERS, n=1) or list(PARAMETERS)
            raise DefinitionError(tag.path, f"{place} names ${parameter.name}.", f"Use ${' or $'.join(near)}.")
