"""Anonymous to known: whose a device, a cookie or a distinct_id was, and when; whose its events therefore are.

Belongs here: the history of logins of each device, and the owners of events that nothing but a device tells of. A
device never links two records: whoever logged in on it has it from then until somebody else logs in. A device on which
several people logged in is shared, and its events go by time.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from common.keys import keyed_hashes
from identity.around.ties import is_placeholder
from identity.parties import PARTY, Parties
from identity.registry import Registry, device_types

DEVICE = ["id_type", "id_scope", "id_value"]
_LINK_COLUMNS = ["from_type", "from_scope", "from_value", "to_type", "to_scope", "to_value", "at"]


@dataclass(frozen=True)
class Stitched:
    """What is known of devices.

    Attributes:
        device_history: id_type, id_scope, value_hash, one_id, valid_from, valid_to (null: still), basis (logged_in |
            before_first_login), n_logins, last_login_at, is_shared. Spans of one device do not overlap; times are UTC.
        event_owner: event_id, one_id, id_type (the kind of device that told), basis; events of parties that carry
            nothing but devices. Events whose device nobody had are absent.
    """

    device_history: pl.DataFrame
    event_owner: pl.DataFrame


def stitch(parties: Parties, of_party: pl.DataFrame, touchpoints: Path, registry: Registry, key: bytes) -> Stitched:
    """Works out whose each device was, and gives the events of anonymous parties to their owners.

    Args:
        parties: with devices set aside (`lifetimes.parties_in_time`).
        of_party: party, one_id.
        touchpoints: folder with the canonical `identity_link` and `event`.
        key: the home's key, for the hashes of device values.
    """
    history = _history(_logins(parties, of_party, touchpoints, registry), registry)
    owner = _owners(parties.anonymous, history, touchpoints, registry)
    hashed = history.with_columns(keyed_hashes(history["id_value"], key).alias("value_hash"))
    columns = ["value_hash", "one_id", "valid_from", "valid_to", "basis", "n_logins", "last_login_at", "is_shared"]
    return Stitched(
        hashed.select("id_type", "id_scope", *columns).sort("id_type", "id_scope", "value_hash", "valid_from"), owner
    )


def _logins(parties: Parties, of_party: pl.DataFrame, touchpoints: Path, registry: Registry) -> pl.DataFrame:
    """Each moment at which a device is known to have been a person's: DEVICE, at, one_id, rank (of the party)."""
    people = parties.party.select("party", *PARTY).join(of_party, on="party")
    types = sorted(device_types(registry))
    beside = (
        parties.identifier.filter(pl.col("id_type").is_in(types))
        .join(people, on="party")
        .select(*DEVICE, pl.col("seen_at").alias("at"), "one_id", pl.col("party").alias("rank"))
    )
    told = (
        pl.read_parquet(touchpoints / "identity_link.parquet")
        .filter(pl.col("from_type").is_in(types))
        .with_columns(pl.col("from_scope", "to_scope").fill_null(""))
        .join(people.select(*PARTY, "one_id", "party"), on=PARTY, how="left")
        .join(_only_holders(parties, of_party), on=["to_type", "to_scope", "to_value"], how="left")
        .with_columns(pl.coalesce("one_id", "holder").alias("one_id"), pl.coalesce("party", "first").alias("rank"))
        .select(
            *(pl.col(f"from{c[2:]}").alias(c) for c in DEVICE), "at", "one_id", "rank"
        )
    )  # fmt: skip
    logins = pl.concat([beside, told]).filter(pl.all_horizontal(pl.col("at", "one_id").is_not_null()))
    logins = logins.filter(~is_placeholder(registry)).group_by(*DEVICE, "at", "one_id").agg(pl.col("rank").min())
    # The tablet at a till, the router of a shop: who comes next is not who was there last.
    most = pl.col("id_type").replace_strict({name: registry[name].block_ids for name in types}, return_dtype=pl.Int64)
    return logins.filter(pl.col("one_id").n_unique().over(DEVICE) <= most)


def _only_holders(parties: Parties, of_party: pl.DataFrame) -> pl.DataFrame:
    """Values that one person alone carries: to_type, to_scope, to_value, holder, first (their first party)."""
    return (
        parties.identifier.join(of_party, on="party")
        .group_by("id_type", "id_scope", "id_value")
        .agg(
            pl.col("one_id").first().alias("holder"),
            pl.col("party").min().alias("first"),
            pl.col("one_id").n_unique().alias("n"),
        )
        .filter(pl.col("n") == 1)
        .select(*(pl.col(f"id{c[2:]}").alias(c) for c in ("to_type", "to_scope", "to_value")), "holder", "first")
    )


def _history(logins: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Spans: DEVICE, one_id, valid_from, valid_to, basis, n_logins, last_login_at, is_shared."""
    is_new = (pl.col("one_id") != pl.col("one_id").shift(1).over(DEVICE)).fill_null(True)
    # Of two who log in at one moment the later party has it: a span of no length is none.
    ordered = logins.sort(*DEVICE, "at", "rank").with_columns(is_new.cum_sum().over(DEVICE).alias("span"))
    spans = (
        ordered.group_by(*DEVICE, "span", "one_id", maintain_order=True)
        .agg(
            pl.col("at").min().alias("valid_from"),
            pl.col("at").max().alias("last_login_at"),
            pl.len().cast(pl.Int64).alias("n_logins"),
        )
        .join(_terms(registry), on="id_type")
        .with_columns(
            (pl.col("one_id").n_unique().over(DEVICE) > 1).alias("is_shared"),
            pl.col("valid_from").shift(-1).over(DEVICE).alias("next_from"),
            (pl.col("last_login_at") + pl.duration(days=pl.col("lifetime_days"))).alias("ends_at"),
        )
        .with_columns(pl.min_horizontal("next_from", "ends_at").alias("valid_to"), pl.lit("logged_in").alias("basis"))
        .filter((pl.col("valid_to") > pl.col("valid_from")).fill_null(True))
    )
    # Who used it before the first login is only known where one person alone ever logged in.
    before = (
        spans.filter(~pl.col("is_shared") & (pl.col("lookback_days") > 0))
        .group_by(DEVICE)
        .agg(pl.all().sort_by("valid_from").first())
        .with_columns(
            (pl.col("valid_from") - pl.duration(days=pl.col("lookback_days"))).alias("valid_from"),
            pl.col("valid_from").alias("valid_to"),
            pl.lit("before_first_login").alias("basis"),
            pl.lit(0, pl.Int64).alias("n_logins"),
            pl.lit(None, pl.Datetime("us")).alias("last_login_at"),
        )
    )
    columns = [*DEVICE, "one_id", "valid_from", "valid_to", "basis", "n_logins", "last_login_at", "is_shared"]
    return pl.concat([spans.select(columns), before.select(columns)]).sort(*DEVICE, "valid_from")


def _terms(registry: Registry) -> pl.DataFrame:
    rows = [(k.name, k.lookback_days, k.lifetime_days) for k in registry.values() if k.strength == "device"]
    schema = {"id_type": pl.String, "lookback_days": pl.Int64, "lifetime_days": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _owners(anonymous: pl.DataFrame, history: pl.DataFrame, touchpoints: Path, registry: Registry) -> pl.DataFrame:
    """The owner of each anonymous event by its device at that moment; of several the type of first priority."""
    columns = ["event_id", "one_id", "id_type", "basis"]
    if anonymous.is_empty() or history.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    priority = {kind.name: kind.priority for kind in registry.values() if kind.strength == "device"}
    event = pl.read_parquet(touchpoints / "event.parquet", columns=["event_id", "record_id", "at", "actor_role"])
    happened = (
        event.filter(pl.col("at").is_not_null())
        .join(anonymous.drop("seen_at"), on="record_id")
        .filter((pl.col("actor_role") == pl.col("role")).fill_null(True))
        .sort("at")
    )
    return (
        happened.join_asof(
            history.sort("valid_from"), left_on="at", right_on="valid_from", by=DEVICE, check_sortedness=False
        )
        .filter(pl.col("one_id").is_not_null() & (pl.col("at") < pl.col("valid_to")).fill_null(True))
        .with_columns(pl.col("id_type").replace_strict(priority, return_dtype=pl.Int64).alias("priority"))
        .sort("event_id", "priority", *DEVICE)
        .unique("event_id", keep="first", maintain_order=True)
        .select(columns)
    )
