"""When two names can be one person's: the rule that shared phones, merges and scoring all use.

Belongs here: SQL over two sides that carry `name`, `quality`, `surname`, `name_pinyin`. DuckDB's edit distances
count bytes, so hanzi are compared by character with `substr`, never by `levenshtein`.
"""

import duckdb
import polars as pl

# What two names are to each other, from the strongest agreement down; `conflict` is the only disagreement.
AGREEMENTS = ("same", "homophone", "one_character", "swapped", "typo", "masked", "surname", "conflict")
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
    both_full = f"{lq} = 'full' and {rq} = 'full'"
    either_title = f"'title' in ({lq}, {rq})"
    han = f"regexp_matches({ln}, '^\\p{{Han}}+$') and regexp_matches({rn}, '^\\p{{Han}}+$')"
    latin = f"not regexp_matches({ln} || {rn}, '\\p{{Han}}')"
    first, last = (f"substr({n}, 1, 1)" for n in (ln, rn)), (f"substr({n}, length({n}), 1)" for n in (ln, rn))
    (lf, rf), (ll, rl) = first, last
    return f"""case
        when {ln} is null or {rn} is null then null
        when {both_full} and {ln} = {rn} then 'same'
        when {both_full} and {left.format("name_pinyin")} = {right.format("name_pinyin")} then 'homophone'
        when {both_full} and {han} and {_one_character(ln, rn, ls, rs)} then 'one_character'
        when {both_full} and {_tokens(ln)} = {_tokens(rn)} then 'swapped'
        when {both_full} and {latin} and jaro_winkler_similarity(lower({ln}), lower({rn})) >= 0.92 then 'typo'
        when {both_full} then 'conflict'
        when {either_title} and ({ls} = {rs} or {lf} = {rf} or '*' in ({lf}, {rf})) then 'surname'
        when {either_title} then 'conflict'
        when ({lf} = '*' or {rf} = '*' or {lf} = {rf}) and ({ll} = '*' or {rl} = '*' or {ll} = {rl}) then 'masked'
        else 'conflict'
    end"""


def _one_character(ln: str, rn: str, ls: str, rs: str) -> str:
    """One character of a given name of two or more differs: the last, or the first after the surname."""
    return (
        f"{ls} = {rs} and length({ln}) = length({rn}) and length({ln}) >= length({ls}) + 2 and "
        f"(substr({ln}, 1, length({ln}) - 1) = substr({rn}, 1, length({rn}) - 1) or "
        f"substr({ln}, length({ls}) + 2) = substr({rn}, length({rs}) + 2))"
    )


def _tokens(name: str) -> str:
    return f"list_sort(string_split(lower({name}), ' '))"


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
