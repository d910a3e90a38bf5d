"""Chinese names in a table of people: one script, sound and surname, without the touchpoints' own normalisation.

Belongs here: what is worked out once per distinct name in Python, because DuckDB has no pinyin.
"""

from functools import lru_cache
from typing import Final

import duckdb
import polars as pl

from identity.people.words import bits_sql

# Surnames of two characters that are common enough to meet.
TWO_CHARACTERS: Final = frozenset({
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛",
    "尉迟", "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容",
    "仲孙", "钟离", "长孙", "宇文", "司徒", "鲜于", "司空", "闾丘", "令狐", "百里", "呼延", "东郭",
    "南门", "西门", "轩辕", "拓跋", "完颜", "纳兰",
})  # fmt: skip
# Characters that sound otherwise as a surname than in most words.
_SURNAME_SOUNDS: Final = {
    "单": "shan", "解": "xie", "查": "zha", "区": "ou", "仇": "qiu", "盖": "ge", "曾": "zeng", "任": "ren",
    "朴": "piao", "尉": "wei", "繁": "po", "乐": "yue", "员": "yun", "翟": "zhai", "华": "hua", "洗": "xian",
    "冼": "xian", "缪": "miao", "宓": "mi", "覃": "qin", "召": "shao", "燕": "yan", "黑": "he", "折": "she",
    "种": "chong", "祭": "zhai", "晁": "chao",
}  # fmt: skip


def spell_names(con: duckdb.DuckDBPyConnection) -> None:
    """Creates table `spelled_name` (told, name, surname, sound, letters, name_bits), one row per name of `described`.

    `name` is in simplified characters without spaces between them, `sound` its pinyin without tones, `letters` its
    characters in order of the alphabet (two names with equal letters differ in order alone), `name_bits` its rarity.
    """
    told = con.sql(
        "select name as told, count(*) as n from described where name is not null group by all order by 1"
    ).pl()
    simple = _simplified(told["told"])
    spelled = told.with_columns(simple.alias("name")).with_columns(
        pl.Series("surname", [surname_of(name) for name in simple], dtype=pl.String),
        pl.Series("sound", [sound_of(name) for name in simple], dtype=pl.String),
        pl.Series("letters", ["".join(sorted(name)) for name in simple], dtype=pl.String),
    )
    con.register("spelled", spelled.to_arrow())
    con.execute(f"""
        create or replace table spelled_name as
        select told, name, surname, sound, letters,
               {bits_sql("sum(n) over (partition by name)", "sum(n) over ()")} as name_bits
        from spelled
    """)
    con.unregister("spelled")


def surname_of(name: str) -> str | None:
    """The surname of a Chinese name: its first character, or two; none of a name in letters or behind a mask."""
    if not name or not _is_han(name[0]):
        return None
    return name[:2] if name[:2] in TWO_CHARACTERS and len(name) > 2 else name[0]


def sound_of(name: str) -> str | None:
    """Pinyin without tones, syllables parted by spaces; null where a character has none."""
    surname = surname_of(name)
    if surname is None:
        return None
    sounds = [_SURNAME_SOUNDS.get(surname) if len(surname) == 1 else None, *(_sound(c) for c in name[1:])]
    first = sounds[0] or _sound(name[0])
    return None if first is None or None in sounds[1:] else " ".join([first, *(s for s in sounds[1:] if s)])


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _simplified(names: pl.Series) -> pl.Series:
    """Names in simplified characters, without the spaces between hanzi; character by character, which names bear."""
    characters = sorted(set("".join(names.unique().to_list())))
    table = {ord(c): s for c in characters if _is_han(c) and (s := _simplified_character(c)) != c}
    close = names.str.replace_all(r"(\p{Han}|\*) +", "$1")
    return pl.Series([name.translate(table) for name in close], dtype=pl.String)


@lru_cache(maxsize=20_000)
def _simplified_character(character: str) -> str:
    made = str(_converter().convert(character))
    return made if len(made) == 1 else character


@lru_cache(maxsize=1)
def _converter():  # type: ignore[no-untyped-def]  # opencc has no types
    from opencc import OpenCC

    return OpenCC("t2s")


@lru_cache(maxsize=20_000)
def _sound(character: str) -> str | None:
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(character, style=Style.NORMAL)[0] if _is_han(character) else None
