"""The regions of China: codes after GB/T 2260, standard names, and the other names that addresses use.

Data: `data/adcodes.csv` (provinces, cities and districts as of 2023, with the special administrative regions and
Taiwan as provinces) and `data/former_districts.csv` (names that are gone and the district that has their place).
Reading an address with them is `address`'s work.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import polars as pl

_PEOPLES: Final = (
    "壮族|回族|维吾尔|蒙古族|蒙古|藏族|苗族|彝族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|哈萨克|傣族|黎族"
    "|傈僳族|佤族|畲族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯"
    "|阿昌族|普米族|塔吉克|怒族|保安族|裕固族|独龙族|各族"
)
_AUTONOMOUS: Final = re.compile(rf"^(.{{2,}}?)(?:{_PEOPLES})+自治(州|县|旗)$")
_PROVINCE_END: Final = re.compile(r"(?:壮族自治区|回族自治区|维吾尔自治区|特别行政区|自治区|省|市)$")
_CITY_END: Final = re.compile(r"(?:市|盟|地区)$")
# No region has a longer name.
_LONGEST: Final = 16
_DISTRICT_END: Final = re.compile(r"(?:新区|市|区|县|旗)$")


@cache
def region_names() -> pl.DataFrame:
    """Every region: code (6 digits as text), name, level (province | city | district), parent (code; null on top).

    The municipalities have one city each (310100 上海市); counties that a province rules itself lie under a city
    called 省直辖县级行政区划; districts of Hong Kong and Macao lie directly under their region.
    """
    return _read("adcodes.csv").sort("code")


@cache
def region_names_en() -> pl.DataFrame:
    """`region_names` with name_en, the English name; null below the provinces, for which no list is kept here."""
    return region_names().join(_read("province_names_en.csv"), on="code", how="left", maintain_order="left")


@cache
def former_districts() -> pl.DataFrame:
    """Names of districts that are gone, with the district of today: name, code."""
    return _read("former_districts.csv")


def _read(name: str) -> pl.DataFrame:
    data = resources.files("touchpoints.normalise").joinpath("data", name).read_bytes()
    return pl.read_csv(data, infer_schema=False)


class Lookup:
    """A table from keys to codes, ready for Polars; built once, for building it costs more than a small file does."""

    def __init__(self, codes: dict[str, str], *, prefix: int = 0) -> None:
        """A table of `codes`.

        Args:
            codes: from key to code.
            prefix: how many characters of each key are the code of a region around, and no part of a name.
        """
        self._keys = pl.Series(list(codes), dtype=pl.String)
        self._codes = pl.Series(list(codes.values()), dtype=pl.String)
        words = sorted({key[prefix:] for key in codes}, key=lambda word: (-len(word), word))
        self._words = pl.Series([words], dtype=pl.List(pl.String))

    def code(self, key: pl.Expr) -> pl.Expr:
        """The code of each key; null for unknown ones."""
        return key.replace_strict(self._keys, self._codes, default=None, return_dtype=pl.String)

    def leading(self, text: pl.Expr) -> pl.Expr:
        """The longest name that each text starts with, else null."""
        first = text.str.head(_LONGEST).str.extract_many(pl.lit(self._words), leftmost=True).list.first()
        return pl.when(text.str.starts_with(first)).then(first)


@dataclass(frozen=True)
class Names:
    """What addresses call regions; each table maps a name, where needed after the code of the region around it.

    Attributes:
        start: names an address may start with, to code: provinces, cities, and such districts as occur once in
            the country.
        start_stems: those of them that are short: a province without 省, a city without 市.
        city: province code + name, to code.
        district: city code or province code + name, to code; within a province only such as occur once in it.
        district_stem: the same for names without 区, 县, 市.
        parent: a district's code, to the code of what it lies in.
        label: a code, to the standard name.
    """

    start: Lookup
    start_stems: list[str]
    city: Lookup
    district: Lookup
    district_stem: Lookup
    parent: Lookup
    label: Lookup


@cache
def names() -> Names:
    """The tables that address parsing looks regions up in."""
    rows = list(region_names().iter_rows(named=True))
    provinces = {r["code"]: r["name"] for r in rows if r["level"] == "province"}
    cities = {r["code"]: r for r in rows if r["level"] == "city"}
    districts = [(r["name"], r["code"], r["parent"]) for r in rows if r["level"] == "district"]
    parents = {code: parent for _, code, parent in districts}
    former = [(name, code, parents[code]) for name, code in former_districts().iter_rows()]
    stems = {parent + _stem(name): code for name, code, parent in districts if len(_stem(name)) > 1}
    ruled = {r["parent"] + name: code for code, r in cities.items() for name in _city_names(r["name"])}
    return Names(
        start=Lookup(_start_names(provinces, cities, districts)),
        start_stems=_start_stems(provinces, cities),
        city=Lookup(ruled, prefix=6),
        district=Lookup(_district_names(districts, former), prefix=6),
        district_stem=Lookup(stems, prefix=6),
        parent=Lookup(parents),
        label=Lookup({r["code"]: r["name"] for r in rows}),
    )


def province_stem(name: str) -> str:
    """A province's short name: 广西壮族自治区 → 广西, 北京市 → 北京."""
    return _PROVINCE_END.sub("", name)


def _start_names(
    provinces: dict[str, str], cities: dict[str, dict[str, str]], districts: list[tuple[str, str, str]]
) -> dict[str, str]:
    """Later entries win: a city before a district of that name, a province before both."""
    codes = defaultdict(list)
    for name, code, _ in districts:
        codes[name].append(code)
    found = {name: its_codes[0] for name, its_codes in codes.items() if len(its_codes) == 1 and len(name) > 2}
    for code, row in cities.items():
        if "直辖" not in row["name"]:
            found |= dict.fromkeys(_city_names(row["name"]), code)
    for code, name in provinces.items():
        found |= dict.fromkeys((name, province_stem(name)), code)
    return found | {"内蒙": "150000", "广西省": "450000", "新疆省": "650000"}


def _start_stems(provinces: dict[str, str], cities: dict[str, dict[str, str]]) -> list[str]:
    stems = {province_stem(name) for name in provinces.values()} | {city_stem(row["name"]) for row in cities.values()}
    return sorted(stems | {"内蒙"})


def city_stem(name: str) -> str:
    """A city's short name: 扬州市 → 扬州, 恩施土家族苗族自治州 → 恩施."""
    autonomous = _AUTONOMOUS.match(name)
    return autonomous[1] if autonomous else _CITY_END.sub("", name)


def _city_names(name: str) -> Iterator[str]:
    yield name
    stem = city_stem(name)
    if stem != name:
        yield stem
    if _AUTONOMOUS.match(name):
        yield stem + "州"
    if "直辖" in name:
        yield from ("省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖县级行政单位", "省直辖县", "省直辖")


def _stem(name: str) -> str:
    autonomous = _AUTONOMOUS.match(name)
    return autonomous[1] if autonomous else _DISTRICT_END.sub("", name)


def _district_names(districts: list[tuple[str, str, str]], former: list[tuple[str, str, str]]) -> dict[str, str]:
    """Names after the code of their city, and after the code of their province where they occur once in it."""
    short = [(m[1] + m[2], code, parent) for name, code, parent in districts if (m := _AUTONOMOUS.match(name))]
    known: dict[str, str] = {}
    in_province: dict[str, set[str]] = defaultdict(set)
    for name, code, parent in [*former, *short, *districts]:
        known[parent + name] = code
        in_province[parent[:2] + "0000" + name].add(code)
    once = {key: next(iter(codes)) for key, codes in in_province.items() if len(codes) == 1}
    return once | known
