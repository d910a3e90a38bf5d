"""What is frozen with a model: the prior, how frequent names are, and how often steady companions are one person.

Belongs here: figures of the brand's own people that weights depend on besides m and u. They are taken on the first run
that scores with a model and kept beside it, so that a record weighs tomorrow what it weighs today, and an incremental
day gives what a full rebuild gives. A new model takes them anew.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from identity.scoring.scheme import prior

# The column that Splink takes the frequency of `full_name` from, in place of counting the rows at hand.
FREQUENCY = "tf_full_name"


@dataclass(frozen=True)
class Frozen:
    """Figures that stay as they are while a model serves.

    Attributes:
        n_people: rows that the figures are of.
        prior: chance that two rows picked at random are one person.
        surname: share of the people of each surname.
        given: share of each character (of a western name: word) among those of given names.
        n_given: share of given names of so many characters or words, by the number as text.
        steady_probability: chance that an account and its steady companion are one person; null: not measured yet.
        n_steady: accounts with a known owner that it was measured on.
        first_companion: per kind of account, the chance that its only order meets its steady companion; null: not
            measured yet.
    """

    n_people: int
    prior: float
    surname: dict[str, float] = field(default_factory=dict)
    given: dict[str, float] = field(default_factory=dict)
    n_given: dict[str, float] = field(default_factory=dict)
    steady_probability: float | None = None
    n_steady: int = 0
    first_companion: dict[str, float] | None = None

    def weighed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the frequency of their full names as `FREQUENCY`: surname times each part of the given name.

        A name is never taken for rarer than one of the people that the figures are of: that is as much as they know.
        """
        if not self.n_people:
            return rows
        least = 1 / max(self.n_people, 2)
        named = rows.filter(pl.col("full_name").is_not_null()).select("full_name", "surname").unique()
        parts = named.with_columns(_given_parts().alias("part"))
        shares = (
            parts.with_columns(pl.col("part").list.len().cast(pl.String).alias("n"))
            .explode("part", empty_as_null=True)
            .group_by("full_name", "surname", "n")
            .agg(_share("part", self.given, least).product().alias("of_given"))
        )
        frequency = _share("surname", self.surname, least) * _share("n", self.n_given, least) * pl.col("of_given")
        known = shares.select("full_name", "surname", frequency.clip(least, 1.0).alias(FREQUENCY))
        return rows.join(known, on=["full_name", "surname"], how="left", nulls_equal=True, maintain_order="left")


def _share(column: str, shares: dict[str, float], least: float) -> pl.Expr:
    """The share of each value, the least for those that are new."""
    return pl.col(column).fill_null("").replace_strict(shares, default=least, return_dtype=pl.Float64)


def _given_parts() -> pl.Expr:
    """The characters of a Chinese given name, the words of a western one."""
    given = pl.col("full_name").str.strip_prefix(pl.col("surname").fill_null(""))
    is_western = pl.col("full_name").str.contains(r"^[\x00-\u024f]+$")
    words = pl.col("full_name").str.to_lowercase().str.split(" ")
    return pl.when(is_western).then(words).otherwise(given.str.split(""))


def freeze(models: Path, name: str, rows: pl.DataFrame) -> Frozen:
    """The figures of a model: those kept beside it, else those of these rows, which are kept.

    Args:
        models: the home's folder of models.
        name: the model's.
        rows: one per person as known before scoring; unique_id, full_name, surname.
    """
    path = _path(models, name)
    if path.exists():
        return Frozen(**json.loads(path.read_text("utf-8")))
    taken = take(rows)
    _keep(path, taken)
    return taken


def take(rows: pl.DataFrame) -> Frozen:
    """The figures of these rows."""
    named = rows.filter(pl.col("full_name").is_not_null())
    parts = named.with_columns(_given_parts().alias("part"))
    return Frozen(
        n_people=len(rows),
        prior=prior(len(rows)),
        surname=_shares(named["surname"].drop_nulls()),
        given=_shares(parts["part"].explode().drop_nulls()),
        n_given=_shares(parts["part"].list.len().cast(pl.String)),
    )


def _shares(values: pl.Series) -> dict[str, float]:
    """How much of all values each one is, by value in order."""
    counted = values.rename("value").to_frame().group_by("value").agg(pl.len().alias("n")).sort("value")
    return {value: round(n / max(len(values), 1), 9) for value, n in counted.iter_rows()}


def keep_companions(
    models: Path, name: str, frozen: Frozen, steady: tuple[float, int] | None, first: dict[str, float]
) -> Frozen:
    """The figures with what was measured of companions, kept for the runs to come; what is kept already stays.

    Args:
        steady: the chance of steady companions and how many accounts it was measured on; None: too few to measure.
        first: the chances of only companions; empty: too few accounts to measure any.
    """
    told = frozen
    if steady and told.steady_probability is None:
        told = replace(told, steady_probability=steady[0], n_steady=steady[1])
    if first and told.first_companion is None:
        told = replace(told, first_companion=first)
    if told != frozen:
        _keep(_path(models, name), told)
    return told


def _path(models: Path, name: str) -> Path:
    return models / f"frozen-{name}.json"


def _keep(path: Path, frozen: Frozen) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}")
    content: dict[str, Any] = asdict(frozen)
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(path)
