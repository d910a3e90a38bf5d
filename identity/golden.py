"""Golden records: the best value of each field of a person, with where it came from; and where a person is reached.

Belongs here: survivorship. Each field has one rule: most complete, then the most trusted source, then the newest;
or the most frequent. Nothing is invented: every value is one that a record carries.
"""

from dataclasses import dataclass

import polars as pl

from common.keys import keyed_hashes
from identity.judge import VALUE, Judgement
from identity.parties import Parties
from identity.registry import IdentifierType

# Who is believed first where two sources differ: those where a person signed up, then those where somebody ordered
# or was served, then those where a colleague typed.
TRUST = {
    "pos": 1, "youzan": 2, "shopify": 2, "after_sales": 3, "tmall": 4, "jd": 4,
    "wecom": 5, "wechat_oa": 5, "wechatpay": 6, "aliyun_sms": 7,
}  # fmt: skip
_LEAST_TRUST = 9
# What a receiver or referrer says of themselves is as good as a buyer's word, but comes after a member's.
_ROLE_RANK = {"member": 0, "contact": 1, "buyer": 1, "receiver": 2, "payer": 3, "referrer": 4}

_NEWEST = ("nickname", "province_code", "city_code", "district_code", "address", "country")
_FREQUENT = ("gender", "birth_date")
_PERSONAL = {"name", "nickname", "birth_date", "address", "phone", "email", "national_id"}


@dataclass(frozen=True)
class Golden:
    """The golden records.

    Attributes:
        field: one_id, field, value (null where personal), value_hash (null where not), source, record_id, rule.
        value: one_id, field, value: every field in the clear, for the vault.
        contact_point: one_id, channel, id_type, id_scope, value, is_golden, last_seen_at, in the clear, for the vault.
    """

    field: pl.DataFrame
    value: pl.DataFrame
    contact_point: pl.DataFrame


def golden_records(
    parties: Parties,
    of_party: pl.DataFrame,
    judgement: Judgement,
    registry: dict[str, IdentifierType],
    key: bytes,
) -> Golden:
    """Builds every person's golden record.

    Args:
        of_party: party, one_id.
        judgement: blocked and placeholder values never become golden.
        key: the home's key, for the hashes of personal values.
    """
    party = (
        parties.party.join(of_party, on="party")
        .with_columns(
            pl.col("source").replace_strict(TRUST, default=_LEAST_TRUST, return_dtype=pl.Int64).alias("trust"),
            pl.col("role").replace_strict(_ROLE_RANK, default=5, return_dtype=pl.Int64).alias("role_rank"),
        )
        .with_columns(pl.col("birth_date").cast(pl.String))
    )
    reach = _usable_identifiers(parties, of_party, judgement, party)
    fields = [_name(party)]
    fields += [_newest(party, column) for column in _NEWEST]
    fields += [_most_frequent(party, column) for column in _FREQUENT]
    fields += [_from_identifier(reach, kind) for kind in ("phone", "email", "national_id")]
    chosen = pl.concat(fields).sort("one_id", "field")
    personal = pl.col("field").is_in(sorted(_PERSONAL))
    hashes = keyed_hashes(chosen.select(pl.when(personal).then(pl.col("value")).alias("value_hash"))["value_hash"], key)
    field = chosen.with_columns(
        pl.when(~personal).then(pl.col("value")).alias("value"), hashes.alias("value_hash")
    ).select("one_id", "field", "value", "value_hash", "source", "record_id", "rule")
    return Golden(field, chosen.select("one_id", "field", "value"), _contact_points(reach, chosen, registry))


_COLUMNS = ["one_id", "field", "value", "source", "record_id", "rule"]


def _chosen(rows: pl.DataFrame, field: str, column: str, rule: str) -> pl.DataFrame:
    return (
        rows.unique("one_id", keep="first", maintain_order=True)
        .with_columns(pl.lit(field).alias("field"), pl.col(column).alias("value"), pl.lit(rule).alias("rule"))
        .select(_COLUMNS)
    )


def _name(party: pl.DataFrame) -> pl.DataFrame:
    rank = pl.col("quality").replace_strict({"full": 0, "masked": 1, "title": 2}, default=3, return_dtype=pl.Int64)
    rows = (
        party.filter(pl.col("name_as_written").is_not_null() & (pl.col("quality") != "nick"))
        .with_columns(rank.alias("rank"), pl.len().over("one_id", "name").alias("n"))
        .sort(
            "one_id", "rank", "role_rank", "trust", "n", "seen_at", "record_id",
            descending=[False, False, False, False, True, True, False], nulls_last=True,
        )
    )  # fmt: skip
    return _chosen(rows, "name", "name_as_written", "most complete, then most trusted source, then most frequent")


def _newest(party: pl.DataFrame, column: str) -> pl.DataFrame:
    # A receiver's address is where the person gets parcels; it is newer knowledge than the form filled in at sign-up.
    rows = party.filter(pl.col(column).is_not_null()).sort(
        "one_id", "seen_at", "trust", "record_id", descending=[False, True, False, False], nulls_last=True
    )
    return _chosen(rows, column, column, "newest")


def _most_frequent(party: pl.DataFrame, column: str) -> pl.DataFrame:
    rows = (
        party.filter(pl.col(column).is_not_null())
        .with_columns(pl.len().over("one_id", column).alias("n"))
        .sort(
            "one_id", "n", "trust", "seen_at", "record_id",
            descending=[False, True, False, True, False], nulls_last=True,
        )
    )  # fmt: skip
    return _chosen(rows, column, column, "most frequent, then most trusted source")


def _usable_identifiers(
    parties: Parties, of_party: pl.DataFrame, judgement: Judgement, party: pl.DataFrame
) -> pl.DataFrame:
    """Identifiers that link and are still theirs, once per party, with their person and how much they are believed."""
    usable = judgement.value.filter(pl.col("status") == "ok").select(VALUE)
    current = parties.identifier.filter(~pl.col("has_ended"))
    held = current.join(usable, on=VALUE).join(judgement.holding.select("party", *VALUE), on=["party", *VALUE])
    return held.join(of_party, on="party").join(
        party.select("party", "record_id", "source", "trust", "role_rank"), on="party"
    )


def _from_identifier(reach: pl.DataFrame, kind: str) -> pl.DataFrame:
    rows = reach.filter(pl.col("id_type") == kind).sort(
        "one_id", "role_rank", "seen_at", "trust", "id_value", "record_id",
        descending=[False, False, True, False, False, False], nulls_last=True,
    )  # fmt: skip
    return _chosen(rows, kind, "id_value", "their own before a receiver's, then newest")


def _contact_points(reach: pl.DataFrame, chosen: pl.DataFrame, registry: dict[str, IdentifierType]) -> pl.DataFrame:
    channel = {t.name: t.contact for t in registry.values() if t.contact}
    golden = chosen.filter(pl.col("field").is_in(["phone", "email"])).select(
        "one_id", pl.col("field").alias("id_type"), pl.col("value").alias("golden")
    )
    return (
        reach.filter(pl.col("id_type").is_in(sorted(channel)))
        .with_columns(pl.col("id_type").replace_strict(channel, return_dtype=pl.String).alias("channel"))
        .group_by("one_id", "channel", "id_type", "id_scope", pl.col("id_value").alias("value"))
        .agg(pl.col("seen_at").max().alias("last_seen_at"))
        .join(golden, on=["one_id", "id_type"], how="left")
        .with_columns(
            pl.when(pl.col("golden").is_not_null())
            .then(pl.col("value") == pl.col("golden"))
            .otherwise(pl.col("last_seen_at") == pl.col("last_seen_at").max().over("one_id", "channel"))
            .fill_null(False)
            .alias("is_golden")
        )
        .select("one_id", "channel", "id_type", "id_scope", "value", "is_golden", "last_seen_at")
        .sort("one_id", "channel", "id_scope", "value")
    )
