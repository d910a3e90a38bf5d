"""The shape of a contract: what a source's files look like and what their cells mean.

Only the shape and what each entry says. Reading and checking YAML is `contracts`; what a contract does to rows
is in `rows`, `versions`, `parties`, `sales`, `happenings` and `possessions`. No source has code of its own.
"""

import hashlib
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from touchpoints.contract_owned import Balance, BusinessAccount, Device
from touchpoints.contract_words import (
    STRICT,
    USUAL_MOMENTS,
    ExportMoment,
    Header,
    Headers,
    Names,
    Regex,
    Sql,
    Text,
    TimeZone,
    Values,
)


class Part(BaseModel):
    """Base of every part of a contract: a name that is not known is a mistake."""

    model_config = STRICT


class Column(Part):
    """One column that the contract uses: under which header names it comes and what its cells are."""

    names: Headers = Field(alias="from", description="header names, the preferred first; dotted paths in JSON")
    kind: Literal["text", "id", "money", "number", "time", "date", "opt_out"] = Field(
        default="text", description="`opt_out`: whether the words of a reply end a consent"
    )
    extract: Regex | None = Field(default=None, description="its first group is the cell; other cells are blank")
    required: bool = Field(default=False, description="a row without a readable value is rejected")
    pii: str | None = Field(default=None, description="what personal thing it is; masked never replaces plain")
    blank: Values = Field(default=[], description="cells that mean nothing here, beyond the usual ones")
    followed_by: Headers = Field(
        default=[], description="names of a second cell that belongs behind, as the time of day of a date"
    )
    formats: list[str] = Field(default=[], description="strptime formats of times that are not written year first")
    every: bool = Field(default=False, description="of an order over several rows: all cells, `;` between; else one")


class NaturalKey(Part):
    """What names the thing in its source: parts joined by `/`."""

    parts: list[Sql] = Field(min_length=1, description="the first must have a value; blank others are left out")
    personal: bool = Field(default=False, description="the key is personal: its keyed hash is kept")
    personal_when: Sql | None = Field(default=None, description="likewise, in the rows where it is true")


class Identifier(Part):
    """One identifier of a party.

    `phone`, `phone_or_email`, `email` and `national_id` are read by their normaliser, which also tells masked
    from whole and gives the scope; every other type is taken as it is written.
    """

    type: str
    value: Sql
    scope: Text = Field(default="", description="literal, or `$name` for a column, `$account` or `$scope`")
    strength: Literal["exact", "scoped", "derived"] | None = None
    country: str | None = Field(
        default=None, description="column with the ISO country that a phone without prefix is of"
    )
    mine: bool = Field(default=False, description="search the phone in free text")
    many: bool = Field(default=False, description="the cell is a JSON list")
    separator: Regex | None = Field(default=None, description="between the values where a cell has several")
    valid_to: Sql | None = Field(default=None, description="until when it names the party: virtual numbers expire")


class Attribute(Part):
    """One fact about a party."""

    name: str
    value: Sql
    extract: Regex | None = Field(default=None, description="its first group is the value")
    map: dict[str, Text] = Field(default={}, description="cell → value; other cells are dropped")
    quality: str | None = None


class Address(Part):
    """Where a party lives or has goods sent: one cell, or cells by level."""

    full: Sql | None = None
    province: Sql | None = None
    city: Sql | None = None
    district: Sql | None = None
    country: Sql | None = Field(default=None, description="ISO country; places abroad are kept as they are written")


class Party(Part):
    """A person whom the record names in one role."""

    identifiers: list[Identifier] = []
    attributes: list[Attribute] = []
    address: Address | None = None


class Pattern(Part):
    """A status by regular expression, for what no list can name."""

    match: Regex
    means: str = Field(alias="is")


class Status(Part):
    """A status cell and what its words mean; a word that is not listed is `unknown` and counted."""

    value: Sql
    vocabulary: dict[str, Values]
    patterns: list[Pattern] = []
    default: str | None = Field(default=None, description="what a blank cell means; else unknown")
    of_lines: bool = Field(default=False, description="each line of the order has its own; the order's follows")


class Amounts(Part):
    """Money of an order, positive; a return's are negative."""

    goods_amount: Sql | None = None
    discount_amount: Sql | None = None
    freight_amount: Sql | None = None
    paid_amount: Sql | None = None
    refunded_amount: Sql | None = None
    coupon_amount: Sql | None = None


class Times(Part):
    """When an order came into each state."""

    created_at: Sql | None = None
    paid_at: Sql | None = None
    shipped_at: Sql | None = None
    completed_at: Sql | None = None
    closed_at: Sql | None = None


class Order(Part):
    """The sale that the record is."""

    order_no: Sql
    other_numbers: list[Sql] = Field(default=[], description="numbers by which payments may name it besides")
    unique_in: Literal["platform", "account"] = "platform"
    status: Status
    after_sale: Status | None = Field(default=None, description="else told from the refunded amount")
    is_return: Sql | None = None
    times: Times
    amounts: Amounts
    currency: Sql = "'CNY'"
    store_id: Sql | None = None
    guide_id: Sql | None = None
    line_amounts: Amounts = Field(default=Amounts(), description="amounts that each line has; the order's is their sum")
    gives_way: bool = Field(
        default=False,
        description="a second telling: left out where a report of the order's own platform has it",
    )
    tells_payments: bool = Field(default=True, description="false where `ledger:` declares each payment by itself")
    buyer_role: str = Field(default="buyer", description="the party that ordered and paid")


class Nested(Part):
    """A list inside a JSON cell, one row an element."""

    column: str
    columns: dict[str, Column]

    @field_validator("columns")
    @classmethod
    def _without_times(cls, columns: dict[str, Column]) -> dict[str, Column]:
        if any(column.kind in ("time", "date") for column in columns.values()):
            raise ValueError("a nested column cannot be a time: the zone is the record's")
        return columns


class Packed(Part):
    """Several lines in one row: cells with as many parts as there are lines, one beside the other."""

    by: str = Field(min_length=1, description="what stands between the parts")
    first: str = Field(description="the column whose parts are counted")
    columns: Names = Field(default=[], description="taken apart likewise where they have as many parts")
    sums: Names = Field(default=[], description="numbers of the whole row: null in its lines, unless it has one alone")


class Lines(Part):
    """The lines of an order: the file's own rows, or the elements of a nested list."""

    packed: Packed | None = None
    gives_way: bool = Field(default=False, description="coarse: left out where another report has the order's lines")
    when: Sql | None = None
    explode: Nested | None = None
    order_no: Sql
    unique_in: Literal["platform", "account"] = "platform"
    line_no: Sql = Field(default="position", description="`position` counts from 1 within the order")
    sku: Sql | None = None
    title: Sql | None = None
    spec: Sql | None = None
    qty: Sql | None = None
    unit_price: Sql | None = None
    line_amount: Sql | None = None
    refunded_amount: Sql | None = None
    is_gift: Sql | None = None


class Entry(Part):
    """A ledger entry: money to the brand is positive; so is what raises a balance."""

    kind: Literal["payment", "refund", "points", "coupon", "stored_value"]
    subtype: Sql | None = Field(default=None, description="as earned, spent, expired; principal or gift")
    amount: Sql
    unit: Sql = "'CNY'"
    at: Sql | None = None
    precision: Literal["second", "day"] = "second"
    role: str | None = None
    ref_no: Sql | None = None
    channel: Sql | None = Field(default=None, description="else the contract's")
    expires_at: Sql | None = None
    balance_after: Sql | None = None
    when: Sql | None = None
    explode: Nested | None = None


class Event(Part):
    """Something that happened, told by the record."""

    type: str = Field(description="what happened; with `type_of`, what words mean that `types` does not list")
    type_of: Sql | None = Field(default=None, description="whose words tell what happened")
    types: dict[str, Values] = Field(default={}, description="event type → the words for it")
    at: Sql
    when: Sql | None = None
    subtype: Sql | None = None
    channel: Sql | None = Field(default=None, description="else the contract's")
    campaign: Sql | None = None
    value_num: Sql | None = None
    store_id: Sql | None = None
    staff_code: Sql | None = Field(default=None, description="who brought or served them; hashed where it is a name")
    staff_name: Sql | None = Field(default=None, description="their name, hashed: stands where no code does")
    partner_code: Sql | None = None
    product_code: Sql | None = None
    ref_no: Sql | None = None
    told_one_id: Sql | None = Field(default=None, description="the OneID that the file names: goes before its parties")
    role: str | None = None


class Change(Part):
    """An event that only the difference between two exports tells, at the time of the newer one."""

    column: str
    old: Values = Field(alias="from")
    new: Values = Field(alias="to")
    event: str
    role: str | None = None


class Consent(Part):
    """A permission or its end, for each identifier of the named types that the party carries."""

    role: str
    identifiers: Names
    channel: Literal["sms", "email", "wechat_oa", "wecom", "phone"]
    purpose: str = "marketing"
    state: Literal["granted", "revoked"]
    at: Sql | None = Field(
        default=None, description="left out where the file does not tell; a grant is never dated by its export"
    )
    basis: str
    when: Sql | None = None


class Link(Part):
    """A record's word that an anonymous identifier (a device, a cookie) and a known one were one person's then."""

    role: str = Field(description="the party that logged in; it should carry the `to` identifier too")
    from_id: Identifier = Field(alias="from", description="the anonymous one, as distinct_id or mac")
    to: Identifier = Field(description="the known one, as user_id, wechat_unionid or phone")
    at: Sql | None = Field(default=None, description="when; else the record's own time")
    kind: Literal["login", "signup", "bind"] = "login"
    when: Sql | None = None


class Refusal(Part):
    """Rows that the contract does not want, with the reason under which they are counted."""

    when: Sql
    reason: str
    column: str | None = None
    withdraws: bool = Field(default=False, description="such a row also ends what older rows told of the thing")


class Reference(Part):
    """Rows of a reference table: goods, places, people at work, plans and costs that the brand itself keeps."""

    table: str = Field(description="one of `model_reference.REFERENCE_TABLES`")
    columns: dict[str, Sql] = Field(description="column of the table → its value")
    when: Sql | None = None


class OrderJoin(Part):
    """How the record's events and ledger entries find their order once every file was read."""

    value: Sql
    sources: Names
    separator: Regex | None = Field(default=None, description="between the numbers where a cell has several")
    suffix: Regex | None = Field(default=None, description="what others add at a number's end; tried without it too")
    parties: dict[str, Literal["buyer", "receiver"]] = Field(
        default={}, description="role → the role in which the order names the same person"
    )


class Contract(Part):
    """One source variant: how its files are known and what their rows mean."""

    name: str
    title: str
    source: str
    record_type: str
    version: int
    priority: int = Field(default=0, description="of several that fit a file the one with most; then the most telling")
    grade: Literal["A", "B", "C", "M"] = Field(description="how well the format is known; see the docs")
    evidence: str
    channel: str | None = None
    formats: list[Literal["csv", "xlsx", "json", "jsonl"]]
    signature: list[Headers] = Field(min_length=1, description="header names that must be there; a list: any of it")
    other_columns: list[Header] = Field(
        default=[], description="known header names that are only kept in the raw cells"
    )
    records_at: str | None = Field(
        default=None, description="JSON: dotted path of the list of records; files with a record a line fit too"
    )
    second_header: bool = Field(
        default=False, description="the row below the header explains it: no digit in a required or `id` column"
    )
    trailer_from: Regex | None = Field(default=None, description="a line from which on, to the next header, is no data")
    skip_lines: Regex | None = Field(default=None, description="single lines that are no data")
    generic: bool = Field(default=False, description="for files that no other contract fits")
    rows: Literal["records", "lines"] = "records"
    account: str = Field(default="folder", description="`folder`, or the column that names it")
    exported_at: list[ExportMoment] = Field(default=USUAL_MOMENTS, description="left out: the usual ways")
    time_zone: TimeZone | None = Field(default=None, description="where the file says it; else the account's holds")
    columns: dict[str, Column]
    derived: dict[str, Sql] = {}
    natural_key: NaturalKey
    occurred_at: Sql | None = None
    status_column: str | None = Field(default=None, description="whose text the version history keeps")
    reject: list[Refusal] = []
    parties: dict[str, Party] = {}
    order: Order | None = None
    lines: Lines | None = None
    ledger: list[Entry] = []
    join_orders: OrderJoin | None = None
    events: list[Event] = []
    changes: list[Change] = []
    watched: Names = Field(default=[], description="columns of which `<column>_since` and `<column>_was` are told too")
    consent: list[Consent] = []
    complete: bool = Field(
        default=False, description="a day's files list everybody: who is in them no longer has no consent any more"
    )
    devices: list[Device] = []
    businesses: list[BusinessAccount] = []
    balances: list[Balance] = []
    reject_limit: float = Field(
        default=0.2, ge=0, le=1, description="share of refused rows over which a file is held back whole"
    )
    links: list[Link] = []
    reference: list[Reference] = []

    @cached_property
    def digest(self) -> str:
        """A short hash of the whole definition: what was parsed under another one is parsed again."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def watched_columns(self) -> list[str]:
        """The columns whose versions are compared, each once."""
        return list(dict.fromkeys([*(change.column for change in self.changes), *self.watched]))

    @cached_property
    def known_headers(self) -> frozenset[str]:
        """Every header name that the contract knows."""
        used = {name for column in self.columns.values() for name in (*column.names, *column.followed_by)}
        return frozenset(used | set(self.other_columns) | {n for names in self.signature for n in names})

    @property
    def is_json(self) -> bool:
        """Whether its files are JSON, so that names are paths."""
        return bool({"json", "jsonl"} & set(self.formats))
