"""Possessions: the devices of parties, the business accounts that they act for, their balances.

Each row is one telling by one record. What the tellings of many records come to is the SQL models' matter.
"""

from typing import Final

import polars as pl

from common.keys import keyed_hashes
from touchpoints.batch import Batch, evaluate, gathered, where
from touchpoints.contract_owned import Balance, BusinessAccount, Device
from touchpoints.keys import md5_of
from touchpoints.normalise.cell import is_lossy_id
from touchpoints.normalise.company import parse_companies, parse_credit_codes
from touchpoints.rows import FILE, RECORD

_SHORTEST_SERIAL: Final = 4
_SEVERAL: Final = r"[,;、，；/|\r\n]+"
_DEVICE_TIMES: Final = ("bought_at", "installed_at", "repaired_at", "warranty_until")


def possessions(batch: Batch, versions: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The tables `device`, `business_account` and `balance` of a batch.

    Args:
        batch: its records.
        versions: every version of its records, typed as the records are; read where the contract has balances.
    """
    contract = batch.contract
    devices = gathered([_devices(batch, device) for device in contract.devices], "device")
    accounts = gathered([_accounts(batch, account) for account in contract.businesses], "business_account")
    balances = gathered([_balances(batch, versions, b, n) for n, b in enumerate(contract.balances)], "balance")
    return {
        "device": devices.unique(["device_id", RECORD, "role"], keep="first", maintain_order=True),
        "business_account": accounts.unique(["business_id", RECORD, "role"], keep="first", maintain_order=True),
        "balance": balances,
    }


def _told_at() -> pl.Expr:
    return pl.coalesce("occurred_at", "version_at")


def _devices(batch: Batch, device: Device) -> pl.DataFrame:
    slots = {name: getattr(device, name) for name in ("serial_no", "model", *_DEVICE_TIMES)}
    frame = evaluate(where(batch.records, device.when), **slots).drop_nulls("serial_no")
    frame = frame.with_columns(
        serial_no=pl.col("serial_no").cast(pl.String).str.replace_all(_SEVERAL, ",").str.split(",")
    ).explode("serial_no")
    frame = frame.with_columns(serial_number(pl.col("serial_no"))).drop_nulls("serial_no")
    return frame.with_columns(
        keyed_hashes(frame["serial_no"], batch.key).alias("device_id"),
        role=pl.lit(device.role),
        told_by=pl.lit(device.told_by),
        told_at=_told_at(),
    )


def serial_number(expr: pl.Expr) -> pl.Expr:
    """A serial number in one spelling: NFKC, capitals, no blanks and hyphens; null where it can name no machine."""
    bare = expr.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[\s\-_]", "")
    repeated = bare.str.strip_chars(bare.str.slice(0, 1)) == ""
    useless = (bare.str.len_chars() < _SHORTEST_SERIAL) | repeated | ~bare.str.contains(r"[0-9]")
    useless = useless | bare.str.contains("*", literal=True) | is_lossy_id(bare)
    return pl.when(~useless).then(bare)


def _accounts(batch: Batch, account: BusinessAccount) -> pl.DataFrame:
    frame = evaluate(
        where(batch.records, account.when),
        tax=account.tax_no,
        number=account.number,
        written=account.name,
        own_scope=account.scope[1:] if account.scope.startswith("$") else "'" + account.scope.replace("'", "''") + "'",
    )
    tax = parse_credit_codes(frame["tax"].cast(pl.String))
    names = parse_companies(frame["written"].cast(pl.String))
    frame = frame.with_columns(tax.alias("tax"), names["name"], names["folded"]).with_columns(
        pl.col("number").cast(pl.String)
    )
    scope = pl.concat_str(pl.lit(batch.contract.source), pl.col("own_scope").fill_null(""), separator="/")
    has_tax, has_number = pl.col("tax").is_not_null(), pl.col("number").is_not_null()
    frame = frame.with_columns(
        key_type=pl.when(has_tax)
        .then(pl.lit("tax_no"))
        .when(has_number)
        .then(pl.lit("number"))
        .otherwise(pl.lit("name")),
        key_scope=pl.when(has_tax).then(pl.lit("CN")).when(has_number).then(scope).otherwise(pl.lit("")),
        key_value=pl.coalesce("tax", "number", "folded"),
    ).drop_nulls("key_value")
    keys = frame.select(key=pl.concat_str("key_type", "key_scope", "key_value", separator="\x1f")).to_series()
    return frame.with_columns(
        keyed_hashes(keys, batch.key).alias("business_id"),
        keyed_hashes(frame["folded"], batch.key).alias("name_key"),
        role=pl.lit(account.role, dtype=pl.String),
        kind=pl.lit(account.kind),
        told_at=_told_at(),
    )


def _balances(batch: Batch, versions: pl.DataFrame, balance: Balance, number: int) -> pl.DataFrame:
    """A balance of every version, and of the newest export that told it again unchanged."""
    frame = evaluate(where(versions, balance.when), amount=balance.amount, unit=balance.unit, at=balance.at)
    frame = frame.with_columns(at=pl.coalesce(pl.col("at").cast(pl.Datetime("us")), "version_at"))
    table = frame.select(
        RECORD,
        "account",
        pl.col("amount").cast(pl.Float64),
        "unit",
        "at",
        role=pl.lit(balance.role),
        source=pl.lit(batch.contract.source),
        kind=pl.lit(balance.kind),
        subtype=pl.lit(balance.subtype, dtype=pl.String),
        ledger_sources=pl.lit(",".join(balance.ledger or [batch.contract.source])),
        is_from_zero=pl.lit(balance.from_zero),
    ).drop_nulls(["amount", "at"])
    table = table.unique([RECORD, "at"], keep="last", maintain_order=True)
    return table.with_columns(balance_id=md5_of(table, [RECORD, pl.lit(str(number)), "at"]))


def seen_again(versions: pl.DataFrame, records: pl.DataFrame, moments: pl.DataFrame) -> pl.DataFrame:
    """The versions, and each record's current one once more where a newer export has told it again unchanged.

    Args:
        versions: every version, oldest first within a record.
        records: with `_last_file`, the newest file that names each.
        moments: `_file` and `version_at` of each file.
    """
    last = versions.unique(RECORD, keep="last", maintain_order=True)
    newest = records.select(RECORD, pl.col("_last_file").alias(FILE))
    again = last.drop(FILE, "version_at").join(newest, on=RECORD, how="inner", maintain_order="left")
    again = again.join(moments, on=FILE, how="left", maintain_order="left")
    fresh = again.join(versions.select(RECORD, FILE), on=[RECORD, FILE], how="anti", maintain_order="left")
    return pl.concat([versions, fresh.select(versions.columns)]).sort(RECORD, "version_at", maintain_order=True)
