"""Relations: ties between people with their evidence, and never a merge."""

import json

import polars as pl
import pytest

from identity.around.relations import RELATION_COLUMNS, relations
from identity.registry import load_registry
from identity.rules.judge import judge
from identity.rules.lifetimes import parties_in_time
from identity.rules.sure import sure_clusters

REGISTRY = load_registry()
WANG = {"name": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}
WANG_JUN = {"name": "王军", "surname": "王", "name_pinyin": "wang jun"}
LI = {"name": "李娜", "surname": "李", "name_pinyin": "li na"}
HOME = {"city_code": "310100", "address": "春江小区25栋2单元1503室"}
OTHER_DOOR = {"city_code": "310100", "address": "春江小区25栋2单元1504室"}


@pytest.fixture
def told(world):
    def run():
        folder = world.write()
        parties = parties_in_time(folder, REGISTRY)
        judgement = judge(parties, REGISTRY)
        sure = sure_clusters(parties, judgement, REGISTRY)
        of_party = parties.party.select("party", pl.Series("one_id", [f"P{n}" for n in sure.label]))
        name = parties.party.join(of_party, on="party").sort(pl.col("name").is_not_null(), "party")
        who = {o: n or k for o, n, k in name.select("one_id", "name", "natural_key").iter_rows()}
        table = relations(parties, of_party, judgement, REGISTRY, folder)
        assert tuple(table.columns) == RELATION_COLUMNS
        key = ["one_id", "relation", "other_one_id", "other_key"]
        assert table.select(key).is_unique().all()
        return {
            (who[r["one_id"]], r["relation"], who.get(r["other_one_id"], r["other_key"])): r for r in table.to_dicts()
        }

    return run


def phone(number):
    return ("phone", f"1390000000{number}")


def test_who_receives_what_a_known_buyer_orders_is_a_gift_receiver(world, told):
    world.say("card", [("jd_pin", "p"), phone(1)], **WANG)
    for day in (3, 9):
        world.order(day, buyer=[("jd_pin", "p")], receiver=[phone(2)], day=day, **LI)
    found = told()
    gift = found["李娜", "gift_receiver", "王小伟"]
    assert (json.loads(gift["evidence"]), gift["n"], gift["source"]) == ({"orders": 2}, 2, "jd")
    assert (gift["last_at"] - gift["first_at"]).days == 6
    assert len(found) == 1


def test_the_receiver_of_a_buyer_without_a_name_may_be_the_buyer(world, told):
    world.order(1, buyer=[("jd_pin", "p")], receiver=[phone(2)], **LI)
    assert [relation for _, relation, _ in told()] == ["receiver"]


def test_nobody_is_related_to_themselves(world, told):
    world.order(1, buyer=[phone(2)], receiver=[phone(2)], **LI)
    assert told() == {}


def test_a_payer_without_a_name_may_be_the_buyer(world, told):
    world.order(1, buyer=[phone(1)])
    world.say("payment", [("wechat_openid", "o")], source="wechatpay", role="payer", record_type="payment")
    world.rows["ledger"] += [
        {"record_id": "wechatpay-payment", "role": "payer", "kind": kind, "order_key": "jd/1", "amount": 9.0}
        for kind in ("payment", "refund")
    ]
    found = told()
    assert list(found) == [("payment", "payer", "1")]
    assert found["payment", "payer", "1"]["n"] == 1


def test_who_pays_for_an_order_of_somebody_of_another_name_pays_for_them(world, told):
    world.order(1, buyer=[phone(1)])
    world.say("card", [phone(1)], **WANG)
    world.say("friend", [("wechat_openid", "o")], **LI)
    world.say("payment", [("wechat_openid", "o")], source="wechatpay", role="payer", record_type="payment")
    world.rows["ledger"].append(
        {"record_id": "wechatpay-payment", "role": "payer", "kind": "payment", "order_key": "jd/1", "amount": 9.0}
    )
    assert list(told()) == [("李娜", "payer_for", "王小伟")]


def test_two_of_one_name_on_an_order_may_be_one_and_no_gift(world, told):
    world.say("card", [("jd_pin", "p"), phone(1)], **WANG)
    world.order(1, buyer=[("jd_pin", "p")], receiver=[phone(2)], **WANG)
    assert [relation for _, relation, _ in told()] == ["receiver"]


def test_referrers_and_agents_are_tied_to_the_customer_of_the_record(world, told):
    world.order(1, buyer=[phone(1)])
    world.say(1, [phone(2)], source="jd", role="referrer", **WANG)
    world.say(1, [phone(3)], source="jd", role="agent", **LI)
    assert set(told()) == {("王小伟", "referrer", "1"), ("李娜", "agent", "1")}


def test_one_door_and_one_surname_are_a_household_told_both_ways(world, told):
    world.say(1, [phone(1)], **WANG, **HOME)
    world.say(2, [phone(2)], **WANG_JUN, **HOME)
    found = told()
    assert set(found) == {("王小伟", "household", "王军"), ("王军", "household", "王小伟")}
    assert json.loads(found["王军", "household", "王小伟"]["evidence"]) == {"same": ["door", "surname"]}


def test_one_door_and_one_phone_with_two_holders_are_a_household(world, told):
    world.say(1, [phone(1)], **WANG, **HOME)
    world.say(2, [phone(1)], **LI, **HOME)
    found = told()
    assert json.loads(found["王小伟", "household", "李娜"]["evidence"]) == {"same": ["door", "phone"]}
    assert found["王小伟", "household", "李娜"]["n"] == 2


def test_one_landline_and_one_surname_are_a_household(world, told):
    world.say(1, [phone(1), ("landline", "02155556666")], **WANG)
    world.say(2, [phone(2), ("landline", "02155556666")], **WANG_JUN)
    assert ("王小伟", "household", "王军") in told()


def test_one_thing_alone_is_called_by_its_own_name(world, told):
    world.say(1, [phone(1)], **WANG, **HOME)
    world.say(2, [phone(2)], **LI, **HOME)
    world.say(3, [phone(2)], **WANG_JUN, **OTHER_DOOR)
    assert {relation for _, relation, _ in told()} == {"same_door", "same_phone"}


def test_a_door_of_many_people_is_no_home(world, told):
    for number, given in enumerate("明军强勇杰磊涛"):
        world.say(number, [phone(number)], name=f"王{given}", surname="王", name_pinyin=f"wang {number}", **HOME)
    assert told() == {}


def test_a_name_told_twice_at_one_door_is_no_household(world, told):
    world.say(1, [phone(1)], **WANG, **HOME)
    world.say(2, [phone(2)], **WANG, **HOME)
    assert told() == {}


def test_a_customer_with_the_name_and_phone_of_one_of_the_staff_is_an_employee(world, told):
    world.say(1, [phone(1)], **WANG)
    world.say(2, [phone(1)], **LI)  # a clerk's phone on a customer's order makes no employee of the customer
    world.rows["staff"].append({"staff_code": "S7", "name": "王小伟", "phone": phone(1)[1]})
    assert [key for key in told() if key[1] == "employee"] == [("王小伟", "employee", "S7")]


def test_who_acts_for_a_company_is_its_contact(world, told):
    record = world.say(1, [phone(1)], **WANG)
    world.rows["business_account"] += [
        {"record_id": record, "role": role, "business_id": "h:b", "kind": "company"} for role in ("member", None)
    ]
    found = told()
    assert list(found) == [("王小伟", "company_contact", "h:b")]
    assert found["王小伟", "company_contact", "h:b"]["other_one_id"] is None
