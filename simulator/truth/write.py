"""Writing the truth: parties and persons as Parquet."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import polars as pl

from simulator.fulfilment import NEVER, times
from simulator.model import World
from simulator.people import BASE, DAY, OUTSIDER, STAFF, birth_dates
from simulator.places import cities
from simulator.rates import FUTURE_DAYS
from simulator.truth.components import label_components
from simulator.truth.dues import commission_truth, replacement_truth
from simulator.truth.frame import PARTY
from simulator.truth.observations import observations
from simulator.truth.uplift import campaign_persons, campaign_truth

_LETTER = {BASE: "H", OUTSIDER: "G", STAFF: "E"}


def write_truth(world: World, folder: Path, extra_days: int, sources: Collection[str]) -> tuple[dict[str, int], int]:
    """Write party.parquet and person.parquet; with extra days also party_after_daily.parquet.

    Args:
        world: what is true.
        folder: is made where it is missing.
        extra_days: how many days the daily files tell of.
        sources: whose files were written.

    Returns:
        Parties by source, and how many people of the base the landing files know.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ids = person_ids(world)
    parties = party_truth(world, world.span.end, ids, sources)
    parties.drop("person").write_parquet(folder / "party.parquet")
    if extra_days:
        later = party_truth(world, world.span.end + extra_days * DAY, ids, sources)
        later.drop("person").write_parquet(folder / "party_after_daily.parquet")
    replacement_truth(world, ids).write_parquet(folder / "replacement.parquet")
    if "reference" in sources:
        commission_truth(world, ids).write_parquet(folder / "commission.parquet")
    if "campaigns" in sources:
        drawn = campaign_persons(world, ids)
        drawn.write_parquet(folder / "campaign_person.parquet")
        campaign_truth(drawn).write_parquet(folder / "campaign.parquet")
    persons = person_truth(world, parties, ids)
    persons.write_parquet(folder / "person.parquet")
    by_source = parties.group_by("source").len().sort("source")
    return dict(by_source.iter_rows()), int(persons["in_landing"].sum())


def person_ids(world: World) -> pl.Series:
    """Everybody's id: H… of the base, G… outsiders, E… staff."""
    kind = world.people.kind
    return pl.Series("person_id", [f"{_LETTER[int(k)]}{i:07d}" for i, k in enumerate(kind)], dtype=pl.String)


def party_truth(world: World, until: int, ids: pl.Series, sources: Collection[str]) -> pl.DataFrame:
    """The truth of the parties that the files of some sources, made before a moment, contain."""
    labelled = label_components(observations(world, until, sources), world)
    return labelled.select(
        *PARTY,
        ids.gather(labelled["person"]).alias("person_id"),
        ("C" + pl.col("component").cast(pl.String).str.zfill(8)).alias("component"),
        "phenomenon",
        "person",
    )


def person_truth(world: World, parties: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """One row per person of the base: who they are, what complicates them, and what they will be worth."""
    people, values = world.people, world.values
    phenomena = {name: flags for name, flags in vars(world.phenomena).items()}
    frame = pl.DataFrame(
        {
            "person": np.arange(people.total),
            "person_id": ids,
            "gender": pl.Series(np.asarray(["female", "male"], dtype=object)[people.gender], dtype=pl.String),
            "birth_date": pl.Series(birth_dates(people.birth)).cast(pl.Date),
            "city": pl.Series(
                np.where(people.overseas, "", cities().name[np.where(people.overseas, 0, people.city)]), dtype=pl.String
            ),
            "household": people.household,
            "is_overseas": people.overseas,
            "joined_at": times(people.joined_at, world.span),
            "is_buyer": world.presence.buyer,
            **{f"is_{name}": flags for name, flags in phenomena.items()},
            "rate_per_year": values.rate_per_year,
            "dropout": values.dropout,
            "spend_level": values.spend_level,
            "is_alive": values.alive,
            "p_alive": values.p_alive,
            "expected_purchases_365d": values.expected_365d,
        }
    )
    seen = parties.group_by("person").agg(
        n_parties=pl.len(), n_sources=pl.col("source").n_unique(), n_components=pl.col("component").n_unique()
    )
    frame = frame.join(seen, on="person", how="left", maintain_order="left")
    frame = frame.join(_money(world, 0, world.span.end, ""), on="person", how="left", maintain_order="left")
    until = world.span.end + FUTURE_DAYS * DAY
    frame = frame.join(_money(world, world.span.end, until, "future_"), on="person", how="left", maintain_order="left")
    counts = pl.col("^(n_.*|.*purchases|.*spend_cny|future_.*)$").fill_null(0)
    known = frame.with_columns(in_landing=pl.col("n_parties").is_not_null()).with_columns(counts)
    base = pl.Series(people.kind == BASE) & (pl.Series(people.joined_at) < world.span.end)
    return known.filter(base).drop("person")


def _money(world: World, start: int, end: int, prefix: str) -> pl.DataFrame:
    """Valid customer-days and net spend of each buyer in a span, as the value definitions count them."""
    rows = world.sales.orders.filter(
        (pl.col("at") >= start) & (pl.col("at") < end) & ~pl.col("unpaid") & ~pl.col("refunded_fully")
    )
    back = pl.when(pl.col("returned_at") < NEVER).then(pl.col("paid")).otherwise(pl.col("refunded"))
    valid = rows.with_columns(net=pl.col("paid") - back, day=pl.col("at") // DAY).filter(pl.col("net") > 0)
    return valid.group_by(person="buyer").agg(
        pl.col("day").n_unique().alias(f"{prefix}purchases"), pl.col("net").sum().round(2).alias(f"{prefix}spend_cny")
    )
