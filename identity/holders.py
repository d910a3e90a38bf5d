"""Holders: which person's each value is, where several people have used it, together or one after the other.

Belongs here: the grouping of what is said beside one value (names, parts of names, nicknames) into holders, and whose
the records are that say nothing. Whether a value links at all is `judge`'s matter.

What tells holders apart, from the strongest: the names; one record that names somebody twice under one number (an
account and the receiver of its order); a nickname that comes with a name elsewhere; who had given the number to the
brand when the brand wrote to it; and time, where one holder's traces end before the next one's begin.
"""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from identity.graph import connected
from identity.names import FULL_AGREEMENTS, agreements
from identity.parties import Parties
from identity.registry import IdentifierType
from identity.ties import VALUE

# The holders of what cannot be told to be anybody's: among several, and before the first.
IN_DOUBT, BEFORE = -1, -2
NAME = ["name", "quality", "surname", "name_pinyin"]
# The brand wrote to the value: nothing that its holder did.
_WRITTEN_TO = "message"
# A name that a colleague noted down is no sign of a second holder.
_NOTED = "derived"


def mentions(linking: pl.DataFrame, parties: Parties) -> pl.DataFrame:
    """One row per party and linking value, with what the party says of itself.

    Args:
        linking: party, `VALUE`, links, valid_to of the identifiers that link.

    Returns:
        party, `VALUE`, links, record_id, at, `NAME` and is_full (null and false without a usable name), nickname,
        is_message, gave_at (when the party gave the brand this value as a member), kept_until (null: until now).
    """
    is_named = pl.col("name").is_not_null() & (pl.col("quality") != "nick")
    is_member = (pl.col("role") == "member") & (pl.col("record_type") == "customer")
    # A list without dates says that somebody is a member, not since when.
    gave_at = pl.when(is_member & ~pl.col("is_dated")).then(pl.lit(_EVER)).when(is_member).then(pl.col("seen_at"))
    party = parties.party.select(
        "party",
        "record_id",
        pl.col("seen_at").alias("at"),
        *(pl.when(is_named).then(pl.col(c)).alias(c) for c in NAME),
        (is_named & (pl.col("quality") == "full")).fill_null(False).alias("is_full"),
        "nickname",
        (pl.col("record_type") == _WRITTEN_TO).alias("is_message"),
        "in_service",
        gave_at.cast(pl.Datetime("us")).alias("gave_at"),
    )
    said = linking.select("party", *VALUE, "links", pl.col("valid_to").alias("kept_until"))
    return said.join(party, on="party").sort("party", *VALUE)


_EVER = pl.Series(["1900-01-01"]).str.to_datetime(time_unit="us")[0]


def name_groups(said: pl.DataFrame) -> pl.DataFrame:
    """The names at each value, grouped into holders.

    Args:
        said: `mentions`.

    Returns:
        `VALUE`, `NAME`, is_full, label (dense over all values, equal for the names of one holder), n.
    """
    names = (
        said.filter(pl.col("name").is_not_null())
        .group_by(*VALUE, *NAME, "is_full")
        .agg(pl.len().alias("n"))
        .sort(*VALUE, *NAME)
        .with_row_index("node")
    )
    several = names.filter(pl.len().over(VALUE) > 1)
    pairs = several.join(several, on=VALUE, suffix="_r").filter(pl.col("node") < pl.col("node_r"))
    if pairs.is_empty():
        return names.with_columns(pl.col("node").cast(pl.Int64).alias("label")).drop("node")
    pairs = pairs.with_columns(agreements(pairs.rename({c: f"{c}_l" for c in NAME})).alias("agreement"))
    firm = pairs.filter(pl.col("agreement").is_in(FULL_AGREEMENTS))
    label = connected(len(names), firm["node"].to_numpy(), firm["node_r"].to_numpy())
    return _attach_partial_names(names.with_columns(pl.Series("label", label)), pairs).drop("node")


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
    placed = said.join(names.select(*VALUE, *NAME, "label"), on=[*VALUE, *NAME], how="left", nulls_equal=True)
    placed = placed.join(status, on=VALUE)
    # An account (not a phone or e-mail) stays one person's until it carries too many names.
    is_account = (pl.col("links") == "always") & (pl.col("status") == "ok")
    accounts = placed.filter(is_account).select("party", *VALUE, pl.lit(0, pl.Int64).alias("holder"))
    placed = placed.filter(~is_account)
    placed = _with_nicknames(placed)
    holder = _holders(placed, registry)
    named = _numbered(placed.filter(pl.col("label").is_not_null()), holder)
    silent = placed.filter(pl.col("label").is_null() & (pl.col("status") == "ok"))
    spoken = _whose(silent, holder)
    found = pl.concat([accounts.with_columns(pl.lit(False).alias("has_ended")), named, spoken])
    # A doubtful value of a party that says more of itself is left to what else it says.
    several = pl.len().over("party") > 1
    return found.filter((pl.col("holder") >= 0) | ~several).sort("party", *VALUE)


def _with_nicknames(placed: pl.DataFrame) -> pl.DataFrame:
    """Labels for parties without a name: by another name on the same record, by a nickname that is known.

    A nickname belongs to the name that it comes with most often, on one party or on one record under one value.
    """
    named = placed.filter(pl.col("label").is_not_null())
    nameless = placed.filter(pl.col("label").is_null() & ~pl.col("is_message"))
    beside = (
        nameless.select("party", *VALUE, "record_id", "nickname")
        .join(named.select(*VALUE, "record_id", pl.col("label").alias("beside")), on=[*VALUE, "record_id"])
        .sort("party", *VALUE, "beside")
    )
    own = named.filter(pl.col("nickname").is_not_null()).select(*VALUE, "nickname", pl.col("label").alias("beside"))
    known = (
        pl.concat([own, beside.filter(pl.col("nickname").is_not_null()).select(own.columns)])
        .group_by(*VALUE, "nickname", "beside")
        .agg(pl.len().alias("n"))
        .sort(*VALUE, "nickname", "n", "beside", descending=[False] * 5 + [True, False])
        .unique([*VALUE, "nickname"], keep="first", maintain_order=True)
        .select(*VALUE, "nickname", pl.col("beside").alias("known"))
    )
    first = beside.unique(["party", *VALUE], keep="first", maintain_order=True).select("party", *VALUE, "beside")
    top = int(placed["label"].max() or 0) + 1  # type: ignore[arg-type]
    nicks = (
        nameless.filter(pl.col("nickname").is_not_null()).select(*VALUE, "nickname").unique().sort(*VALUE, "nickname")
    )
    nicks = nicks.with_columns((pl.int_range(pl.len()) + top).cast(pl.Int64).alias("alone"))
    is_open = pl.col("label").is_null() & ~pl.col("is_message")
    return (
        placed.join(known, on=[*VALUE, "nickname"], how="left")
        .join(first, on=["party", *VALUE], how="left")
        .join(nicks, on=[*VALUE, "nickname"], how="left")
        .with_columns(
            pl.when(is_open).then(pl.coalesce("known", "beside", "alone")).otherwise(pl.col("label")).alias("label")
        )
        .drop("known", "beside", "alone")
    )


def _holders(placed: pl.DataFrame, registry: Mapping[str, IdentifierType]) -> pl.DataFrame:
    """The holders of each value: `VALUE`, label, holder, first_at, last_at, gave_at, kept_until, is_strong, ends_at."""
    labelled = placed.filter(pl.col("label").is_not_null())
    is_strong = pl.col("is_full") | (pl.col("quality").is_not_null() & (pl.col("quality") != _NOTED))
    grouped = labelled.group_by(*VALUE, "label").agg(
        pl.min_horizontal(pl.col("at"), pl.col("gave_at")).min().alias("first_at"),
        pl.col("at").max().alias("last_at"),
        pl.col("gave_at").min(),
        # The number stays theirs if any card of theirs still shows it.
        pl.when(pl.col("gave_at").is_not_null())
        .then(pl.col("kept_until").fill_null(_FOREVER))
        .max()
        .alias("kept_until"),
        pl.col("is_full").any(),
        is_strong.any().alias("is_strong"),
        pl.col("name").min().alias("least_name"),
        pl.col("nickname").min().alias("least_nick"),
    )
    grouped = _with_followers(grouped)
    lifetime = {kind.name: timedelta(days=kind.lifetime_days) for kind in registry.values() if kind.lifetime_days}
    silence = pl.col("id_type").replace_strict(lifetime, default=None, return_dtype=pl.Duration("us"))
    order = ["first_at", "least_name", "least_nick", "label"]
    numbered = grouped.sort(*VALUE, *order, nulls_last=True).with_columns(
        pl.int_range(pl.len()).over(VALUE).cast(pl.Int64).alias("number")
    )
    holder = numbered.with_columns(pl.col("number").min().over(*VALUE, "joined").alias("holder"))
    return holder.join(_passed_on(placed, holder, silence), on=[*VALUE, "holder"], how="left")


def _passed_on(placed: pl.DataFrame, holder: pl.DataFrame, silence: pl.Expr) -> pl.DataFrame:
    """Holders who have passed the value on: `VALUE`, holder, ends_at, until (the next one's first sight), is_reported.

    All their traces lie before the next one's first, and in between the network reported the number out of service, or
    nothing was heard of it for its lifetime. A message that arrived says that the number was in service.
    """
    spans = (
        holder.group_by(*VALUE, "holder")
        .agg(pl.col("first_at").min(), pl.col("last_at").max())
        .sort(*VALUE, "first_at", "holder")
        .with_columns(pl.col("last_at").cum_max().over(VALUE), pl.col("first_at").shift(-1).over(VALUE).alias("until"))
        .filter(pl.col("last_at") < pl.col("until"))
        .select(*VALUE, "holder", "last_at", "until")
    )
    heard = placed.filter(pl.col("label").is_null() & (~pl.col("is_message") | pl.col("in_service").is_not_null()))
    between = (
        heard.select(*VALUE, "at", "in_service")
        .join(spans, on=VALUE)
        .filter(pl.col("at").is_between("last_at", "until"))
        .with_columns(pl.col("in_service").fill_null(True))
    )
    ends = [spans.select(*VALUE, "holder", pl.col(end).alias("at")) for end in ("last_at", "until")]
    signs = pl.concat([between.filter("in_service").select(*VALUE, "holder", "at"), *ends]).unique()
    previous = pl.col("at").shift(1).over(*VALUE, "holder")
    gaps = signs.sort(*VALUE, "holder", "at").with_columns((pl.col("at") - previous).alias("gap"))
    silent = gaps.filter(pl.col("gap") >= silence).group_by(*VALUE, "holder").agg(pl.col("at").min().alias("ends_at"))
    # The number was given out again after the last report, and before the first sign that follows.
    reported = (
        between.filter(~pl.col("in_service"))
        .group_by(*VALUE, "holder")
        .agg(pl.col("at").max().alias("reported_at"))
        .join(gaps.select(*VALUE, "holder", "at"), on=[*VALUE, "holder"])
        .filter(pl.col("at") > pl.col("reported_at"))
        .group_by(*VALUE, "holder")
        .agg(pl.col("at").min().alias("reported_end"))
    )
    return (
        spans.join(silent, on=[*VALUE, "holder"], how="left")
        .join(reported, on=[*VALUE, "holder"], how="left")
        .with_columns(pl.col("reported_end").is_not_null().alias("is_reported"))
        .select(*VALUE, "holder", pl.coalesce("reported_end", "ends_at").alias("ends_at"), "until", "is_reported")
        .drop_nulls("ends_at")
    )


_FOREVER = pl.Series(["2999-01-01"]).str.to_datetime(time_unit="us")[0]


def _with_followers(grouped: pl.DataFrame) -> pl.DataFrame:
    """A nickname, or a name in a note, seen only since there was one holder is that holder's."""
    alone = grouped.filter(pl.col("is_strong").sum().over(VALUE) == 1, pl.col("is_strong"))
    host = alone.select(*VALUE, pl.col("label").alias("host"), pl.col("first_at").alias("host_from"))
    follows = ~pl.col("is_strong") & pl.col("least_name").is_null() & (pl.col("first_at") >= pl.col("host_from"))
    return (
        grouped.join(host, on=VALUE, how="left")
        .with_columns(pl.when(follows.fill_null(False)).then(pl.col("host")).otherwise(pl.col("label")).alias("joined"))
        .drop("host", "host_from")
    )


def _numbered(named: pl.DataFrame, holder: pl.DataFrame) -> pl.DataFrame:
    """The parties whose holder is told, with its number."""
    ended = pl.col("ends_at").is_not_null().alias("has_ended")
    return named.join(holder.select(*VALUE, "label", "holder", ended), on=[*VALUE, "label"]).select(
        "party", *VALUE, "holder", "has_ended"
    )


def _whose(silent: pl.DataFrame, holder: pl.DataFrame) -> pl.DataFrame:
    """Whose the records are that tell nothing but the value.

    What the brand sent went to who had given it the value by then; anything else to the one holder there was. Among
    several it stays in doubt, but where the others have passed the value on.
    """
    merged = (
        holder.group_by(*VALUE, "holder")
        .agg(
            pl.col("first_at", "gave_at").min(),
            pl.col("kept_until", "ends_at", "until", "is_reported").max(),
            pl.col("is_strong").any(),
        )
        .sort(*VALUE, "first_at", "holder")
        .with_columns(
            pl.coalesce(pl.col("ends_at").shift(1).over(VALUE), "first_at").alias("starts_at"),
            pl.col("is_reported").fill_null(False),
        )
    )
    at = pl.col("at")
    # What was sent before the next one was known was meant for the former.
    ends = pl.when("is_message").then("until").otherwise("ends_at")
    is_now = ends.is_null() | (ends > at)
    gave = pl.col("is_message") & (pl.col("gave_at_h") <= at) & (pl.col("kept_until_h").fill_null(_FOREVER) > at)
    since = pl.when("is_message").then("first_at").otherwise("starts_at")
    # Silence alone does not take a number from a member: who had given it stays the one who is written to, until the
    # next has given it too.
    flags = {
        "gave": gave & (is_now | ~pl.col("is_reported")),
        "gave_now": gave & is_now,
        "seen": pl.col("is_strong") & (since <= at) & is_now,
        "strong": pl.col("is_strong"),
        "any": pl.col("holder").is_not_null(),
    }
    each = silent.join(merged, on=VALUE, how="left", suffix="_h").with_columns(
        (since <= at).fill_null(False).alias("is_after"),
        *(flag.fill_null(False).alias(name) for name, flag in flags.items()),
    )
    chosen = each.group_by("party", *VALUE).agg(
        pl.col("is_message").first(),
        pl.col("is_after").any(),
        *(pl.col(name).sum().alias(f"n_{name}") for name in flags),
        *(pl.when(pl.col(name)).then("holder").max().alias(name) for name in flags),
    )
    whose = (
        pl.when(pl.col("n_any") == 0).then(0)
        .when(pl.col("n_gave") == 1).then("gave")
        .when(pl.col("n_gave_now") == 1).then("gave_now")
        .when(pl.col("n_gave") > 1).then(IN_DOUBT)
        .when(pl.col("n_seen") == 1).then("seen")
        .when(pl.col("n_seen") > 1).then(IN_DOUBT)
        .when(pl.col("is_message") & ~pl.col("is_after")).then(BEFORE)
        .when(pl.col("n_strong") == 1).then("strong")
        .when(pl.col("n_any") == 1).then("any")
        .otherwise(IN_DOUBT)
    )  # fmt: skip
    return chosen.select("party", *VALUE, whose.cast(pl.Int64).alias("holder"), pl.lit(False).alias("has_ended"))
