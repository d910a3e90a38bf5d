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
    def find(guards=()):
        folder = world.write()
        parties, registry = read_parties(folder), load_registry()
        sure = sure_clusters(parties, judge(parties, registry), registry)
        return steady_links(parties, by_first_node(sure.label), folder, guards)

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
