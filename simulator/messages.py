"""SMS campaigns: which numbers they went to, what the network reported, who answered and who opted out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from simulator.contacts import Contacts
from simulator.members import OWN, Members
from simulator.people import DAY, Calendar, People
from simulator.presence import Presence
from simulator.rates import MAX_EXTRA_DAYS, MESSAGES
from simulator.streams import Streams, chance, pick

OPT_OUTS: Final = ("TD", "T", "td", "退订", "N", "拒收")
ANSWERS: Final = ("好的", "1", "多少钱", "收到", "怎么预约安装", "谢谢", "请勿打扰")
SIGNS: Final = ("澄屿电器", "澄屿会员")


@dataclass
class Messages:
    """Sent messages (campaign × number) and replies, one row each."""

    sent: pl.DataFrame
    replies: pl.DataFrame


def _registrations(contacts: Contacts, members: Members, presence: Presence) -> pl.DataFrame:
    """Who registered which number, from when on, and until when the brand writes to it."""
    cards = members.cards.filter(pl.col("phone_kind") == OWN).select("person", "at", "phone", "updates")
    shoppers = members.shoppers.filter("is_member").select("person", "at", "updates")
    shop_phone = contacts.own_phone_at(shoppers["person"].to_numpy(), shoppers["at"].to_numpy())
    both = pl.concat([cards, shoppers.with_columns(phone=shop_phone).select(cards.columns)])
    both = both.filter(pl.Series(presence.lone[both["person"].to_numpy()] < 0))
    person = both["person"].to_numpy()
    changed = contacts.old[person] == both["phone"].to_numpy()
    until = np.where(
        both["updates"].to_numpy() & changed & (contacts.old[person] >= 0),
        contacts.changed_at[person],
        np.iinfo(np.int64).max // 4,
    )
    renewed = pl.DataFrame(
        {"phone": contacts.main[person], "person": person, "from": contacts.changed_at[person], "until": until}
    )
    spans = pl.DataFrame({"phone": both["phone"], "person": person, "from": both["at"], "until": until})
    never = np.iinfo(np.int64).max // 4
    renewed = renewed.filter(pl.col("until") < never).with_columns(until=pl.lit(never))
    return pl.concat([spans, renewed]).sort("phone", "from", "person")


def _addressees(contacts: Contacts, registered: pl.DataFrame, messages: pl.DataFrame) -> np.ndarray:
    """Whom each message was meant for: the number's holder if they had registered it, else who registered it last."""
    rows = messages.select("phone", "at").with_row_index("row").sort("at")
    holder = contacts.holder(rows["phone"].to_numpy(), rows["at"].to_numpy())
    by_time = registered.select("phone", pl.col("person").alias("last"), pl.col("from").alias("at")).sort("at", "last")
    own = registered.group_by("phone", "person").agg(pl.col("from").min()).rename({"person": "holder"})
    told = (
        rows.with_columns(holder=pl.Series(holder))
        .join_asof(by_time, on="at", by="phone", strategy="backward", check_sortedness=False)
        .join(own, on=["phone", "holder"], how="left")
        .sort("row")
    )
    is_own = pl.col("from").is_not_null() & (pl.col("from") <= pl.col("at"))
    return told.select(pl.when(is_own).then("holder").otherwise(pl.coalesce("last", "holder")))["holder"].to_numpy()


def make_messages(
    streams: Streams, people: People, contacts: Contacts, presence: Presence, members: Members, span: Calendar
) -> Messages:
    """Send every campaign and collect what comes back."""
    rng = streams("messages")
    registered = _registrations(contacts, members, presence)
    numbers = registered.group_by("phone").agg(pl.col("from").min(), pl.col("until").max()).sort("phone")
    phone, since = numbers["phone"].to_numpy(), numbers["from"].to_numpy()
    until = numbers["until"].to_numpy().copy()
    last = span.end + MAX_EXTRA_DAYS * DAY
    gap = 365 * DAY // MESSAGES.campaigns_per_year
    moments = np.arange(20 * DAY, last, gap) // DAY * DAY + rng.integers(
        0, 4 * DAY, len(np.arange(20 * DAY, last, gap))
    )
    sent, replies = [], []
    for campaign, moment in enumerate(moments.tolist()):
        at = moment // DAY * DAY + 10 * 3600 + int(rng.integers(0, 8)) * 1800
        reach = (since < at) & (until > at) & chance(rng, len(phone), MESSAGES.reach)
        chosen = np.flatnonzero(reach)
        second = at + np.arange(len(chosen)) // 60
        draw = rng.random(len(chosen))
        leaves = draw < MESSAGES.opt_out
        until[chosen[leaves]] = at + DAY
        answers = draw < MESSAGES.opt_out + MESSAGES.reply
        sent.append(_sent(rng, contacts, phone[chosen], second, campaign))
        replies.append(_replies(rng, phone[chosen[answers]], second[answers], leaves[answers], campaign))
    everything = pl.concat(sent)
    answered = pl.concat(replies)
    return Messages(
        everything.with_columns(person=_addressees(contacts, registered, everything)),
        answered.with_columns(person=_addressees(contacts, registered, answered), number=pl.int_range(pl.len())),
    )


def _sent(
    rng: np.random.Generator, contacts: Contacts, phone: np.ndarray, at: np.ndarray, campaign: int
) -> pl.DataFrame:
    n = len(phone)
    owner, heir = contacts.phone_owner[phone], contacts.phone_heir[phone]
    given_up = (contacts.old[owner] == phone) & (at > contacts.changed_at[owner])
    dead = given_up & ((heir < 0) | (at < contacts.phone_heir_from[phone]))
    failed = chance(rng, n, MESSAGES.failed) | (dead & chance(rng, n, 0.9))
    return pl.DataFrame(
        {
            "phone": phone,
            "at": at,
            "campaign": np.full(n, campaign),
            "failed": failed,
            "error": np.where(dead, 0, 1 + pick(rng, n, np.asarray([3.0, 2.0, 1.0]))),
            "delay": rng.integers(2, 40, n),
        }
    )


def _replies(
    rng: np.random.Generator, phone: np.ndarray, at: np.ndarray, leaves: np.ndarray, campaign: int
) -> pl.DataFrame:
    n = len(phone)
    word = np.asarray(OPT_OUTS, dtype=object)[pick(rng, n, np.asarray([60.0, 14, 6, 12, 4, 4]))]
    answer = np.asarray(ANSWERS, dtype=object)[rng.integers(0, len(ANSWERS), n)]
    return pl.DataFrame(
        {
            "phone": phone,
            "at": at + rng.integers(60, 5 * 3600, n),
            "content": pl.Series(np.where(leaves, word, answer), dtype=pl.String),
            "campaign": np.full(n, campaign),
        }
    )
