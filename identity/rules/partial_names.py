"""Partial names: whose full name a masked name, a title or a surname in a note belongs to, at one value.

Belongs here: the fit of parts of names to the whole names beside them. A family has one number and one surname, so that
a part of a name is somebody's only where one person alone can be meant and nothing else speaks for another of them.
"""

import polars as pl

from identity.graph import connected
from identity.rules.tenure import SEASON_DAYS

# How far apart a surname in a note and a full name may be seen and still be one person's: who notes down a surname has
# somebody in mind, and another year it may be another of the family.
NOTE_DAYS = SEASON_DAYS
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
    among = both.join(rest.drop("is_whole"), left_on="other", right_on="partial_h").filter(~_speaks_against())
    among = among.join(fitting, on="partial", how="anti")
    alone = connected(len(names), among["partial"].to_numpy(), among["other"].to_numpy())
    return (
        names.join(fitting.rename({"partial": "node"}), on="node", how="left", maintain_order="left")
        .with_columns(pl.Series("alone", alone) + len(names))
        .with_columns(
            pl.coalesce("fitting", pl.when(~pl.col("is_whole")).then("alone").otherwise("label")).alias("label")
        )
        .drop("fitting", "alone")
    )


def _fitting(both: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """partial, fitting: the label of the one whole name that each partial name can be; absent where there are several.

    Where several can be, the one that goes by the same nickname is.
    """
    whole = names.filter("is_whole")
    told = whole.group_by("label").agg(
        pl.when(pl.col("gender").drop_nulls().n_unique() == 1).then(pl.col("gender").drop_nulls().first()),
        pl.col("from").min(),
        pl.col("until").max(),
        *(pl.col(c).explode().drop_nulls().unique() for c in ("nicknames", "schemes", "accounts")),
        pl.col("is_noted").all(),
        pl.col("has_other").all(),
    )
    host = both.join(whole.select(pl.col("node").alias("other"), "label"), on="other").drop("other").unique()
    host = host.join(told.rename({c: f"{c}_h" for c in ("is_noted", *TOLD)}), on="label").filter(~_speaks_against())
    same_nick = _share("nicknames").alias("same_nick")
    best = host.with_columns(same_nick).filter(pl.col("same_nick") == pl.col("same_nick").any().over("partial"))
    single = best.filter(pl.col("label").n_unique().over("partial") == 1)
    return single.select("partial", pl.col("label").alias("fitting")).unique()


def _speaks_against() -> pl.Expr:
    """Whether what two names say beside themselves makes two people of them; the other side's columns end in `_h`.

    Another gender; a note of another season; each with a nickname, and none in common; two accounts in one scheme; a
    value of their own beside, so that this one may be lent to them.
    """
    apart = pl.max_horizontal(pl.col("from") - pl.col("until_h"), pl.col("from_h") - pl.col("until"))
    signs = (
        pl.col("gender") != pl.col("gender_h"),
        (pl.col("is_noted") | pl.col("is_noted_h")) & (apart > pl.duration(days=NOTE_DAYS)),
        ~_share("nicknames") & (pl.col("nicknames").list.len() > 0) & (pl.col("nicknames_h").list.len() > 0),
        _share("schemes") & ~_share("accounts"),
        pl.col("has_other_h") & (pl.col("schemes_h").list.len() == 0) & (pl.col("schemes").list.len() > 0),
        pl.col("has_other") & ~pl.col("has_other_h"),
    )
    return pl.any_horizontal(*(sign.fill_null(False) for sign in signs))


def _share(column: str) -> pl.Expr:
    return pl.col(column).list.set_intersection(pl.col(f"{column}_h")).list.len() > 0
