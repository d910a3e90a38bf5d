"""Words: what a field's words are after slips and nicknames, and how rare each of them is.

A shared word proves as much as it is rare. So a word is kept with its rarity in bits (-log2 of the share of records
that have it) written before it as one letter, `a` for none: equal words stay equal text, and a comparison can add up
the bits of what two records share without looking anything up.
"""

from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

NICKNAMES: Final = Path(__file__).parent / "nicknames.csv"
# The letter of a word that says nothing.
NO_BITS: Final = ord("a")
# A word is a slip of another where that one is met so many times as often …
_SLIP_RATIO: Final = 3
# … and both have this many letters; among shorter ones everything is one slip from something.
_SLIP_LETTERS: Final = 4
# Spellings with one letter left out that more words share say nothing about slips.
_SLIP_CROWD: Final = 200

# Stems of a word: its first letters, and its first letter with the consonants after it.
STEMS: Final = 2


# Letters whose doubling is spelling, not sound.
_DOUBLED: Final = "lnstrmpfcdgbz"


def _stems(word: str) -> str:
    """SQL for the stems of a word: two words with a stem in common are alike."""
    consonants = f"regexp_replace({word}[2:], '[aeiouyhw]', '', 'g')"
    for letter in _DOUBLED:
        consonants = f"replace({consonants}, '{letter * 2}', '{letter}')"
    return f"[{word}[:3], '=' || {word}[1] || {consonants}]"


def bits_sql(n: str, total: str) -> str:
    """SQL for the whole bits of rarity of what `n` of `total` records have."""
    return f"least(floor(-log2({n} / {total})), 25)::int"


def bits_of(n: NDArray[np.integer], total: int) -> NDArray[np.int32]:
    """The same for numbers."""
    return np.minimum(np.floor(-np.log2(n / max(total, 1))), 25).astype(np.int32)


def shared_bits_sql(left: str, right: str) -> str:
    """SQL for the bits that two lists of weighed words share."""
    return f"coalesce(list_sum(list_transform(list_intersect({left}, {right}), lambda t: ascii(t) - {NO_BITS})), 0)"


def weigh_words(
    con: duckdb.DuckDBPyConnection, values: pl.DataFrame, total: int, *, nicknames: bool = False
) -> pl.DataFrame:
    """The words of each of `values` (value, n): words, bare, stems; the rarest word first.

    `words` carry their rarity, `bare` do not, `stems` are what is left of them when vowels are not heard. A slip of
    the pen counts as the word that was meant, where that can be told: one edit away and clearly more frequent.

    Args:
        total: of how many records.
        nicknames: whether William and Bill are one word.
    """
    con.register("value_rows", values.with_row_index("code").to_arrow())
    con.execute("""
        create or replace temp table spoken_word as
        select code, n, unnest(list_distinct(string_split(value, ' '))) as word from value_rows
    """)
    con.execute("""
        create or replace temp table vocabulary as select word, sum(n)::bigint as n from spoken_word group by word
    """)
    _find_slips(con)
    short = f"(select name, short from read_csv('{NICKNAMES}', header = true))" if nicknames else _NO_NICKNAMES
    con.execute(f"""
        create or replace temp table meant as
        select v.word, coalesce(k.name, s.meant, v.word) as bare
        from vocabulary v left join slip s using (word) left join {short} k on k.short = coalesce(s.meant, v.word)
    """)
    con.execute("""
        create or replace temp table meant_word as
        select distinct code, n, bare from spoken_word join meant using (word)
    """)
    found = con.sql(f"""
        with rarity as (
            select bare, {bits_sql("sum(n)", str(total))} as bits, {_stems("bare")} as stems
            from meant_word group by bare
        ),
        listed as (
            select code, list(chr({NO_BITS} + bits) || bare order by bits desc, bare) as words,
                   list(bare order by bits desc, bare) as bare, flatten(list(stems order by bits desc, bare)) as stems
            from meant_word join rarity using (bare) group by code
        )
        select words, bare, stems from value_rows left join listed using (code) order by code
    """).pl()
    con.unregister("value_rows")
    for table in ("spoken_word", "vocabulary", "slip", "meant", "meant_word"):
        con.execute(f"drop table {table}")
    return found


_NO_NICKNAMES: Final = "(select null::varchar as name, null::varchar as short where false)"


def _find_slips(con: duckdb.DuckDBPyConnection) -> None:
    """Creates `slip` (word, meant) from `vocabulary`: words that share a spelling once a letter is left out.

    Only ASCII words: DuckDB's edit distance counts bytes, so that one other hanzi is three edits.
    """
    con.execute(f"""
        create or replace temp table slip as
        with word as (
            select word, n from vocabulary
            where length(word) >= {_SLIP_LETTERS} and length(word) = strlen(word) and not regexp_matches(word, '\\d')
        ),
        spelling as (
            select word, n, word as spelling from word
            union all
            select distinct word, n, unnest(list_transform(
                range(1, length(word) + 1), lambda i: word[1:i - 1] || word[i + 1:]
            )) from word
        ),
        telling as (
            select * from spelling
            qualify count(*) over (partition by spelling) between 2 and {_SLIP_CROWD}
        ),
        near as (
            select distinct a.word, b.word as meant, b.n
            from telling a join telling b on a.spelling = b.spelling and b.n >= {_SLIP_RATIO} * a.n
            where a.word <> b.word
        )
        select word, arg_min(meant, (-n, meant)) as meant from near
        where damerau_levenshtein(word, meant) <= 1 group by word
    """)


def weigh_values(con: duckdb.DuckDBPyConnection, values: pl.DataFrame, total: int) -> pl.Series:
    """Each of `values` (value, n), put right and weighed as one word of `total` records."""
    con.register("value_rows", values.with_row_index("code").to_arrow())
    con.execute("create or replace temp table vocabulary as select value as word, n from value_rows")
    _find_slips(con)
    found = con.sql(f"""
        with meant as (
            select code, coalesce(s.meant, v.value) as bare, n from value_rows v left join slip s on s.word = v.value
        ),
        rarity as (select bare, sum(n) as n from meant group by bare)
        select chr({NO_BITS} + {bits_sql("r.n", str(total))}) || bare as weighed
        from meant join rarity r using (bare) order by code
    """).pl()["weighed"]
    con.unregister("value_rows")
    con.execute("drop table vocabulary")
    con.execute("drop table slip")
    return found
