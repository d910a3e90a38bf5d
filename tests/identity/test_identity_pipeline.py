from datetime import date

import duckdb
import polars as pl
import pytest

from identity.pipeline import resolve
from identity.showing.explain import explain_pair

HOME = {"city_code": "310100", "district_code": "310115", "address": "世纪大道100号3栋1201室"}
WANG = {"name": "王小伟", "name_simplified": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}
LI = {"name": "李娜", "name_simplified": "李娜", "surname": "李", "name_pinyin": "li na"}


@pytest.fixture
def resolved(world, tmp_path):
    def run(run_id="r1", previous=None):
        out = tmp_path / run_id
        report = resolve(
            world.write(), public=out / "public", private=out / "private", previous=previous,
            models=tmp_path / "models", key=b"k", run_id=run_id,
        )  # fmt: skip
        record_map = pl.read_parquet(out / "public" / "record_map.parquet")
        return out, report, {(r["record_id"], r["role"]): r["one_id"] for r in record_map.iter_rows(named=True)}

    return run


def test_equal_accounts_and_phones_are_one_person(world, resolved):
    card = world.say(1, [("pos_card", "C1"), ("phone", "13900000001")], **WANG)
    sms = world.say(2, [("phone", "13900000001")], source="aliyun_sms", role="contact")
    other = world.say(3, [("phone", "13900000002")], **LI)
    _, _, ids = resolved()
    assert ids[card, "member"] == ids[sms, "contact"] != ids[other, "member"]


def test_a_masked_receiver_is_found_by_name_address_and_mask(world, resolved):
    member = world.say(1, [("phone", "13900005678")], **WANG, **HOME)
    order = world.order(
        2, buyer=[("jd_pin", "p")], receiver=[("phone_masked", "1******5678", "masked")], **WANG, **HOME
    )
    _, report, ids = resolved()
    assert ids[member, "member"] == ids[order, "receiver"]
    assert report.n_merged_by_score == 1


def test_a_buyer_is_not_the_receiver_of_a_single_order(world, resolved):
    order = world.order(2, buyer=[("jd_pin", "p")], receiver=[("phone", "13900005678")], **WANG)
    _, _, ids = resolved()
    assert ids[order, "buyer"] != ids[order, "receiver"]


def test_an_account_that_keeps_ordering_to_one_person_is_theirs(world, resolved):
    orders = [
        world.order(n, buyer=[("jd_pin", "p")], receiver=[("phone", "13900005678")], day=n, **WANG) for n in range(3)
    ]
    gift = world.order(9, buyer=[("jd_pin", "p")], receiver=[("phone", "13900009999")], **LI)
    _, _, ids = resolved()
    assert ids[orders[0], "buyer"] == ids[orders[0], "receiver"]
    assert ids[gift, "receiver"] != ids[gift, "buyer"]


def test_two_valid_national_ids_never_merge(world, resolved):
    a = world.say(1, [("national_id", "A"), ("phone", "13900000001")], **WANG)
    b = world.say(2, [("national_id", "B"), ("phone", "13900000001")], **WANG)
    _, report, ids = resolved()
    assert ids[a, "member"] != ids[b, "member"]
    assert report.n_guard_refusals >= 1


def test_namesakes_in_one_city_stay_two_people(world, resolved):
    a = world.say(1, [("phone", "13900000001")], birth_date=date(1980, 1, 2), **WANG, **HOME)
    there = HOME | {"district_code": "310104", "address": "漕溪路8号2栋301室"}
    b = world.say(2, [("phone", "13700000002")], birth_date=date(1991, 7, 8), **WANG, **there)
    _, _, ids = resolved()
    assert ids[a, "member"] != ids[b, "member"]


def test_a_second_run_on_the_same_records_changes_no_id(world, resolved):
    world.say(1, [("phone", "13900000001")], **WANG)
    world.say(2, [("phone", "13900000002")], **LI)
    out, _, first = resolved()
    world.say(3, [("phone", "13900000003")])
    again, report, second = resolved("r2", previous=out / "public")
    assert first.items() <= second.items()
    assert report.n_new_ids == 1
    assert pl.read_parquet(again / "public" / "change.parquet").is_empty()


def test_the_public_tables_hold_no_personal_value(world, resolved):
    world.say(1, [("phone", "13900000001"), ("email", "wang@example.com"), ("jd_pin", "wxw80")], **WANG, **HOME)
    world.say(2, [("phone", "13900000001")], **WANG)
    out, _, _ = resolved()
    text = " ".join(str(pl.read_parquet(path).rows()) for path in sorted((out / "public").glob("*.parquet")))
    for personal in ("13900000001", "wang@example.com", "wxw80", "王小伟", "世纪大道"):
        assert personal not in text
    golden = pl.read_parquet(out / "private" / "golden_value.parquet")
    assert dict(golden.select("field", "value").iter_rows())["name"] == "王小伟"


def test_the_path_between_two_records_is_told_in_words(world, resolved):
    member = world.say(1, [("phone", "13900005678")], **WANG, **HOME)
    order = world.order(
        2, buyer=[("jd_pin", "p")], receiver=[("phone_masked", "1******5678", "masked")], **WANG, **HOME
    )
    sms = world.say(3, [("phone", "13900005678")], source="aliyun_sms", role="contact")
    out, _, _ = resolved()
    con = duckdb.connect()
    con.execute("create schema identity")
    for table in ("edge", "record_map", "one_id"):
        con.execute(f"create table identity.{table} as from '{out}/public/{table}.parquet'")
    words = [step.words for step in explain_pair(con, sms, order)]
    assert words[0] == "same phone, and the names allow it"
    assert "the masked phone agrees" in words[1] and "same address" in words[1]
    assert explain_pair(con, member, order)


def test_no_records_at_all_is_no_failure(world, resolved):
    _, report, ids = resolved()
    assert report.n_people == 0 and not ids
