"""The whole world in one place: what `world` builds, the writers write and the truth is taken from.

What the first ten sources tell of is built at once; what the others tell of is worked out from it when it is asked for.
"""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from simulator.advertising import spend_by_day, traffic_by_day
from simulator.brand import Brand, make_brand
from simulator.campaigns import Campaigns
from simulator.catalogue import Products, Stores
from simulator.contacts import Contacts
from simulator.coupons import make_coupons
from simulator.encounters import make_reviews, make_scans, make_visits
from simulator.fulfilment import Sales
from simulator.journeys import Journeys, make_journeys
from simulator.leads import make_leads
from simulator.loyalty import make_points, make_stored_value
from simulator.members import Members
from simulator.messages import Messages
from simulator.people import Calendar, People
from simulator.phenomena import Phenomena
from simulator.presence import Presence
from simulator.purchases import Values
from simulator.referrals import make_referrals
from simulator.streams import Streams
from simulator.wechat import WeChat


@dataclass
class World:
    """Everything that is true, in the order in which it came about."""

    streams: Streams
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
    campaigns: Campaigns

    @cached_property
    def brand(self) -> Brand:
        """Stores, staff and partners."""
        return make_brand(self)

    @cached_property
    def ad_spend(self) -> pl.DataFrame:
        """What each advertising plan cost and gave, by day."""
        return spend_by_day(self)

    @cached_property
    def store_traffic(self) -> pl.DataFrame:
        """Who passed and entered, by store and day."""
        return traffic_by_day(self)

    @cached_property
    def referrals(self) -> pl.DataFrame:
        """Who brought whom, by level."""
        return make_referrals(self)

    @cached_property
    def points(self) -> pl.DataFrame:
        """Every change of a card's points."""
        return make_points(self)

    @cached_property
    def stored_value(self) -> pl.DataFrame:
        """Every change of a card's stored value."""
        return make_stored_value(self)

    @cached_property
    def coupons(self) -> pl.DataFrame:
        """Every coupon, what became of it included."""
        return make_coupons(self)

    @cached_property
    def journeys(self) -> Journeys:
        """What the tracker saw."""
        return make_journeys(self)

    @cached_property
    def scans(self) -> pl.DataFrame:
        """Every scan of a code."""
        return make_scans(self)

    @cached_property
    def visits(self) -> pl.DataFrame:
        """Visits that the stores wrote down."""
        return make_visits(self)

    @cached_property
    def leads(self) -> pl.DataFrame:
        """Whom partners and advertisements brought."""
        return make_leads(self)

    @cached_property
    def reviews(self) -> pl.DataFrame:
        """What people said of orders and stores."""
        return make_reviews(self)
