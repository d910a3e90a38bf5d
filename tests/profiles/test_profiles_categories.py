"""The category file, and the categories of titles as DuckDB finds them."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from common.errors import DefinitionError
from profiles.categories import BUNDLE_SCHEMA, CATEGORY_SCHEMA, load_bundles, load_categories

TITLES = {
    "某品牌燃气热水器16升零冷水 旗舰版": "water_heater",
    "热水器镁棒 通用": "anode_rod",
    "厨下净水器1000G 送滤芯一年装": "water_purifier",
    "净水器滤芯套装": "filter_cartridge",
    "滤芯 RO膜": "filter_cartridge",
    "前置过滤器滤网": "pre_filter_mesh",
    "前置过滤器 40微米": "pre_filter",
    "侧吸油烟机": "range_hood",
    "油烟机油网清洁剂": "cleaner",
    "油烟机 送烟管": "range_hood",
    "燃气灶双灶 天然气": "hob",
    "嵌入式洗碗机13套": "dishwasher",
    "洗碗机专用洗碗块": "dishwashing_supplies",
    "智能马桶一体机": "smart_toilet",
    "智能马桶除臭滤盒": "toilet_filter",
    "热水器上门清洗": "service",
    "淋浴花洒": "shower",
    "不锈钢软管 60cm": "accessory",
    "Under-sink Water Purifier 1000G": "water_purifier",
    "FILTER CARTRIDGE SET": "filter_cartridge",
    "Dishwasher Tablets": "dishwashing_supplies",
    "Built-in Dishwasher 13 Sets": "dishwasher",
    "Pre-filter Mesh": "pre_filter_mesh",
    "Gas Hob Two Burners": "hob",
    "Toilet Deodorising Filter": "toilet_filter",
    "Magnesium Anode Rod": "anode_rod",
    "Gift card": None,
}


@pytest.fixture(scope="module")
def categorise():
    table = load_categories()
    con = duckdb.connect()
    con.register("category_pattern", table)
    query = "select arg_min(category, priority) from category_pattern where regexp_matches(?, pattern)"
    yield lambda title: con.execute(query, [title]).fetchall()[0][0]
    con.close()


@pytest.mark.parametrize(("title", "category"), TITLES.items())
def test_a_title_tells_its_category(categorise, title, category):
    assert categorise(title) == category


def test_every_durable_has_a_life_and_nothing_else_has():
    table = load_categories()
    assert dict(table.schema) == CATEGORY_SCHEMA
    assert (table["is_durable"] == table["life_years_median"].is_not_null()).all()
    assert (table["is_durable"] == table["life_shape"].is_not_null()).all()
    assert table["priority"].is_unique().all()
    assert table["category"].is_unique().all()


ENTRY = "categories:\n  - {category: tap, zh: 龙头, en: Tap, titles: ['龙头']}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ENTRY + "  - {category: tap, zh: 龙头, en: Tap, titles: ['faucet']}\n", "tap is there twice"),
        (ENTRY.replace("['龙头']", "['a(?=b)']"), "is not RE2"),
        (ENTRY.replace("['龙头']", "[]"), "titles"),
        (ENTRY.replace("en: Tap", "english: Tap"), "en: Field required"),
        (ENTRY.replace("tap", "Big Tap"), "category"),
        (ENTRY.replace("]}", "], life: {median_years: -1, shape: 3}}"), "median_years"),
        ("categories: [", "no valid YAML"),
        ("", "Input should be"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, problem: str):
    path = tmp_path / "categories.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"categories\.yml") as raised:
        load_categories(path)
    assert problem in str(raised.value)


def test_a_missing_file_is_an_error_of_ours(tmp_path: Path):
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_categories(tmp_path / "none.yml")


def test_what_goes_with_a_durable_is_another_category_of_the_file():
    found = load_bundles()
    assert found.schema == BUNDLE_SCHEMA and ("water_heater", "water_purifier") in found.rows()
    durables = set(load_categories().filter("is_durable")["category"])
    assert set(found["category"]) <= durables
    assert found.filter(pl.col("category") == pl.col("goes_with")).height == 0


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ("life: {median_years: 5, shape: 3}, goes_with: [b]", "a cannot go with b"),
        ("life: {median_years: 5, shape: 3}, goes_with: [a]", "a cannot go with a"),
        ("goes_with: [a]", "a has goes_with but no life"),
    ],
)
def test_a_set_that_makes_no_sense_is_told(tmp_path, extra, problem):
    path = tmp_path / "categories.yml"
    path.write_text(f"categories:\n  - {{category: a, zh: 甲, en: A, titles: [a], {extra}}}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=problem):
        load_bundles(path)
