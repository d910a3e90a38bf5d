"""The canonical reference tables: what the brand itself says of its goods, places, people at work and plans.

Only shapes live here, as in `model`, which joins them to the other canonical tables. A row belongs to the record
that told it; the first columns after `account` are what names the thing. Names and phones of people at work are
personal: beside each stands its keyed hash, `<column>_key`, which alone leaves the vault.
"""

from typing import Final, TypeAlias

import polars as pl

_TEXT: Final = pl.String
_REAL: Final = pl.Float64
_INT: Final = pl.Int64
_DATE: Final = pl.Date
_TIME: Final = pl.Datetime("us")
_BOOL: Final = pl.Boolean

Schema: TypeAlias = dict[str, pl.DataType | type[pl.DataType]]

PRODUCT: Final[Schema] = {
    "product_code": _TEXT,  # the brand's own code of the article, as order lines name it in `sku`
    "title": _TEXT,
    "spec": _TEXT,
    "category": _TEXT,
    "series": _TEXT,
    "model": _TEXT,
    "brand": _TEXT,
    "barcode": _TEXT,
    "unit": _TEXT,
    "list_price": _REAL,
    "cost_price": _REAL,
    "currency": _TEXT,
    "is_durable": _BOOL,
    "life_months": _REAL,  # how long it is expected to last, or to be used up in
    "consumable_of": _TEXT,  # product_code of the durable that it serves, as a filter its purifier
    "launched_date": _DATE,
    "ended_date": _DATE,
}
PRODUCT_PRICE: Final[Schema] = {
    "product_code": _TEXT,
    "price_kind": _TEXT,  # list | member | promotion | …, as the file says it
    "channel": _TEXT,
    "valid_from": _DATE,
    "valid_to": _DATE,  # last day, included; null: until another price begins
    "price": _REAL,
    "currency": _TEXT,
}
STORE: Final[Schema] = {
    "store_code": _TEXT,
    "name": _TEXT,
    "kind": _TEXT,  # own shop, franchise, counter, …
    "status": _TEXT,
    "sales_area": _TEXT,
    "province": _TEXT,
    "city": _TEXT,
    "district": _TEXT,
    "address": _TEXT,
    "partner_code": _TEXT,  # who runs it, where that is not the brand
    "opened_date": _DATE,
    "closed_date": _DATE,
    "area_m2": _REAL,
    "longitude": _REAL,
    "latitude": _REAL,
}
STAFF: Final[Schema] = {
    "staff_code": _TEXT,
    "name": _TEXT,  # personal
    "name_key": _TEXT,
    "phone": _TEXT,  # personal
    "phone_key": _TEXT,
    "job": _TEXT,
    "store_code": _TEXT,
    "partner_code": _TEXT,
    "leader_code": _TEXT,  # staff_code of who leads them
    "wecom_userid": _TEXT,
    "status": _TEXT,
    "joined_date": _DATE,
    "left_date": _DATE,
}
PARTNER: Final[Schema] = {
    "partner_code": _TEXT,
    "name": _TEXT,  # personal where the partner is a person
    "company_name": _TEXT,  # the name, where it is a company's
    "kind": _TEXT,  # dealer, cross-industry, decorator, opinion leader, …
    "parent_code": _TEXT,  # partner_code of who brought them
    "contact_name": _TEXT,  # personal
    "contact_name_key": _TEXT,
    "contact_phone": _TEXT,  # personal
    "contact_phone_key": _TEXT,
    "province": _TEXT,
    "city": _TEXT,
    "status": _TEXT,
    "started_date": _DATE,
    "ended_date": _DATE,
}
CAMPAIGN: Final[Schema] = {
    "campaign_code": _TEXT,
    "name": _TEXT,
    "kind": _TEXT,
    "channel": _TEXT,
    "status": _TEXT,
    "start_date": _DATE,
    "end_date": _DATE,
    "budget_amount": _REAL,
    "cost_amount": _REAL,
    "currency": _TEXT,
    "owner_code": _TEXT,  # staff_code
}
CAMPAIGN_MEMBER: Final[Schema] = {
    "campaign_code": _TEXT,
    "told_one_id": _TEXT,  # the OneID that the list names, of whatever run it was; the record's party says it otherwise
    "arm": _TEXT,  # `holdout`, else the arm as the list calls it
    "is_holdout": _BOOL,  # nothing is sent to them
    "assigned_at": _TIME,
    "channel": _TEXT,
    "unit_cost_amount": _REAL,  # what reaching this one person costs
    "currency": _TEXT,
    "store_code": _TEXT,  # whose customer the person was when put into the arm, held out or not
    "staff_code": _TEXT,
}
HOLIDAY: Final[Schema] = {
    "holiday_date": _DATE,
    "name": _TEXT,
    "kind": _TEXT,  # public holiday, shopping festival, …
    "is_workday": _BOOL,  # a weekend day on which people work for it
}
COMMISSION_RULE: Final[Schema] = {
    "rule_code": _TEXT,
    "payee": _TEXT,  # staff | partner | referrer
    "level": _INT,  # 1: who brought the buyer; 2: who brought them; 3: who brought those
    "category": _TEXT,  # null: every category
    "product_code": _TEXT,  # null: every product
    "base": _TEXT,  # paid | net | profit: of what the rate is
    "rate": _REAL,  # share, 0.05 is 5 %
    "fixed_amount": _REAL,  # for each order
    "min_amount": _REAL,  # orders below do not count
    "max_amount": _REAL,  # most that one order gives
    "valid_from": _DATE,
    "valid_to": _DATE,
}
AD_SPEND: Final[Schema] = {
    "spend_date": _DATE,
    "platform": _TEXT,
    "campaign_code": _TEXT,
    "campaign_name": _TEXT,
    "group_code": _TEXT,
    "group_name": _TEXT,
    "ad_code": _TEXT,
    "ad_name": _TEXT,
    "cost_amount": _REAL,
    "currency": _TEXT,
    "n_impressions": _REAL,
    "n_clicks": _REAL,
    "n_leads": _REAL,
    "n_conversions": _REAL,
    "conversion_amount": _REAL,
}
STORE_TRAFFIC: Final[Schema] = {
    "store_code": _TEXT,
    "traffic_date": _DATE,
    "hour": _INT,  # local hour 0..23; null: the whole day
    "n_passed": _REAL,
    "n_entered": _REAL,
    "n_left": _REAL,
}
SALES_TARGET: Final[Schema] = {
    "period_start_date": _DATE,
    "period_end_date": _DATE,
    "level": _TEXT,  # brand | channel | store | staff | category
    "target_of": _TEXT,  # code of what the target is for; null for the brand
    "target_amount": _REAL,
    "target_orders": _REAL,
    "target_members": _REAL,
    "currency": _TEXT,
}

_ORIGIN: Final[Schema] = {"record_id": _TEXT, "source": _TEXT, "account": _TEXT, "version_at": _TIME}
# Columns whose keyed hash stands beside them.
PERSONAL: Final[dict[str, tuple[str, ...]]] = {
    "staff": ("name", "phone"),
    "partner": ("contact_name", "contact_phone"),
}
# What must be there for a row to say anything.
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "product": ("product_code",),
    "product_price": ("product_code", "price", "valid_from"),
    "store": ("store_code",),
    "staff": ("staff_code",),
    "partner": ("partner_code",),
    "campaign": ("campaign_code",),
    "campaign_member": ("campaign_code", "arm", "assigned_at"),
    "holiday": ("holiday_date",),
    "commission_rule": ("rule_code", "payee", "level"),
    "ad_spend": ("spend_date", "cost_amount"),
    "store_traffic": ("store_code", "traffic_date"),
    "sales_target": ("period_start_date",),
}
REFERENCE_TABLES: Final[dict[str, Schema]] = {
    name: _ORIGIN | schema
    for name, schema in {
        "product": PRODUCT,
        "product_price": PRODUCT_PRICE,
        "store": STORE,
        "staff": STAFF,
        "partner": PARTNER,
        "campaign": CAMPAIGN,
        "campaign_member": CAMPAIGN_MEMBER,
        "holiday": HOLIDAY,
        "commission_rule": COMMISSION_RULE,
        "ad_spend": AD_SPEND,
        "store_traffic": STORE_TRAFFIC,
        "sales_target": SALES_TARGET,
    }.items()
}
