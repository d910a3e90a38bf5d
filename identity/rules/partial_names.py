"""Partial names: whose full name a masked name, a title or a surname in a note belongs to, at one value.

Belongs here: the fit of parts of names to the whole names beside them. A family has one number and one surname, so that
a part of a name is somebody's only where one person alone can be meant and nothing else speaks for another of them.
"""

import numpy as np
import polars as pl

from identity.graph import Keys, connected
from identity.rules.tenure import SEASON_DAYS

# Beyond a season, what a mask, a title or a note shows fits another of the family too often for a sure link, and so
# does a name with one character changed (measured on the simulator: one person in 97 to 99 of 100 cases within it, in
# 92 and 73 beyond). What else two such records have in common may still join them, by its weight.
SLIPS = ("one_character", "typo")
# What names say beside themselves, gathered under one value.
TOLD = ("gender", "from", "until", "nicknames", "schemes", "accounts", "has_other")


def attach_partial_names(names: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Partial names join the one full name that they fit, else each other.

    Args:
        names: `VALUE`, node, label (of whole names that agree), is_whole, is_noted and `TOLD` of every name.
        pairs: node, node_r, agreement of the names at one value.

    Returns:
        `names`, with the label of each.
    """
    loose = pairs.filter(pl.col("agreement").is_in(["masked", "surname"]))
    both = pl.concat(
        [
            loose.select(pl.col("node").alias("partial"), pl.col("node_r").alias("other")),
            loose.select(pl.col("node_r").alias("partial"), pl.col("node").alias("other")),
        ]
    )
    part = names.select(pl.col("node").alias("partial"), "is_whole", "is_noted", *TOLD)
    both = both.join(part.filter(~pl.col("is_whole")).drop("is_whole"), on="partial")
    fitting = _fitting(both, names)
    # Partial names that fit no full name are one holder where they fit each other.
    rest = part.filter(~pl.col("is_whole")).rename({c: f"{c}_h" for c in ("partial", "is_noted", *TOLD)})
    among = both.join(rest.drop("is_whole"), left_on="other", right_on="partial_h")
    among = among.with_columns(_is_another("_h").alias("is_against"), _is_too_far("_h").alias("is_far"))
    fitting = _unless_two(fitting, among)
    open_ones = among.join(fitting, on="partial", how="anti").join(
        fitting, left_on="other", right_on="partial", how="anti"
    )
    alone = _together(len(names), open_ones)
    return (
        names.join(fitting.rename({"partial": "node"}), on="node", how="left", maintain_order="left")
        .with_columns(pl.Series("alone", alone) + len(names))
        .with_columns(
            pl.coalesce("fitting", pl.when(~pl.col("is_whole")).then("alone").otherwise("label")).alias("label")
        )
        .drop("fitting", "alone")
    )


def _fitting(both: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """The label of the one whole name that each partial name can be; absent where there are several.

    Where several can be, the one that goes by the same nickname is. A name of another season is no other's reason to
    be joined: whom a note means stays open.

    Returns:
        partial, is_noted, same_nick, fitting.
    """
    whole = names.filter("is_whole")
    told = whole.group_by("label").agg(
        pl.when(pl.col("gender").drop_nulls().n_unique() == 1).then(pl.col("gender").drop_nulls().first()),
        pl.col("from").min(),
        pl.col("until").max(),
        *(pl.col(c).explode().drop_nulls().unique() for c in ("nicknames", "schemes", "accounts")),
        pl.col("name").unique().alias("names_h"),
        pl.col("is_noted").all(),
        pl.col("has_other").all(),
    )
    host = both.join(whole.select(pl.col("node").alias("other"), "label"), on="other").drop("other").unique()
    host = host.join(told.rename({c: f"{c}_h" for c in ("is_noted", *TOLD)}), on="label")
    # Who goes by their own name on one account is 刘女士 on it too.
    is_called_so = pl.col("nicknames").list.set_intersection("names_h").list.len() > 0
    host = host.filter(is_called_so | ~_is_another("_h")).with_columns(
        (is_called_so | _share("nicknames", "_h")).alias("same_nick")
    )
    best = host.filter(pl.col("same_nick") == pl.col("same_nick").any().over("partial"))
    is_single = pl.col("label").n_unique().over("partial") == 1
    single = best.filter(is_single & (is_called_so | ~_is_too_far("_h")))
    return single.select("partial", "is_noted", "same_nick", pl.col("label").alias("fitting")).unique()


def _unless_two(fitting: pl.DataFrame, among: pl.DataFrame) -> pl.DataFrame:
    """partial, fitting, without the parts that speak against a better one of the same whole name, or one as good.

    Better is who shares a nickname with it; then what a source tells, before what a colleague noted.
    """
    rank = pl.col("same_nick").cast(pl.Int8) * 2 - pl.col("is_noted").cast(pl.Int8)
    placed = fitting.select("partial", "fitting", rank.alias("rank"))
    other = placed.select(pl.col("partial").alias("other"), "fitting", pl.col("rank").alias("rank_o"))
    two = (
        among.filter("is_against")
        .select("partial", "other")
        .join(placed, on="partial")
        .join(other, on=["other", "fitting"])
        .filter(pl.col("rank") <= pl.col("rank_o"))
    )
    return placed.join(two, on="partial", how="anti").select("partial", "fitting")


def _together(n: int, among: pl.DataFrame) -> Keys:
    """Labels of the parts of names that fit each other; where two of them speak against each other, each is alone."""
    agreed = among.filter(~pl.col("is_against") & ~pl.col("is_far"))
    label = connected(n, agreed["partial"].to_numpy(), agreed["other"].to_numpy())
    against = among.filter("is_against")
    a, b = label[against["partial"].to_numpy()], label[against["other"].to_numpy()]
    return np.where(np.isin(label, a[a == b]), n + np.arange(n), label)


def is_slip_of_two() -> pl.Expr:
    """Whether a name with one character changed is another person's, of the two sides of pairs (the right one's `_r`).

    A slip of the pen is of the same season, or comes with the same nickname, account or birth date; and nothing speaks
    against it.
    """
    are_born = (pl.col("birth_dates").list.len() > 0) & (pl.col("birth_dates_r").list.len() > 0)
    is_born = _share("birth_dates", "_r")
    is_other = _is_another("_r") | (are_born & ~is_born)
    return pl.col("agreement").is_in(SLIPS) & (is_other | (_is_too_far("_r") & ~is_born))


def _is_another(side: str) -> pl.Expr:
    """Whether what two names say beside themselves makes two people of them.

    Another gender; each with a nickname, and none in common; two accounts in one scheme; a value of their own beside,
    so that this one may be lent to them.

    Args:
        side: how the other side's columns end.
    """
    nicks = pl.col("nicknames").list.len(), pl.col(f"nicknames{side}").list.len()
    signs = (
        pl.col("gender") != pl.col(f"gender{side}"),
        ~_share("nicknames", side) & (nicks[0] > 0) & (nicks[1] > 0),
        _share("schemes", side) & ~_share("accounts", side),
        pl.col(f"has_other{side}") & (pl.col(f"schemes{side}").list.len() == 0) & (pl.col("schemes").list.len() > 0),
        pl.col("has_other") & ~pl.col(f"has_other{side}"),
    )
    return pl.any_horizontal(*(sign.fill_null(False) for sign in signs))


def _is_too_far(side: str) -> pl.Expr:
    """Whether two names are seen too far apart to be one person's with nothing else in common."""
    # Who notes down a surname has somebody in mind, and another year it may be another of the family.
    is_noted = pl.col("is_noted") | pl.col(f"is_noted{side}")
    is_tied = ~is_noted & (_share("nicknames", side) | _share("accounts", side))
    return ((_apart(side) > pl.duration(days=SEASON_DAYS)) & ~is_tied).fill_null(False)


def _apart(side: str) -> pl.Expr:
    """The time between the sights of two names; negative where they overlap."""
    return pl.max_horizontal(pl.col("from") - pl.col(f"until{side}"), pl.col(f"from{side}") - pl.col("until"))


def _share(column: str, side: str) -> pl.Expr:
    return pl.col(column).list.set_intersection(pl.col(f"{column}{side}")).list.len() > 0
