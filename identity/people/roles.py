"""Roles: what a column of a table of people can be, and the column map (`columns.yml`) that says which is which.

Belongs here: the names of the roles, reading and writing the map. Guessing a map is `guess`'s.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from common.errors import DefinitionError
from common.yaml_text import load_yaml

# Each role with what it is for, as it is written into a guessed map.
ROLES: Final = {
    "record_id": "names the row in the answer; never compared",
    "full_name": "all of a name, in any order",
    "given_name": "first and middle names",
    "surname": "family name",
    "birth_date": "a date, or a year",
    "gender": "",
    "email": "",
    "phone": "",
    "national_id": "a number that a person has one of, perhaps mistyped: identity card, social security, passport",
    "account": "an account or member number: equal ones are one person without further proof",
    "address": "street, house, flat; several columns are read as one",
    "postcode": "",
    "city": "town, suburb, district",
    "region": "state, province, county; compared only where there is no city and no postcode",
    "birth_place": "",
    "occupation": "",
    "ignore": "not compared",
}
# Roles that more than one column may have; of the others each has one.
MANY: Final = ("full_name", "given_name", "surname", "email", "phone", "account", "address", "occupation", "ignore")


@dataclass(frozen=True)
class ColumnMap:
    """Which column is what, and what is known of the table as a whole.

    Attributes:
        columns: role by column; columns that are not here are ignored.
        one_of: roles of which a person has one: records with two different values are never one person.
        one_per_file: whether no person is in one file twice, so that only records of different files are linked.
        day_first: whether 03/04/1980 is the third of April.
        engine: what resolves the table: `duckdb` (this machine) or `spark`.
        spark: for Spark: `master`, `folder` (that all workers see), and any setting of Spark's own.
    """

    columns: dict[str, str]
    one_of: tuple[str, ...] = ()
    one_per_file: bool = False
    day_first: bool = True
    engine: str = "duckdb"
    spark: dict[str, str] = field(default_factory=dict)

    def of(self, role: str) -> list[str]:
        """The columns of a role, in the order of the map."""
        return [column for column, its in self.columns.items() if its == role]


@dataclass(frozen=True)
class _Reader:
    path: Path
    said: dict[str, Any] = field(default_factory=dict)

    def fail(self, problem: str, remedy: str) -> DefinitionError:
        return DefinitionError(self.path, problem, remedy)

    def columns(self) -> dict[str, str]:
        columns = self.said.get("columns")
        if not isinstance(columns, dict) or not columns:
            raise self.fail("no columns are mapped.", "Write `columns:` with one `column name: role` a line.")
        for column, role in columns.items():
            if role not in ROLES:
                raise self.fail(f"column {column} has the unknown role {role!r}.", f"Roles are {', '.join(ROLES)}.")
        named = {str(column): str(role) for column, role in columns.items()}
        for role in ROLES:
            if role not in MANY and (n := list(named.values()).count(role)) > 1:
                raise self.fail(f"{n} columns are {role}.", "Keep the best one and `ignore` the others.")
        return named

    def roles(self, key: str) -> tuple[str, ...]:
        roles = self.said.get(key) or []
        if not isinstance(roles, list) or any(role not in ROLES for role in roles):
            raise self.fail(f"{key} is not a list of roles.", f"Roles are {', '.join(ROLES)}.")
        return tuple(roles)

    def flag(self, key: str, default: bool) -> bool:
        value = self.said.get(key, default)
        if not isinstance(value, bool):
            raise self.fail(f"{key} is neither true nor false.", f"Write `{key}: {str(default).lower()}`.")
        return value

    def engine(self) -> str:
        engine = self.said.get("engine", "duckdb")
        if engine not in ("duckdb", "spark"):
            raise self.fail(f"there is no engine {engine!r}.", "Write `engine: duckdb` or `engine: spark`.")
        return str(engine)

    def spark(self) -> dict[str, str]:
        settings = self.said.get("spark") or {}
        if not isinstance(settings, dict):
            raise self.fail("spark is not a list of settings.", "Write `spark: {master: yarn, folder: /shared/tmp}`.")
        return {str(name): str(value) for name, value in settings.items()}


_KEYS: Final = ("columns", "one_of", "one_per_file", "day_first", "engine", "spark")


def read_map(path: Path) -> ColumnMap:
    """Reads a column map.

    Raises:
        DefinitionError: the file cannot be read, names an unknown role, or gives one role twice.
    """
    try:
        said = load_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise DefinitionError(
            path, "it cannot be read as YAML.", "Leave --map away to have one guessed and written."
        ) from problem
    if not isinstance(said, dict):
        raise DefinitionError(path, "it holds no column map.", "Leave --map away to have one guessed and written.")
    reader = _Reader(path, said)
    if unknown := sorted(set(said) - set(_KEYS)):
        raise reader.fail(f"unknown key {unknown[0]!r}.", f"A map has the keys {', '.join(_KEYS)}.")
    return ColumnMap(
        columns=reader.columns(),
        one_of=reader.roles("one_of"),
        one_per_file=reader.flag("one_per_file", False),
        day_first=reader.flag("day_first", True),
        engine=reader.engine(),
        spark=reader.spark(),
    )


def write_map(column_map: ColumnMap, path: Path) -> None:
    """Writes a column map with a word on each role, for a person to edit."""
    lines = ["# What each column is. Edit and give back with --map. Roles:"]
    lines += [f"#   {role}" + (f": {words}" if words else "") for role, words in ROLES.items()]
    lines.append(yaml.safe_dump({"columns": column_map.columns}, allow_unicode=True, sort_keys=False).rstrip())
    lines.append(
        "# Roles of which a person has one: two different values are never one person. For example [national_id]."
    )
    lines.append(f"one_of: [{', '.join(column_map.one_of)}]")
    lines.append("# true where no person is in one file twice: only records of different files are then linked.")
    lines.append(f"one_per_file: {str(column_map.one_per_file).lower()}")
    lines.append("# true where 03/04/1980 is the third of April.")
    lines.append(f"day_first: {str(column_map.day_first).lower()}")
    lines.append(
        "# duckdb is this machine; spark is a cluster, by `spark: {master: yarn, folder: /seen/by/all/workers}`."
    )
    lines.append(f"engine: {column_map.engine}")
    if column_map.spark:
        lines.append(yaml.safe_dump({"spark": column_map.spark}, allow_unicode=True).rstrip())
    path.write_text("\n".join(lines) + "\n", "utf-8")
