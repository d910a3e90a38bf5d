from identity.judge import IN_DOUBT, judge
from identity.parties import read_parties
from identity.registry import load_registry


def holders(world):
    parties = read_parties(world.write())
    judgement = judge(parties, load_registry())
    held = judgement.holding.join(parties.party.select("party", "record_id"), on="party")
    return {(r["record_id"], r["id_value"]): r["holder"] for r in held.iter_rows(named=True)}, judgement.value


def test_a_phone_of_two_people_has_two_holders(world):
    world.say(1, [("phone", "13900000001")], name="王伟", surname="王")
    world.say(2, [("phone", "13900000001")], name="李娜", surname="李")
    held, _ = holders(world)
    assert held[("pos-1", "13900000001")] != held[("pos-2", "13900000001")]


def test_a_nameless_record_at_a_phone_of_two_people_goes_to_neither(world):
    world.say(1, [("phone", "13900000001")], name="王伟", surname="王")
    world.say(2, [("phone", "13900000001")], name="李娜", surname="李")
    world.say(3, [("phone", "13900000001")], source="aliyun_sms")
    world.say(4, [("phone", "13900000001")], source="aliyun_sms")
    world.say(5, [("phone", "13900000001"), ("wechat_unionid", "u")], source="wecom")
    held, _ = holders(world)
    sms = {held[("aliyun_sms-3", "13900000001")], held[("aliyun_sms-4", "13900000001")]}
    assert sms == {IN_DOUBT}
    assert ("wecom-5", "13900000001") not in held


def test_a_nameless_record_from_before_the_second_holder_is_the_firsts(world):
    world.say(1, [("phone", "13900000001")], name="王伟", surname="王", day=10)
    world.say(2, [("phone", "13900000001")], name="李娜", surname="李", day=100)
    for key, day in (("before", 5), ("between", 50), ("after", 150)):
        world.say(key, [("phone", "13900000001")], source="aliyun_sms", day=day)
    held, _ = holders(world)
    assert held[("aliyun_sms-between", "13900000001")] == held[("pos-1", "13900000001")]
    assert held[("aliyun_sms-before", "13900000001")] == held[("aliyun_sms-after", "13900000001")] == IN_DOUBT


def test_a_title_in_a_note_makes_no_second_holder(world):
    world.say(1, [("phone", "13900000001")], name="王小伟", surname="王")
    world.say(2, [("phone", "13900000001")], name="谢", surname="谢", quality="title")
    world.say(3, [("phone", "13900000001")], source="aliyun_sms")
    held, _ = holders(world)
    assert held[("aliyun_sms-3", "13900000001")] == held[("pos-1", "13900000001")]


def test_a_masked_name_joins_the_full_name_that_it_fits(world):
    world.say(1, [("phone", "13900000001")], name="王小伟", surname="王")
    world.say(2, [("phone", "13900000001")], name="李娜", surname="李")
    world.say(3, [("phone", "13900000001")], name="王**", surname="王", quality="masked")
    held, _ = holders(world)
    assert held[("pos-3", "13900000001")] == held[("pos-1", "13900000001")]


def test_a_clerks_phone_ties_nobody_without_a_name(world):
    for n, surname in enumerate("王李张刘陈杨赵黄周吴"):
        world.say(n, [("phone", "13900000001")], name=f"{surname}明", surname=surname)
    world.say("sms", [("phone", "13900000001")], source="aliyun_sms")
    held, value = holders(world)
    assert value.row(0, named=True)["status"] == "blocked"
    assert "10 people's names" in value.row(0, named=True)["reason"]
    assert ("aliyun_sms-sms", "13900000001") not in held
    assert len(set(held.values())) == 10


def test_placeholder_and_masked_phones_never_link(world):
    world.say(1, [("phone", "13800138000")])
    world.say(2, [("phone", "11111111111")])
    world.say(3, [("phone_masked", "138****8000", "masked")])
    world.say(4, [("phone", "13900000009", "virtual")])
    held, value = holders(world)
    assert not held
    assert dict(zip(value["id_value"], value["status"], strict=True)) == {
        "13800138000": "placeholder", "11111111111": "placeholder", "138****8000": "no_link", "13900000009": "no_link",
    }  # fmt: skip


def test_a_phone_that_stands_on_many_cards_is_nobodys(world):
    for n in range(21):
        world.say(n, [("phone", "13900000001"), ("pos_card", f"C{n}")])
    for n in range(7):
        world.say(f"b{n}", [("phone", "13900000002"), ("pos_card", f"D{n}")])
    held, value = holders(world)
    found = {r["id_value"]: r for r in value.filter(value["id_type"] == "phone").iter_rows(named=True)}
    assert (found["13900000001"]["status"], found["13900000001"]["n_ids"]) == ("blocked", 21)
    assert (found["13900000002"]["status"], found["13900000002"]["n_ids"]) == ("shared", 7)
    assert found["13900000001"]["reason"] == "comes with 21 different values of pos_card"
    assert not [record for record, text in held if text.startswith("139")]


def test_cards_of_two_schemes_are_counted_each_by_itself(world):
    for n in range(6):
        world.say(n, [("phone", "13900000001"), ("pos_card", f"C{n}"), ("jd_pin", f"p{n}")])
    _, value = holders(world)
    assert value.filter(value["id_type"] == "phone")["status"].to_list() == ["ok"]
