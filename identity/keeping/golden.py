"""Golden records: the best value of each field of a person, with where it came from; and where a person is reached.

Belongs here: survivorship. Each field has one rule (`RULES`): an order of criteria, each deciding between the values
that those before it leave equal. Nothing is invented: every value is one that a record carries; those that lost are
kept with the criterion that they lost by.
"""

from dataclasses import dataclass

import polars as pl

from common.keys import keyed_hashes
from identity.parties import Parties
from identity.registry import IdentifierType
from identity.rules.judge import VALUE, Judgement

# Who is believed first where two sources differ: those where a person signed up, then those where somebody ordered
# or was served, then those where a colleague typed.
TRUST = {
    "pos": 1, "youzan": 2, "shopify": 2, "after_sales": 3, "tmall": 4, "jd": 4,
    "wecom": 5, "wechat_oa": 5, "wechatpay": 6, "aliyun_sms": 7,
}  # fmt: skip
_LEAST_TRUST = 9
# What a receiver or referrer says of themselves is as good as a buyer's word, but comes after a member's.
_ROLE_RANK = {"member": 0, "contact": 1, "buyer": 1, "receiver": 2, "payer": 3, "referrer": 4}


@dataclass(frozen=True)
class Rule:
    """How one kind of field is chosen.

    Attributes:
        words: the rule as it is published.
        by: criteria in their order: a column of the candidates, whether more is better, and what it is to lose by it.
    """

    words: str
    by: tuple[tuple[str, bool, str], ...]


_EQUAL = "equal in everything; the record with the lower id was taken"
_LAST_RESORT = ("record_id", False, _EQUAL)
_COMPLETE = ("completeness", False, "less complete")
_ROLE = ("role_rank", False, "said by a less telling party of a record")
_TRUSTED = ("trust", False, "less trusted source")
_NEWER = ("seen_at", True, "older")
_OFTEN = ("n_records", True, "less frequent")

NEWEST = Rule("newest", (_NEWER, _TRUSTED, _LAST_RESORT))
FREQUENT = Rule("most frequent, then most trusted source", (_OFTEN, _TRUSTED, _NEWER, _LAST_RESORT))
BEST_NAME = Rule(
    "most complete, then most trusted source, then most frequent",
    (_COMPLETE, _ROLE, _TRUSTED, _OFTEN, _NEWER, _LAST_RESORT),
)
REACHABLE = Rule("their own before a receiver's, then newest", (_ROLE, _NEWER, _TRUSTED, _LAST_RESORT))
# The survivorship rule of every field.
RULES = {
    "name": BEST_NAME,
    # A receiver's address is where the person gets parcels; it is newer knowledge than the form filled in at sign-up.
    **dict.fromkeys(("nickname", "province_code", "city_code", "district_code", "address", "country"), NEWEST),
    **dict.fromkeys(("gender", "birth_date"), FREQUENT),
    **dict.fromkeys(("phone", "email", "national_id"), REACHABLE),
}
_PERSONAL = {"name", "nickname", "birth_date", "address", "phone", "email", "national_id"}


@dataclass(frozen=True)
class Golden:
    """The golden records.

    Attributes:
        field: one_id, field, value (null where personal), value_hash (null where not), source, record_id, rule.
        candidate: one row per distinct value of a field that has several: one_id, field, rank (1 was chosen), value,
            value_hash, source, record_id, seen_at, n_records, lost_by (the criterion, null for the one chosen).
        value: one_id, field, value: every field in the clear, for the vault.
        contact_point: one_id, channel, id_type, id_scope, value, is_golden, last_seen_at, in the clear, for the vault.
    """

    field: pl.DataFrame
    candidate: pl.DataFrame
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
    ranked = pl.concat([_ranked(_values(party, reach, field), field, rule) for field, rule in RULES.items()])
    ranked = ranked.sort("one_id", "field", "rank")
    personal = pl.col("field").is_in(sorted(_PERSONAL))
    hashes = keyed_hashes(ranked.select(pl.when(personal).then(pl.col("value")).alias("value_hash"))["value_hash"], key)
    chosen = ranked.filter(pl.col("rank") == 1)
    told = ranked.with_columns(pl.when(~personal).then(pl.col("value")).alias("value"), hashes.alias("value_hash"))
    field = told.filter(pl.col("rank") == 1).select(
        "one_id", "field", "value", "value_hash", "source", "record_id", "rule"
    )
    candidate = told.filter(pl.len().over("one_id", "field") > 1).select(_CANDIDATE)
    values = chosen.select("one_id", "field", "value")
    return Golden(field, candidate, values, _contact_points(reach, chosen, registry))


_CANDIDATE = [
    "one_id", "field", "rank", "value", "value_hash", "source", "record_id", "seen_at", "n_records", "lost_by",
]  # fmt: skip


def _values(party: pl.DataFrame, reach: pl.DataFrame, field: str) -> pl.DataFrame:
    """Every telling of a field: one_id, value, distinct (what makes two values one), and what rules go by."""
    by = ["one_id", "source", "record_id", "trust", "role_rank", "seen_at"]
    if RULES[field] is REACHABLE:
        value = pl.col("id_value")
        return reach.filter(pl.col("id_type") == field).select(
            *by, value.alias("value"), value.alias("distinct"), pl.lit(0, pl.Int64).alias("completeness")
        )
    if field == "name":
        rank = pl.col("quality").replace_strict({"full": 0, "masked": 1, "title": 2}, default=3, return_dtype=pl.Int64)
        return party.filter(pl.col("name_as_written").is_not_null() & (pl.col("quality") != "nick")).select(
            *by, pl.col("name_as_written").alias("value"), pl.col("name").alias("distinct"), rank.alias("completeness")
        )
    value = pl.col(field)
    return party.filter(value.is_not_null()).select(
        *by, value.alias("value"), value.alias("distinct"), pl.lit(0, pl.Int64).alias("completeness")
    )


def _ranked(values: pl.DataFrame, field: str, rule: Rule) -> pl.DataFrame:
    """The distinct values of each person, best first, each with the first criterion in which it is behind the best."""
    names = [name for name, _, _ in rule.by]
    best = (
        values.with_columns(pl.len().over("one_id", "distinct").cast(pl.Int64).alias("n_records"))
        .sort(
            "one_id", *names, "distinct", descending=[False, *(more for _, more, _ in rule.by), False], nulls_last=True
        )
        .unique(["one_id", "distinct"], keep="first", maintain_order=True)
        .with_columns((pl.int_range(pl.len(), dtype=pl.Int64).over("one_id") + 1).alias("rank"))
    )
    behind = [
        pl.when(pl.col(name).ne_missing(pl.col(name).first().over("one_id"))).then(pl.lit(words))
        for name, _, words in rule.by
    ]
    return best.select(
        "one_id", pl.lit(field).alias("field"), "rank", "value", "source", "record_id", "seen_at", "n_records",
        pl.when(pl.col("rank") > 1).then(pl.coalesce(*behind, pl.lit(_EQUAL))).alias("lost_by"),
        pl.lit(rule.words).alias("rule"),
    )  # fmt: skip


def _usable_identifiers(
    parties: Parties, of_party: pl.DataFrame, judgement: Judgement, party: pl.DataFrame
) -> pl.DataFrame:
    """Identifiers that link and are still theirs, once per party, with their person and how much they are believed."""
    usable = judgement.value.filter(pl.col("status") == "ok").select(VALUE)
    current = parties.identifier.filter(~pl.col("has_ended"))
    holding = judgement.holding.filter(~pl.col("has_ended")).select("party", *VALUE)
    held = current.join(usable, on=VALUE).join(holding, on=["party", *VALUE])
    return held.join(of_party, on="party").join(
        party.select("party", "record_id", "source", "trust", "role_rank"), on="party"
    )


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
