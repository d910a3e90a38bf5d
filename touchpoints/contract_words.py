"""The words of contracts: expressions, patterns, names and values as their YAML has them, checked as they are read;
and how a file tells its moment of export and its time zone.

What a contract is made of is in `contract`.
"""

import re
import unicodedata
from functools import cache
from typing import Annotated, Any, Final, Literal

import polars as pl
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _a_regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"`{text}` is no regular expression ({error})") from error
    return text


def _a_text(value: Any) -> Any:
    """YAML reads `1` and `yes` as number and truth; cells are text."""
    if isinstance(value, bool):
        raise ValueError("put yes, no, true and false in quotes")
    return str(value) if isinstance(value, int | float) else value


def fold_header(name: str) -> str:
    """A header name in the form in which names are compared: full width folded, no blanks around it, on one line."""
    return re.sub(r"\s*[\r\n]+\s*", "", unicodedata.normalize("NFKC", name).strip())


@cache
def expression(sql: str) -> pl.Expr:
    """An expression of a contract: SQL over its column names, as Polars reads SQL."""
    return pl.sql_expr(sql)


def _an_expression(sql: str) -> str:
    try:
        expression(sql)
    except Exception as error:
        raise ValueError(f"`{sql}` is no SQL expression ({error})") from error
    return sql


Regex = Annotated[str, AfterValidator(_a_regex)]


class SqlMark:
    """Marks the fields that hold SQL, so that their column names can be checked."""


# How editors are told of what may be written shorter than it is meant.
_SCALAR: Final = {"type": ["string", "number"]}
_SEVERAL: Final = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
Sql = Annotated[
    str,
    BeforeValidator(_a_text),
    AfterValidator(_an_expression),
    SqlMark(),
    WithJsonSchema(_SCALAR | {"description": "SQL over the contract's columns"}),
]
Text = Annotated[str, BeforeValidator(_a_text), WithJsonSchema(_SCALAR)]
Header = Annotated[str, BeforeValidator(fold_header)]
Names = Annotated[list[str], BeforeValidator(_as_list), WithJsonSchema(_SEVERAL)]
Headers = Annotated[list[Header], BeforeValidator(_as_list), WithJsonSchema(_SEVERAL)]
Values = Annotated[list[Text], BeforeValidator(_as_list), WithJsonSchema(_SEVERAL)]

STRICT = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class Word(BaseModel):
    """Base of what is said in one entry."""

    model_config = STRICT


class ExportMoment(Word):
    """One way to learn when a file was exported; the first that gives a time wins."""

    origin: Literal["preamble", "name", "mtime"] = Field(alias="from")
    pattern: Regex | None = Field(default=None, description="its first group is the time")
    format: str | None = Field(default=None, description="strptime format of the group; `epoch` for seconds")


# What the names of export files and the lines above their headers tell, the surest first.
USUAL_MOMENTS = [
    ExportMoment.model_validate(way)
    for way in (
        {
            "from": "preamble",
            "pattern": r"导出时间[：:]\s*\[?\s*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)",
            "format": "%Y-%m-%d %H:%M:%S",
        },
        {"from": "name", "pattern": r"(?<!\d)(20\d{12})(?!\d)", "format": "%Y%m%d%H%M%S"},
        {"from": "name", "pattern": r"(?<!\d)(20\d{10})(?!\d)", "format": "%Y%m%d%H%M"},
        {"from": "name", "pattern": r"^(1[4-9]\d{8})(?!\d)", "format": "epoch"},
        {"from": "name", "pattern": r"(?<!\d)(20\d{6})(?!\d)", "format": "%Y%m%d"},
        {"from": "name", "pattern": r"(?<!\d)(20\d\d-\d\d-\d\d)(?!\d)", "format": "%Y-%m-%d"},
        {"from": "mtime"},
    )
]


class TimeZone(Word):
    """The zone in which a row's local times are meant, where the file names it."""

    value: Sql
    names: dict[str, str] = Field(default={}, description="the file's names → IANA names; others as they are")
