"""Chinese names in a table of people: one script, sound and surname, without the touchpoints' own normalisation.

Belongs here: what is worked out once per distinct name in Python, because DuckDB has no pinyin.
"""

from functools import lru_cache
from typing import Final

import polars as pl

from identity.people.words import bits_of

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

_SILENT: Final = "\0"
# The surname of a Chinese name: its first character, or two; none of a name in letters or behind a mask.
_IS_HAN: Final = "^[\u3400-\u9fff]"
_TWO: Final = pl.col("name").str.head(2)
_SURNAME: Final = pl.when(pl.col("name").str.contains(_IS_HAN)).then(
    pl.when(_TWO.is_in(sorted(TWO_CHARACTERS)) & (pl.col("name").str.len_chars() > 2))
    .then(_TWO)
    .otherwise(pl.col("name").str.head(1))
)


def spell_names(values: pl.DataFrame) -> pl.DataFrame:
    """Chinese names as they are compared: name, surname, sound, letters, name_bits, for each of `values` (value, n).

    `name` is in simplified characters without spaces between them, `sound` its pinyin without tones, `letters` its
    characters in order of the alphabet (two names with equal letters differ in order alone), `name_bits` its rarity.
    """
    simple = _simplified(values["value"])
    sounds = {c: _sound(c) for c in (set().union(*simple) if simple else set())}
    # Written before each syllable that follows the first; a character without a sound leaves a mark.
    syllables = {ord(c): f" {sound}" if sound else _SILENT for c, sound in sounds.items()}
    names = pl.DataFrame(
        {
            "name": simple,
            "rest": [name[1:].translate(syllables) for name in simple],
            "letters": ["".join(sorted(name)) for name in simple],
            "n": values["n"],
        },
        schema_overrides={"name": pl.String, "rest": pl.String, "letters": pl.String},
    ).with_columns(_SURNAME.alias("surname"))
    initial = pl.col("name").str.head(1)
    alone = {c: _SURNAME_SOUNDS.get(c) or sound for c, sound in sounds.items()}
    first = (
        pl.when(pl.col("surname").str.len_chars() == 1)
        .then(initial.replace_strict(alone, default=None, return_dtype=pl.String))
        .when(pl.col("surname").is_not_null())
        .then(initial.replace_strict(sounds, default=None, return_dtype=pl.String))
    )
    sound = pl.when(~pl.col("rest").str.contains(_SILENT, literal=True)).then(first + pl.col("rest"))
    spelled = names.with_columns(sound.alias("sound"), pl.col("n").sum().over("name"))
    bits = pl.Series("name_bits", bits_of(spelled["n"].to_numpy(), int(values["n"].sum())))
    return spelled.select("name", "surname", "sound", "letters", bits)


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _simplified(names: pl.Series) -> list[str]:
    """Names in simplified characters, without the spaces between hanzi; character by character, which names bear."""
    characters = set().union(*names.to_list()) if len(names) else set()
    table = {ord(c): s for c in characters if _is_han(c) and (s := _simplified_character(c)) != c}
    close = names.str.replace_all(r"(\p{Han}|\*) +", "$1")
    return [name.translate(table) for name in close.to_list()] if table else close.to_list()


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
