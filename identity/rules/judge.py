"""Identifier judgement: which values tie to one person, which are shared, which are nobody's.

Belongs here: the status of every value with its reason and counts. A phone that two people with different names have
used has two holders, and equality of the holder, not of the phone, is evidence: who they are is `holders`' matter.
"""

from dataclasses import dataclass, replace

import polars as pl

from identity.around.ties import VALUE, ids_beside, is_past, is_placeholder, limits_of_values, too_many
from identity.parties import Parties
from identity.registry import IdentifierType
from identity.rules.holders import holdings, mentions, name_groups


@dataclass(frozen=True)
class Judgement:
    """What the identifiers are worth.

    Attributes:
        value: one row per identifier value: `VALUE` (id_type, id_scope, id_value, window), n_parties, n_names (people's
            names that cannot be one person's), n_ids (values of one other type that come with it), status (ok | shared
            | blocked | placeholder | no_link), reason.
        holding: one row per party and linking value: party, `VALUE`, holder (0, 1, … within the value; `IN_DOUBT` or
            `BEFORE` where it is nobody's that can be told), has_ended (a later holder has the value now). Parties that
            a value does not link are absent.
    """

    value: pl.DataFrame
    holding: pl.DataFrame


def judge(parties: Parties, registry: dict[str, IdentifierType], decided: pl.DataFrame | None = None) -> Judgement:
    """Judges every identifier value and finds its holders.

    Args:
        decided: what stewards say of values (`stewards.Stewardship.value`); it goes before every rule.
    """
    word = decided if decided is not None else _NOTHING_DECIDED
    carried = parties.identifier.join(limits_of_values(registry), on="id_type", how="left").with_columns(
        pl.when(pl.col("strength").is_in(["exact", "scoped", "derived"])).then(pl.col("links")).alias("links"),
        is_placeholder(registry).alias("is_placeholder"),
    )
    carried = carried.join(
        word.rename({"status": "verdict", "reason": "verdict_reason"}), on=_SAID, how="left", maintain_order="left"
    ).with_columns(_decided_placeholder().alias("is_placeholder"))
    linking = carried.filter((pl.col("links").fill_null("never") != "never") & ~pl.col("is_placeholder"))
    said = mentions(linking, parties)
    names = name_groups(said)
    n_names = names.filter(pl.col("is_full")).group_by(VALUE).agg(pl.col("label").n_unique().alias("n_names"))
    value = (
        carried.group_by(VALUE)
        .agg(
            pl.col("party").n_unique().cast(pl.Int64).alias("n_parties"),
            pl.col("links").drop_nulls().first(),
            pl.col("max_names", "block_names", "max_ids", "block_ids").first(),
            pl.col("is_placeholder").any(),
            pl.col("verdict", "verdict_reason").first(),
        )
        .join(n_names, on=VALUE, how="left")
        .join(ids_beside(linking), on=VALUE, how="left")
        .with_columns(pl.col("n_names", "n_ids").fill_null(0).cast(pl.Int64))
        .with_columns(_status().alias("status"), _reason().alias("reason"))
        .with_columns(
            pl.coalesce("verdict", "status").alias("status"), pl.coalesce("verdict_reason", "reason").alias("reason")
        )
    )
    return Judgement(
        value.select(*VALUE, "n_parties", "n_names", "n_ids", "status", "reason").sort(VALUE),
        holdings(said, names, value.select(*VALUE, "status"), registry),
    )


def with_holders(parties: Parties, judgement: Judgement) -> Parties:
    """The parties with `holder` of each identifier filled in: "" for a value's first holder, "1", "2", … for others.

    Two people at one number have no number in common then, but for what a mask shows of it.
    """
    other = judgement.holding.filter(pl.col("holder") > 0).select(
        "party", *VALUE, pl.col("holder").cast(pl.String).alias("holder")
    )
    told = parties.identifier.drop("holder").join(other, on=["party", *VALUE], how="left", maintain_order="left")
    return replace(parties, identifier=told.with_columns(pl.col("holder").fill_null("")))


# A steward speaks of a value at all times.
_SAID = ["id_type", "id_scope", "id_value"]
_NOTHING_DECIDED = pl.DataFrame(schema={c: pl.String for c in (*_SAID, "status", "reason")})


def _decided_placeholder() -> pl.Expr:
    """A value that a steward blocks stands for nobody; one that a steward allows is as good as any."""
    return pl.when(pl.col("verdict").is_null()).then(pl.col("is_placeholder")).otherwise(pl.col("verdict") == "blocked")


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("is_placeholder"))
        .then(pl.lit("placeholder"))
        .when(pl.col("links").fill_null("never") == "never")
        .then(pl.lit("no_link"))
        .when(is_past("block"))
        .then(pl.lit("blocked"))
        .when(is_past("max"))
        .then(pl.lit("shared"))
        .otherwise(pl.lit("ok"))
    )


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("is_placeholder"))
        .then(pl.lit("stands for nobody"))
        .when(pl.col("links").fill_null("never") == "never")
        .then(pl.lit("this type or strength does not link"))
        .when(is_past("max"))
        .then(too_many())
        .when(pl.col("n_names") > 1)
        .then(pl.format("held by {} people in turn or together", pl.col("n_names")))
    )
