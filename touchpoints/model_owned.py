"""The canonical tables of what parties have: devices, business accounts, balances.

Only shapes live here, as in `model`, which joins them to the other canonical tables.
"""

from typing import Final, TypeAlias

import polars as pl

_TEXT: Final = pl.String
_REAL: Final = pl.Float64
_DATE: Final = pl.Date
_TIME: Final = pl.Datetime("us")
_BOOL: Final = pl.Boolean

Schema: TypeAlias = dict[str, pl.DataType | type[pl.DataType]]

# One telling of one device by one record; what all tellings come to is core.device.
DEVICE: Final[Schema] = {
    "device_id": _TEXT,  # keyed hash of the serial number: the same machine in every source
    "record_id": _TEXT,
    "role": _TEXT,  # the party that owns it
    "serial_no": _TEXT,  # normalised, in the clear
    "told_by": _TEXT,  # order | scan | work_order | registration
    "told_at": _TIME,  # the record's occurred_at, else its version_at
    "model": _TEXT,
    "order_key": _TEXT,
    "bought_at": _TIME,
    "installed_at": _TIME,
    "repaired_at": _TIME,
    "warranty_until": _DATE,
}
# One telling of one company, dealer, store or partner; what all tellings come to is core.business_account.
BUSINESS_ACCOUNT: Final[Schema] = {
    "business_id": _TEXT,  # keyed hash of key_type, key_scope and key_value
    "record_id": _TEXT,
    "role": _TEXT,  # the party that acts for it; null: none is named
    "kind": _TEXT,  # company | dealer | store | partner
    "key_type": _TEXT,  # tax_no | number | name, the surest that the record has
    "key_scope": _TEXT,  # CN for tax_no, the source and its scope for number, "" for name
    "key_value": _TEXT,
    "name": _TEXT,  # as it is written; null where it does not look like a company's
    "name_key": _TEXT,  # keyed hash of the folded name, by which a telling without a number is found
    "order_key": _TEXT,
    "told_at": _TIME,
}
# One balance as one export had it. Consecutive ones check the ledger between them.
BALANCE: Final[Schema] = {
    "balance_id": _TEXT,
    "record_id": _TEXT,
    "role": _TEXT,
    "source": _TEXT,
    "account": _TEXT,
    "kind": _TEXT,  # points | stored_value
    "subtype": _TEXT,  # principal | gift; null where the file has one sum
    "unit": _TEXT,
    "amount": _REAL,
    "at": _TIME,
    "ledger_sources": _TEXT,  # whose entries change it, joined by commas
    "is_from_zero": _BOOL,  # the files have every entry since it was nothing
}
OWNED_TABLES: Final[dict[str, Schema]] = {
    "device": DEVICE,
    "business_account": BUSINESS_ACCOUNT,
    "balance": BALANCE,
}
