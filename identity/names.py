"""When two names can be one person's: the rule that shared phones, merges and scoring all use.

Belongs here: SQL over two sides that carry `name`, `quality`, `surname`, `name_pinyin`. DuckDB's edit distances
count bytes, so hanzi are compared by character with `substr`, never by `levenshtein`.
"""

import duckdb
import polars as pl

# What two names are to each other, from the strongest agreement down; `conflict` is the only disagreement.
AGREEMENTS = ("same", "homophone", "one_character", "swapped", "typo", "masked", "surname", "conflict")
# The first code point of the Chinese scripts (CJK radicals); what lies below is an alphabet.
_FIRST_HAN = 0x2E80
FULL_AGREEMENTS = ("same", "homophone", "one_character", "swapped", "typo")


def agreement_sql(left: str, right: str) -> str:
    """SQL that names the agreement (one of `AGREEMENTS`) of two sides, null where either has no name.

    Args:
        left: how a column of the left side is written, `l.{}` or `{}_l`.
        right: the same for the right side.
    """
    ln, rn = left.format("name"), right.format("name")
    ls, rs = left.format("surname"), right.format("surname")
    lq, rq = left.format("quality"), right.format("quality")
    # A surname alone is as much as a title tells: 王女士 in a file, 王 in a colleague's note.
    either_title = f"('title' in ({lq}, {rq}) or {ln} = {ls} or {rn} = {rs})"
    lf, rf = (f"substr({n}, 1, 1)" for n in (ln, rn))
    ll, rl = (f"substr({n}, length({n}), 1)" for n in (ln, rn))
    # Cases within cases: nearly all pairs differ, and those are settled before anything dear is worked out.
    return f"""case
        when {ln} is null or {rn} is null then null
        when {_is_whole(ln, lq, ls)} and {_is_whole(rn, rq, rs)} then case
            when {ln} = {rn} then 'same'
            when {left.format("name_pinyin")} = {right.format("name_pinyin")} then 'homophone'
            when unicode({ln}) < {_FIRST_HAN} and unicode({rn}) < {_FIRST_HAN} then {_western(ln, rn)}
            when {ls} = {rs} and length({ln}) = length({rn}) then {_han(ln, rn, ls, rs)}
            else 'conflict'
        end
        when {either_title} and ({ls} = {rs} or {lf} = {rf} or '*' in ({lf}, {rf})) then 'surname'
        when {either_title} then 'conflict'
        when ({lf} = '*' or {rf} = '*' or {lf} = {rf}) and ({ll} = '*' or {rl} = '*' or {ll} = {rl}) then 'masked'
        else 'conflict'
    end"""


def _is_whole(name: str, quality: str, surname: str) -> str:
    """A full name, or one that a colleague noted in full."""
    is_part = f"({name} = coalesce({surname}, '') or {name} like '%*%')"
    return f"({quality} = 'full' or ({quality} = 'derived' and not {is_part}))"


def _western(ln: str, rn: str) -> str:
    """Two western names: the same words in another order, or a slip of the pen."""
    return f"""case
                when {_tokens(ln)} = {_tokens(rn)} then 'swapped'
                when jaro_winkler_similarity(lower({ln}), lower({rn})) >= 0.92 then 'typo'
                else 'conflict'
            end"""


def _han(ln: str, rn: str, ls: str, rs: str) -> str:
    """One character of a given name of two or more differs: the last, or the first after the surname."""
    return f"""case
                when length({ln}) >= length({ls}) + 2 and (
                    substr({ln}, 1, length({ln}) - 1) = substr({rn}, 1, length({rn}) - 1)
                    or substr({ln}, length({ls}) + 2) = substr({rn}, length({rs}) + 2)
                ) then 'one_character'
                else 'conflict'
            end"""


def _tokens(name: str) -> str:
    return f"list_sort(string_split(lower({name}), ' '))"


def nick_fits(nick: str, name: str, surname: str) -> pl.Expr:
    """Whether a nickname is made of a full name: 小王 and 老王, 阿芳 and 芳芳, 泽强 for 张泽强.

    Args:
        nick, name, surname: the columns' names; a null fits nothing.
    """
    n, full = pl.col(nick), pl.col(name)
    given = full.str.strip_prefix(pl.col(surname).fill_null(""))
    first, last, size = n.str.slice(0, 1), n.str.slice(1), n.str.len_chars()
    end = full.str.slice(-1)
    is_called = first.is_in(["小", "老", "阿"]) & ((last == full.str.slice(0, 1)) | (last == end))
    is_doubled = (first == last) & (last == end)
    is_given = (given.str.len_chars() >= 2) & n.str.contains(given, literal=True)
    return ((size == 2) & (is_called | is_doubled) | is_given).fill_null(False)


def agreements(pairs: pl.DataFrame) -> pl.Series:
    """The agreement of each pair of names.

    Args:
        pairs: columns name_l, quality_l, surname_l, name_pinyin_l and the same with `_r`.
    """
    sides = {
        side: ", ".join(f"{c}_{side} as {c}" for c in ("name", "quality", "surname", "name_pinyin"))
        for side in ("l", "r")
    }
    numbered = pairs.with_row_index("pair")
    con = duckdb.connect()
    try:
        con.register("pairs", numbered.to_arrow())
        return con.sql(f"""
            with l as (select pair, {sides["l"]} from pairs), r as (select pair, {sides["r"]} from pairs)
            select {agreement_sql("l.{}", "r.{}")} as agreement from l join r using (pair) order by pair
        """).pl()["agreement"]
    finally:
        con.close()
