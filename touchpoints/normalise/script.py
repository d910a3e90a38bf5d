"""Chinese script: traditional to simplified characters, and characters to pinyin.

Both work on distinct values, and load their dictionaries on first use.
"""

import unicodedata
from functools import cache

import polars as pl

from touchpoints.normalise import surnames
from touchpoints.normalise.cell import clean


@cache
def _converter():  # type: ignore[no-untyped-def]  # opencc has no types
    from opencc import OpenCC

    return OpenCC("t2s")


def simplified(values: pl.Series) -> pl.Series:
    """Text with traditional characters turned into simplified ones; the rest as it is."""
    chinese = values.drop_nulls().unique(maintain_order=True)
    chinese = chinese.filter(chinese.str.contains(r"\p{Han}") & ~chinese.str.contains("\n", literal=True))
    if chinese.is_empty():
        return values
    # One call for all: the call costs more than the text.
    converted = _converter().convert("\n".join(chinese)).split("\n")
    return values.replace(chinese, pl.Series(converted, dtype=pl.String))


@cache
def _reading(character: str) -> str:
    """A character's usual reading, without tone and with `v` for ü."""
    from pypinyin.constants import PINYIN_DICT

    spelt = unicodedata.normalize("NFD", PINYIN_DICT.get(ord(character), character).split(",")[0])
    return "".join(c for c in spelt.replace("u\u0308", "v") if not unicodedata.combining(c)).lower()


def pinyin(values: pl.Series) -> pl.Series:
    """Names in pinyin: no tones, lower case, one blank between syllables; family names as family names are read.

    Traditional characters are read as their simplified ones; names in Latin letters lose their accents.
    """
    text = simplified(clean(values)).alias("text")
    distinct = text.drop_nulls().unique(maintain_order=True)
    family = _family(distinct)
    frame = (
        distinct.to_frame()
        .with_columns(family=family)
        .with_columns(
            rest=pl.when(pl.col("family").is_null())
            .then(pl.col("text"))
            .otherwise(pl.col("text").str.strip_prefix(pl.col("family")))
        )
    )
    head = pl.col("family").replace_strict(surnames.readings(), default=None, return_dtype=pl.String)
    spelt = pl.concat_str([head, _spell(frame["rest"])], separator=" ", ignore_nulls=True)
    tidy = spelt.str.replace_all(r"[^\p{L}\p{N}*]+", " ").str.strip_chars(" ")
    found = frame.select(tidy).to_series()
    return text.replace_strict(distinct, found, default=None, return_dtype=pl.String).alias(values.name)


def _family(names: pl.Series) -> pl.Series:
    """The family name at the start of each name, where its reading is an exception; else null."""
    known = surnames.readings()
    two, one = pl.col("text").str.head(2), pl.col("text").str.head(1)
    ordinary_two = two.is_in([s for s in surnames.compound() if s not in known])
    family = pl.when(two.is_in(list(known))).then(two).when(one.is_in(list(known)) & ~ordinary_two).then(one)
    return names.alias("text").to_frame().select(family.alias("family")).to_series()


def _spell(texts: pl.Series) -> pl.Series:
    """Each text with its Chinese characters replaced by their readings, blanks around them."""
    characters = sorted(set("".join(texts.str.extract_all(r"\p{Han}").list.join(""))))
    readings = {character: f" {_reading(character)} " for character in characters}
    accented = pl.col("text").str.contains(r"[\u00c0-\u024f]")
    plain = pl.col("text").str.normalize("NFD").str.replace_all(r"\p{Mn}", "")
    lowered = (
        texts.alias("text")
        .to_frame()
        .select(pl.when(accented).then(plain).otherwise(pl.col("text")).str.to_lowercase())
        .to_series()
    )
    return (lowered.str.replace_many(readings) if readings else lowered).alias("spelt")
