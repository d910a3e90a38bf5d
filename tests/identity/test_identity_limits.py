"""Limits of a person: past them links are cut or the person is listed; single cards never merge."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.parties import read_parties
from identity.registry import load_registry
from identity.rules.judge import judge
from identity.rules.limits import Limit, LimitedMerge, over_limit
from identity.rules.sure import sure_clusters

REGISTRY = load_registry()


def clusters(world, registry=REGISTRY, **said):
    parties = read_parties(world.write())
    judgement = judge(parties, registry)
    sure = sure_clusters(parties, judgement, registry, **said)
    label = dict(zip(parties.party["natural_key"], sure.label.tolist(), strict=True))
    of_party = parties.party.select("party", pl.Series("one_id", [f"P{n}" for n in sure.label]))
    return label, sure, over_limit(judgement, registry, of_party)


def chain(world, n, kind):
    """One e-mail after another carries the next two accounts, so that no single value looks wrong."""
    for number in range(n):
        world.say(number, [(kind, f"o{number}"), ("email", f"e{number}@example.com")])
        world.say(f"{number}+", [(kind, f"o{number}"), ("email", f"e{number + 1}@example.com")])


def test_links_that_bring_a_person_past_a_limit_are_not_laid(world):
    chain(world, 8, "wechat_openid")
    label, sure, over = clusters(world)
    accounts = {}
    for key, cluster in label.items():
        accounts.setdefault(cluster, set()).add(key.rstrip("+"))
    assert max(len(held) for held in accounts.values()) == REGISTRY["wechat_openid"].limit == 5
    assert label["0"] == label["0+"] and sure.n_refused == 1  # the weaker e-mail gives way, never the account itself
    assert over.is_empty()


def test_past_a_limit_that_only_flags_the_person_is_listed(world):
    chain(world, 11, "jd_pin")
    label, sure, over = clusters(world)
    assert len(set(label.values())) == 1 and sure.n_refused == 0
    assert over.rows() == [("P0", "email", "", 12, 10, "flag"), ("P0", "jd_pin", "", 11, 10, "flag")]


def test_a_limit_counts_in_each_scope_by_itself(world):
    chain(world, 6, "wechat_openid")
    for row in world.rows["identifier"]:
        if row["id_type"] == "wechat_openid":
            row["id_scope"] = "wx-even" if int(row["id_value"][1:]) % 2 else "wx-odd"
    label, _, over = clusters(world)
    assert len(set(label.values())) == 1 and over.is_empty()


def test_a_steward_goes_past_every_limit(world):
    chain(world, 6, "wechat_openid")
    parties = read_parties(world.write()).party
    a, b = (parties.row(by_predicate=pl.col("natural_key") == key, named=True)["party"] for key in ("0", "5+"))
    label, *_ = clusters(world, same=[(min(a, b), max(a, b))])
    assert label["0"] == label["5+"]


def test_two_cards_of_a_one_card_scheme_never_merge(world):
    for number, card in enumerate(("C1", "C2")):
        world.say(number, [("pos_card", card), ("phone", "13900000001")], name="王小伟", surname="王")
    card = REGISTRY["pos_card"]
    single = REGISTRY | {"pos_card": card.model_copy(update={"single_per_scope": True})}
    elsewhere = REGISTRY | {"pos_card": card.model_copy(update={"single_per_scope": ("north",)})}
    assert [len(set(clusters(world, registry)[0].values())) for registry in (single, elsewhere, REGISTRY)] == [2, 1, 1]


def test_cards_of_two_one_card_schemes_may_be_one_persons(world):
    world.say(1, [("pos_card", "C1"), ("phone", "13900000001")], name="王小伟", surname="王")
    world.rows["identifier"][0]["id_scope"] = "north"
    world.say(2, [("pos_card", "C2"), ("phone", "13900000001")], name="王小伟", surname="王")
    single = REGISTRY | {"pos_card": REGISTRY["pos_card"].model_copy(update={"single_per_scope": True})}
    assert len(set(clusters(world, single)[0].values())) == 1


@settings(max_examples=100, deadline=None)
@given(
    most=st.integers(1, 3),
    values=st.dictionaries(st.integers(0, 9), st.frozensets(st.sampled_from("abcde"), min_size=1, max_size=1)),
    pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30),
)
def test_no_merge_goes_past_its_limit(most, values, pairs):
    merge = LimitedMerge(10, (), (), [Limit(most, values)])
    accepted = [merge.merge(a, b) for a, b in pairs]
    held = {}
    for node, own in values.items():
        held.setdefault(merge.find(node), set()).update(own)
    assert all(len(together) <= most for together in held.values())
    for (a, b), merged in zip(pairs, accepted, strict=True):
        if merged:
            assert merge.find(a) == merge.find(b)
