"""Drift of a model: how far the levels that pairs fall on today lie from the m and u that it was trained with.

m is looked for among descriptions of one person, u among random pairs of people, both in a sample. Belongs here:
the sample and the counts. What counts as too far is in `quality.yml`.
"""

import tempfile
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl

from identity.graph import Keys
from identity.parties import PARTY, Parties, read_parties
from identity.scoring.candidates import candidates, descriptions
from identity.scoring.scheme import Scheme

# People who are looked at, and pairs of either kind; more would sharpen nothing that a limit of half a unit needs.
_PEOPLE: Final = 4_000
_PAIRS: Final = 30_000
# A share that was not seen at all counts as this, so that one rare level cannot make the index infinite.
_LEAST: Final = 1e-4
# What parties are read from; of the other tables the shape is enough.
_TABLES: Final = ("record", "identifier", "attribute", "event")


def drift(
    touchpoints: Path, record_map: pl.DataFrame, settings: dict[str, Any], scheme: Scheme, scratch: Path
) -> pl.DataFrame:
    """Observed and trained level frequencies.

    Args:
        touchpoints: the run's canonical tables.
        record_map: record_id, role, one_id.
        settings: of the model that scored.
        scheme: what the model is of.
        scratch: a private folder to work in; nothing stays there.

    Returns:
        which (m | u), comparison, level (0 is the disagreement), observed, trained, n_pairs.
    """
    parties, person = _sample(touchpoints, record_map, scratch)
    if parties.party.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    of_people = candidates(parties, person)
    label = descriptions(parties)
    of_descriptions = candidates(parties, label).join(
        pl.DataFrame({"unique_id": label, "person": person}).unique("unique_id", keep="first", maintain_order=True),
        on="unique_id",
    )
    observed = {
        "m": _levels(of_descriptions, _pairs_within(of_descriptions), scheme),
        "u": _levels(of_people, _pairs_at_random(len(of_people)), scheme),
    }
    trained = _trained(settings, scheme)
    rows = [
        (which, name, level, share, trained[which, name].get(level), n)
        for which, found in observed.items()
        for name, (shares, n) in found.items()
        for level, share in sorted(shares.items())
        if (which, name) in trained
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("which", "comparison", "level")


_SCHEMA: Final = {
    "which": pl.String, "comparison": pl.String, "level": pl.Int64, "observed": pl.Float64, "trained": pl.Float64,
    "n_pairs": pl.Int64,
}  # fmt: skip


def stability_index(found: pl.DataFrame) -> pl.DataFrame:
    """The population stability index of each comparison: which, comparison, psi, n_pairs.

    Sum of (observed - trained) * ln(observed / trained) over the levels; 0.1 is little, 0.25 is much in credit scoring,
    where the measure is from (Siddiqi 2006).
    """
    seen, expected = (pl.col(name).fill_null(0.0).clip(_LEAST) for name in ("observed", "trained"))
    return (
        found.group_by("which", "comparison")
        .agg(((seen - expected) * (seen / expected).log()).sum().alias("psi"), pl.col("n_pairs").first())
        .sort("which", "comparison")
    )


def _sample(touchpoints: Path, record_map: pl.DataFrame, scratch: Path) -> tuple[Parties, Keys]:
    """The parties of some people, and per party its person, dense from 0."""
    people = record_map.select("one_id").unique().sort(pl.col("one_id").str.reverse(), "one_id").head(_PEOPLE)
    wanted = record_map.join(people, on="one_id", how="semi")
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        records = wanted.select("record_id").unique().lazy()
        for path in touchpoints.glob("*.parquet"):
            rows = pl.scan_parquet(path)
            chosen = rows.join(records, on="record_id", how="semi") if path.stem in _TABLES else rows.head(0)
            chosen.collect().write_parquet(Path(name) / path.name)
        parties = read_parties(Path(name))
    placed = parties.party.join(wanted.select(*PARTY, "one_id"), on=PARTY).sort("party")
    number = pl.Series(np.arange(len(placed)), dtype=pl.Int32)
    renumbered = placed.select(pl.col("party").alias("before"), number.alias("party"))
    identifier = (
        parties.identifier.rename({"party": "before"})
        .join(renumbered, on="before")
        .select(parties.identifier.columns)
        .sort("party", "id_type", "id_scope", "id_value")
    )
    person = placed["one_id"].rank("dense").to_numpy().astype(np.int64) - 1
    return Parties(placed.with_columns(number.alias("party")).select(parties.party.columns), identifier), person


def _pairs_within(rows: pl.DataFrame) -> pl.DataFrame:
    """Pairs of descriptions of one person: rows l and r by number."""
    numbered = rows.select("person").with_row_index("l")
    both = numbered.join(numbered.rename({"l": "r"}), on="person").filter(pl.col("l") < pl.col("r"))
    return both.select("l", "r").sort("l", "r").gather_every(max(len(both) // _PAIRS, 1))


def _pairs_at_random(n: int) -> pl.DataFrame:
    """Pairs of different people, the same in every run."""
    rng = np.random.default_rng(n)
    pair = rng.integers(0, max(n, 1), (_PAIRS if n > 1 else 0, 2))
    kept = pair[pair[:, 0] != pair[:, 1]]
    return pl.DataFrame({"l": kept[:, 0], "r": kept[:, 1]})


def _levels(rows: pl.DataFrame, pairs: pl.DataFrame, scheme: Scheme) -> dict[str, tuple[dict[int, float], int]]:
    """Per comparison the share of pairs on each level, of those that both sides tell, and how many those are."""
    columns = [c for c in scheme.columns if c in rows.columns]
    cases = []
    for comparison in scheme.comparisons:
        levels = comparison["comparison_levels"]
        told = [x for x in levels if not x.get("is_null_level")]
        whens = " ".join(
            f"when {x['sql_condition']} then {-1 if x.get('is_null_level') else len(told) - 1 - told.index(x)}"
            for x in levels
            if x["sql_condition"] != "ELSE"
        )
        cases.append(f'(case {whens} else 0 end)::bigint as "{comparison["output_column_name"]}"')
    sides = ", ".join(f'{t}."{c}" as "{c}_{t}"' for c in columns for t in "lr")
    with duckdb.connect() as con:
        con.register("candidate", rows.with_row_index("n").to_arrow())
        con.register("pair", pairs.to_arrow())
        found = con.sql(f"""
            select {", ".join(cases)} from (
                select {sides} from pair join candidate as l on pair.l = l.n join candidate as r on pair.r = r.n
            )
        """).pl()
    shares = {}
    for name in found.columns:
        counts = found.filter(pl.col(name) >= 0)[name].value_counts()
        n = int(counts["count"].sum())
        shares[name] = ({int(level): count / n for level, count in counts.iter_rows()}, n)
    return shares


def _trained(settings: dict[str, Any], scheme: Scheme) -> dict[tuple[str, str], dict[int, float]]:
    """The model's m and u by comparison and level."""
    known = {}
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        levels = [x for x in comparison["comparison_levels"] if not x.get("is_null_level")]
        for which in "mu":
            known[which, name] = {
                len(levels) - 1 - n: float(x.get(f"{which}_probability") or 0.0) for n, x in enumerate(levels)
            }
    return known
