import hashlib
from datetime import date

import numpy as np
import polars as pl
import pytest
from stdnum.cn import ric

from common.errors import UsageError
from simulator.people import BASE, birth_dates
from simulator.phenomena import namesakes
from simulator.rates import ORDERS, PEOPLE
from simulator.world import simulate

AS_OF = date(2026, 11, 21)


def fingerprint(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_extra_days_leave_the_landing_files_alone(tmp_path):
    simulate(300, 9, tmp_path / "a", as_of=AS_OF)
    simulate(300, 9, tmp_path / "b", as_of=AS_OF, extra_days=1)
    simulate(300, 10, tmp_path / "c", as_of=AS_OF)
    first, second = (fingerprint(tmp_path / name / "landing") for name in "ab")
    assert first == second
    assert first != fingerprint(tmp_path / "c" / "landing")
    truths = [pl.read_parquet(tmp_path / name / "truth" / "party.parquet") for name in "ab"]
    assert truths[0].equals(truths[1])


def test_worlds_that_cannot_be_are_refused(tmp_path):
    for wrong in ({"people": 10}, {"people": 300, "years": 0}, {"people": 300, "extra_days": 31}):
        with pytest.raises(UsageError):
            simulate(**({"seed": 1, "out": tmp_path, "as_of": AS_OF} | wrong))


@pytest.mark.parametrize(
    "phenomenon", ["changed_phone", "second_phone", "shared_phone", "recycled_phone", "two_wechats", "single_source"]
)
def test_phenomena_of_people_have_their_rates(world, phenomenon):
    share = getattr(world.phenomena, phenomenon).sum() / world.people.n
    assert share == pytest.approx(getattr(PEOPLE, phenomenon), rel=0.06)


def test_a_tenth_of_the_people_have_a_namesake_in_their_city(world):
    people = world.people
    flags = namesakes(people, (people.kind == BASE) & ~people.overseas)
    assert flags.sum() / people.n == pytest.approx(PEOPLE.namesake, rel=0.1)


def test_about_three_in_a_hundred_parcels_are_gifts(world):
    orders = world.sales.orders.filter(pl.col("channel") != 3)
    assert orders["gift"].mean() == pytest.approx(ORDERS.gift, rel=0.2)
    given = orders.filter("gift")
    assert (given["buyer"] != given["receiver"]).all()


def test_a_recycled_number_is_used_by_its_new_holder_only_after_the_old_one_gave_it_up(world):
    contacts, people = world.contacts, world.people
    heirs = np.flatnonzero(world.phenomena.recycled_phone)
    phone = contacts.main[heirs]
    donors = contacts.phone_owner[phone]
    assert (contacts.old[donors] == phone).all()
    assert (people.joined_at[heirs] > contacts.changed_at[donors]).all()


def test_who_shares_a_phone_lives_with_its_owner(world):
    sharers = np.flatnonzero(world.contacts.shares >= 0)
    owners = world.contacts.shares[sharers]
    assert (world.people.household[sharers] == world.people.household[owners]).all()


def test_numbers_of_identity_cards_have_the_birth_date_and_a_right_check_digit(world):
    born = np.datetime_as_string(birth_dates(world.people.birth[:200]))
    for number, day in zip(world.contacts.national_id[:200], born, strict=True):
        assert number[6:14] == day.replace("-", "")
        assert ric.calc_check_digit(number) == number[17]


def test_accounts_and_phones_are_nobody_elses(world):
    contacts = world.contacts
    emails = contacts.email[contacts.email != ""]
    for values in (contacts.phone_text, contacts.tmall_nick, contacts.jd_pin, emails, contacts.unionid.ravel()):
        assert len(set(values.tolist())) == len(values)


def test_order_numbers_are_unique_on_their_platform(world):
    orders = world.sales.orders
    assert orders.select(pl.struct("channel", "order_no").is_unique().all()).item()


def test_amounts_add_up(world):
    orders = world.sales.orders
    by_line = world.sales.lines.group_by("order").agg(pl.col("amount").sum()).sort("order")["amount"]
    assert (by_line == orders["goods"]).all()
    assert ((orders["goods"] - orders["discount"] + orders["freight"] - orders["payable"]).abs() < 1e-9).all()
    assert (orders["refunded"] <= orders["paid"]).all()


def test_the_chance_to_be_alive_is_right_on_average(world):
    values = world.values
    assert values.p_alive.sum() == pytest.approx(values.alive.sum(), rel=0.05)
    high = values.p_alive > 0.7
    assert values.alive[high].mean() == pytest.approx(values.p_alive[high].mean(), abs=0.04)


def test_expected_purchases_come_true_on_average(world):
    span = world.span
    orders = world.sales.orders.filter((pl.col("at") >= span.end) & (pl.col("at") < span.end + 365 * 86_400))
    buyer = orders["buyer"].to_numpy()
    known = world.people.joined_at < span.end
    # Replacements of worn-out durables come on top of the process: a tenth of what is bought at most.
    assert world.values.expected_365d.sum() == pytest.approx(known[buyer].sum(), rel=0.12)


def test_two_character_surnames_exist(world):
    assert {len(s) for s in world.people.surname[~world.people.overseas]} == {1, 2}
