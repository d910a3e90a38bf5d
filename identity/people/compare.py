"""Comparisons of people: names, birth dates, numbers, places. Each says its levels, and what to expect of them.

Belongs here: Splink comparisons over the columns of `features`, with the m and u probabilities that are expected
before any data (small tables lean on them). Long-winded SQL stands first in the not-told condition, where DuckDB
works it out once for all levels.
"""

from typing import Final, NamedTuple

from identity.people.words import NO_BITS, STEMS, shared_bits_sql
from identity.scoring.scheme import Comparison, comparison, level

# No code is ever this: it makes DuckDB work the code out before the levels ask for it, once.
_NEVER: Final = -100
# Bits at which two shares of words differ enough to be levels of their own.
_BITS: Final = (24, 20, 16, 12, 9, 6, 1)
# The least chance that two people's names agree so far, by kind of agreement.
_SURE: Final = {400: 5e-7, 300: 1e-6, 200: 1e-6, 100: 4e-6}


class Compared(NamedTuple):
    """A comparison with the m and u probabilities expected of its levels, in their order."""

    comparison: Comparison
    expected: list[tuple[float, float]]


def _coded(name: str, code: str, not_told: str, levels: list[tuple[str, str, float, float]]) -> Compared:
    """A comparison whose levels are values of one SQL code.

    Args:
        levels: condition with `{}` for the code, label, m and u.
    """
    made = [level(condition.format(f"({code})"), label) for condition, label, _, _ in levels]
    return Compared(
        comparison(name, f"({code}) = {_NEVER} or {not_told}", *made), _scaled([(m, u) for *_, m, u in levels])
    )


def _simple(name: str, not_told: str, levels: list[tuple[str, str, float, float]]) -> Compared:
    made = [level(condition, label) for condition, label, _, _ in levels]
    return Compared(comparison(name, not_told, *made), _scaled([(m, u) for *_, m, u in levels]))


def _scaled(expected: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Probabilities that add up to one; the last level takes what the others leave."""
    m, u = sum(m for m, _ in expected), sum(u for _, u in expected)
    return [(a / m, b / u) for a, b in expected]


def western_name() -> Compared:
    """Names as sets of words in any order: how rare are those they share, and does either have another.

    Codes: the bits shared, plus 100 where the names are the same, 200 below where one has no word beside (it is part
    of the other), then where their other words are alike, then where they differ.
    """
    left, right = "name_words_l", "name_words_r"
    shared = f"len(list_intersect({left}, {right}))"
    bits = f"least({shared_bits_sql(left, right)}, 99)"
    # Each word has its stems; what is shared beyond the stems of shared words is of words that are merely alike.
    alike = f"len(list_intersect(name_stems_l, name_stems_r)) > {STEMS} * {shared}"
    code = f"""{bits} + case
        when name_l = name_r then 400
        when len({left}) = {shared} or len({right}) = {shared} then 300
        when {alike} then 200
        else 100
    end"""
    levels = []
    kinds = (
        (400, "the same name", 0.55),
        (300, "one name is part of the other", 0.25),
        (200, "words of the names agree, others are alike", 0.15),
        (100, "words of the names agree", 0.05),
    )
    for base, label, m in kinds:
        share = {24: 0.15, 20: 0.15, 16: 0.2, 12: 0.2, 9: 0.15, 6: 0.1, 1: 0.05}
        for least in _BITS:
            # Words of a name go together, in families above all: beyond a point more of them prove no more.
            u = max(2.0**-least * {400: 0.03, 300: 0.1, 200: 0.1, 100: 0.3}[base], _SURE[base])
            levels.append((f"{{}} >= {base + least}", f"{label}: {_rarity(least)}", m * share[least], u))
        if base == 200:
            levels.append(("{} >= 200", "the names are alike", 0.06, 0.01))
    levels.append(("ELSE", "names differ", 0.03, 0.8))
    return _coded("name", code, "name_l is null or name_r is null", levels)


def _rarity(bits: int) -> str:
    words = {24: "of one in 16 million", 20: "of one in a million", 16: "of one in 65,000", 12: "of one in 4,000",
             9: "of one in 500", 6: "of one in 64", 1: "common"}  # fmt: skip
    return words[bits]


def han_name() -> Compared:
    """Chinese names by character: DuckDB's edit distances count bytes, three for each hanzi."""
    same_length = "length(name_l) = length(name_r)"
    equal = "list_sum(list_transform(range(1, length(name_l) + 1), lambda i: (name_l[i] = name_r[i])::int))"
    masked = "contains(name_l, '*') or contains(name_r, '*')"
    shown = " and ".join(f"(name_l[{end}] = name_r[{end}] or '*' in (name_l[{end}], name_r[{end}]))" for end in (1, -1))
    part = "contains(name_l, name_r) or contains(name_r, name_l)"
    letters = "surname_l is null and surname_r is null"
    code = f"""case
        when {masked} then case when {shown} then 2 else 0 end
        when name_l = name_r then case when name_bits_l >= 15 then 13 when name_bits_l >= 11 then 12
                                       when name_bits_l >= 8 then 11 else 10 end
        when sound_l = sound_r then 9
        when {letters} then case when jaro_winkler_similarity(name_l, name_r) >= 0.92 then 8 else 0 end
        when length(name_l) >= 3 and {same_length} and {equal} = length(name_l) - 1
            then case when surname_l = surname_r then 7 else 5 end
        when {same_length} and letters_l = letters_r then 6
        when least(length(name_l), length(name_r)) >= 2 and ({part}) then 4
        when surname_l = surname_r then 1
        else 0
    end"""
    return _coded("name", code, "name_l is null or name_r is null", [
        ("{} = 13", "the same rare name", 0.30, 1e-6),
        ("{} = 12", "the same name", 0.30, 1e-5),
        ("{} = 11", "the same common name", 0.15, 1e-4),
        ("{} = 10", "the same very common name", 0.05, 1e-3),
        ("{} = 9", "names sound the same", 0.03, 3e-4),
        ("{} = 8", "names in letters are alike", 0.01, 1e-4),
        ("{} = 7", "one character of the given name differs", 0.03, 3e-3),
        ("{} = 6", "the same characters in another order", 0.01, 1e-4),
        ("{} = 5", "the surname differs, the rest agrees", 0.01, 3e-3),
        ("{} = 4", "one name is part of the other", 0.02, 1e-3),
        ("{} = 2", "what the mask shows agrees", 0.05, 0.01),
        ("{} = 1", "only the surname agrees", 0.02, 0.04),
        ("ELSE", "names differ", 0.02, 0.95),
    ])  # fmt: skip


def birth() -> Compared:
    """Birth dates of eight digits; dates that very many share, as the first of January where only the year is known."""
    rough_l, rough_r = "birth_l[5:] = '0101'", "birth_r[5:] = '0101'"
    code = f"""case
        when birth_l = birth_r then case when {rough_l} then 7 else 8 end
        when {rough_l} and {rough_r} then case when birth_l[:3] = birth_r[:3] then 1 else 0 end
        when hamming(birth_l, birth_r) = 1 then 6
        when birth_l[:4] = birth_r[:4] and ({rough_l} or {rough_r}) then 4
        when hamming(birth_l, birth_r) = 2 then 5
        when birth_l[5:] = birth_r[5:] then 3
        when birth_l[:4] = birth_r[:4] then 2
        else 0
    end"""
    return _coded("birth_date", code, "birth_l is null or birth_r is null", [
        ("{} = 8", "the same birth date", 0.75, 5e-5),
        ("{} = 7", "the same birth date, perhaps only the year", 0.05, 5e-4),
        ("{} = 6", "one digit of the birth date differs", 0.09, 7e-4),
        ("{} = 5", "two digits of the birth date differ", 0.04, 8e-3),
        ("{} = 4", "the same year of birth, one without a day", 0.01, 2e-3),
        ("{} = 3", "the same day of another year", 0.01, 2e-3),
        ("{} = 2", "the same year of birth", 0.02, 0.02),
        ("{} = 1", "years of birth in one decade", 0.01, 0.01),
        ("ELSE", "birth dates differ", 0.03, 0.96),
    ])  # fmt: skip


def number(name: str, column: str) -> Compared:
    """A number that a person has one of: equal, one slip, or another. It is of digits and letters, each a byte."""
    left, right = f"{column}_l", f"{column}_r"
    return _simple(name, f"{left} is null or {right} is null", [
        (f"{left} = {right}", "the same number", 0.85, 1e-5),
        (_slip(column), "one slip in the number", 0.10, 2e-5),
        ("ELSE", "numbers differ", 0.05, 0.9999),
    ])  # fmt: skip


def phones() -> Compared:
    """Phones: one in common, the first ones one digit apart, what a mask shows, or none."""
    same_length = "length(phones_l[1]) = length(phones_r[1])"
    slip = f"case when {same_length} then hamming(phones_l[1], phones_r[1]) = 1 else false end"
    masked = "contains(phones_l[1], '*') or contains(phones_r[1], '*')"
    shown = f"{same_length} and phones_l[1][:3] = phones_r[1][:3] and phones_l[1][-2:] = phones_r[1][-2:]"
    return _simple("phone", "phones_l is null or phones_r is null", [
        ("list_has_any(phones_l, phones_r)", "the same phone", 0.75, 5e-6),
        (f"({masked}) and {shown}", "what the mask shows agrees", 0.02, 1e-4),
        (slip, "one digit of the phone differs", 0.05, 1e-5),
        ("ELSE", "phones differ", 0.18, 0.9999),
    ])  # fmt: skip


def emails() -> Compared:
    """E-mails: one in common, the same before the @, alike, or different."""
    return _simple("email", "emails_l is null or emails_r is null", [
        ("list_has_any(emails_l, emails_r)", "the same e-mail", 0.70, 5e-6),
        ("list_has_any(email_names_l, email_names_r)", "the same e-mail name", 0.10, 3e-5),
        ("jaro_winkler_similarity(emails_l[1], emails_r[1]) >= 0.9", "e-mails are alike", 0.12, 5e-4),
        ("ELSE", "e-mails differ", 0.08, 0.999),
    ])  # fmt: skip


def address() -> Compared:
    """Addresses as sets of words in any order: how rare are those they share."""
    bits = shared_bits_sql("address_words_l", "address_words_r")
    label = "words of the addresses agree"
    share = {24: 0.35, 20: 0.2, 16: 0.15, 12: 0.1, 9: 0.07, 6: 0.05, 1: 0.04}
    levels = [(f"{{}} >= {b}", f"{label}: {_rarity(b)}", share[b], max(2.0 ** -max(b, 2) * 0.5, 1e-6)) for b in _BITS]
    levels.append(("ELSE", "addresses differ", 0.04, 0.7))
    return _coded("address", bits, "address_words_l is null or address_words_r is null", levels)


def place(has_postcode: bool, town: str | None) -> Compared:
    """Postcode and town as one comparison: whoever shares the one mostly shares the other.

    The code is ten times what the postcodes are to each other plus what the towns are.

    Args:
        town: the column of the town, `city` or, where there is none, `birth_place`.
    """
    left, right = f"{town}_l", f"{town}_r"
    post = {
        1: ("the same postcode", "postcode_l = postcode_r", 0.70, 1e-4),
        2: ("postcodes are one slip apart", _slip("postcode"), 0.10, 1e-3),
        3: ("the same postcode area", "postcode_area_l = postcode_area_r", 0.08, 5e-3),
        4: ("the same postcode region", "postcode_region_l = postcode_region_r", 0.06, 0.06),
        5: ("postcodes differ", "", 0.06, 0.93),
    }
    city = {
        1: ("the same town", f"{left} = {right} and ascii({left}) - {NO_BITS} >= 8", 0.40, 2e-3),
        2: ("the same large town", f"{left} = {right}", 0.35, 0.02),
        3: ("towns are alike", _alike(str(town)), 0.1, 5e-3),
        4: ("towns differ", "", 0.15, 0.97),
    }  # fmt: skip
    posts = post if has_postcode else {}
    cities = city if town else {}
    code = " + ".join(
        f"{factor} * case when {told} {_cases(kinds)} else {last} end"
        for factor, kinds, told, last in (
            (10, posts, "postcode_l is null or postcode_r is null then 0", 5),
            (1, cities, f"{left} is null or {right} is null then 0", 4),
        )
        if kinds
    )  # fmt: skip
    silent: tuple[str, str, float, float] = ("", "", 0.2, 0.2)
    levels = []
    for p, (post_label, _, post_m, post_u) in ({0: silent} | posts).items():
        for c, (city_label, _, city_m, city_u) in ({0: silent} | cities).items():
            if p or c:
                label = ", ".join(x for x in (post_label, city_label) if x)
                levels.append((f"{{}} = {10 * p + c}", label, post_m * city_m, post_u * city_u))
    _, label, m, u = levels[-1]
    return _coded("place", code, f"({code}) = 0", [*levels[:-1], ("ELSE", label, m, u)])


def _cases(kinds: dict[int, tuple[str, str, float, float]]) -> str:
    return " ".join(f"when {sql} then {number}" for number, (_, sql, _, _) in kinds.items() if sql)


def value(name: str, column: str, words: str, m: float) -> Compared:
    """A weighed value: the same and rare, the same and common, alike, or another."""
    left, right = f"{column}_l", f"{column}_r"
    return _simple(name, f"{left} is null or {right} is null", [
        (f"{left} = {right} and ascii({left}) - {NO_BITS} >= 8", f"the same {words}", m * 0.5, 2e-3),
        (f"{left} = {right}", f"the same common {words}", m * 0.5, 0.03),
        (_alike(column), f"{words}s are alike", 0.05, 5e-3),
        ("ELSE", f"{words}s differ", 1 - m - 0.05, 0.96),
    ])  # fmt: skip


def gender() -> Compared:
    """Gender."""
    return _simple("gender", "gender_l is null or gender_r is null", [
        ("gender_l = gender_r", "the same gender", 0.95, 0.5), ("ELSE", "genders differ", 0.05, 0.5),
    ])  # fmt: skip


def _slip(column: str) -> str:
    """One edit, or two neighbours changed over; Levenshtein's distance is then at most 2, and five times as fast."""
    left, right = f"{column}_l", f"{column}_r"
    return f"levenshtein({left}, {right}) <= 2 and damerau_levenshtein({left}, {right}) <= 1"


def _alike(column: str) -> str:
    left, right = f"{column}_l[2:]", f"{column}_r[2:]"
    near = f"jaro_winkler_similarity({left}, {right}) >= 0.88"
    return f"{near} or contains({left}, {right}) or contains({right}, {left})"
