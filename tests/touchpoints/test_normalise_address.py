import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.normalise import address, regions

few = settings(deadline=None, max_examples=40)


def parsed(value, *columns):
    cells = [pl.Series([cell], dtype=pl.String) for cell in (value, *columns)]
    return address.parse_addresses(*cells).row(0, named=True)


@pytest.mark.parametrize(
    "written",
    [
        "江苏省 扬州市 广陵区 文昌中路1号",
        "江苏省扬州市广陵区文昌中路1号",
        "江苏扬州广陵区文昌中路1号",
        "江苏 扬州 广陵 文昌中路1号",
        "扬州市广陵区文昌中路1号",
        "扬州广陵区文昌中路1号",
        "中国江苏省扬州市广陵区文昌中路1号",
        "江苏省/扬州市/广陵区/文昌中路1号",
        "江苏省，扬州市，广陵区，文昌中路１号",
        "江苏省广陵区文昌中路1号",
    ],
)
def test_an_address_has_the_same_codes_and_detail_however_it_is_written(written):
    found = parsed(written)
    assert (found["province_code"], found["city_code"], found["district_code"]) == ("320000", "321000", "321002")
    assert (found["province"], found["city"], found["district"]) == ("江苏省", "扬州市", "广陵区")
    assert (found["detail"], found["status"]) == ("文昌中路1号", "ok")


@pytest.mark.parametrize(
    "written",
    [
        "上海 上海市 浦东新区 张江路1号",
        "上海市浦东新区张江路1号",
        "上海市上海市浦东新区张江路1号",
        "上海浦东新区张江路1号",
        "浦东新区张江路1号",
        "上海市 市辖区 浦东新区 张江路1号",
    ],
)
def test_municipalities_have_one_city(written):
    found = parsed(written)
    assert (found["city_code"], found["district_code"], found["detail"]) == ("310100", "310115", "张江路1号")


def test_a_zip_in_brackets_is_taken_off():
    found = parsed("广东省 广州市 天河区 体育西路 1 号 (510180)")
    assert (found["zip"], found["detail"]) == ("510180", "体育西路 1 号")


def test_a_composite_cell_gives_name_phone_and_address():
    found = parsed("李晓明，86-13912345678，江苏省 扬州市 广陵区 文昌中路1号，225000")
    assert (found["name_part"], found["phone_part"]) == ("李晓明", "86-13912345678")
    assert (found["district_code"], found["detail"], found["zip"]) == ("321002", "文昌中路1号", "225000")


@pytest.mark.parametrize("written", ["朝阳区建国路1号", "北京东路12号", "南京路100号", "海南路5号", "123 Main St"])
def test_a_name_that_may_be_elsewhere_is_not_placed(written):
    found = parsed(written)
    assert (found["province_code"], found["status"], found["detail"]) == (None, "none", written)


@pytest.mark.parametrize(
    ("written", "code"),
    [("北京朝阳区建国路", "110105"), ("长春市朝阳区人民大街", "220104"), ("辽宁朝阳双塔区", "211302")],
)
def test_a_name_that_several_places_bear_is_placed_by_what_stands_before_it(written, code):
    assert parsed(written)["district_code"] == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("山东省青岛市胶南市海滨路", "370211"),
        ("北京市宣武区牛街", "110102"),
        ("上海市闸北区天目西路", "310106"),
        ("河北省邢台县晏家屯镇", "130503"),
        ("浙江省绍兴市绍兴县柯桥", "330603"),
    ],
)
def test_districts_that_are_gone_lead_to_those_of_today(written, code):
    assert parsed(written)["district_code"] == code


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("湖北省仙桃市干河街道", ("420000", "429000", "429004")),
        ("广东省东莞市虎门镇", ("440000", "441900", None)),
        ("恩施州恩施市舞阳坝", ("420000", "422800", "422801")),
        ("浙江省丽水市景宁县鹤溪镇", ("330000", "331100", "331127")),
        ("重庆 重庆市 云阳县 青龙街道", ("500000", "500100", "500235")),
        ("吉林省吉林市船营区", ("220000", "220200", "220204")),
        ("辽宁省抚顺县石文镇", ("210000", "210400", "210421")),
        ("香港特别行政区 九龙 油尖旺区 弥敦道", ("810000", None, "810005")),
    ],
)
def test_unusual_places_are_known_in_full(written, codes):
    found = parsed(written)
    assert (found["province_code"], found["city_code"], found["district_code"]) == codes
    assert found["status"] == "ok"


@pytest.mark.parametrize("written", ["江苏省", "江苏省扬州市", "海南省三亚市 河东路", "台湾省台北市大安区"])
def test_an_address_without_its_district_is_partial(written):
    assert parsed(written)["status"] == "partial"


def test_columns_of_their_own_go_before_the_text():
    columns = ("江苏省", "扬州市", "广陵区")
    for text in ("文昌路1号", "广陵区文昌路1号", "扬州市文昌路1号", "江苏省扬州市广陵区文昌路1号"):
        found = parsed(text, *columns)
        assert (found["district_code"], found["detail"], found["status"]) == ("321002", "文昌路1号", "ok")
    elsewhere = parsed("南京市玄武区中山路1号", *columns)
    assert (elsewhere["district_code"], elsewhere["detail"]) == ("321002", "南京市玄武区中山路1号")
    assert parsed(None, "江苏", "扬州", "其它区")["city_code"] == "321000"


def test_cells_without_anything_have_no_status():
    assert parsed(None)["status"] is None and parsed("-")["detail"] is None


DISTRICTS = regions.region_names().filter(pl.col("level") == "district")
NAMES = dict(regions.region_names().select("code", "name").iter_rows())


def test_every_district_is_found_again_in_the_three_ways_files_write_it():
    rows = [(NAMES[parent[:2] + "0000"], NAMES[parent], name) for _, name, _, parent in DISTRICTS.iter_rows()]
    for separator in (" ", ""):
        full = pl.Series([separator.join(dict.fromkeys(row)) + separator + "文昌路1号" for row in rows])
        found = address.parse_addresses(full)
        assert found["district_code"].to_list() == DISTRICTS["code"].to_list()
        assert found["detail"].unique().to_list() == ["文昌路1号"]
    columns = [pl.Series(values) for values in zip(*rows, strict=True)]
    found = address.parse_addresses(pl.Series(["文昌路1号"] * len(rows)), *columns)
    assert found["district_code"].to_list() == DISTRICTS["code"].to_list()


def test_region_codes_are_unique_and_every_parent_is_there():
    table = regions.region_names()
    assert table["code"].is_unique().all() and table["code"].str.len_chars().unique().to_list() == [6]
    assert set(table.drop_nulls("parent")["parent"]) <= set(table["code"])
    assert table.filter(pl.col("level") == "province").height == 34
    assert set(regions.former_districts()["code"]) <= set(table["code"])


@few
@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(text):
    found = parsed(text)
    assert found["status"] in ("ok", "partial", "none", None)
    assert (found["district_code"] is None) or found["province_code"] == found["district_code"][:2] + "0000"
