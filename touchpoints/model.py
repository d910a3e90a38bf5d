"""The canonical model: the tables that every source is turned into, with their columns and types.

Only shapes live here. What a value means for one source is in its contract; how a value is cleaned is in
`normalise`. Times are UTC without a zone (`Datetime("us")`), money is in the unit that `currency` names.
"""

from functools import cache
from typing import Final, TypeAlias

import polars as pl

from touchpoints.model_owned import OWNED_TABLES
from touchpoints.model_reference import REFERENCE_TABLES

TIME: Final = pl.Datetime("us")
TEXT: Final = pl.String
INT: Final = pl.Int64
REAL: Final = pl.Float64
DATE: Final = pl.Date
BOOL: Final = pl.Boolean

Schema: TypeAlias = dict[str, pl.DataType | type[pl.DataType]]

SOURCE_FILE: Final[Schema] = {
    "file_id": TEXT,  # sha256 of the bytes
    "path": TEXT,  # below the landing folder, with forward slashes
    "contract": TEXT,  # null: no contract fits
    "source": TEXT,
    "account": TEXT,
    "record_type": TEXT,
    "status": TEXT,  # loaded | repeat | empty | held | unknown | unreadable
    "note": TEXT,  # one sentence for people, no personal data
    "note_zh": TEXT,  # it in Chinese
    "encoding": TEXT,
    "header_row": INT,  # 1-based line of the header; null for JSON
    "coverage": REAL,  # share of the file's columns that the contract knows, 0..1
    "exported_at": TIME,
    "exported_at_from": TEXT,  # preamble | name | mtime
    "n_bytes": INT,
    "rows_read": INT,
    "rows_accepted": INT,
    "rows_rejected": INT,
    "rows_repeated": INT,
    "nearest_contract": TEXT,  # of an unknown file: the one that it nearly is; source and account are then its
    "missing_headers": TEXT,  # for want of which it does not fit, by commas
    "rows_unread": INT,  # of such a file: its rows, where they are cheaply counted; not among rows_read
}
RECORD: Final[Schema] = {
    "record_id": TEXT,  # md5 hex of source, account, record_type, natural_key
    "source": TEXT,
    "account": TEXT,
    "record_type": TEXT,  # customer | order | payment | message | ticket
    "natural_key": TEXT,  # keyed hash where the key itself is personal or has a mobile number in it
    "file_id": TEXT,  # of the current version
    "row_no": INT,
    "version_at": TIME,  # export time of the current version
    "first_seen_at": TIME,  # export time of the oldest version
    "n_versions": INT,
    "occurred_at": TIME,  # when the thing itself happened or began; null when the file does not say
    "raw": TEXT,  # JSON of the current version's undecorated cells; never leaves the vault
}
RECORD_VERSION: Final[Schema] = {
    "record_id": TEXT,
    "version_at": TIME,
    "file_id": TEXT,
    "row_no": INT,
    "status_raw": TEXT,  # the thing's status as this version told it
    "is_current": BOOL,
}
IDENTIFIER: Final[Schema] = {
    "record_id": TEXT,
    "role": TEXT,  # buyer | receiver | payer | member | contact | lead | referrer | agent
    "id_type": TEXT,  # phone, email, national_id, wechat_openid, … (identity/identifiers.yml)
    "id_scope": TEXT,  # appid, shop, corpid, country; "" where the type has none
    "id_value": TEXT,  # normalised, in the clear
    "strength": TEXT,  # exact | scoped | masked | virtual | derived | encrypted
    "seen_at": TIME,  # the record's occurred_at, else its version_at
    "valid_to": TIME,
}
ATTRIBUTE: Final[Schema] = {
    "record_id": TEXT,
    "role": TEXT,
    # name, nickname, gender, birth_date, province_code, city_code, district_code, address, level, …
    "name": TEXT,
    "value": TEXT,
    "value_num": REAL,
    "value_date": DATE,
    "quality": TEXT,  # full | masked | title | nick | derived
    "seen_at": TIME,
}
EVENT: Final[Schema] = {
    "event_id": TEXT,
    "record_id": TEXT,
    "type": TEXT,  # follow, unfollow, add_friend, order_created, order_paid, payment, refund, message_sent, …
    "subtype": TEXT,
    "at": TIME,
    "channel": TEXT,
    "store_id": TEXT,
    "order_key": TEXT,
    "campaign": TEXT,
    "actor_role": TEXT,  # the party that did it
    "value_num": REAL,
    "staff_code": TEXT,  # the employee who brought or served them; keyed hash where the file gives a name
    "partner_code": TEXT,
    "product_code": TEXT,
    "ref_no": TEXT,  # number of the coupon, ticket or clue that it is about
    "told_one_id": TEXT,  # the OneID that the file names, of whatever run it was
}
ORDERS: Final[Schema] = {
    "order_key": TEXT,  # source/order_no; source/account/order_no where numbers are unique in an account only
    "record_id": TEXT,
    "source": TEXT,
    "account": TEXT,
    "order_no": TEXT,
    "channel": TEXT,  # marketplace | online_store | store | international
    "status": TEXT,  # created | paid | partly_shipped | shipped | completed | closed | unknown
    "status_raw": TEXT,
    # none | requested | refunding | refunded_part | refunded_full | rejected | unknown
    "after_sale_status": TEXT,
    "is_return": BOOL,  # a ticket that gives goods back; its amounts are negative
    "created_at": TIME,
    "paid_at": TIME,
    "shipped_at": TIME,
    "completed_at": TIME,
    "closed_at": TIME,
    "currency": TEXT,
    "goods_amount": REAL,
    "discount_amount": REAL,
    "freight_amount": REAL,
    "paid_amount": REAL,
    "refunded_amount": REAL,  # positive
    "coupon_amount": REAL,  # part of the discount that came from coupons, where the file says it
    "store_id": TEXT,
    "guide_id": TEXT,  # the employee who sold it; keyed hash where the file gives a name
}
ORDER_LINES: Final[Schema] = {
    "order_key": TEXT,
    "record_id": TEXT,
    "line_no": TEXT,  # sub-order number, else the position from 1
    "sku": TEXT,
    "title": TEXT,
    "spec": TEXT,
    "qty": REAL,
    "unit_price": REAL,
    "line_amount": REAL,
    "refunded_amount": REAL,
    "is_gift": BOOL,
}
LEDGER: Final[Schema] = {
    "entry_id": TEXT,
    "record_id": TEXT,
    "kind": TEXT,  # payment | refund | points | coupon | stored_value
    # Signed: money to the brand is positive. What is paid from stored value lowers that balance and is no new
    # money: it is negative, under the kind `stored_value`; a return into the balance is positive.
    "amount": REAL,
    "unit": TEXT,  # currency code or `points`
    "at": TIME,
    "at_precision": TEXT,  # second | day | unknown (a refund's `at` is then the export from which it is known)
    "order_key": TEXT,
    "role": TEXT,  # the party that it belongs to
    "ref_no": TEXT,
    "subtype": TEXT,  # earned | spent | expired | …; of stored value principal | gift
    "channel": TEXT,
    "expires_at": TIME,  # when what was given is lost, if unused
    "balance_after": REAL,  # as the file says it
}
CONSENT: Final[Schema] = {
    "record_id": TEXT,
    "role": TEXT,
    "id_type": TEXT,
    "id_scope": TEXT,
    "id_value": TEXT,
    "channel": TEXT,  # sms | email | wechat_oa | wecom | phone
    "purpose": TEXT,  # marketing
    "state": TEXT,  # granted | revoked
    "at": TIME,  # null: the file does not tell; a grant counts as the oldest word then, a refusal as the latest
    "basis": TEXT,  # membership_terms | opt_in | follow | opt_out_reply | unfollow | unsubscribe | vanished
}
IDENTITY_LINK: Final[Schema] = {
    "record_id": TEXT,
    "role": TEXT,  # the party that logged in
    "from_type": TEXT,  # the anonymous identifier: distinct_id, ga_user_pseudo_id, mac, …
    "from_scope": TEXT,
    "from_value": TEXT,
    "to_type": TEXT,  # the known one: user_id, wechat_unionid, phone, …
    "to_scope": TEXT,
    "to_value": TEXT,
    "at": TIME,
    "kind": TEXT,  # login | signup | bind
}
REJECT: Final[Schema] = {
    "file_id": TEXT,
    "path": TEXT,
    "row_no": INT,  # 1-based among the data rows
    "reason": TEXT,  # code: id_lossy, key_missing, held, bad_time, bad_money, too_many_cells, …
    "column": TEXT,
    "raw_text": TEXT,  # never leaves the vault
}

TABLES: Final[dict[str, Schema]] = {
    "source_file": SOURCE_FILE,
    "record": RECORD,
    "record_version": RECORD_VERSION,
    "identifier": IDENTIFIER,
    # What older versions of a record told and the current one does not; valid_to: the export that showed it no longer.
    "identifier_former": IDENTIFIER,
    "attribute": ATTRIBUTE,
    "event": EVENT,
    "orders": ORDERS,
    "order_lines": ORDER_LINES,
    "ledger": LEDGER,
    "consent": CONSENT,
    "identity_link": IDENTITY_LINK,
    **OWNED_TABLES,
    **REFERENCE_TABLES,
    "reject": REJECT,
}


@cache
def empty(table: str) -> pl.DataFrame:
    """A canonical table without rows."""
    return pl.DataFrame(schema=TABLES[table])
