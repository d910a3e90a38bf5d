"""Parties of the tracker, of scans, visits, leads and reviews, with the evidence that their files show.

Events of a device on which nobody is logged in have no party that could be anybody's: they are left out.
"""

import polars as pl

from simulator.model import World
from simulator.presence import POS
from simulator.truth.frame import frame
from simulator.truth.loyal import days, named_buyers
from simulator.writers import dressing as d
from simulator.writers import encounters, leads, sensors


def sensors_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who was logged in."""
    rows = sensors.shown_events(world).filter((pl.col("at") < until) & pl.col("known"))
    return [
        frame(
            rows, "sensors", "activity", "contact", account=d.text(sensors.PROJECT), person=pl.col("person"),
            natural_key=pl.concat_str(
                "distinct", sensors.milliseconds(world), "kind", "event", "track", separator="/"
            ),
            user=pl.col("login"), unionid=pl.col("unionid"), phone=pl.col("phone"), any_phone=pl.col("any_phone"),
        )
    ]  # fmt: skip


def qr_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who scanned a code."""
    rows = encounters.shown_scans(world).filter(pl.col("at") < until)
    return [
        frame(
            rows, "qr", "activity", "contact", account=d.text(encounters.SCANS), person=pl.col("person"),
            natural_key=pl.concat_str(d.moment(pl.col("at"), world.span), "code", "openid", separator="/"),
            openid=pl.col("openid"), unionid=pl.col("unionid"),
        )
    ]  # fmt: skip


def visit_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who came to a store."""
    rows = encounters.shown_visits(world).filter(pl.col("at") < until)
    key = pl.concat_str(d.moment(pl.col("at"), world.span), "phone_plain", "store_code", separator="/")
    return [
        frame(
            rows, "store_visits", "visit", "lead", account=d.text(encounters.VISITS), person=pl.col("person"),
            natural_key=key, phone=pl.col("phone_plain"), any_phone=pl.col("phone"), name_kind=pl.col("name_kind"),
        )
    ]  # fmt: skip


def partner_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Whom partners handed in, tied to the buyers of what came of it, and who handed them in."""
    found = []
    for period in (*leads.moments(world, None), *days(world, until)):
        rows = leads.shown_leads(world, period, by_ad=False)
        key = {"account": d.text(leads.PARTNERS.split("/")[1]), "natural_key": pl.col("lead_no")}
        found += [
            frame(
                rows, "partner", "lead", "lead", **key, person=pl.col("person"), phone=pl.col("phone_plain"),
                any_phone=pl.col("phone"), name_kind=pl.col("name_kind"), order_buyer=pl.col("bought_no"),
            ),
            frame(
                rows, "partner", "lead", "agent", **key, person=pl.col("agent"), phone=pl.col("agent_phone"),
                any_phone=pl.col("agent_number"), name_kind=pl.lit(0),
            ),
        ]  # fmt: skip
        found += named_buyers(world, rows.filter(pl.col("bought_no") != "")["order"])
    return found


def ocean_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who left a number on an advertisement."""
    found = []
    for period in (*leads.moments(world, None), *days(world, until)):
        rows = leads.shown_leads(world, period, by_ad=True)
        found.append(
            frame(
                rows, "ocean_engine", "lead", "lead", account=d.text(leads.ADVERTISER), person=pl.col("person"),
                natural_key=pl.col("lead_no"), phone=pl.col("phone_plain"), any_phone=pl.col("phone"),
                name_kind=pl.col("name_kind"),
            )
        )  # fmt: skip
    return found


def review_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who wrote a review: the order's buyer, or the member of the card."""
    rows = encounters.shown_reviews(world).filter(pl.col("at") < until)
    at_till = pl.col("channel") == POS
    tie = pl.when(at_till).then(d.text("")).otherwise("order_no")
    return [
        frame(
            rows, "review", "review", "contact", account=pl.col("account_name"), natural_key=pl.col("review_no"),
            person=pl.col("person"), order_buyer=tie, card=pl.when(at_till).then("card").otherwise(d.text("")),
        ),
        *named_buyers(world, rows.filter(~at_till)["order"]),
    ]  # fmt: skip
