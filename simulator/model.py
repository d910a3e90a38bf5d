"""The whole world in one place: what `world` builds, the writers write and the truth is taken from."""

from dataclasses import dataclass

import polars as pl

from simulator.catalogue import Products, Stores
from simulator.contacts import Contacts
from simulator.fulfilment import Sales
from simulator.members import Members
from simulator.messages import Messages
from simulator.people import Calendar, People
from simulator.phenomena import Phenomena
from simulator.presence import Presence
from simulator.purchases import Values
from simulator.wechat import WeChat


@dataclass
class World:
    """Everything that is true, in the order in which it came about."""

    span: Calendar
    people: People
    contacts: Contacts
    phenomena: Phenomena
    presence: Presence
    stores: Stores
    goods: Products
    sales: Sales
    values: Values
    members: Members
    wechat: WeChat
    tickets: pl.DataFrame
    messages: Messages
    payments: pl.DataFrame
