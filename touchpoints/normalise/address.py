"""Addresses in China: province, city and district as codes, and what stands after them.

Only the start of an address is read, level by level, each within the one before, so that a road called after a
city is not taken for the city. Whether two addresses are one place is identity's to judge.
"""

from typing import Final

import polars as pl

from touchpoints.normalise import regions
from touchpoints.normalise.cell import clean
from touchpoints.normalise.regions import region_names

__all__ = ["parse_addresses", "region_names"]

_COMPOSITE: Final = (
    r"^([^,0-9]{1,30}),\s*(\+?[0-9*][0-9*\-()\s转]{5,30}?)\s*,(?:\s*[0-9\-]{5,20},)?\s*(.+?)(?:,\s*([0-9]{6}))?[,\s]*$"
)
_ZIP: Final = r"[\s,]*[(\[](?:邮编:?)?([0-9]{6})[)\]]\s*$|[\s,]+邮编:?\s*([0-9]{6})\s*$"
_COUNTRY: Final = r"^(?:中国|中华人民共和国|(?i:China|CN))[\s,]+|^(?:中国|中华人民共和国)"
_GAP: Final = r"^[\s,/、·|_>\-]+"
# What stands where a city would: nothing that has a code.
_NO_CITY: Final = r"^(?:市辖区|(?:香港|澳门)特别行政区|(?:香港岛|九龙|新界|澳门半岛|县)\s)[\s,/]*"
# After the short name of a place these make it the name of a road (北京东路) or of a county (抚顺县).
_ROAD: Final = r"^\s*(?:[东西南北中一二三四五]{0,2}(?:路|街|大道|大街)|[县区旗市州盟])"
_CODES: Final = ("province_code", "city_code", "district_code")
# Cities without districts (东莞市, 中山市, 儋州市, 嘉峪关市): known to the city, known in full.
_UNDIVIDED: Final = ["441900", "442000", "460400", "620200"]


def parse_addresses(
    full: pl.Series,
    province: pl.Series | None = None,
    city: pl.Series | None = None,
    district: pl.Series | None = None,
) -> pl.DataFrame:
    """Addresses with the codes of their regions.

    Args:
        full: the address as written; it may hold the regions, blanks between them or none, and name and phone
            before (`姓名，86-139…，江苏省 扬州市 …`).
        province: where the file has a column of its own for it; so for city and district. What the columns say
            goes before what the text says.

    Returns:
        One row per cell: province_code, city_code, district_code (six digits of GB/T 2260), province, city,
        district (standard names), detail (what follows, NFKC, blanks made single), zip, name_part, phone_part (of
        composite cells, as written), status (ok: known to the district; partial; none: no region; null: nothing
        in the cells). Names that several districts bear are taken only with their city or province.
    """
    frame = _split_composite(clean(full))
    apart = [s for s in (province, city, district) if s is not None]
    known = frame.hstack(_from_columns(apart)) if apart else frame.with_columns(**_no_codes())
    return _finish(_resolve(known))


def _from_columns(columns: list[pl.Series]) -> pl.DataFrame:
    """The codes that columns of their own say; worked out once per combination."""
    cells = pl.DataFrame([clean(column).alias(str(i)) for i, column in enumerate(columns)])
    said = cells.select(said=pl.concat_str(pl.all(), separator=" ", ignore_nulls=True))
    distinct = said.unique(maintain_order=True).with_columns(rest=pl.col("said"), **_no_codes())
    codes = _resolve(distinct).select("said", *_CODES)
    return said.join(codes, on="said", how="left", maintain_order="left").select(_CODES)


def _no_codes() -> dict[str, pl.Expr]:
    return {name: pl.lit(None, dtype=pl.String) for name in _CODES}


def _split_composite(text: pl.Series) -> pl.DataFrame:
    """Name, phone and zip taken off: name_part, phone_part, zip, rest."""
    frame = text.alias("text").to_frame()
    groups = pl.col("text").str.extract_groups(_COMPOSITE)
    parts = [
        groups.struct.field(str(i)).alias(name) for i, name in enumerate(("name_part", "phone_part", "body", "zip"), 1)
    ]
    composite = frame.filter(pl.col("text").str.contains(r"^[^,0-9]{1,30},\s*\+?[0-9*]")).unique().with_columns(parts)
    frame = frame.join(composite, on="text", how="left", maintain_order="left")
    body = pl.coalesce("body", "text")
    zips = body.str.extract_groups(_ZIP)
    bracketed = body.str.contains(r"[0-9]{6}[)\]]?\s*$")
    return frame.select(
        "name_part",
        "phone_part",
        zip=pl.coalesce("zip", pl.when(bracketed).then(pl.coalesce(zips.struct.field("1"), zips.struct.field("2")))),
        rest=pl.when(bracketed).then(body.str.replace(_ZIP, "")).otherwise(body).str.replace(_COUNTRY, ""),
    )


def _resolve(frame: pl.DataFrame) -> pl.DataFrame:
    """Regions read off the front of `rest`; codes that are there already must not be contradicted."""
    return _district(_city(_start(frame)))


def _start(frame: pl.DataFrame) -> pl.DataFrame:
    """A province, or without one a city, or a district whose name occurs once in the country (not yet taken off)."""
    known = regions.names()
    word, code, taken = pl.col("word"), pl.col("code"), pl.col("taken")
    frame = frame.with_columns(word=known.start.leading(pl.col("rest"))).with_columns(
        code=known.start.code(word),
        short=word.is_in(known.start_stems),
        tail=pl.col("rest").str.strip_prefix(word),
    )
    province, city = pl.col("province_code"), pl.col("city_code")
    fits = province.fill_null(code).str.head(2) == code.str.head(2)
    is_city = ~code.str.ends_with("0000") & code.str.ends_with("00")
    contradicts = (is_city & (city != code)).fill_null(False)
    is_road = pl.col("short") & pl.col("tail").str.contains(_ROAD)
    is_district = ~code.str.ends_with("00")
    frame = frame.with_columns(
        is_city=is_city,
        placed=(fits & ~contradicts & ~is_road).fill_null(False),
        taken=(fits & ~contradicts & ~is_road & ~is_district).fill_null(False),
    )
    return frame.with_columns(
        guessed=taken & pl.col("is_city") & pl.col("short") & province.is_null(),
        before=pl.col("rest"),
        province_code=pl.coalesce(province, pl.when(pl.col("placed")).then(code.str.head(2) + "0000")),
        city_code=pl.coalesce(city, pl.when(taken & pl.col("is_city")).then(code)),
        rest=pl.when(taken).then(pl.col("tail").str.replace(_GAP, "")).otherwise(pl.col("rest")),
    )


def _city(frame: pl.DataFrame) -> pl.DataFrame:
    """A city of the province, with or without 市; also said a second time."""
    known = regions.names()
    word = pl.col("word")
    frame = frame.with_columns(word=known.city.leading(pl.col("rest"))).with_columns(
        code=known.city.code(pl.col("province_code") + word)
    )
    tail = pl.col("rest").str.strip_prefix(word)
    is_road = ~word.str.contains("[市州盟]$|地区$") & tail.str.contains(_ROAD)
    taken = (pl.col("code") == pl.col("city_code").fill_null(pl.col("code"))) & ~is_road
    frame = frame.with_columns(taken=taken.fill_null(False), tail=tail.str.replace(_GAP, ""))
    rest = pl.when(pl.col("taken")).then(pl.col("tail")).otherwise(pl.col("rest"))
    return frame.with_columns(
        city_code=pl.coalesce("city_code", pl.when(pl.col("taken")).then(pl.col("code"))),
        rest=rest.str.replace(_NO_CITY, ""),
    )


def _district(frame: pl.DataFrame) -> pl.DataFrame:
    """A district of the city, or one that occurs once in the province; a guessed city needs one to stand."""
    known = regions.names()
    around = pl.coalesce("city_code", "province_code")
    token = pl.col("rest").str.extract(r"^(\S{2,8}?)(?:\s|$)")
    word = pl.col("word")
    frame = frame.with_columns(word=known.district.leading(pl.col("rest")), token=token).with_columns(
        code=known.district.code(around + word)
    )
    by_stem = pl.when(pl.col("code").is_null()).then(known.district_stem.code(around + pl.col("token")))
    frame = frame.with_columns(by_stem=by_stem).with_columns(
        word=pl.when(pl.col("by_stem").is_null()).then(word).otherwise(pl.col("token")),
        code=pl.coalesce("code", "by_stem"),
    )
    taken = pl.col("code") == pl.col("district_code").fill_null(pl.col("code"))
    frame = frame.with_columns(
        taken=taken.fill_null(False), tail=pl.col("rest").str.strip_prefix(word).str.replace(_GAP, "")
    )
    frame = frame.with_columns(
        district_code=pl.coalesce("district_code", pl.when(pl.col("taken")).then(pl.col("code"))),
        rest=pl.when(pl.col("taken")).then(pl.col("tail")).otherwise(pl.col("rest")),
    )
    return _without_bad_guesses(frame)


def _without_bad_guesses(frame: pl.DataFrame) -> pl.DataFrame:
    """A short city name at the very start counts only with one of its districts after it."""
    wrong = pl.col("guessed") & pl.col("district_code").is_null()
    return frame.with_columns(
        *(pl.when(wrong).then(None).otherwise(pl.col(name)).alias(name) for name in ("province_code", "city_code")),
        rest=pl.when(wrong).then(pl.col("before")).otherwise(pl.col("rest")),
    )


def _finish(frame: pl.DataFrame) -> pl.DataFrame:
    """Cities filled in from districts, standard names, status."""
    known = regions.names()
    parent = known.parent.code(pl.col("district_code"))
    city = pl.coalesce("city_code", pl.when(~parent.str.ends_with("0000")).then(parent))
    detail = pl.col("rest").str.replace_all(r"\s+", " ").str.strip_chars(" ,")
    frame = frame.with_columns(city_code=city, detail=pl.when(detail != "").then(detail))
    complete = pl.col("district_code").is_not_null() | pl.col("city_code").is_in(_UNDIVIDED)
    status = (
        pl.when(complete).then(pl.lit("ok"))
        .when(pl.col("province_code").is_not_null()).then(pl.lit("partial"))
        .when(pl.col("rest").is_not_null()).then(pl.lit("none"))
    )  # fmt: skip
    return frame.select(
        *_CODES,
        *(known.label.code(pl.col(code)).alias(code.removesuffix("_code")) for code in _CODES),
        "detail",
        "zip",
        "name_part",
        "phone_part",
        status=status,
    )
