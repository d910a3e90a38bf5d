"""Ties: how many cards, accounts and other identifiers a value comes with, and whether it stands for nobody at all.

Belongs here: the count that gives away a clerk's phone that stands on every card, and the placeholders of the registry.
How many *names* a value comes with is `judge`'s own count, and so is the verdict.
"""

from pathlib import Path

import polars as pl

from identity.registry import Registry

VALUE = ["id_type", "id_scope", "id_value", "window"]


def is_placeholder(registry: Registry) -> pl.Expr:
    """Whether id_type and id_value are a value that stands for nobody."""
    is_any = pl.lit(False)
    for kind in registry.values():
        if kind.placeholders:
            whole = "|".join(f"(?:{_without_back_reference(pattern)})" for pattern in kind.placeholders)
            is_any = is_any | ((pl.col("id_type") == kind.name) & pl.col("id_value").str.contains(f"^(?:{whole})$"))
    return is_any


def _without_back_reference(pattern: str) -> str:
    """Polars' regular expressions have no back-references: a run of one digit is spelled out."""
    if r"\1" not in pattern:
        return pattern
    return "|".join(pattern.replace(r"(\d)\1", f"{digit}{digit}") for digit in range(10))


def limits_of_values(registry: Registry) -> pl.DataFrame:
    """Per type: how it links, and the counts past which a value is shared or blocked."""
    columns = ("links", "max_names", "block_names", "max_ids", "block_ids")
    return pl.DataFrame(
        [{"id_type": kind.name} | {name: getattr(kind, name) for name in columns} for kind in registry.values()]
    )


def ids_beside(linking: pl.DataFrame) -> pl.DataFrame:
    """How many values of one other type and scope each value comes with, on all its parties together.

    Args:
        linking: party and VALUE of identifiers that link.

    Returns:
        VALUE, n_ids, ids_type: the largest such count, and of which type; values that always come alone are absent.
    """
    several = linking.select("party", *VALUE).filter(pl.len().over("party") > 1)
    beside = several.join(several, on="party", suffix="_beside").filter(pl.col("id_type") != pl.col("id_type_beside"))
    return (
        beside.group_by(*VALUE, "id_type_beside", "id_scope_beside")
        .agg(pl.col("id_value_beside").n_unique().cast(pl.Int64).alias("n_ids"))
        .sort(*VALUE, "n_ids", "id_type_beside", descending=[False] * 4 + [True, False])
        .unique(VALUE, keep="first", maintain_order=True)
        .select(*VALUE, "n_ids", pl.col("id_type_beside").alias("ids_type"))
    )


def is_past(kind: str) -> pl.Expr:
    """Whether a value ties to more names or more ids than `max` (shared) or `block` (nobody's) allows."""
    return (pl.col("n_names") > pl.col(f"{kind}_names")) | (pl.col("n_ids") > pl.col(f"{kind}_ids"))


def too_many() -> pl.Expr:
    """Of what a value has too many, in words."""
    return (
        pl.when(pl.col("n_names") > pl.col("max_names"))
        .then(pl.format("carried by {} people's names", pl.col("n_names")))
        .otherwise(pl.format("comes with {} different values of {}", pl.col("n_ids"), pl.col("ids_type")))
    )


def with_staff_values(decided: pl.DataFrame, touchpoints: Path) -> pl.DataFrame:
    """What is said of values before any rule: a phone of the brand's staff links within a name only.

    Clerks write their own phone where a customer gives none.

    Args:
        decided: id_type, id_scope, id_value, status, reason as stewards have it; their word goes first.
        touchpoints: folder with the canonical `staff` and `identifier`.
    """
    staff = pl.scan_parquet(touchpoints / "staff.parquet").select(pl.col("phone").alias("id_value")).drop_nulls()
    theirs = (
        pl.scan_parquet(touchpoints / "identifier.parquet")
        .filter(pl.col("id_type") == "phone")
        .select("id_type", pl.col("id_scope").fill_null(""), "id_value")
        .join(staff, on="id_value", how="semi")
        .unique()
        .sort("id_scope", "id_value")
        .with_columns(pl.lit("shared").alias("status"), pl.lit("a phone of the brand's staff").alias("reason"))
        .collect()
    )
    said = ["id_type", "id_scope", "id_value"]
    return pl.concat([decided, theirs.join(decided, on=said, how="anti")])
