"""The privacy scan and the mask of rejected rows."""

import hashlib
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse_fixtures import begin, fill

from common.masks import row_shape
from warehouse.home import Home
from warehouse.ops import build_ops, mask_sql, row_mask_sql
from warehouse.privacy import scan


def _findings(values: list[str]) -> set[str]:
    with duckdb.connect() as con:
        con.execute("create table t (v varchar)")
        con.executemany("insert into t values (?)", [[value] for value in values])
        return {finding.kind for finding in scan(con)}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("13812345678", "phone"),
        ("请打 138-1234-5678 找我", "phone"),
        ("+8613812345678", "phone"),
        ("remark:13812345678;", "phone"),
        ("wang@example.com.cn", "email"),
        ("11010519491231002X", "national_id"),
        ("身份证110101199003076296号", "national_id"),
    ],
)
def test_a_personal_value_is_found_wherever_it_stands(value: str, kind: str) -> None:
    assert kind in _findings([value])


@pytest.mark.parametrize(
    "value",
    [
        "138****5678",
        "2026112113123456789",  # an order number that has a phone inside
        "1101051949123100211",  # nineteen digits
        "110105194912310021",  # wrong check digit
        "P7K3M2N8Q4R5",
        "2026-11-21 13:04:05.123456",
    ],
)
def test_a_value_that_is_not_personal_is_left_alone(value: str) -> None:
    assert _findings([value]) == set()


def test_hashes_are_not_mistaken_for_phones() -> None:
    assert _findings([hashlib.md5(str(i).encode()).hexdigest() for i in range(5000)]) == set()


def test_a_phone_inside_a_list_or_struct_is_found() -> None:
    with duckdb.connect() as con:
        con.execute("create table t as select ['13812345678'] as tags, {'k': 'a@b.cn'} as more")
        assert [(f.column, f.kind) for f in scan(con)] == [("tags", "phone"), ("more", "email")]


def test_a_finding_says_where_and_never_what() -> None:
    with duckdb.connect() as con:
        con.execute("create table t as select '13812345678' as v")
        assert [str(finding) for finding in scan(con)] == ["main.t.v: 1 × phone"]


def test_a_rejected_row_is_shown_by_its_shape_alone(tmp_path: Path) -> None:
    building = begin(Home(tmp_path))
    fill(building)
    build_ops(building)
    rows = building.con.sql("select path, row_no, reason, raw_mask from ops.reject").fetchall()
    building.close()
    assert rows == [("pos/till/a.csv", 3, "bad_time", "字字字,###########,xx*xxxxxxx*xxx,字字字字")]


@given(st.text(max_size=60))
def test_no_character_of_a_raw_row_survives_but_separators(raw: str) -> None:
    with duckdb.connect() as con:
        query = f"select {mask_sql('v')} from (select $raw::varchar as v)"
        ((masked,),) = con.execute(query, {"raw": raw}).fetchall()
    assert set(masked) <= set('#x字*,;|\t"{}[]: ')


def test_a_rejected_row_keeps_its_header_names_and_shows_the_cell_at_fault_first() -> None:
    raw = '{"买家":"陆小青","订单编号":"1.38E+17","备注":"","a@b.cn":"x","13812345678":"y"}'
    with duckdb.connect() as con:
        query = f"select {row_mask_sql('raw', 'at_fault')} from (select $raw as raw, '订单编号' as at_fault)"
        ((masked,),) = con.execute(query, {"raw": raw}).fetchall()
    assert masked == "订单编号: #*##x*##, 买家: 字字字, x*x*xx: x, ###########: x"
    assert row_shape(raw, "订单编号") == masked


@given(st.dictionaries(st.sampled_from(["订单号", "手机"]), st.text(max_size=60)), st.booleans())
def test_no_character_of_a_cell_survives_but_separators(cells: dict[str, str], is_whole: bool) -> None:
    raw = json.dumps(cells, ensure_ascii=False)[: None if is_whole else -1]
    with duckdb.connect() as con:
        query = f"select {row_mask_sql('raw', 'f')} from (select $raw::varchar as raw, '手机' as f)"
        ((masked,),) = con.execute(query, {"raw": raw}).fetchall()
    assert set(masked) <= set('#x字*,;|\t"{}[]: ') | (set("订单号手机") if is_whole else set())
