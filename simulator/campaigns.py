"""Campaigns with arms that were drawn before anything was sent: who was in which, and what it truly changed.

The messages that go to everybody are in `messages`.
"""

from dataclasses import dataclass

import polars as pl


@dataclass
class Campaigns:
    """What campaigns did; without them all tables are empty."""

    coupons: pl.DataFrame  # given by campaigns, as `coupons.make_coupons` has them


COUPON: dict[str, pl.DataType] = {}


def no_campaigns() -> Campaigns:
    """A world in which none was run."""
    whole = ("holder", "template", "at", "expires_at", "redeemed_at", "order", "person", "account")
    schema = dict.fromkeys(whole, pl.Int64()) | {"face": pl.Float64(), "campaign": pl.String(), "card": pl.String()}
    return Campaigns(pl.DataFrame(schema=schema))
