"""What the brand sells, by category: reads profiles/categories.yml and checks it.

Putting titles into categories is for the SQL model core.order_lines to do.
"""

from pathlib import Path
from typing import Annotated, Any, Final

import duckdb
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import DefinitionError
from common.yaml_text import load_yaml

DEFAULT_FILE: Final = Path(__file__).with_name("categories.yml")
CATEGORY_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "category": pl.String,
    "category_zh": pl.String,
    "category_en": pl.String,
    "pattern": pl.String,  # RE2, to be found anywhere in the title
    "priority": pl.Int64,  # of several that match, the lowest wins
    "is_durable": pl.Boolean,
    "life_years_median": pl.Float64,  # null unless durable
    "life_shape": pl.Float64,  # null unless durable
}
BUNDLE_SCHEMA: Final[dict[str, type[pl.DataType]]] = {"category": pl.String, "goes_with": pl.String}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Life(_Strict):
    median_years: Annotated[float, Field(gt=0, le=50)]
    shape: Annotated[float, Field(gt=0.3, le=20)]


class _Category(_Strict):
    category: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]
    titles: Annotated[list[str], Field(min_length=1)]
    life: _Life | None = None
    goes_with: list[str] = []


class _File(_Strict):
    categories: Annotated[list[_Category], Field(min_length=1)]


def load_categories(path: Path = DEFAULT_FILE) -> pl.DataFrame:
    """The category table, columns of `CATEGORY_SCHEMA`, by priority.

    Raises:
        DefinitionError: the file cannot be read, or holds a wrong entry, a category twice or a broken
            pattern.
    """
    categories = _read(path)
    names = [c.category for c in categories]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DefinitionError(path, f"the category {twice[0]} is there twice.", "Join the two entries into one.")
    _check_patterns(path, categories)
    rows = [
        (
            c.category,
            c.zh,
            c.en,
            f"(?i)({'|'.join(c.titles)})",
            priority,
            c.life is not None,
            c.life.median_years if c.life else None,
            c.life.shape if c.life else None,
        )
        for priority, c in enumerate(categories, 1)
    ]
    return pl.DataFrame(rows, schema=CATEGORY_SCHEMA, orient="row")


def load_bundles(path: Path = DEFAULT_FILE) -> pl.DataFrame:
    """Which categories go with which durable, columns of `BUNDLE_SCHEMA`, sorted.

    Raises:
        DefinitionError: as for `load_categories`; or a category goes with itself, with one that is not there, or is no
            durable: what is used up is not owned.
    """
    categories = _read(path)
    names = {c.category for c in categories}
    for c in categories:
        if c.goes_with and c.life is None:
            raise DefinitionError(path, f"{c.category} has goes_with but no life.", "Only durables are owned.")
        wrong = sorted(other for other in c.goes_with if other == c.category or other not in names)
        if wrong:
            remedy = "Name other categories of this file."
            raise DefinitionError(path, f"{c.category} cannot go with {wrong[0]}.", remedy)
    rows = sorted({(c.category, other) for c in categories for other in c.goes_with})
    return pl.DataFrame(rows, schema=BUNDLE_SCHEMA, orient="row")


def _read(path: Path) -> list[_Category]:
    try:
        content: Any = load_yaml(path.read_text(encoding="utf-8"))
        return _File.model_validate(content).categories
    except OSError as error:
        raise DefinitionError(path, "the file cannot be read.", "Check the path and its permissions.") from error
    except yaml.YAMLError as error:
        raise DefinitionError(path, "this is no valid YAML.", str(error).replace("\n", " ")) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(path, f"{where}: {first['msg']}.", "See the comments at the top of the file.") from error


def _check_patterns(path: Path, categories: list[_Category]) -> None:
    """By DuckDB itself, since that is what will run them."""
    with duckdb.connect() as con:
        for category in categories:
            for title in category.titles:
                try:
                    con.execute("select regexp_matches('', ?)", [title]).fetchall()
                except duckdb.Error as error:
                    problem = f"category {category.category}: the pattern {title} is not RE2."
                    remedy = "RE2 has no look-around and no back-references; write it without."
                    raise DefinitionError(path, problem, remedy) from error
