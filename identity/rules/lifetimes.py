"""Lifetimes: in which span of time equal identifier values are one identifier.

Belongs here: cutting identifiers in time before they are judged. An addressee's code counts within its week; an account
that was silent for its lifetime is somebody else's; a number on loan ends when the loan does. What equality is worth
inside a span is `judge`'s matter, and who of several holders has a phone when is `holders`'.
"""

from dataclasses import replace
from pathlib import Path

import polars as pl

from identity.parties import Parties, read_parties
from identity.registry import IdentifierType, Registry, device_types

VALUE = ["id_type", "id_scope", "id_value"]
# What the brand sends, or means to send, is no sign of life of who has the number.
_NO_SIGN_OF_LIFE = ("message", "campaign_member")
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
            (pl.col("has_ended") | (pl.col("last_cut").is_not_null() & is_before)).alias("has_ended"),
        )
        .drop("cut_at", "life", "last_cut")
    )


def _expiries(identifier: pl.DataFrame) -> pl.DataFrame:
    """Cuts where a file says until when a value was somebody's: VALUE, cut_at, the first moment after."""
    # What a record no longer says has ended for that record alone.
    told = identifier.filter(pl.col("valid_to").is_not_null() & ~pl.col("has_ended"))
    return told.select(*VALUE, (pl.col("valid_to") + pl.duration(microseconds=1)).alias("cut_at"))


def _silences(parties: Parties, registry: Registry) -> pl.DataFrame:
    """Cuts at the end of long silences: VALUE, cut_at, the first sight of the new holder."""
    frames = [
        _of_type(parties, kind)
        for kind in registry.values()
        if kind.lifetime_days and not kind.window and kind.strength != "device" and kind.links == "always"
    ]
    return pl.concat([_expiries(parties.identifier).clear(), *frames])


def _of_type(parties: Parties, kind: IdentifierType) -> pl.DataFrame:
    signs = (
        parties.identifier.filter((pl.col("id_type") == kind.name) & pl.col("seen_at").is_not_null())
        .join(parties.party.select("party", "record_type"), on="party")
        .filter(~pl.col("record_type").is_in(_NO_SIGN_OF_LIFE))
    )
    silence = pl.col("seen_at") - pl.col("seen_at").shift(1).over(VALUE)
    return (
        signs.select(*VALUE, "seen_at")
        .unique()
        .sort(*VALUE, "seen_at")
        .filter(silence >= pl.duration(days=kind.lifetime_days))
        .rename({"seen_at": "cut_at"})
    )
