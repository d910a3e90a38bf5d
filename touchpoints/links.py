"""Explicit links between identifiers: the file itself says that an anonymous one and a known one were one person's.

A login on a device, a `track_signup`, a portal that a visitor opened with a phone. Whose a device then is, and from
when to when, is identity's to say; what two identifiers of one party mean needs no link.
"""

from dataclasses import replace

import polars as pl

from touchpoints.batch import Batch, evaluate, gathered, where
from touchpoints.contract import Link
from touchpoints.parties import identifier_rows

_ID = ("id_type", "id_scope", "id_value")


def links(batch: Batch) -> pl.DataFrame:
    """The table `identity_link` of a batch: one row for each pair of identifiers that a record says belong together."""
    table = gathered([_link(batch, link) for link in batch.contract.links], "identity_link")
    key = ["record_id", "role", "from_type", "from_scope", "from_value", "to_type", "to_scope", "to_value"]
    return table.unique(key, keep="first", maintain_order=True)


def _link(batch: Batch, link: Link) -> pl.DataFrame:
    told = replace(batch, records=where(batch.records, link.when))
    dated = evaluate(told.records, at=link.at).select(
        "record_id", pl.coalesce(pl.col("at").cast(pl.Datetime("us")), "occurred_at", "version_at").alias("at")
    )
    sides = [
        identifier_rows(told, identifier).select("record_id", *(pl.col(c).alias(side + c[2:]) for c in _ID))
        for side, identifier in (("from", link.from_id), ("to", link.to))
    ]
    return (
        dated.join(sides[0], on="record_id", maintain_order="left_right")
        .join(sides[1], on="record_id", maintain_order="left_right")
        .filter(pl.all_horizontal(pl.col("from_value", "to_value").fill_null("") != ""))
        .with_columns(role=pl.lit(link.role), kind=pl.lit(link.kind))
    )
