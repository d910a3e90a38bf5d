"""Nameless records: which holder of a value a nickname, a member without a name, or a mate of one order is.

Belongs here: labels for parties that tell no name but something else that tells holders apart. Whose the records are
that tell nothing at all is `tenure`'s matter.
"""

import polars as pl

from identity.around.ties import VALUE
from identity.names import nick_fits


def with_nicknames(placed: pl.DataFrame) -> pl.DataFrame:
    """Labels for parties without a name: by another name on the same record, by a nickname that is known or fits.

    A nickname belongs to the name that it comes with most often, on one party or on one record under one value; else to
    the one name that it is made of. So does an account that orders for several people: to whom it orders for most.
    """
    named = placed.filter(pl.col("label").is_not_null())
    nameless = placed.filter(pl.col("label").is_null() & ~pl.col("is_message"))
    beside = (
        nameless.select("party", *VALUE, "record_id", "nickname", "holds")
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
    full = named.filter("is_full").select(*VALUE, "label", pl.col("name").alias("whole"), pl.col("surname").alias("of"))
    fitting = (
        nameless.select(*VALUE, "nickname")
        .unique()
        .join(full.unique(), on=VALUE)
        .filter(nick_fits("nickname", "whole", "of"))
        .group_by(*VALUE, "nickname")
        .agg(pl.col("label").min().alias("fitting"), pl.col("label").n_unique().alias("n"))
        .filter(pl.col("n") == 1)
        .drop("n")
    )
    first = _most_beside(beside)
    top = int(placed["label"].max() or 0) + 1  # type: ignore[arg-type]  # a number, of numbers
    nicks = (
        nameless.filter(pl.col("nickname").is_not_null() & ~pl.col("is_called"))
        .select(*VALUE, "nickname")
        .unique()
        .sort(*VALUE, "nickname")
    )
    nicks = nicks.with_columns((pl.int_range(pl.len()) + top).cast(pl.Int64).alias("alone"))
    is_open = pl.col("label").is_null() & ~pl.col("is_message")
    is_torn = pl.col("party").is_in(beside["party"].unique().implode())
    mate = pl.col("label").min().over(*VALUE, "record_id")
    return (
        placed.join(known, on=[*VALUE, "nickname"], how="left")
        .join(fitting, on=[*VALUE, "nickname"], how="left")
        .join(first, on=["party", *VALUE], how="left")
        .join(nicks, on=[*VALUE, "nickname"], how="left")
        .with_columns(
            pl.when(is_open)
            .then(pl.coalesce("known", "beside", "fitting", "alone"))
            .otherwise(pl.col("label"))
            .alias("label")
        )
        .with_columns(pl.when(is_open & ~is_torn).then(pl.coalesce("label", mate)).otherwise("label").alias("label"))
        .drop("known", "beside", "fitting", "alone")
    )


def _most_beside(beside: pl.DataFrame) -> pl.DataFrame:
    """party, `VALUE`, beside: the name that most records of the party's account show beside it; none where two do.

    Args:
        beside: party, `VALUE`, holds, beside, a row per record and name.
    """
    whose = ["holds_or_own", *VALUE]
    told = beside.with_columns(pl.coalesce("holds", pl.col("party").cast(pl.String)).alias("holds_or_own"))
    counted = told.group_by(*whose, "beside").agg(pl.len().alias("n"))
    most = counted.filter(pl.col("n") == pl.col("n").max().over(whose)).filter(pl.len().over(whose) == 1)
    return told.select("party", *whose).unique().join(most, on=whose).select("party", *VALUE, "beside")


def with_own_accounts(placed: pl.DataFrame) -> pl.DataFrame:
    """Labels of their own for members without a name who cannot be any of those who are told.

    Because each of those is of the other gender, or one of them has another account in the same scheme.
    """
    labelled = placed.filter(pl.col("label").is_not_null())
    is_open = pl.col("label").is_null() & pl.col("account").is_not_null()
    member = placed.filter(is_open).select(*VALUE, "scheme", "account", "gender").unique()
    theirs = labelled.drop_nulls("scheme")
    second = (
        member.join(theirs.select(*VALUE, "scheme").unique(), on=[*VALUE, "scheme"], how="semi")
        .join(theirs.select(*VALUE, "account").unique(), on=[*VALUE, "account"], how="anti")
        .select(*VALUE, "account")
    )
    told = labelled.group_by(VALUE).agg(
        pl.col("gender").drop_nulls().first().alias("gender_h"), pl.col("gender").drop_nulls().n_unique().alias("n")
    )
    other = member.join(told.filter(pl.col("n") == 1), on=VALUE).filter(pl.col("gender") != pl.col("gender_h"))
    top = int(placed["label"].max() or 0) + 1  # type: ignore[arg-type]  # a number, of numbers
    own = pl.concat([second, other.select(*VALUE, "account")]).unique().sort(*VALUE, "account")
    own = own.with_columns((pl.int_range(pl.len()) + top).cast(pl.Int64).alias("own"))
    return (
        placed.join(own, on=[*VALUE, "account"], how="left", maintain_order="left")
        .with_columns(pl.when(is_open).then("own").otherwise("label").alias("label"))
        .drop("own")
    )
