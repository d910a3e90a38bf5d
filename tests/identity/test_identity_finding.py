"""Finding people: how what somebody typed is read, and what has become of an id."""

import datetime as dt

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import UsageError
from common.keys import keyed_hash
from identity.keeping.lookup import person_identifiers, value_owners
from identity.parties import Parties
from identity.showing.finding import find_people, identifiers_of, readings
from identity.showing.following import current_id, follow

KEY = b"key"


@pytest.fixture
def con(tmp_path):
    told = tmp_path / "touchpoints"
    told.mkdir()
    con = duckdb.connect()
    con.execute("create schema identity; create schema core")
    con.execute(
        "create table identity.one_id as select * from (values ('PA', 'active', null), ('PB', 'merged', 'PA'), "
        "('PC', 'merged', 'PB'), ('PD', 'absent', null), ('PAAAAAAAAAAAA', 'active', null)) "
        "as t(one_id, status, merged_into)"
    )
    con.execute(
        "create table identity.record_map as select * from (values ('r1', 'buyer', 'jd', 'order', '7001', 'PA'), "
        "('r1', 'receiver', 'jd', 'order', '7001', 'PE'), ('r2', 'member', 'pos', 'customer', 'h:1', 'PA')) "
        "as t(record_id, role, source, record_type, natural_key, one_id)"
    )
    con.execute(
        "create table core.orders as select 'PA' as one_id, 'PA' as buyer_one_id, 'PE' as receiver_one_id, "
        "'7001' as order_no, 'jd/7001' as order_key"
    )
    con.execute(
        "create table identity.identifier_value as select 'phone' as id_type, 'CN' as id_scope, $1 as value_hash, "
        "null as time_window, 'shared' as status, 'a phone of the brand''s staff' as reason",
        [keyed_hash("13800000001", KEY)],
    )
    identifier = (
        "copy (select * from (values ('r1', 'receiver', 'phone', 'CN', '13800000001', timestamp '2026-01-01'), "
        "('r2', 'member', 'phone', 'CN', '13800000001', timestamp '2026-02-01'), "
        "('r2', 'member', 'pos_card', 'x', 'C-9', null)) as t(record_id, role, id_type, id_scope, id_value, seen_at)) "
    )
    con.execute(f"{identifier} to '{told / 'identifier.parquet'}'")
    attribute = "copy (select 'r2' as record_id, 'member' as role, 'name' as name, '王小明' as value) "
    con.execute(f"{attribute} to '{told / 'attribute.parquet'}'")
    return con


@pytest.mark.parametrize("typed", ["13800000001", "+86 138-0000-0001", "0086 13800000001", "１３８ ００００ ０００１"])
def test_a_chinese_phone_is_read_however_it_is_written(typed):
    assert "13800000001" in readings(typed)


def test_people_are_found_by_identifier_order_record_and_name_each_with_by_what(con, tmp_path):
    def found(text):
        return {match.one_id: match.kinds for match in find_people(con, tmp_path, text).matches}

    assert found(" +86 138 0000 0001") == {"PA": ("phone",), "PE": ("phone",)}
    assert found("c-9") == {"PA": ("pos_card",)}
    assert found("7001") == {"PA": ("order", "record"), "PE": ("order", "record")}
    assert found("王小明") == {"PA": ("name",)}
    assert found("paaaaaaaaaaaa") == {"PAAAAAAAAAAAA": ("one_id",)}
    assert found("王小") == {} and found("   ") == {}
    one = find_people(con, tmp_path, "7001", most=1)
    assert (len(one.matches), one.n_people) == (1, 2)


def test_the_vaults_own_look_ups_find_the_same_people_and_identifiers(con, tmp_path):
    party = pl.DataFrame(
        [(0, "jd", None, None, None), (1, "jd", None, None, None), (2, "pos", "王小明", "王小明", "明明")],
        schema=["party", "source", "name_as_written", "name", "nickname"], orient="row",
    )  # fmt: skip
    identifier = pl.DataFrame(
        [(1, "phone", "CN", "13800000001", dt.datetime(2026, 1, 1)), (2, "phone", "CN", "13800000001",
         dt.datetime(2026, 2, 1)), (2, "pos_card", "x", "C-9", None)],
        schema=["party", "id_type", "id_scope", "id_value", "seen_at"], orient="row",
    )  # fmt: skip
    of_party = pl.DataFrame({"party": [0, 1, 2], "one_id": ["PA", "PE", "PA"]})
    asked = ("13800000001", "C-9", "7001", "王小明")
    before = [find_people(con, tmp_path, text) for text in asked]
    held = [identifiers_of(con, tmp_path, one_id, KEY) for one_id in ("PA", "PE")]
    (tmp_path / "identity").mkdir()
    identifiers = person_identifiers(Parties(party, identifier), of_party)
    owners = value_owners(identifiers, Parties(party, identifier), of_party)
    identifiers.write_parquet(tmp_path / "identity" / "person_identifier.parquet")
    owners.write_parquet(tmp_path / "identity" / "value_owner.parquet")
    for path in (tmp_path / "touchpoints").iterdir():
        path.unlink()
    assert [find_people(con, tmp_path, text) for text in asked] == before
    assert [identifiers_of(con, tmp_path, one_id, KEY) for one_id in ("PA", "PE")] == held
    assert find_people(con, tmp_path, "明明").matches[0].kinds == ("name",)


def test_a_merged_id_leads_to_who_it_became_and_others_say_that_they_lead_nowhere(con):
    followed = [follow(con, one_id) for one_id in ("pa", "PC", "PD", "PX")]
    assert [(one.one_id, one.state) for one in followed] == [
        ("PA", "active"), ("PA", "merged"), (None, "absent"), (None, "unknown"),
    ]  # fmt: skip
    assert current_id(con, "PC") == "PA"
    for nobody, why in (("PD", "no file tells"), ("PX", "There is no OneID")):
        with pytest.raises(UsageError, match=why):
            current_id(con, nobody)


def test_the_identifiers_of_a_person_say_since_when_on_how_many_records_and_whether_they_are_shared(con, tmp_path):
    phone, card = sorted(identifiers_of(con, tmp_path, "PA", KEY), key=lambda one: one.id_type)
    assert (phone.id_type, phone.n_records, phone.sources, phone.is_shared) == ("phone", 1, ("pos",), True)
    assert (card.id_type, card.value, card.is_shared, card.first_seen) == ("pos_card", "C-9", False, None)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_without_failing_and_the_first_reading_is_tidy(text):
    ways = readings(text)
    assert not ways or ways[0] == " ".join(ways[0].split())
    assert len(ways) == len(set(ways))
