"""What a contract says of things that parties have: devices, accounts that are companies, balances.

How they become rows is in `possessions`.
"""

from typing import Literal

from pydantic import Field

from touchpoints.contract_words import Sql, Text, Word


class Device(Word):
    """A machine that a party owns, known by its serial number; orders, scans and work orders tell of the same one."""

    role: str = Field(description="the party that owns it")
    serial_no: Sql = Field(description="serial number, machine code or IMEI; several in a cell are several machines")
    told_by: Literal["order", "scan", "work_order", "registration"]
    model: Sql | None = None
    bought_at: Sql | None = None
    installed_at: Sql | None = None
    repaired_at: Sql | None = None
    warranty_until: Sql | None = Field(default=None, description="last day of the warranty")
    when: Sql | None = None


class BusinessAccount(Word):
    """A company, dealer, store or partner for which a party acts: an account beside the person, never a person."""

    kind: Literal["company", "dealer", "store", "partner"]
    role: str | None = Field(default=None, description="the party that acts for it")
    tax_no: Sql | None = Field(default=None, description="unified social credit code; counts where its check is right")
    number: Sql | None = Field(default=None, description="the number under which the source knows it")
    scope: Text = Field(default="$account", description="of the number: literal, or `$name` for a column")
    name: Sql | None = Field(default=None, description="a company's name, as an invoice has it")
    when: Sql | None = None


class Balance(Word):
    """What a party has on its card or in its points as of the export; checks the ledger, is no entry of it."""

    role: str
    kind: Literal["points", "stored_value"]
    amount: Sql
    subtype: Text | None = Field(default=None, description="principal or gift, where the file keeps them apart")
    unit: Sql = "'CNY'"
    at: Sql | None = Field(default=None, description="as of when; else the export")
    ledger: list[str] = Field(default=[], description="sources whose entries change it; else its own")
    from_zero: bool = Field(default=False, description="the files have every entry since the balance was nothing")
    when: Sql | None = None
