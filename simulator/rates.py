"""How often each phenomenon happens, and how big the world is per person.

Only numbers. Where a rate is applied is said in the module that applies it.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PersonRates:
    """Shares of all simulated people."""

    overseas: float = 0.05
    household_member: float = 0.38  # lives with another person of the base
    moved: float = 0.08
    changed_phone: float = 0.10
    second_phone: float = 0.08
    shared_phone: float = 0.06  # uses the phone of another household member
    shared_only: float = 0.5  # of those: has no phone of their own
    recycled_phone: float = 0.02  # got a number that another person of the base gave up
    namesake: float = 0.10  # another person of the same city has the same full name
    single_source: float = 0.25
    two_wechats: float = 0.06
    has_email: float = 0.55
    has_wechat: float = 0.94
    national_id_on_file: float = 0.06  # of till members: the store copied the identity card
    two_cards: float = 0.03  # of till members: registered again and got a second card


@dataclass(frozen=True)
class MemberRates:
    """Shares of till members whose registered phone is not their own."""

    clerk_phone: float = 0.005
    shop_phone: float = 0.002
    placeholder_phone: float = 0.004
    members_per_clerk: int = 40


@dataclass(frozen=True)
class OrderRates:
    """Shares of orders."""

    gift: float = 0.03
    gift_inside_base: float = 0.45  # of gifts: the receiver is a person of the base
    unpaid: float = 0.03
    refund_full: float = 0.03
    refund_part: float = 0.015
    anonymous_ticket: float = 0.22  # till sales without a member card
    paid_by_other: float = 0.03  # WeChat payments made by someone of the household
    damaged_number: float = 0.003  # the order number went through a spreadsheet
    repeated_row: float = 0.002


@dataclass(frozen=True)
class TextRates:
    """Shares of written names and addresses that are not as the person is really called or lives."""

    name_typo: float = 0.015
    name_traditional: float = 0.008
    name_title: float = 0.02
    name_masked: float = 0.02
    name_nick: float = 0.012
    address_short: float = 0.16
    address_reordered: float = 0.05
    address_no_district: float = 0.04
    address_no_room: float = 0.02
    email_typo: float = 0.01
    phone_typo: float = 0.008  # of work orders: one digit misheard on the telephone


@dataclass(frozen=True)
class MessageRates:
    """SMS campaigns and what people do with them."""

    campaigns_per_year: int = 17
    reach: float = 0.42  # share of the reachable numbers that one campaign goes to
    failed: float = 0.03
    opt_out: float = 0.0028
    reply: float = 0.002


PEOPLE: Final = PersonRates()
MEMBERS: Final = MemberRates()
ORDERS: Final = OrderRates()
TEXTS: Final = TextRates()
MESSAGES: Final = MessageRates()

MAX_EXTRA_DAYS: Final = 30  # the world goes on this long after the as-of date with new people in it
FUTURE_DAYS: Final = 365  # purchases are simulated this far, so that values have a truth
EARLIER_DAYS: Final = 540  # people were acquired this long before the first file
