"""Features: the columns that are compared, made of the values of the fields.

Belongs here: one row of columns per distinct value of a field. How columns are compared is `compare`'s, and what
stands for several records is `gather`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb
import polars as pl

from identity.people.describe import Codes, Described
from identity.people.han import spell_names
from identity.people.words import weigh_values, weigh_words

# Columns that hold a list of weighed words or values; of the others one value each.
LISTS: Final = (
    "name_words",
    "name_bare",
    "name_stems",
    "emails",
    "email_names",
    "phones",
    "accounts",
    "address_words",
    "address_bare",
)


@dataclass(frozen=True)
class Candidates:
    """What is compared: each candidate says a value, or nothing, of each field.

    Attributes:
        n: how many there are, numbered from 0.
        codes: by field, the number of each candidate's value; -1 where it says nothing.
        features: by field, one row per value in the order of its number: the columns that are compared.
        field_of: the field of each column.
    """

    n: int
    codes: dict[str, Codes]
    features: dict[str, pl.DataFrame]
    field_of: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        found = {column: name for name, frame in self.features.items() for column in frame.columns}
        object.__setattr__(self, "field_of", found)

    @property
    def columns(self) -> list[str]:
        """All columns, `unique_id` first."""
        return ["unique_id", *self.field_of]


def is_han(described: Described) -> bool:
    """Whether most names are written in hanzi."""
    if "name" not in described.values:
        return False
    names = described.values["name"]
    written = names.filter(pl.col("value").str.contains(r"\p{Han}"))
    return bool(2 * int(written["n"].sum()) > int(names["n"].sum()))


def make_candidates(con: duckdb.DuckDBPyConnection, described: Described, *, han: bool) -> Candidates:
    """The descriptions as they are compared.

    Args:
        con: to work in; it is left as it was.
        described: the descriptions.
        han: whether names are written in hanzi.
    """
    make = _makers(con, described.n, han=han)
    features = {
        name: make[name](values) if name in make else values.select(pl.col("value").alias(name))
        for name, values in described.values.items()
    }
    return Candidates(described.n, described.codes, features)


def _makers(
    con: duckdb.DuckDBPyConnection, total: int, *, han: bool
) -> dict[str, Callable[[pl.DataFrame], pl.DataFrame]]:
    def western_name(values: pl.DataFrame) -> pl.DataFrame:
        # In whatever order the columns gave them: surname and given name change places in many a file.
        name = values.select(pl.col("value").str.split(" ").list.unique().list.sort().list.join(" ").alias("name"))
        return name.hstack(weigh_words(con, values, total, nicknames=True).rename(lambda column: f"name_{column}"))

    def address(values: pl.DataFrame) -> pl.DataFrame:
        words = weigh_words(con, values, total)
        return words.select(pl.col("words").alias("address_words"), pl.col("bare").alias("address_bare"))

    def weighed(column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
        return lambda values: pl.DataFrame({column: weigh_values(con, values, total)})

    return {
        "name": spell_names if han else western_name,
        "emails": _emails,
        "address": address,
        "postcode": _postcode,
        **{column: weighed(column) for column in ("city", "birth_place", "job")},
    }


def _emails(values: pl.DataFrame) -> pl.DataFrame:
    names = pl.col("value").list.eval(pl.element().str.split("@").list.first())
    return values.select(pl.col("value").alias("emails"), names.alias("email_names"))


def _postcode(values: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("value")
    # British codes end in a digit and two letters; elsewhere the first digits are the wider area.
    inward = code.str.contains(r"^[a-z]{1,2}\d[a-z\d]?\d[a-z]{2}$")
    n = code.str.len_chars().cast(pl.Int64)
    area = (
        pl.when(inward)
        .then(code.str.slice(0, n - 3))
        .otherwise(code.str.slice(0, pl.max_horizontal(n - 2, pl.lit(2, pl.Int64))))
    )
    letters = code.str.extract(r"^([a-z]+)", 1)
    region = pl.coalesce(letters, code.str.slice(0, 1))
    return values.select(code.alias("postcode"), area.alias("postcode_area"), region.alias("postcode_region"))
