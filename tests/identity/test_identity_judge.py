from datetime import date, datetime

import numpy as np
import polars as pl

from identity.parties import read_parties
from identity.registry import load_registry
from identity.rules.holders import holders_apart
from identity.rules.judge import judge, with_holders
from identity.rules.tenure import BEFORE, IN_DOUBT
from identity.scoring.candidates import candidates


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


def sms(world, key, day=0, *, arrived=None):
    """A message to the phone, and whether the network says that it arrived, or that the number is out of service."""
    world.say(key, PHONE, source="aliyun_sms", role="contact", record_type="message", day=day)
    if arrived is not None:
        kind = (
            {"type": "message_delivered"} if arrived else {"type": "message_failed", "subtype": "MOBILE_NOT_ON_SERVICE"}
        )
        world.rows["event"].append({"event_id": str(key), "record_id": f"aliyun_sms-{key}", **kind})


PHONE = [("phone", "13900000001")]
NUMBER = "13900000001"
WANG = {"name": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}
LI = {"name": "李娜", "surname": "李", "name_pinyin": "li na"}


def test_a_nameless_record_at_a_phone_of_two_people_goes_to_neither(world):
    world.say(1, PHONE, **WANG)
    world.say(2, PHONE, **LI)
    sms(world, 3)
    sms(world, 4)
    world.say(5, [*PHONE, ("wechat_unionid", "u")], source="wecom")
    held, _ = holders(world)
    assert {held[("aliyun_sms-3", NUMBER)], held[("aliyun_sms-4", NUMBER)]} == {IN_DOUBT}
    assert ("wecom-5", NUMBER) not in held


def test_a_message_goes_to_who_had_given_the_number_by_then(world):
    world.say("wang", PHONE, day=10, **WANG)
    world.say("li", PHONE, source="tmall", role="receiver", record_type="order", day=100, **LI)
    for key, day in (("between", 50), ("after", 150)):
        sms(world, key, day, arrived=True)
    held, _ = holders(world)
    assert held[("aliyun_sms-between", NUMBER)] == held[("pos-wang", NUMBER)]
    assert held[("aliyun_sms-after", NUMBER)] == held[("pos-wang", NUMBER)]


def test_a_message_from_before_tells_of_a_giver_who_is_not_seen(world):
    world.say("wang", PHONE, day=10, **WANG)
    world.say("li", PHONE, source="tmall", role="receiver", record_type="order", day=100, **LI)
    for key, day in (("before", 5), ("between", 50), ("after", 150)):
        sms(world, key, day, arrived=True)
    held, _ = holders(world)
    assert held[("aliyun_sms-before", NUMBER)] == BEFORE
    assert held[("aliyun_sms-between", NUMBER)] == held[("pos-wang", NUMBER)]
    assert held[("aliyun_sms-after", NUMBER)] == IN_DOUBT


def test_a_member_list_without_dates_says_nothing_of_before(world):
    world.say("wang", PHONE, day=10, **WANG)
    world.rows["record"][0]["occurred_at"] = None
    sms(world, "before", 5)
    held, _ = holders(world)
    assert held[("aliyun_sms-before", NUMBER)] == held[("pos-wang", NUMBER)]


def test_a_number_reported_out_of_service_belongs_to_who_comes_after(world):
    world.say("wang", PHONE, day=0, **WANG)
    for day in (60, 90, 120):
        sms(world, day, day, arrived=day < 100)
    world.say("li", PHONE, day=290, **LI)
    sms(world, "after", 300, arrived=True)
    held, _ = holders(world)
    assert held[("aliyun_sms-120", NUMBER)] == held[("pos-wang", NUMBER)]
    assert held[("aliyun_sms-after", NUMBER)] == held[("pos-li", NUMBER)]


def test_two_members_of_a_number_in_service_share_it(world):
    world.say("wang", PHONE, day=0, **WANG)
    for day in (60, 120, 180, 240):
        sms(world, day, day, arrived=True)
    world.say("li", PHONE, day=290, **LI)
    sms(world, "after", 300, arrived=True)
    held, _ = holders(world)
    assert held[("aliyun_sms-240", NUMBER)] == held[("pos-wang", NUMBER)]
    assert held[("aliyun_sms-after", NUMBER)] == IN_DOUBT


def test_a_number_that_comes_back_with_a_new_name_after_a_long_silence_is_somebody_elses(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("wangs order", PHONE, day=40, role="buyer", record_type="order")
    world.say("lis order", PHONE, day=230, role="buyer", record_type="order")
    world.say("li", PHONE, day=250, **LI)
    held, _ = holders(world)
    assert held[("pos-wangs order", NUMBER)] == held[("pos-wang", NUMBER)]
    assert held[("pos-lis order", NUMBER)] == held[("pos-li", NUMBER)]


def test_who_gave_a_number_up_is_reached_by_it_no_more(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("li", PHONE, day=250, **LI)
    parties = read_parties(world.write())
    held = judge(parties, load_registry()).holding.join(parties.party.select("party", "record_id"), on="party")
    assert dict(held.select("record_id", "has_ended").iter_rows()) == {"pos-wang": True, "pos-li": False}


def test_what_a_card_said_before_counts_until_it_says_something_else(world):
    world.say("wang", [("phone", "13900000002")], day=0, **WANG)
    world.rows["identifier_former"].append(
        {"record_id": "pos-wang", "role": "member", "id_type": "phone", "id_scope": "", "id_value": NUMBER,
         "strength": "exact", "seen_at": datetime(2026, 1, 1), "valid_to": datetime(2026, 3, 1)}
    )  # fmt: skip
    world.say("li", PHONE, day=90, **LI)
    for day in (30, 100):
        sms(world, day, day)
    held, _ = holders(world)
    assert held[("aliyun_sms-30", NUMBER)] == held[("pos-wang", NUMBER)]
    assert held[("aliyun_sms-100", NUMBER)] == held[("pos-li", NUMBER)]


def test_a_nickname_is_whose_name_it_comes_with(world):
    world.say("li", PHONE, source="youzan", nickname="小太阳", **LI)
    world.say("wang", PHONE, **WANG)
    world.say("buyer", PHONE, source="youzan", role="buyer", record_type="order", nickname="小太阳", quality="nick")
    held, _ = holders(world)
    assert held[("youzan-buyer", NUMBER)] == held[("youzan-li", NUMBER)] != held[("pos-wang", NUMBER)]


def test_the_account_of_an_order_is_its_receivers_where_both_give_one_number(world):
    world.say("wang", PHONE, **WANG)
    world.say("o", PHONE, source="youzan", role="buyer", record_type="order", nickname="云朵", quality="nick")
    world.say("o", PHONE, source="youzan", role="receiver", record_type="order", **LI)
    parties = read_parties(world.write())
    held = judge(parties, load_registry()).holding.join(parties.party.select("party", "record_id", "role"), on="party")
    of = {(r["record_id"], r["role"]): r["holder"] for r in held.iter_rows(named=True)}
    assert of["youzan-o", "buyer"] == of["youzan-o", "receiver"] != of["pos-wang", "member"]


def test_a_nickname_from_years_before_the_only_name_stays_by_itself(world):
    world.say("nick", PHONE, source="youzan", day=0, nickname="云朵", quality="nick")
    world.say("wang", PHONE, day=500, **WANG)
    sms(world, "early", 50)
    held, _ = holders(world)
    assert held[("youzan-nick", NUMBER)] == held[("aliyun_sms-early", NUMBER)] != held[("pos-wang", NUMBER)]


def test_a_nickname_from_the_season_of_the_only_name_is_that_holders(world):
    world.say("nick", PHONE, source="youzan", day=0, nickname="云朵", quality="nick")
    world.say("wang", PHONE, day=100, **WANG)
    held, _ = holders(world)
    assert held[("youzan-nick", NUMBER)] == held[("pos-wang", NUMBER)]


def test_a_nickname_that_is_another_name_stays_by_itself(world):
    world.say("nick", PHONE, source="youzan", day=0, nickname="李可娜", quality="nick")
    world.say("li", [("phone", "13900000002")], **LI)  # there are people of that surname
    world.say("wang", PHONE, day=10, **WANG)
    held, _ = holders(world)
    assert held[("youzan-nick", NUMBER)] != held[("pos-wang", NUMBER)]


def test_a_nickname_is_whose_name_it_is_made_of(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("li", PHONE, day=0, name="李明娜", surname="李", name_pinyin="li ming na")
    for nick in ("小伟", "明娜", "阿娜", "小王", "家人"):
        world.say(nick, PHONE, source="after_sales", role="contact", record_type="ticket", name=nick, quality="nick")
    held, _ = holders(world)
    of = {nick: held[(f"after_sales-{nick}", NUMBER)] for nick in ("小伟", "明娜", "阿娜", "小王", "家人")}
    wang, li = held[("pos-wang", NUMBER)], held[("pos-li", NUMBER)]
    assert of == {"小伟": wang, "明娜": li, "阿娜": li, "小王": wang, "家人": IN_DOUBT}


def test_messages_to_a_number_that_no_member_gave_run_on_to_who_is_seen_next(world):
    sms(world, "early", 0, arrived=True)
    sms(world, "late", 90, arrived=True)
    world.say("li", PHONE, source="youzan", role="receiver", record_type="order", day=120, **LI)
    held, _ = holders(world)
    assert held[("aliyun_sms-early", NUMBER)] == held[("youzan-li", NUMBER)]


def test_messages_that_ended_long_before_who_is_seen_next_are_not_theirs(world):
    sms(world, "early", 0, arrived=True)
    world.say("li", PHONE, source="youzan", role="receiver", record_type="order", day=300, **LI)
    held, _ = holders(world)
    assert held[("aliyun_sms-early", NUMBER)] == BEFORE


def test_a_name_in_a_note_makes_no_second_holder(world):
    world.say(1, PHONE, day=0, **WANG)
    world.say(2, PHONE, source="wecom", role="contact", day=10, name="谢", surname="谢", quality="derived")
    world.say(3, PHONE, source="youzan", role="buyer", record_type="order", day=20)
    held, _ = holders(world)
    assert held[("youzan-3", NUMBER)] == held[("pos-1", NUMBER)] != held[("wecom-2", NUMBER)]


def test_a_surname_in_a_note_is_the_full_names(world):
    world.say(1, PHONE, **WANG)
    world.say(2, PHONE, source="wecom", role="contact", name="王", surname="王", quality="derived")
    held, _ = holders(world)
    assert held[("wecom-2", NUMBER)] == held[("pos-1", NUMBER)]


def test_a_whole_name_in_a_note_is_compared_as_a_whole(world):
    world.say(1, PHONE, name="赵怡云", surname="赵", name_pinyin="zhao yi yun")
    world.say("same", PHONE, source="wecom", role="contact", name="赵怡云", surname="赵", name_pinyin="zhao yi yun",
              quality="derived")  # fmt: skip
    world.say("other", PHONE, source="wecom", role="contact", name="赵立云山", surname="赵", quality="derived")
    held, _ = holders(world)
    assert held[("wecom-same", NUMBER)] == held[("pos-1", NUMBER)] != held[("wecom-other", NUMBER)]


def test_a_surname_in_a_note_of_another_year_is_not_the_full_names(world):
    world.say(1, PHONE, day=0, **WANG)
    world.say(2, PHONE, source="wecom", role="contact", day=500, name="王", surname="王", quality="derived")
    held, _ = holders(world)
    assert held[("wecom-2", NUMBER)] != held[("pos-1", NUMBER)]


def test_a_part_of_a_name_of_the_other_gender_is_not_the_full_names(world):
    world.say(1, PHONE, gender="male", **WANG)
    world.say(2, PHONE, source="pos", gender="female", name="王", surname="王", quality="title")
    world.say(3, PHONE, source="youzan", gender="female", nickname="云朵", quality="nick")
    held, _ = holders(world)
    assert held[("pos-2", NUMBER)] != held[("pos-1", NUMBER)] != held[("youzan-3", NUMBER)]


def test_the_characters_of_a_name_tell_the_gender_where_enough_people_bear_them(world):
    for n in range(25):
        world.say(f"w{n}", [("phone", f"1380000{n:04d}")], gender="female", name=f"陈{chr(0x4E00 + n)}芳", surname="陈")
    world.say("fang", PHONE, name="王芳", surname="王")
    world.say("he", PHONE, source="wecom", role="contact", gender="male", nickname="云朵", quality="nick")
    held, _ = holders(world)
    assert held[("wecom-he", NUMBER)] != held[("pos-fang", NUMBER)]


def test_a_masked_name_joins_the_full_name_that_it_fits(world):
    world.say(1, [("phone", "13900000001")], name="王小伟", surname="王")
    world.say(2, [("phone", "13900000001")], name="李娜", surname="李")
    label = {"source": "tmall", "role": "receiver", "record_type": "order"}
    world.say(3, [("phone", "13900000001")], name="王**", surname="王", quality="masked", **label)
    held, _ = holders(world)
    assert held[("tmall-3", "13900000001")] == held[("pos-1", "13900000001")]


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


RECEIVER = {"role": "receiver", "record_type": "order"}
NOTE = {"source": "wecom", "role": "contact"}


def test_a_part_of_a_name_that_fits_two_people_is_neither_of_theirs(world):
    world.say(1, PHONE, **WANG)
    world.say(2, PHONE, source="youzan", name="王明芳", surname="王", name_pinyin="wang ming fang")
    world.say(3, PHONE, source="tmall", name="王**", surname="王", quality="masked", **RECEIVER)
    held, _ = holders(world)
    assert held[("tmall-3", NUMBER)] not in {held[("pos-1", NUMBER)], held[("youzan-2", NUMBER)]}


def test_a_part_of_a_name_that_fits_two_people_is_whose_nickname_it_comes_with(world):
    world.say(1, PHONE, nickname="云朵", **WANG)
    world.say(2, PHONE, source="youzan", name="王明芳", surname="王", name_pinyin="wang ming fang")
    world.say(3, PHONE, nickname="云朵", name="王", surname="王", quality="derived", **NOTE)
    held, _ = holders(world)
    assert held[("wecom-3", NUMBER)] == held[("pos-1", NUMBER)] != held[("youzan-2", NUMBER)]


def test_a_part_of_a_name_with_another_nickname_is_another_of_the_family(world):
    world.say(1, PHONE, source="youzan", nickname="云朵", **WANG)
    world.say(2, PHONE, nickname="小太阳", name="王", surname="王", quality="derived", **NOTE)
    held, _ = holders(world)
    assert held[("wecom-2", NUMBER)] != held[("youzan-1", NUMBER)]


def test_two_cards_of_one_scheme_are_two_people_where_one_shows_a_part_of_a_name(world):
    world.say("card 1", PHONE, **WANG)
    world.say("card 2", PHONE, name="王*", surname="王", quality="masked")
    world.say("shop", PHONE, source="youzan", name="王**", surname="王", quality="masked")
    held, _ = holders(world)
    assert held[("youzan-shop", NUMBER)] == held[("pos-card 1", NUMBER)] != held[("pos-card 2", NUMBER)]


def test_a_member_without_a_name_beside_one_of_the_same_scheme_is_a_second_person(world):
    world.say("card 1", PHONE, **WANG)
    world.say("card 2", PHONE, name="家人", quality="nick")
    sms(world, "after", 10)
    held, _ = holders(world)
    assert held[("pos-card 2", NUMBER)] != held[("pos-card 1", NUMBER)]
    assert held[("aliyun_sms-after", NUMBER)] == IN_DOUBT  # both had given the number


def test_a_member_without_a_name_and_of_the_other_gender_is_a_second_person(world):
    world.say("woman", PHONE, source="youzan", nickname="云朵", quality="nick", gender="female")
    world.say("man", PHONE, name="家人", quality="nick", gender="male")
    held, _ = holders(world)
    assert held[("pos-man", NUMBER)] != held[("youzan-woman", NUMBER)]


def test_who_has_a_number_of_their_own_beside_may_have_been_lent_this_one(world):
    world.say("order", [("phone", "13900000002")], source="youzan", role="buyer", record_type="order")
    world.say("order", PHONE, source="youzan", **RECEIVER, **WANG)
    world.say("nick", PHONE, source="youzan", day=10, nickname="云朵", quality="nick")
    world.say("title", PHONE, day=20, name="王", surname="王", quality="title")
    held, _ = holders(world)
    wang = held[("youzan-order", NUMBER)]
    assert wang not in {held[("youzan-nick", NUMBER)], held[("pos-title", NUMBER)]}


def test_a_nickname_is_not_the_only_names_who_goes_by_another(world):
    world.say("wang", PHONE, source="youzan", nickname="小太阳", **WANG)
    world.say("nick", PHONE, nickname="云朵", quality="nick", **NOTE)
    held, _ = holders(world)
    assert held[("wecom-nick", NUMBER)] != held[("youzan-wang", NUMBER)]


def test_a_nameless_record_of_another_year_is_nobodys_unless_the_number_had_been_given(world):
    world.say("wang", PHONE, source="tmall", day=0, **RECEIVER, **WANG)
    world.say("late", PHONE, source="after_sales", role="contact", record_type="ticket", day=700)
    held, _ = holders(world)
    assert held[("after_sales-late", NUMBER)] == IN_DOUBT
    world.say("card", PHONE, day=10, **WANG)
    held, _ = holders(world)
    assert held[("after_sales-late", NUMBER)] == held[("pos-card", NUMBER)]


def test_a_message_goes_to_who_was_seen_by_then_not_to_a_name_that_comes_years_later(world):
    world.say("wang", PHONE, day=0, name="王", surname="王", quality="derived", **NOTE)
    sms(world, "then", 30, arrived=True)
    world.say("li", PHONE, day=900, **LI)
    held, _ = holders(world)
    assert held[("aliyun_sms-then", NUMBER)] == held[("wecom-wang", NUMBER)] != held[("pos-li", NUMBER)]


def test_what_is_in_doubt_between_two_is_kept_from_what_is_in_doubt_between_three(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("li", PHONE, day=10, **LI)
    sms(world, "two", 20, arrived=True)
    world.say("zhang", PHONE, day=30, name="张三丰", surname="张", name_pinyin="zhang san feng")
    sms(world, "three", 40, arrived=True)
    held, _ = holders(world)
    assert held[("aliyun_sms-two", NUMBER)] == IN_DOUBT != held[("aliyun_sms-three", NUMBER)]
    assert held[("aliyun_sms-three", NUMBER)] < BEFORE


def test_a_mate_on_one_order_is_whoever_the_nickname_is(world):
    world.say("wang", PHONE, **WANG)
    world.say(
        "buyer", PHONE, source="youzan", role="buyer", record_type="order", day=300, nickname="云朵", quality="nick"
    )
    world.say("buyer", PHONE, source="youzan", **RECEIVER, day=300, name="波波", quality="nick")
    parties = read_parties(world.write())
    held = judge(parties, load_registry()).holding.join(parties.party.select("party", "record_id", "role"), on="party")
    of = {(r["record_id"], r["role"]): r["holder"] for r in held.iter_rows(named=True)}
    assert of["youzan-buyer", "receiver"] == of["youzan-buyer", "buyer"] != of["pos-wang", "member"]


def test_the_holders_of_a_number_have_no_number_in_common(world):
    world.say(1, PHONE, **WANG)
    world.say(2, PHONE, **LI)
    parties = read_parties(world.write())
    told = with_holders(parties, judge(parties, load_registry()))
    phone = candidates(told, np.arange(2))["phones"].to_list()
    assert set(phone[0]).isdisjoint(phone[1])


def one_letter_off(world, days, **more):
    """Whether 王小伟 and 王小静 under one number, so many days apart, are taken for one person."""
    world.say("wang", PHONE, source="youzan", **WANG)
    world.say("slip", PHONE, day=days, name="王小静", surname="王", name_pinyin="wang xiao jing", **more)
    held, _ = holders(world)
    return held[("youzan-wang", NUMBER)] == held[("pos-slip", NUMBER)]


def test_one_character_changed_within_a_season_is_a_slip(world):
    assert one_letter_off(world, 60)


def test_one_character_changed_another_year_is_another_of_the_family(world):
    assert not one_letter_off(world, 400)


def test_one_character_changed_with_another_birth_date_is_another_of_the_family(world):
    world.say("wang", PHONE, source="youzan", birth_date=date(1980, 5, 6), **WANG)
    assert not one_letter_off(world, 5, birth_date=date(2001, 2, 3))


def test_a_masked_name_of_another_year_is_left_to_what_else_is_known(world):
    world.say("whole", PHONE, **WANG)
    world.say("part", PHONE, source="jd", role="receiver", day=200, name="王**", quality="masked", surname="王")
    held, _ = holders(world)
    assert held[("pos-whole", NUMBER)] != held[("jd-part", NUMBER)]


def test_one_surname_with_two_nicknames_is_two_people(world):
    for nick in ("晨曦", "大鹏"):
        world.say(nick, PHONE, source="wecom", name="王", surname="王", nickname=nick, quality="derived")
    held, _ = holders(world)
    assert held[("wecom-晨曦", NUMBER)] != held[("wecom-大鹏", NUMBER)]


def test_two_parts_that_cannot_be_one_person_are_not_both_the_full_names(world):
    world.say("whole", PHONE, **WANG)
    for nick in ("晨曦", "大鹏"):
        world.say(nick, PHONE, source="wecom", name="王", surname="王", nickname=nick, quality="derived", day=3)
    held, _ = holders(world)
    assert len({held[(key, NUMBER)] for key in ("pos-whole", "wecom-晨曦", "wecom-大鹏")}) == 3


def test_a_part_of_a_name_is_whose_account_goes_by_its_nickname(world):
    world.say("order", PHONE, source="youzan", role="buyer", record_type="order", nickname="北北")
    world.say("order", PHONE, source="youzan", role="receiver", record_type="order", **WANG)
    world.say("card", PHONE, source="youzan", day=400, name="王**", quality="masked", surname="王", nickname="北北")
    held, _ = holders(world)
    assert held[("youzan-card", NUMBER)] == held[("youzan-order", NUMBER)]


def test_who_goes_by_their_full_name_is_its_bearer_whatever_the_year(world):
    world.say("whole", PHONE, **WANG)
    world.say("part", PHONE, source="youzan", day=800, name="王", quality="title", surname="王", nickname="王小伟")
    held, _ = holders(world)
    assert held[("pos-whole", NUMBER)] == held[("youzan-part", NUMBER)]


def test_a_nickname_that_is_somebodys_given_name_is_not_another_names(world):
    world.say("zhou", [("phone", "13900000009")], name="周天伟", surname="周", name_pinyin="zhou tian wei")
    world.say("wang", PHONE, **WANG)
    world.say("nick", PHONE, source="youzan", day=3, nickname="天伟")
    held, _ = holders(world)
    assert held[("pos-wang", NUMBER)] != held[("youzan-nick", NUMBER)]


def test_whoever_recommends_an_order_is_not_met_on_its_day(world):
    world.say("wang", PHONE, day=400, **WANG)
    world.say("nick", PHONE, source="youzan", nickname="木木")
    world.say("brought", PHONE, source="youzan", role="referrer", record_type="order", day=410, nickname="木木")
    held, _ = holders(world)
    assert held[("pos-wang", NUMBER)] != held[("youzan-nick", NUMBER)]


def test_an_account_that_orders_for_two_is_whom_it_orders_for_most(world):
    account = [*PHONE, ("tmall_nick", "libin")]
    for number, whom in enumerate((LI, WANG, LI)):
        world.order(number, buyer=account, receiver=PHONE, source="tmall", day=number, **whom)
    parties = read_parties(world.write())
    held = judge(parties, load_registry()).holding.filter(pl.col("id_type") == "phone")
    of = held.join(parties.party.select("party", "role", "name"), on="party")
    li = of.filter(pl.col("name") == LI["name"])["holder"].unique().to_list()
    assert of.filter(pl.col("role") == "buyer")["holder"].unique().to_list() == li


def test_the_two_of_a_number_are_kept_apart_and_the_many_of_a_shops_are_not(world):
    world.say("wang", PHONE, **WANG)
    world.say("li", PHONE, source="tmall", role="receiver", record_type="order", **LI)
    for n, name in enumerate(("周一", "吴二", "郑三", "冯四", "陈五", "褚六", "卫七")):
        world.say(name, [("phone", "13900000008")], source="jd", name=name, surname=name[0], name_pinyin=f"p {n}")
    parties = read_parties(world.write())
    apart = holders_apart(judge(parties, load_registry()).holding, parties, named=True)
    of = dict(parties.party.select("party", "record_id").iter_rows())
    assert [{of[a], of[b]} for a, b in apart] == [{"pos-wang", "tmall-li"}]
