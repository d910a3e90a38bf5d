"""Puts the world together: people first, then what happens to them, then what the brand knows of them."""

from datetime import date

import numpy as np
import polars as pl

from simulator.campaigns import Before, no_campaigns, run_campaigns
from simulator.catalogue import make_stores, products
from simulator.contacts import Contacts, make_contacts
from simulator.fulfilment import WECHAT, Sales, make_sales
from simulator.members import Wants, make_members, registrations
from simulator.messages import make_messages
from simulator.model import World
from simulator.people import BASE, DAY, Calendar, People, calendar, make_people
from simulator.phenomena import make_phenomena
from simulator.presence import CHANNELS, POS, YOUZAN, Presence, make_presence
from simulator.purchases import make_purchases
from simulator.service import make_tickets
from simulator.streams import Bools, Ints, Streams, pick
from simulator.tills import make_payments, with_cards
from simulator.wechat import WeChatWants, make_wechat, wechat_wants

_TILL, _SHOP, _CONTACT, _FOLLOW = range(4)


def build_world(n: int, seed: int, as_of: date, years: int, *, campaigns: bool = False) -> World:
    """A whole world.

    Args:
        n: people who know the brand by the as-of date.
        seed: the same numbers give the same world.
        as_of: the last day that the landing folder knows.
        years: how long before it the files begin.
        campaigns: let campaigns with arms change who buys.
    """
    streams, span, goods = Streams(seed), calendar(as_of, years), products()
    people = make_people(streams, n, span)
    contacts = make_contacts(streams, people)
    phenomena = make_phenomena(streams, people, contacts, span)
    stores = make_stores(n)
    presence = make_presence(streams, people, contacts, phenomena, stores)
    purchases, values = make_purchases(streams, people, presence, goods, span)
    sales = make_sales(streams, people, contacts, presence, purchases, goods, stores, span)
    wants = registrations(streams, people, contacts, presence, sales)
    follows = wechat_wants(streams, people, contacts, presence)
    for turn in range(2):
        _make_known(streams(f"known {turn}"), people, contacts, presence, sales, span, wants, follows)
    members = make_members(streams, people, contacts, presence, sales, stores, span, wants)
    sales = with_cards(streams, sales, members)
    messages = make_messages(streams, people, contacts, presence, members, span)
    tickets = make_tickets(streams, people, contacts, presence, sales)
    ran = no_campaigns()
    if campaigns:
        before = Before(
            people, contacts, phenomena, presence, goods, stores, span, sales, values, members, messages
        )  # fmt: skip
        ran, sales = run_campaigns(streams, before)
        tickets = tickets.filter(~pl.col("order").is_in(pl.Series(ran.lost).implode()))
    return World(
        streams=streams,
        span=span,
        people=people,
        contacts=contacts,
        phenomena=phenomena,
        presence=presence,
        stores=stores,
        goods=goods,
        sales=sales,
        values=values,
        members=members,
        wechat=make_wechat(streams, people, contacts, presence, stores, span, follows.follow, follows.contact),
        tickets=tickets,
        messages=messages,
        payments=make_payments(sales, contacts, span),
        campaigns=ran,
    )


def _n_sources(people: People, sales: Sales, span: Calendar, wants: Wants, follows: WeChatWants) -> Ints:
    """How many sources will know each person by the as-of date, going by what is decided so far."""
    orders = sales.orders.filter(sales.orders["at"] < span.end)
    buyer, channel = orders["buyer"].to_numpy(), orders["channel"].to_numpy()
    known = np.zeros((people.total, len(CHANNELS) + 1), dtype=bool)
    known[buyer, channel] = True
    in_bill = (orders["method"].to_numpy() == WECHAT) & np.isin(channel, (POS, YOUZAN))
    known[orders["payer"].to_numpy()[in_bill], len(CHANNELS)] = True
    known[:, POS] |= wants.till
    known[:, YOUZAN] |= wants.shop
    by_message = (wants.till | wants.shop) & (people.joined_at < span.end - 150 * DAY)
    return known.sum(axis=1) + by_message + follows.follow + follows.contact


def _make_known(
    rng: np.random.Generator,
    people: People,
    contacts: Contacts,
    presence: Presence,
    sales: Sales,
    span: Calendar,
    wants: Wants,
    follows: WeChatWants,
) -> None:
    """Give those who are not meant to be seen in one source only, but would be, another trace."""
    several = (people.kind == BASE) & ~people.overseas & (presence.lone < 0)
    few = np.flatnonzero(several & (_n_sources(people, sales, span, wants, follows) < 2))
    trace = pick(rng, len(few), np.asarray([30.0, 35.0, 15.0, 20.0]))
    possible: list[Bools] = [
        (presence.store[few] >= 0) & ~wants.till[few],
        (contacts.shares[few] < 0) & (contacts.phone_owner[contacts.main[few]] == few) & ~wants.shop[few],
        contacts.has_wechat[few] & ~follows.contact[few],
        contacts.has_wechat[few] & ~follows.follow[few],
    ]
    for turn in range(4):  # what is impossible becomes the next
        blocked = ~np.choose(trace, possible)
        trace = np.where(blocked, (trace + 1 + turn % 2) % 4, trace)
    wants.till[few[(trace == _TILL) & possible[_TILL]]] = True
    wants.shop[few[(trace == _SHOP) & possible[_SHOP]]] = True
    follows.contact[few[(trace == _CONTACT) & possible[_CONTACT]]] = True
    follows.follow[few[(trace == _FOLLOW) & possible[_FOLLOW]]] = True
