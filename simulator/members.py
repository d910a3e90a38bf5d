"""Who registers: members of the tills and customers of the own online shop and the international shop.

Which of these registrations a file shows, and with which phone by then, is the writers' matter.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from simulator import variants
from simulator.catalogue import Stores
from simulator.contacts import Contacts
from simulator.fulfilment import Sales
from simulator.people import BASE, DAY, STAFF, Calendar, People
from simulator.presence import POS, SHOPIFY, YOUZAN, Presence
from simulator.rates import MEMBERS, PEOPLE
from simulator.streams import Bools, Ints, Streams, chance, digit_tokens, pick

OWN, CLERK, SHOP, PLACEHOLDER = range(4)
PLACEHOLDERS: Final = ("13800138000", "13800000000", "11111111111", "12345678901", "13888888888")


@dataclass
class Members:
    """Registrations: one row each."""

    cards: pl.DataFrame  # members of the tills; a person may have two
    shoppers: pl.DataFrame  # customers of the own online shop
    abroad: pl.DataFrame  # customers of the international shop


def first_order_at(sales: Sales, channel: int, total: int) -> Ints:
    """When each person first bought on a channel; far in the future where never."""
    orders = sales.orders.filter(pl.col("channel") == channel)
    first = np.full(total, np.iinfo(np.int64).max // 4, dtype=np.int64)
    np.minimum.at(first, orders["buyer"].to_numpy(), orders["at"].to_numpy())
    return first


def make_members(
    streams: Streams,
    people: People,
    contacts: Contacts,
    presence: Presence,
    sales: Sales,
    stores: Stores,
    span: Calendar,
    wants: "Wants",
) -> Members:
    """Register everyone who wants to be."""
    cards = _cards(streams("cards"), people, contacts, presence, sales, stores, wants.till, span)
    # The shop knows customers by their number: who inherited one that is registered there cannot register again.
    giver = contacts.phone_owner[contacts.main]
    inherited = (giver != np.arange(people.total)) & wants.shop[giver]
    shoppers = _shoppers(streams("shoppers"), people, contacts, sales, wants.shop & ~inherited)
    return Members(cards, shoppers, _abroad(streams("abroad"), people, presence, sales))


@dataclass
class Wants:
    """Who registers where."""

    till: Bools
    shop: Bools


def registrations(streams: Streams, people: People, contacts: Contacts, presence: Presence, sales: Sales) -> Wants:
    """Who registers at the tills and in the own shop of their own accord."""
    rng = streams("registrations")
    n = people.total
    base = (people.kind == BASE) & ~people.overseas
    several = base & (presence.lone < 0)
    never = np.iinfo(np.int64).max // 4
    bought_till = first_order_at(sales, POS, n) < never
    bought_shop = first_order_at(sales, YOUZAN, n) < never
    till = several & (presence.store >= 0) & (
        (bought_till & chance(rng, n, 0.8))
        | (~presence.buyer & chance(rng, n, 0.4))
        | (presence.buyer & chance(rng, n, 0.07))
    )  # fmt: skip
    till |= presence.lone_in("pos") & (~presence.buyer | chance(rng, n, 0.85))
    own_account = several & ~contacts.shares_always
    shop = own_account & (
        (bought_shop & chance(rng, n, 0.93))
        | (~presence.buyer & chance(rng, n, 0.2))
        | (presence.buyer & chance(rng, n, 0.06))
    )
    shop |= presence.lone_in("youzan") & (~presence.buyer | chance(rng, n, 0.9))
    return Wants(till, shop & (contacts.shares < 0))


def _cards(
    rng: np.random.Generator,
    people: People,
    contacts: Contacts,
    presence: Presence,
    sales: Sales,
    stores: Stores,
    members: Bools,
    span: Calendar,
) -> pl.DataFrame:
    person = np.flatnonzero(members)
    first = first_order_at(sales, POS, people.total)[person]
    late = chance(rng, len(person), 0.12)
    joined = np.minimum(first, people.joined_at[person] + rng.integers(0, 40 * DAY, len(person)))
    joined = np.where(late & (first < span.end), first + rng.integers(0, 90 * DAY, len(person)), joined)
    again = np.flatnonzero(chance(rng, len(person), PEOPLE.two_cards))
    second_at = np.maximum(joined[again], 0) + rng.integers(150 * DAY, 700 * DAY, len(again))
    person = np.concatenate([person, person[again]])
    joined = np.concatenate([joined, second_at])
    store = presence.store[person]
    n = len(person)
    name, kind = variants.write_names(rng, people, people.full_name(), person, scale=0.8)
    phone, phone_kind = _card_phones(rng, people, contacts, person, joined, store)
    return pl.DataFrame(
        {
            "person": person,
            "store": store,
            "account": stores.account[store],
            "card": pl.Series(
                np.asarray(["8", "6"], dtype=object)[stores.account[store]]
                + np.char.zfill(np.arange(n).astype("U7"), 7).astype(object)
                + digit_tokens(rng, n, 3),
                dtype=pl.String,
            ),
            "second": np.arange(n) >= n - len(again),
            "at": joined,
            "phone": phone,
            "phone_kind": phone_kind,
            "updates": chance(rng, n, 0.4) & (phone_kind == OWN),
            "name": pl.Series(name, dtype=pl.String),
            "name_kind": kind,
            "has_birthday": chance(rng, n, 0.34),
            "has_gender": chance(rng, n, 0.6),
            "national_id": pl.Series(
                np.where(chance(rng, n, PEOPLE.national_id_on_file), contacts.national_id[person], ""),
                dtype=pl.String,
            ),
            "level": pick(rng, n, np.asarray([60.0, 26.0, 10.0, 4.0])),
            "balance": np.where(chance(rng, n, 0.06), rng.integers(1, 20, n) * 100, 0),
            "points": rng.integers(0, 6000, n),
        }
    )


def _card_phones(
    rng: np.random.Generator, people: People, contacts: Contacts, person: Ints, at: Ints, store: Ints
) -> tuple[Ints, Ints]:
    """The number each card was registered with: mostly the member's, sometimes the clerk's or the shop's."""
    n = len(person)
    phone = contacts.phone_at(person, at, rng.integers(0, 100, n))
    kind = np.full(n, OWN, dtype=np.int64)
    staff = np.flatnonzero(people.kind == STAFF)
    clerked = _by_clerks(rng, store, round(n * MEMBERS.clerk_phone))
    phone[clerked] = contacts.main[staff[store[clerked] % len(staff)]]
    kind[clerked] = CLERK
    others = np.flatnonzero(kind == OWN)
    shop = rng.permutation(others)[: round(n * MEMBERS.shop_phone)]
    phone[shop] = contacts.main[staff[(store[shop] + 1) % len(staff)]]
    kind[shop] = SHOP
    empty = rng.permutation(np.flatnonzero(kind == OWN))[: round(n * MEMBERS.placeholder_phone)]
    phone[empty] = -1 - pick(rng, len(empty), np.asarray([6.0, 1.0, 1.0, 1.0, 1.0]))
    kind[empty] = PLACEHOLDER
    return phone, kind


def _by_clerks(rng: np.random.Generator, store: Ints, count: int) -> Ints:
    """Members of a few stores whose clerk typed in the own number to be quicker."""
    n_clerks = max(1, round(count / MEMBERS.members_per_clerk))
    busiest = np.argsort(-np.bincount(store, minlength=1), kind="stable")
    chosen = rng.permutation(busiest[: max(n_clerks, len(busiest) // 2)])[:n_clerks]
    return rng.permutation(np.flatnonzero(np.isin(store, chosen)))[:count]


def _shoppers(
    rng: np.random.Generator, people: People, contacts: Contacts, sales: Sales, wanted: Bools
) -> pl.DataFrame:
    person = np.flatnonzero(wanted)
    n = len(person)
    first = first_order_at(sales, YOUZAN, people.total)[person]
    at = np.minimum(first, people.joined_at[person] + rng.integers(0, 60 * DAY, n))
    name, kind = variants.write_names(rng, people, people.full_name(), person, scale=0.8)
    named = chance(rng, n, 0.6)
    place = variants.write_addresses(rng, people.homes, people.home[person])
    return pl.DataFrame(
        {
            "person": person,
            "at": at,
            "updates": chance(rng, n, 0.75),
            "name": pl.Series(np.where(named, name, ""), dtype=pl.String),
            "name_kind": np.where(named, kind, variants.NICK),
            "nickname": pl.Series(contacts.wechat_name[person], dtype=pl.String),
            "is_member": chance(rng, n, 0.72),
            "is_masked": chance(rng, n, 0.05),
            "has_birthday": chance(rng, n, 0.2),
            "has_gender": chance(rng, n, 0.45),
            "has_region": chance(rng, n, 0.4),
            "points": rng.integers(0, 4000, n),
        }
    ).hstack(place.select("province", "city"))


def _abroad(rng: np.random.Generator, people: People, presence: Presence, sales: Sales) -> pl.DataFrame:
    person = np.flatnonzero((people.kind == BASE) & people.overseas)
    first = first_order_at(sales, SHOPIFY, people.total)[person]
    n = len(person)
    at = np.minimum(first, people.joined_at[person] + rng.integers(0, 60 * DAY, n))
    return pl.DataFrame(
        {
            "person": person,
            "at": at,
            "customer_id": pl.Series([f"90138{i:08d}" for i in rng.permutation(10_000_000)[:n]], dtype=pl.String),
            "email_marketing": chance(rng, n, 0.55),
            "sms_marketing": chance(rng, n, 0.15),
            "has_phone": chance(rng, n, 0.6),
        }
    )
