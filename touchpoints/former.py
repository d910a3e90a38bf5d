"""Former identifiers: what older versions of a record said and the current one no longer does.

Belongs here: the canonical table `identifier_former`. A member who changed the phone in the card record has held
both numbers; the old one is evidence of who was behind it, and no way to reach anybody.
"""

from collections.abc import Sequence

import polars as pl

from touchpoints.batch import Batch, evaluate, shaped
from touchpoints.cells import typed
from touchpoints.model import empty
from touchpoints.parties import parties
from touchpoints.rows import RECORD, LoadedTable

_VALUE = [RECORD, "role", "id_type", "id_scope", "id_value"]
# A mask or a virtual number that is gone says nothing that what stands there now does not.
_PLAIN = ("exact", "scoped", "derived")


def former_identifiers(batch: Batch, current: pl.DataFrame, tables: Sequence[LoadedTable]) -> pl.DataFrame:
    """The identifiers that only older versions tell, in the shape of `identifier`.

    Args:
        batch: its `history` is read.
        current: the identifiers of the records as they count now.
        tables: of the batch's contract, for their time zones.

    Returns:
        Rows with `valid_to`: the export time of the first version after the last that told the value.
    """
    number = pl.int_range(pl.len()).over(RECORD)
    history = batch.history.with_columns(number.alias("_version"), pl.len().over(RECORD).alias("_versions"))
    history = history.filter(pl.col("_versions") > 1)
    if history.is_empty():
        return empty("identifier_former")
    version = history.select(RECORD, "_version", "version_at")
    each = pl.format("{}/{}", RECORD, "_version").alias(RECORD)
    told = evaluate(typed(history.with_columns(each), batch.contract, tables), occurred_at=batch.contract.occurred_at)
    named = {role: party.model_copy(update={"attributes": []}) for role, party in batch.contract.parties.items()}
    contract = batch.contract.model_copy(update={"parties": named})
    found, _ = parties(Batch(contract, batch.key, told, batch.lines.clear(), batch.history.clear()))
    of_version = pl.col(RECORD).str.split_exact("/", 1)
    last = (
        found.filter(pl.col("strength").is_in(_PLAIN))
        .with_columns(
            of_version.struct.field("field_0").alias(RECORD),
            of_version.struct.field("field_1").cast(pl.Int64).alias("_version"),
        )
        .join(current, on=_VALUE, how="anti", nulls_equal=True)
        .sort(*_VALUE, "_version")
        .unique(_VALUE, keep="last", maintain_order=True)
    )
    ended = version.select(RECORD, pl.col("_version") - 1, valid_to=pl.col("version_at"))
    return shaped(
        last.drop("valid_to").join(ended, on=[RECORD, "_version"], maintain_order="left"), "identifier_former"
    )
