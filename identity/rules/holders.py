"""Holders: which person's each value is, where several people have used it, together or one after the other.

Belongs here: the grouping of what is said beside one value (names, parts of names, nicknames) into holders. Whether a
value links at all is `judge`'s matter; how long a holder has it, and whose the nameless records are, is `tenure`'s.

What tells holders apart, from the strongest: the names; one record that names somebody twice under one number (an
account and the receiver of its order); a nickname that comes with a name elsewhere, or is made of one.
"""

from collections.abc import Mapping

import polars as pl

from identity.around.ties import VALUE
from identity.graph import connected
from identity.names import FULL_AGREEMENTS, agreements
from identity.parties import Parties
from identity.registry import IdentifierType
from identity.rules.nameless import with_nicknames, with_own_accounts
from identity.rules.partial_names import attach_partial_names, is_slip_of_two
from identity.rules.tenure import NOTED, holders, whose

NAME = ["name", "quality", "surname", "name_pinyin"]
# Under one value, a name with what may tell two of its bearers apart: 张女士 of two cards may be mother and daughter.
BEARER = [*NAME, "gender", "part_of"]
# The brand wrote to the value, or put it on a list to write to: nothing that its holder did.
_WRITTEN_TO = ("message", "campaign_member")
# So many people at most share a number as a family does; a number of more is a shop's.
_FAMILY = 6


def mentions(linking: pl.DataFrame, parties: Parties) -> pl.DataFrame:
    """One row per party and linking value, with what the party says of itself.

    Args:
        linking: party, `VALUE`, links, valid_to of the identifiers that link.

    Returns:
        party, `VALUE`, links, record_id, at, `BEARER` and is_full (null and false without a usable name), nickname,
        nick_beside (on the same record), is_message, is_met (whoever recommends an order is not met on its day), holds
        (an account of the party's), gave_at (when the party gave the brand this value as a member), kept_until (null:
        until now).
    """
    is_named = pl.col("name").is_not_null() & (pl.col("quality") != "nick")
    is_member = (pl.col("role") == "member") & (pl.col("record_type") == "customer")
    # A list without dates says that somebody is a member, not since when.
    gave_at = pl.when(is_member & ~pl.col("is_dated")).then(pl.lit(_EVER)).when(is_member).then(pl.col("seen_at"))
    told = parties.party.join(_genders_of_names(parties.party), on=["name", "surname"], how="left", nulls_equal=True)
    party = told.select(
        "party",
        "record_id",
        pl.col("seen_at").alias("at"),
        pl.coalesce("gender", pl.when(is_named & (pl.col("quality") == "full")).then("gender_of_name")).alias("gender"),
        *(pl.when(is_named).then(pl.col(c)).alias(c) for c in NAME),
        (is_named & (pl.col("quality") == "full")).fill_null(False).alias("is_full"),
        pl.coalesce("nickname", pl.when(pl.col("quality") == "nick").then("name")).alias("nickname"),
        (~is_named & pl.col("nickname").is_null()).fill_null(True).alias("is_called"),
        pl.col("record_type").is_in(_WRITTEN_TO).alias("is_message"),
        (pl.col("role") != "referrer").alias("is_met"),
        pl.when(is_member).then(pl.concat_str("source", "account", separator="/", ignore_nulls=True)).alias("scheme"),
        pl.when(is_member)
        .then(pl.concat_str("source", "account", "natural_key", separator="/", ignore_nulls=True))
        .alias("account"),
        "in_service",
        "birth_date",
        gave_at.cast(pl.Datetime("us")).alias("gave_at"),
    )
    said = linking.select("party", *VALUE, "links", pl.col("valid_to").alias("kept_until"))
    value, record = pl.col("id_value"), ["record_id", "id_type"]
    has_other = value.min().over(record) != value.max().over(record)
    part_of = pl.when(pl.col("name").is_not_null() & ~is_whole()).then(pl.coalesce("account", "nickname"))
    # Who orders to themselves: the account's nickname stands beside the receiver's name.
    nick_beside = pl.col("nickname").drop_nulls().first().over(*VALUE, "record_id")
    own = pl.concat_str("id_type", "id_scope", "id_value", separator="/", ignore_nulls=True).min()
    holds = linking.filter(pl.col("links") == "always").group_by("party").agg(own.alias("holds"))
    return (
        said.join(party, on="party")
        .join(holds, on="party", how="left")
        .with_columns(has_other.alias("has_other"), part_of.alias("part_of"), nick_beside.alias("nick_beside"))
        .sort("party", *VALUE)
    )


# A character tells a gender where so many of those who bear it are known, and so large a share of them has it.
_LEAST_BEARERS, _LEAST_SHARE = 20, 0.97


def _genders_of_names(party: pl.DataFrame) -> pl.DataFrame:
    """What the characters of given names tell of the gender, as this brand's own people bear them.

    Returns:
        name, surname, gender_of_name, of full names in which all telling characters agree.
    """
    full = party.filter((pl.col("quality") == "full") & pl.col("name").is_not_null())
    given = pl.col("name").str.strip_prefix(pl.col("surname").fill_null("")).str.split("")
    names = full.select("name", "surname", "gender").unique().with_columns(given.alias("character"))
    each = names.explode("character").drop_nulls("character")
    bearers = (
        each.drop_nulls("gender")
        .group_by("character")
        .agg(pl.len().alias("n"), (pl.col("gender") == "female").mean().alias("female"))
    )
    is_female = (
        pl.when(pl.col("female") >= _LEAST_SHARE).then(True).when(pl.col("female") <= 1 - _LEAST_SHARE).then(False)
    )
    telling = (
        bearers.filter(pl.col("n") >= _LEAST_BEARERS).select("character", is_female.alias("is_female")).drop_nulls()
    )
    found = (
        each.join(telling, on="character")
        .group_by("name", "surname")
        .agg(pl.col("is_female").any().alias("some"), pl.col("is_female").all().alias("every"))
    )
    gender = pl.when("every").then(pl.lit("female")).when(~pl.col("some")).then(pl.lit("male"))
    return found.select("name", "surname", gender.alias("gender_of_name")).drop_nulls("gender_of_name")


_EVER = pl.Series(["1900-01-01"]).str.to_datetime(time_unit="us")[0]


def name_groups(said: pl.DataFrame) -> pl.DataFrame:
    """The names at each value, grouped into holders.

    Args:
        said: `mentions`.

    Returns:
        `VALUE`, `BEARER`, is_full, label (equal for the names of one holder), n.
    """
    names = (
        said.filter(pl.col("name").is_not_null())
        .group_by(*VALUE, *BEARER, "is_full")
        .agg(
            pl.len().alias("n"),
            pl.col("at").min().alias("from"),
            pl.col("at").max().alias("until"),
            pl.coalesce("nickname", "nick_beside").drop_nulls().unique().sort().alias("nicknames"),
            pl.col("scheme").drop_nulls().unique().sort().alias("schemes"),
            pl.col("account").drop_nulls().unique().sort().alias("accounts"),
            pl.col("has_other").all(),
            pl.col("birth_date").drop_nulls().unique().sort().alias("birth_dates"),
        )
        .sort(*VALUE, *BEARER)
        .with_row_index("node")
        .with_columns(is_whole().alias("is_whole"), (pl.col("quality") == NOTED).alias("is_noted"))
    )
    several = names.filter(pl.len().over(VALUE) > 1)
    pairs = several.join(several, on=VALUE, suffix="_r").filter(pl.col("node") < pl.col("node_r"))
    if pairs.is_empty():
        return names.with_columns(pl.col("node").cast(pl.Int64).alias("label")).drop("node")
    pairs = pairs.with_columns(agreements(pairs.rename({c: f"{c}_l" for c in NAME})).alias("agreement"))
    firm = pairs.filter(pl.col("agreement").is_in(FULL_AGREEMENTS) & ~is_slip_of_two())
    label = connected(len(names), firm["node"].to_numpy(), firm["node_r"].to_numpy())
    return attach_partial_names(names.with_columns(pl.Series("label", label)), pairs).drop("node")


def is_whole() -> pl.Expr:
    """A full name, or one that a colleague noted in full."""
    is_part = (pl.col("name") == pl.col("surname")).fill_null(False) | pl.col("name").str.contains("*", literal=True)
    return pl.col("is_full") | ((pl.col("quality") == NOTED) & ~is_part)


def holdings(
    said: pl.DataFrame, names: pl.DataFrame, status: pl.DataFrame, registry: Mapping[str, IdentifierType]
) -> pl.DataFrame:
    """Which holder of each value each party is.

    Args:
        said: `mentions`.
        names: `name_groups`.
        status: `VALUE`, status.

    Returns:
        party, `VALUE`, holder (0, 1, … within the value, `IN_DOUBT`, `BEFORE`), has_ended (a later holder has
        it now). Parties that a value does not link are absent.
    """
    name = [*VALUE, *BEARER]
    placed = said.join(names.select(*name, "label"), on=name, how="left", nulls_equal=True)
    placed = placed.join(status, on=VALUE)
    # An account (not a phone or e-mail) stays one person's until it carries too many names.
    is_account = (pl.col("links") == "always") & (pl.col("status") == "ok")
    accounts = placed.filter(is_account).select("party", *VALUE, pl.lit(0, pl.Int64).alias("holder"))
    placed = placed.filter(~is_account)
    placed = with_own_accounts(with_nicknames(placed))
    holder = holders(placed, registry)
    named = _numbered(placed.filter(pl.col("label").is_not_null()), holder)
    silent = placed.filter(pl.col("label").is_null() & (pl.col("status") == "ok"))
    spoken = whose(silent, holder)
    found = pl.concat([accounts.with_columns(pl.lit(False).alias("has_ended")), named, spoken])
    # A doubtful value of a party that says more of itself is left to what else it says.
    several = pl.len().over("party") > 1
    return found.filter((pl.col("holder") >= 0) | ~several).sort("party", *VALUE)


def _numbered(named: pl.DataFrame, holder: pl.DataFrame) -> pl.DataFrame:
    """The parties whose holder is told, with its number."""
    ended = pl.col("ends_at").is_not_null().alias("has_ended")
    return named.join(holder.select(*VALUE, "label", "holder", ended), on=[*VALUE, "label"]).select(
        "party", *VALUE, "holder", "has_ended"
    )


def holders_apart(holding: pl.DataFrame, parties: Parties, *, named: bool = False) -> list[tuple[int, int]]:
    """Pairs of parties that hold one value as two people do: the first party of each holder of a family's value.

    Args:
        holding: `Judgement.holding`.
        named: only those with a full name.
    """
    told = holding.filter(pl.col("holder") >= 0)
    if named:
        is_named = (pl.col("quality") == "full") & pl.col("name").is_not_null()
        told = told.join(parties.party.filter(is_named), on="party", how="semi")
    held = (
        told.group_by(*VALUE, "holder").agg(pl.col("party").min()).filter(pl.len().over(VALUE).is_between(2, _FAMILY))
    )
    both = held.join(held, on=VALUE, suffix="_b").filter(pl.col("holder") < pl.col("holder_b"))
    ends = pl.min_horizontal("party", "party_b").alias("a"), pl.max_horizontal("party", "party_b").alias("b")
    return list(both.select(ends).filter(pl.col("a") != pl.col("b")).unique().sort("a", "b").iter_rows())
