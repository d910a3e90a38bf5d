"""Reference rows: from the records of a contract to the tables of the brand's goods, places, people at work and plans.

The shapes are in `model_reference`; what people tell about themselves is in `parties`.
"""

import polars as pl

from common.keys import keyed_hashes
from touchpoints.batch import Batch, evaluate, shaped, where
from touchpoints.contract import Reference
from touchpoints.keys import hide_phones
from touchpoints.model import empty
from touchpoints.model_reference import PERSONAL, REFERENCE_TABLES, REQUIRED
from touchpoints.normalise.company import parse_companies
from touchpoints.normalise.phone import parse_phones


def references(batch: Batch) -> dict[str, pl.DataFrame]:
    """Every reference table with the rows that the records of a batch tell; most are empty."""
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in REFERENCE_TABLES}
    for reference in batch.contract.reference:
        found[reference.table].append(_rows(batch, reference))
    return {name: pl.concat([empty(name), *frames]) for name, frames in found.items()}


def _rows(batch: Batch, reference: Reference) -> pl.DataFrame:
    frame = where(batch.records, reference.when)
    kept = frame.select("record_id", "account", "version_at")
    told = evaluate(frame, **dict(reference.columns)).select(list(reference.columns))
    table = kept.with_columns(told.get_columns()).with_columns(source=pl.lit(batch.contract.source))
    table = shaped(table, reference.table)
    for name in PERSONAL.get(reference.table, ()):
        table = table.with_columns(_hashed(table[name], name, batch.key))
    if "company_name" in table.columns:
        table = table.with_columns(company_name=parse_companies(table["name"])["name"])
    for name in table.columns:
        if name.endswith("_code"):  # some shops number their staff by phone
            table = table.with_columns(hide_phones(table[name], batch.key))
    return table.drop_nulls(REQUIRED[reference.table])


def _hashed(cells: pl.Series, name: str, key: bytes) -> pl.Series:
    """The keyed hash under which other tables name the same person: of the name as orders write it, of the phone whole.

    Orders hash a guide's name as the cell has it; so does this. A phone is hashed as identifiers hold it.
    """
    text = cells if not name.endswith("phone") else parse_phones(cells, "CN")["value"]
    return keyed_hashes(text, key).alias(f"{name}_key")
