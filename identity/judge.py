"""Identifier judgement: which values tie to one person, which are shared, which are nobody's.

Belongs here: the status of every value with its reason and counts, and the *holders* of each: a phone that two
people with different names have used has two holders, and equality of the holder, not of the phone, is evidence.
"""

from dataclasses import dataclass

import polars as pl

from identity.graph import connected
from identity.names import FULL_AGREEMENTS, agreements
from identity.parties import Parties
from identity.registry import IdentifierType
from identity.ties import VALUE, ids_beside, is_past, is_placeholder, limits_of_values, too_many

# The holder of what cannot be told to be any named holder's.
IN_DOUBT = -1
_NAME = ["name", "quality", "surname", "name_pinyin"]


@dataclass(frozen=True)
class Judgement:
    """What the identifiers are worth.

    Attributes:
        value: one row per identifier value: `VALUE` (id_type, id_scope, id_value, window), n_parties, n_names (people's
            names that cannot be one person's), n_ids (values of one other type that come with it), status (ok | shared
            | blocked | placeholder | no_link), reason.
        holding: one row per party and linking value: party, `VALUE`, holder (0, 1, … within the value, `IN_DOUBT`
            where it cannot be told). Parties that a value does not link are absent.
    """

    value: pl.DataFrame
    holding: pl.DataFrame


def judge(parties: Parties, registry: dict[str, IdentifierType], decided: pl.DataFrame | None = None) -> Judgement:
    """Judges every identifier value and finds its holders.

    Args:
        decided: what stewards say of values (`stewards.Stewardship.value`); it goes before every rule.
    """
    said = decided if decided is not None else _NOTHING_DECIDED
    carried = parties.identifier.join(limits_of_values(registry), on="id_type", how="left").with_columns(
        pl.when(pl.col("strength").is_in(["exact", "scoped", "derived"])).then(pl.col("links")).alias("links"),
        is_placeholder(registry).alias("is_placeholder"),
    )
    carried = carried.join(
        said.rename({"status": "verdict", "reason": "verdict_reason"}), on=_SAID, how="left", maintain_order="left"
    ).with_columns(_decided_placeholder().alias("is_placeholder"))
    linking = carried.filter((pl.col("links").fill_null("never") != "never") & ~pl.col("is_placeholder"))
    named = linking.join(
        parties.party.filter(pl.col("name").is_not_null() & (pl.col("quality") != "nick")).select("party", *_NAME),
        on="party",
    )
    groups = _name_groups(named)
    n_names = groups.filter(pl.col("is_full")).group_by(VALUE).agg(pl.col("holder").n_unique().alias("n_names"))
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
        _holdings(linking, named, groups, value).sort("party", *VALUE),
    )


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


def _name_groups(named: pl.DataFrame) -> pl.DataFrame:
    """The names at each value, grouped into holders: VALUE, name, quality, holder, is_full, n, first_at, last_at."""
    names = (
        named.group_by(*VALUE, *_NAME)
        .agg(
            pl.len().alias("n"),
            pl.col("seen_at").min().alias("first_at"),
            pl.col("seen_at").max().alias("last_at"),
        )
        .sort(*VALUE, *_NAME)
        .with_row_index("node")
        .with_columns(pl.col("quality").eq("full").alias("is_full"))
    )
    if names.is_empty():
        return names.with_columns(pl.lit(0, pl.Int64).alias("holder"))
    several = names.filter(pl.len().over(VALUE) > 1)
    pairs = several.join(several, on=VALUE, suffix="_r").filter(pl.col("node") < pl.col("node_r"))
    pairs = pairs.with_columns(agreements(pairs.rename({c: f"{c}_l" for c in _NAME})).alias("agreement"))
    firm = pairs.filter(pl.col("agreement").is_in(FULL_AGREEMENTS))
    label = connected(len(names), firm["node"].to_numpy(), firm["node_r"].to_numpy())
    names = names.with_columns(pl.Series("label", label))
    names = _attach_partial_names(names, pairs)
    # Holders are numbered within their value by first sight, then by name: the same whatever the order of the files.
    order = (
        names.group_by(*VALUE, "label")
        .agg(pl.col("first_at").min().alias("holder_first"), pl.col("name").min().alias("holder_name"))
        .sort(*VALUE, "holder_first", "holder_name", nulls_last=True)
        .with_columns((pl.int_range(pl.len()).over(VALUE)).alias("holder"))
    )
    return names.join(order.select(*VALUE, "label", "holder"), on=[*VALUE, "label"]).drop("label", "node")


def _attach_partial_names(names: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Masked and title-only names join the full name that they fit, the most frequent where several do."""
    loose = pairs.filter(pl.col("agreement").is_in(["masked", "surname"]))
    both = pl.concat(
        [
            loose.select(pl.col("node").alias("partial"), pl.col("node_r").alias("full")),
            loose.select(pl.col("node_r").alias("partial"), pl.col("node").alias("full")),
        ]
    )
    info = names.select("node", "label", "is_full", "n", "name")
    candidates = (
        both.join(info.filter(~pl.col("is_full")).select(pl.col("node").alias("partial")), on="partial")
        .join(info.rename({"node": "full"}), on="full")
        .sort("partial", "is_full", "n", "name", descending=[False, True, True, False])
        .unique("partial", keep="first", maintain_order=True)
        .select(pl.col("partial").alias("node"), "full", pl.col("label").alias("fitting"), "is_full")
    )
    with_full = candidates.filter("is_full").select("node", "fitting")
    among = candidates.filter(~pl.col("is_full"))
    # Partial names that fit no full name are one holder where they fit each other.
    rest = connected(len(names), among["node"].to_numpy(), among["full"].to_numpy())
    return (
        names.join(with_full, on="node", how="left")
        .with_columns(pl.Series("rest", rest))
        .with_columns(
            pl.when(pl.col("fitting").is_not_null())
            .then(pl.col("fitting"))
            .when(~pl.col("is_full"))
            .then(pl.col("rest") + len(names))
            .otherwise(pl.col("label"))
            .alias("label")
        )
        .drop("fitting", "rest")
    )


def _holdings(linking: pl.DataFrame, named: pl.DataFrame, groups: pl.DataFrame, value: pl.DataFrame) -> pl.DataFrame:
    """Which holder of each value each party is."""
    status = value.select(*VALUE, "status")
    of_named = (
        named.join(groups.select(*VALUE, *_NAME, "holder"), on=[*VALUE, *_NAME], nulls_equal=True)
        .select("party", *VALUE, "holder", "links")
        .join(status, on=VALUE)
    )
    # An account (not a phone or e-mail) stays one person's until it carries too many names.
    of_named = of_named.with_columns(
        pl.when((pl.col("links") == "always") & (pl.col("status") == "ok"))
        .then(0)
        .otherwise(pl.col("holder"))
        .alias("holder")
    ).select("party", *VALUE, "holder")
    nameless = (
        linking.join(named.select("party", *VALUE), on=["party", *VALUE], how="anti")
        .join(status, on=VALUE)
        .filter(pl.col("status") == "ok")
    )
    # A record without a name belongs to the one holder there was when it came. Once a second has shown up it is as
    # likely the one's as the other's (measured: six of ten right by time or by frequency) and goes to neither;
    # records that say nothing else stay together.
    # A title or a nickname beside one full name (谢女士 in a colleague's note) makes no second holder.
    full = groups.filter("is_full").group_by(*VALUE, "holder").agg(pl.col("first_at").min()).sort(*VALUE, "holder")
    holders = (
        groups.group_by(VALUE)
        .agg(pl.col("holder").n_unique().alias("n"))
        .join(
            full.group_by(VALUE, maintain_order=True).agg(
                pl.len().alias("n_full"),
                pl.col("holder").first().alias("full_holder"),
                pl.col("first_at").get(0, null_on_oob=True).alias("from"),
                pl.col("first_at").get(1, null_on_oob=True).alias("until"),
            ),
            on=VALUE,
            how="left",
        )
    )
    is_alone = pl.col("seen_at").is_between("from", "until", closed="left").fill_null(False)
    is_one = (pl.col("n_full") == 1).fill_null(False) | (pl.col("n").fill_null(0) <= 1) | is_alone
    in_doubt = (pl.col("links") == "with_name") & ~is_one
    says_more = pl.col("party").is_in(linking.filter(pl.len().over("party") > 1)["party"].unique().implode())
    own = pl.when(pl.col("links") == "with_name").then(pl.col("full_holder")).fill_null(0)
    placed = (
        nameless.join(holders, on=VALUE, how="left")
        .filter(~in_doubt | ~says_more)
        .select("party", *VALUE, pl.when(in_doubt).then(IN_DOUBT).otherwise(own).cast(pl.Int64).alias("holder"))
    )
    return pl.concat([of_named.cast({"holder": pl.Int64}), placed])
