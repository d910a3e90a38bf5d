import polars as pl
import pytest

from identity.graph import by_first_node
from identity.parties import read_parties
from identity.registry import load_registry
from identity.rules.judge import judge
from identity.rules.steady import steady_links
from identity.rules.sure import sure_clusters

WANG = {"name": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}
LI = {"name": "李娜", "surname": "李", "name_pinyin": "li na"}
ACCOUNT = [("jd_pin", "p")]


@pytest.fixture
def links(world):
    def find(guards=(), first=None):
        folder = world.write()
        parties, registry = read_parties(folder), load_registry()
        sure = sure_clusters(parties, judge(parties, registry), registry)
        return steady_links(parties, by_first_node(sure.label), folder, registry, guards, first=first)

    return find


def test_two_orders_are_not_enough_while_nothing_measures_the_rule(world, links):
    for n in range(2):
        world.order(n, buyer=ACCOUNT, receiver=[("phone", "13900005678")], **WANG)
    assert links().link.is_empty()


def test_orders_whose_receiver_has_no_name_count_too(world, links):
    for n in range(3):
        world.order(n, buyer=ACCOUNT, receiver=[("phone", "13900005678")], **WANG)
    assert len(links().link) == 1
    for n in range(3, 9):
        world.order(n, buyer=ACCOUNT, receiver=[("phone", "13700000001")])
    assert links().link.is_empty()


def test_a_never_merge_key_holds_an_account_back(world, links):
    for n in range(3):
        world.order(n, buyer=ACCOUNT, receiver=[("phone", "13900005678")], **WANG)
    free = links().link.row(0, named=True)
    guard = {free["account"]: frozenset(["A"]), free["companion"]: frozenset(["B"])}
    assert links([guard]).link.is_empty()


def pay(world, number, openid, card):
    """A ticket of a card at the till, paid by a WeChat account."""
    order = world.say(number, [("pos_card", card)], role="member", record_type="order")
    payment = world.say(number, [("wechat_openid", openid)], source="wechatpay", role="payer", record_type="payment")
    world.rows["orders"].append({"order_key": f"pos/{number}", "record_id": order})
    world.rows["ledger"].append({"record_id": payment, "order_key": f"pos/{number}", "role": "payer"})


def test_who_pays_once_is_who_buys_where_nearly_all_who_pay_often_are(world, links):
    for person in range(60):
        for n in range(2):
            pay(world, f"{person}-{n}", f"o{person}", f"c{person}")
    pay(world, "once", "new", "card")
    found = links()
    assert found.first == {"wechatpay payer": pytest.approx((61 / 62) ** 0.5, abs=1e-6)}
    assert found.link.filter(pl.col("rule") == "first_companion")["n_orders"].to_list() == [1]


def test_who_pays_once_is_nobody_where_many_pay_for_others(world, links):
    for person in range(60):
        for n in range(3):
            pay(world, f"{person}-{n}", f"o{person}", f"c{person}" if person % 5 else f"c{person}-{n}")
    pay(world, "once", "new", "card")
    assert set(links().link["rule"]) == {"steady_companion"}


SURE = {"jd buyer": 0.99}


def test_one_order_is_a_link_only_for_kinds_of_account_that_are_sure_enough(world, links):
    world.order(1, buyer=ACCOUNT, receiver=[("phone", "13900005678")], **WANG)
    link = links(first=SURE).link.row(0, named=True)
    assert (link["rule"], link["probability"], link["n_met"], link["n_orders"]) == ("first_companion", 0.99, 1, 1)
    assert links(first={"jd buyer": 0.95}).link.is_empty()
    assert links(first={"tmall buyer": 0.99}).link.is_empty()
    assert links().link.is_empty()


def test_of_two_accounts_that_met_one_person_once_neither_is_theirs(world, links):
    for n in range(2):
        world.order(n, buyer=[("jd_pin", f"p{n}")], receiver=[("phone", "13900005678")], **WANG)
    assert links(first=SURE).link.is_empty()


def test_a_buyer_who_shows_no_account_is_not_linked_by_one_order(world, links):
    world.order(1, buyer=[("phone_masked", "139****5678", "masked")], receiver=[("phone", "13900005678")], **WANG)
    assert links(first=SURE).link.is_empty()


def test_an_account_whose_two_orders_met_two_people_is_neither_of_them(world, links):
    world.order(1, buyer=ACCOUNT, receiver=[("phone", "13900005678")], **WANG)
    world.order(2, buyer=ACCOUNT, receiver=[("phone", "13700000001")], **LI)
    assert links(first=SURE).link.is_empty()


def test_with_enough_known_owners_the_chance_is_measured(world, links):
    for person in range(40):
        phone, name = f"139{person:08d}", {**WANG, "name": f"王小{chr(0x4E00 + person)}", "name_pinyin": f"w {person}"}
        for n in range(2):
            world.order(
                f"{person}-{n}", buyer=[("jd_pin", f"p{person}"), ("phone", phone)], receiver=[("phone", phone)], **name
            )
    for n in range(2):
        world.order(n, buyer=[("jd_pin", "nobody")], receiver=[("phone", "13700005678")], **LI)
    found = links()
    assert found.n_measured == 40
    assert found.probability == pytest.approx(41 / 42, abs=1e-6)
    assert isinstance(found.link, pl.DataFrame) and len(found.link) == 1
