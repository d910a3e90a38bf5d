"""Names of people: cleaned, judged by how much they say, and taken apart.

A name is never completed or guessed here: `王女士` stays a family name with a title. Comparing names is
identity's work.
"""

from typing import Final

import polars as pl

from touchpoints.normalise import surnames
from touchpoints.normalise.cell import clean
from touchpoints.normalise.script import pinyin, simplified

__all__ = ["parse_names", "pinyin"]

_MALE: Final = ("先生", "男士", "帅哥", "大哥", "大叔", "叔叔", "大爷", "爷爷", "伯伯", "爸爸")
_FEMALE: Final = (
    *("女士", "小姐", "太太", "夫人", "阿姨", "大姐", "大妈", "美女", "妈妈", "奶奶", "小姐姐", "姑娘", "女仕", "姐姐"),
)
_NEUTRAL: Final = (
    "老师",
    "师傅",
    "老板",
    "总经理",
    "经理",
    "主任",
    "医生",
    "同学",
    "总监",
    "律师",
    "教授",
    "工程师",
    "店长",
)
# One character is a title only after a bare family name: 李姐, but not 王小姐姐 or 李总理.
_MALE_SHORT: Final = ("哥", "叔", "伯")
_FEMALE_SHORT: Final = ("姐", "姨", "嫂", "婶")
_NEUTRAL_SHORT: Final = ("总", "工", "董", "局", "处", "导")
_TITLE: Final = f"^(.*?)({'|'.join(sorted((*_MALE, *_FEMALE, *_NEUTRAL), key=lambda t: (-len(t), t)))})$"
_SHORT_TITLE: Final = f"^(.{{1,2}})({'|'.join((*_MALE_SHORT, *_FEMALE_SHORT, *_NEUTRAL_SHORT))})$"
_MALE_ENGLISH: Final = r"(?i)^mr\b\.?\s+"
_FEMALE_ENGLISH: Final = r"(?i)^(?:mrs|ms|miss|mme)\b\.?\s+"
_ENGLISH_TITLE: Final = r"(?i)^(?:mr|mrs|ms|miss|mme|dr|prof)\b\.?\s+"
_CODE: Final = r"\s*(?:[\[(【]\s*[0-9]{2,6}\s*[\])】]|转[0-9]{2,6}|[\s\-]*[0-9][0-9\s\-]{6,})\s*$"
_NOTE: Final = r"\s*[(\[【][^)\]】]*[)\]】]?\s*$"
_RECIPIENT: Final = r"(?:\s+收|\s*收件人?)$|^收(?:货|件)人:?\s*"
_PICTURES: Final = r"[\p{So}\p{Sk}\p{Cf}\p{Co}\p{Cc}\x{FE00}-\x{FE0F}\x{20E3}]"
_AROUND: Final = r"^[[\p{P}\p{S}\s]--[*]]+|[[\p{P}\p{S}\s]--[*]]+$"
_DOT: Final = r"(\p{Han})\s*[·•・‧∙⋅.]\s*(\p{Han})"
_ORGANISATION: Final = "公司|集团|有限|商店|超市|门店|旗舰|酒店|医院|学校|中心|物业|前台|菜鸟|驿站|快递|工作室|代收"
# Whom the parcel is for, not who they are: 家 and 亲 would pass for surnames.
_RELATIVE: Final = (
    "^(?:[家亲]人|家[里中属]人?|家长|本人|自己|朋友|同事|邻居|老?[妈爸]|妈妈|爸爸|爷爷|奶奶|外[公婆]|姥[姥爷]|老[公婆]"
    "|[哥姐弟妹叔姨舅姑]{1,2}|儿子|女儿|宝[宝贝]|孩子)$"
)
_LATIN_NAME: Final = r"^\p{Latin}[\p{Latin}'’.\-]*(?:[\s,]+\p{Latin}[\p{Latin}'’.\-]*){1,4}$"
_PARSED: Final = ("name", "name_simplified", "quality", "gender_hint", "surname", "given", "script")


def parse_names(values: pl.Series) -> pl.DataFrame:
    """Names in one form, with what they say.

    Args:
        values: cells as in the file.

    Returns:
        One row per cell: name (cleaned, script kept; of `王女士` the 王), name_simplified (NFKC, simplified
        characters), quality (full | masked: hidden characters as `*` | title: a family name with a title | nick:
        not a person's full name | null), gender_hint (male | female, from the title), surname and given
        (simplified; in Latin letters the last word is the family name, or what stands before a comma), script
        (han | latin | mixed | null).
    """
    text = clean(values).alias("text")
    distinct = text.drop_nulls().unique(maintain_order=True).to_frame()
    frame = _without_titles(_tidied(distinct))
    frame = frame.with_columns(name_simplified=simplified(frame["name"]))
    parsed = _taken_apart(_judged(frame))
    return text.to_frame().join(parsed, on="text", how="left", maintain_order="left").select(_PARSED)


def _tidied(frame: pl.DataFrame) -> pl.DataFrame:
    """Codes, notes, pictures and punctuation around the name taken off; every mask sign made `*`."""
    bare = pl.col("text").str.replace_all(_PICTURES, "").str.replace(_CODE, "").str.replace(_NOTE, "")
    bare = bare.str.replace_all("[●○◯×■█]", "*").str.replace_all(r"(\p{Han})(?:[xX]{1,3}|某某?)$", "$1**")
    bare = bare.str.replace(_RECIPIENT, "").str.replace_all(_AROUND, "")
    bare = bare.str.replace_all(_DOT, "$1·$2").str.replace_all(r"\s+", " ")
    return frame.with_columns(bare=bare).with_columns(
        # Blanks inside a Chinese name are there for looks: 李 明.
        bare=pl.when(pl.col("bare").str.contains(r"^[\p{Han}\s]+$"))
        .then(pl.col("bare").str.replace_all(" ", "", literal=True))
        .otherwise(pl.col("bare"))
    )


def _without_titles(frame: pl.DataFrame) -> pl.DataFrame:
    """name without its title, title, gender_hint."""
    bare = pl.col("bare")
    long, short = bare.str.extract_groups(_TITLE), bare.str.extract_groups(_SHORT_TITLE)
    frame = frame.with_columns(
        long_rest=long.struct.field("1").str.strip_chars(" "),
        long_title=long.struct.field("2"),
        short_rest=short.struct.field("1"),
        short_title=short.struct.field("2"),
        called=bare.str.extract(r"^[小老](\p{Han})$"),
    )
    is_short = pl.col("short_rest").is_in([*surnames.single(), *surnames.compound()])
    is_called = pl.col("called").is_in(surnames.single())
    frame = frame.with_columns(
        title=pl.coalesce("long_title", pl.when(is_short).then(pl.col("short_title"))),
        name=pl.coalesce(
            "long_rest",
            pl.when(is_short).then(pl.col("short_rest")),
            pl.when(is_called).then(pl.col("called")),
            bare.str.replace(_ENGLISH_TITLE, ""),
        ).str.replace_all(_AROUND, ""),
    )
    male = pl.col("title").is_in([*_MALE, *_MALE_SHORT]) | bare.str.contains(_MALE_ENGLISH)
    female = pl.col("title").is_in([*_FEMALE, *_FEMALE_SHORT]) | bare.str.contains(_FEMALE_ENGLISH)
    return frame.select(
        "text",
        name=pl.when(pl.col("name") != "").then(pl.col("name")),
        titled=pl.col("title").is_not_null() | is_called.fill_null(False),
        gender_hint=pl.when(male.fill_null(False))
        .then(pl.lit("male"))
        .when(female.fill_null(False))
        .then(pl.lit("female")),
    )


def _judged(frame: pl.DataFrame) -> pl.DataFrame:
    """surname of Chinese names, script, quality."""
    name = pl.col("name_simplified")
    two, one = name.str.head(2), name.str.head(1)
    frame = frame.with_columns(
        has_han=name.str.contains(r"\p{Han}"),
        has_latin=name.str.contains(r"\p{Latin}"),
        masked=name.str.contains("*", literal=True),
        n=name.str.len_chars(),
        surname=pl.when(two.is_in(surnames.compound())).then(two).when(one.is_in(surnames.single())).then(one),
    )
    han, latin = pl.col("has_han") & ~pl.col("has_latin"), pl.col("has_latin") & ~pl.col("has_han")
    n_given = pl.col("n") - pl.col("surname").str.len_chars()
    chinese = name.str.contains(r"^\p{Han}+$") & n_given.is_between(1, 2)
    transcribed = name.str.contains(r"^\p{Han}+(?:·\p{Han}+)+$")
    bare_surname = pl.col("titled") & (n_given == 0).fill_null(False)
    organisation = name.str.contains(_ORGANISATION)
    # Polars' regular expressions know no back-references.
    is_doubled = (pl.col("n") == 2) & (one == name.str.slice(1, 1)) & pl.col("has_han")
    is_called = organisation | name.str.contains(_RELATIVE) | is_doubled
    full = (chinese.fill_null(False) | transcribed | name.str.contains(_LATIN_NAME)) & ~is_called
    quality = (
        pl.when(name.is_null()).then(pl.lit(None, dtype=pl.String))
        .when(pl.col("masked")).then(pl.lit("masked"))
        .when(bare_surname).then(pl.lit("title"))
        .when(full).then(pl.lit("full"))
        .otherwise(pl.lit("nick"))
    )  # fmt: skip
    script = pl.when(han).then(pl.lit("han")).when(latin).then(pl.lit("latin"))
    script = script.when(pl.col("has_han") & pl.col("has_latin")).then(pl.lit("mixed"))
    return frame.with_columns(quality=quality, script=script, transcribed=transcribed)


def _taken_apart(frame: pl.DataFrame) -> pl.DataFrame:
    """surname and given; both null for nicknames, given null where it is hidden or missing."""
    name = pl.col("name_simplified")
    full, latin = pl.col("quality") == "full", pl.col("script") == "latin"
    comma = name.str.contains(",", literal=True)
    last_word, before_comma = name.str.extract(r"(\S+)$"), name.str.extract(r"^([^,]+?)\s*,")
    western = pl.when(comma).then(before_comma).otherwise(last_word)
    western_given = pl.when(comma).then(name.str.extract(r",\s*(.+)$")).otherwise(name.str.extract(r"^(.+)\s\S+$"))
    nick = pl.col("quality") == "nick"
    chinese_given = name.str.strip_prefix(pl.col("surname"))
    return frame.select(
        "text",
        "name",
        "name_simplified",
        "quality",
        "gender_hint",
        surname=pl.when(nick | pl.col("transcribed"))
        .then(None)
        .when(full & latin)
        .then(western)
        .otherwise(pl.col("surname")),
        given=pl.when(full & latin)
        .then(western_given)
        .when(full & pl.col("transcribed"))
        .then(name)
        .when(full)
        .then(chinese_given),
        script=pl.col("script"),
    )
