"""Lifetimes: in which span of time equal identifier values are one identifier.

Belongs here: cutting identifiers in time before they are judged. An addressee's code counts within its week; a mobile
number that was silent for long and comes back with none of its former names is somebody else's; a number on loan ends
when the loan does. What equality is worth inside a span is `judge`'s matter.
"""

from dataclasses import replace
from pathlib import Path

import polars as pl

from identity.names import agreements
from identity.parties import Parties, read_parties
from identity.registry import IdentifierType, Registry, device_types

VALUE = ["id_type", "id_scope", "id_value"]
# What the brand sends is no sign of life of who has the number.
_NO_SIGN_OF_LIFE = ("message",)
_NAME = ["name", "quality", "surname", "name_pinyin"]
_SPANS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
_UNDATED = "undated"


def parties_in_time(touchpoints: Path, registry: Registry) -> Parties:
    """The parties of a folder of canonical tables, devices set aside and their identifiers cut in time."""
    return with_lifetimes(read_parties(touchpoints, device_types(registry)), registry)


def with_lifetimes(parties: Parties, registry: Registry) -> Parties:
    """The parties with `window` and `has_ended` of each identifier filled in.

    Args:
        parties: identifiers with seen_at and valid_to (null where not told).

    Returns:
        Parties whose identifiers have `window`, the span in which the value is one identifier ("" for the only one, or
        the first; `2`, `3`, … for later holders; `2026-W03` for a week), and `has_ended`: a later span has begun.
    """
    identifier = parties.identifier
    cuts = pl.concat([_silences(parties, registry), _expiries(identifier)]).unique().sort(*VALUE, "cut_at")
    return replace(parties, identifier=_in_windows(identifier, cuts, registry).sort("party", *VALUE))


def _in_windows(identifier: pl.DataFrame, cuts: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Spans of the calendar for the types that have them, else numbered between the cuts."""
    numbered = cuts.with_columns((pl.int_range(pl.len()).over(VALUE) + 2).cast(pl.String).alias("life"))
    dated = identifier.sort("seen_at", nulls_last=False).join_asof(
        numbered.sort("cut_at"),
        left_on="seen_at",
        right_on="cut_at",
        by=VALUE,
        strategy="backward",
        check_sortedness=False,
    )
    last = cuts.group_by(VALUE).agg(pl.col("cut_at").max().alias("last_cut"))
    spans = {kind.name: _SPANS[kind.window] for kind in registry.values() if kind.window}
    by_calendar = pl.coalesce(
        pl.lit(None, pl.String),
        *(
            pl.when(pl.col("id_type") == name).then(pl.col("seen_at").dt.strftime(span).fill_null(_UNDATED))
            for name, span in sorted(spans.items())
        ),
    )
    is_before = (pl.col("seen_at") < pl.col("last_cut")).fill_null(True)
    return (
        dated.join(last, on=VALUE, how="left")
        .with_columns(
            pl.coalesce(by_calendar, "life", pl.lit("")).alias("window"),
            (pl.col("last_cut").is_not_null() & is_before).alias("has_ended"),
        )
        .drop("cut_at", "life", "last_cut")
    )


def _expiries(identifier: pl.DataFrame) -> pl.DataFrame:
    """Cuts where a file says until when a value was somebody's: VALUE, cut_at, the first moment after."""
    told = identifier.filter(pl.col("valid_to").is_not_null())
    return told.select(*VALUE, (pl.col("valid_to") + pl.duration(microseconds=1)).alias("cut_at"))


def _silences(parties: Parties, registry: Registry) -> pl.DataFrame:
    """Cuts at the end of long silences: VALUE, cut_at, the first sight of the new holder."""
    frames = [
        _of_type(parties, kind)
        for kind in registry.values()
        if kind.lifetime_days and not kind.window and kind.strength != "device" and kind.links != "never"
    ]
    return pl.concat([_expiries(parties.identifier).clear(), *frames])


def _of_type(parties: Parties, kind: IdentifierType) -> pl.DataFrame:
    signs = (
        parties.identifier.filter((pl.col("id_type") == kind.name) & pl.col("seen_at").is_not_null())
        .join(parties.party.select("party", "record_type", *_NAME), on="party")
        .filter(~pl.col("record_type").is_in(_NO_SIGN_OF_LIFE))
    )
    by_name = kind.links == "with_name"
    named = signs.filter(pl.col("name").is_not_null() & (pl.col("quality") != "nick"))
    if by_name:  # nearly every number comes with one name: only the others can have changed hands
        several = named.group_by(VALUE).agg(pl.col("name").n_unique().alias("n")).filter(pl.col("n") > 1)
        signs, named = signs.join(several, on=VALUE, how="semi"), named.join(several, on=VALUE, how="semi")
    silence = pl.col("seen_at") - pl.col("seen_at").shift(1).over(VALUE)
    cuts = (
        signs.select(*VALUE, "seen_at")
        .unique()
        .sort(*VALUE, "seen_at")
        .filter(silence >= pl.duration(days=kind.lifetime_days))
        .rename({"seen_at": "cut_at"})
    )
    return cuts.join(_spanned(named, cuts), on=[*VALUE, "cut_at"], how="anti") if by_name else cuts


def _spanned(named: pl.DataFrame, cuts: pl.DataFrame) -> pl.DataFrame:
    """Cuts that are none: a name from before comes again after, or one side has no name at all."""
    names = (
        named.join(cuts.select(VALUE).unique(), on=VALUE, how="semi")
        .group_by(*VALUE, *_NAME)
        .agg(pl.col("seen_at").min().alias("first_at"), pl.col("seen_at").max().alias("last_at"))
        .sort(*VALUE, *_NAME, nulls_last=True)
        .with_row_index("node")
    )
    sided = cuts.join(names, on=VALUE)
    before, after = pl.col("first_at") < pl.col("cut_at"), pl.col("last_at") >= pl.col("cut_at")
    both = sided.group_by(*VALUE, "cut_at").agg(before.any().alias("has_before"), after.any().alias("has_after"))
    one_sided = cuts.join(both.filter("has_before", "has_after"), on=[*VALUE, "cut_at"], how="anti")
    again = sided.filter(before & after)
    pairs = sided.filter(before).join(sided.filter(after), on=[*VALUE, "cut_at"], suffix="_r")
    pairs = pairs.rename({c: f"{c}_l" for c in _NAME})
    alike = pairs.filter(agreements(pairs).ne_missing("conflict")) if len(pairs) else pairs
    return pl.concat([frame.select(*VALUE, "cut_at") for frame in (one_sided, again, alike)]).unique()
