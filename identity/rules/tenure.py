"""Tenure: since when and until when each holder of a value has it, and whose the records are that tell no name.

Belongs here: time. Who the holders are is `holders`' matter. A number is somebody's from the first trace on; it is
passed on where the network reports it out of service, or nothing is heard of it for its lifetime, between the last
trace of the one and the first of the next.
"""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from identity.around.ties import VALUE
from identity.registry import IdentifierType

# The holders of what cannot be told to be anybody's: among several, and before the first.
IN_DOUBT, BEFORE = -1, -2
# Two descriptions under one value, seen within so many days of each other, are taken for one person's.
SEASON_DAYS = 120
# A name that a colleague noted down is no sign of a second holder.
NOTED = "derived"


_FOREVER = pl.Series(["2999-01-01"]).str.to_datetime(time_unit="us")[0]


def holders(placed: pl.DataFrame, registry: Mapping[str, IdentifierType]) -> pl.DataFrame:
    """The holders of each value: `VALUE`, label, holder, first_at, last_at, gave_at, kept_until, is_strong, ends_at."""
    labelled = placed.filter(pl.col("label").is_not_null())
    is_strong = pl.col("is_full") | (pl.col("quality").is_not_null() & (pl.col("quality") != NOTED))
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
        pl.col("gender").drop_nulls().min().alias("gender"),
        pl.col("gender").drop_nulls().n_unique().alias("n_genders"),
        pl.col("has_other").any(),
        pl.col("nickname").drop_nulls().n_unique().alias("n_nicks"),
        pl.col("is_called").all(),
        pl.min_horizontal(pl.col("at").filter("is_met").min(), pl.col("gave_at").min()).alias("met_from"),
        pl.col("at").filter("is_met").max().alias("met_until"),
    )
    grouped = _with_followers(grouped, placed.filter("is_full").select("name", "surname").unique())
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


def _with_followers(grouped: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """A nickname seen in the season of the only one who tells a name is that holder's.

    Unless it is a name itself, or a given name, or of the other gender; or that holder goes by another nickname, or has
    another value of their own, so that this one may be lent to them. Years apart the number may have changed hands, or
    served another of the family (measured on the simulator: one person in 98 of 100 cases within a season, 6 of 10
    beyond a year).
    """
    is_open = pl.col("is_strong") & ~pl.col("has_other") & (pl.col("n_nicks") == 0)
    alone = grouped.filter(pl.col("is_strong").sum().over(VALUE) == 1, is_open)
    host = alone.select(
        *VALUE,
        pl.col("label").alias("host"),
        pl.col("met_from").alias("host_from"),
        pl.col("met_until").alias("host_until"),
        pl.when(pl.col("n_genders") == 1).then("gender").alias("host_gender"),
    )
    apart = pl.max_horizontal(pl.col("met_from") - pl.col("host_until"), pl.col("host_from") - pl.col("met_until"))
    is_other = (pl.when(pl.col("n_genders") == 1).then("gender") != pl.col("host_gender")).fill_null(False)
    is_near = apart <= pl.duration(days=SEASON_DAYS)
    nick = pl.col("least_nick")
    given = names.select(pl.col("name").str.strip_prefix(pl.col("surname"))).to_series()
    given = given.filter(given.str.contains(r"^\p{Han}{2}$"))
    is_whole = nick.str.contains(r"^\p{Han}{2,3}$") & nick.str.slice(0, 1).is_in(_bag(names["surname"]))
    is_name = is_whole | nick.is_in(_bag(given))
    follows = (
        ~pl.col("is_called") & ~pl.col("is_strong") & pl.col("least_name").is_null() & is_near & ~is_name & ~is_other
    )
    return (
        grouped.join(host, on=VALUE, how="left")
        .with_columns(pl.when(follows.fill_null(False)).then(pl.col("host")).otherwise(pl.col("label")).alias("joined"))
        .drop("host", "host_from", "host_until", "host_gender")
    )


def _bag(values: pl.Series) -> pl.Series:
    return values.drop_nulls().unique().implode()


def whose(silent: pl.DataFrame, holder: pl.DataFrame) -> pl.DataFrame:
    """Whose the records are that tell nothing but the value.

    What the brand sent went to who had given it the value by then; anything else to the one holder there was, if it is
    of the season of their traces. Among several it stays in doubt, but where the others have passed the value on. What
    stays in doubt between the same people is one holder's, what is in doubt between others another's.
    """
    merged = (
        holder.group_by(*VALUE, "holder")
        .agg(
            pl.col("first_at", "gave_at").min(),
            pl.col("last_at").max(),
            pl.col("kept_until", "ends_at", "until", "is_reported").max(),
            pl.col("is_strong").any(),
            pl.when(pl.col("gender").drop_nulls().n_unique() == 1).then(pl.col("gender").drop_nulls().first()),
            pl.col("n_genders").max(),
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
    # Somebody whom we do not see had given it before, and may be written to all the same.
    first = pl.col("first_at").min().over(VALUE)
    was_given = (pl.col("is_message") & (at < first)).any().over(VALUE)
    gave = gave & ~was_given.fill_null(False)
    since = pl.when("is_message").then("first_at").otherwise("starts_at")
    # The brand goes on writing to who had given it; where two have, the former's turn ends when the network says so.
    flags = {
        "gave": gave,
        "gave_since": gave & (is_now | ~pl.col("is_reported")),
        "seen": pl.col("is_strong") & (since <= at) & is_now,
        "there": (since <= at) & is_now,
        "any": pl.col("holder").is_not_null(),
    }
    # Where nobody gave the number in the clear, the brand had it from where we do not see, and of the one who is seen:
    # unless the network says that it was out of service in between.
    was_out = (~pl.col("in_service")).any().over(VALUE)
    has_giver = pl.col("gave_at_h").is_not_null().any().over(VALUE)
    is_near = first - at.filter(at < first).max().over(VALUE) <= pl.duration(days=SEASON_DAYS)
    is_known = ~was_out.fill_null(False) & ~has_giver & is_near.fill_null(False)
    each = silent.join(merged, on=VALUE, how="left", suffix="_h").with_columns(
        ((since <= at).fill_null(False) | is_known).alias("is_after"),
        *(flag.fill_null(False).alias(name) for name, flag in flags.items()),
    )
    chosen = each.group_by("party", *VALUE).agg(
        pl.col("is_message").first(),
        pl.col("is_after").any(),
        *(pl.col(name).sum().alias(f"n_{name}") for name in flags),
        *(pl.when(pl.col(name)).then("holder").max().alias(name) for name in flags),
        pl.col("holder").filter(pl.col("gave")).sort().cast(pl.String).str.join(" ").alias("givers"),
    )
    whose = (
        pl.when(pl.col("n_any") == 0).then(0)
        .when(pl.col("n_gave") == 1).then("gave")
        .when(pl.col("n_gave_since") == 1).then("gave_since")
        .when(pl.col("n_gave") > 1).then(IN_DOUBT)
        .when(pl.col("n_seen") == 1).then("seen")
        .when(pl.col("n_seen") > 1).then(IN_DOUBT)
        .when(pl.col("is_message") & ~pl.col("is_after")).then(BEFORE)
        .when(pl.col("is_message") & (pl.col("n_there") == 1)).then("there")
        .when(pl.col("n_any") == 1).then("any")
        .otherwise(IN_DOUBT)
    )  # fmt: skip
    found = chosen.select("party", *VALUE, "is_message", "givers", whose.cast(pl.Int64).alias("holder"))
    said = silent.select("party", *VALUE, "at", "gender")
    at_the_time = _unless_anothers(found.join(said, on=["party", *VALUE]), merged)
    return _doubts_apart(at_the_time).select("party", *VALUE, "holder", pl.lit(False).alias("has_ended"))


def _unless_anothers(found: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """What stays in doubt all the same: a nameless record of another season or gender than its holder.

    Not of another season, where the holder had given the value.
    """
    single = pl.when(pl.col("n_genders") == 1).then("gender").alias("gender_h")
    span = merged.select(*VALUE, "holder", "first_at", "last_at", "gave_at", "kept_until", single)
    season = pl.duration(days=SEASON_DAYS)
    at = pl.col("at")
    is_near = at.is_between(pl.col("first_at") - season, pl.col("last_at") + season)
    is_given = (pl.col("gave_at") <= at) & (pl.col("kept_until").fill_null(_FOREVER) > at)
    is_far = ~pl.col("is_message") & (~is_near).fill_null(False) & ~is_given.fill_null(False)
    is_other = (pl.col("gender") != pl.col("gender_h")).fill_null(False)
    return found.join(span, on=[*VALUE, "holder"], how="left").with_columns(
        pl.when(is_far | is_other).then(IN_DOUBT).otherwise("holder").alias("holder")
    )


def _doubts_apart(found: pl.DataFrame) -> pl.DataFrame:
    """A number of its own, from `IN_DOUBT` down, for each set of people who had given the value."""
    in_doubt = (
        found.filter(pl.col("holder") == IN_DOUBT)
        .select(*VALUE, "givers")
        .unique()
        .with_columns(_turn().alias("turn"))
        .with_columns(pl.lit(IN_DOUBT, pl.Int64).alias("holder"))
    )
    later = pl.when(pl.col("turn") > 0).then(BEFORE - pl.col("turn")).otherwise("holder")
    return found.join(in_doubt, on=[*VALUE, "givers", "holder"], how="left").with_columns(later.alias("holder"))


def _turn() -> pl.Expr:
    """0 for the first set of people at each value, and where nobody had given it."""
    given = pl.when(pl.col("givers") != "").then("givers")
    return (given.rank("dense").over(VALUE).cast(pl.Int64) - 1).fill_null(0)
