"""Fields: what the columns of a table say, in one spelling.

Belongs here: the SQL that turns mapped columns into fields. It is run on the distinct texts of a column, not on its
rows (`describe`). Words and how rare they are is `words`' matter.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from identity.people.roles import ColumnMap
from identity.people.table import cell, quoted

# Parts the texts, and the values, of several columns that make one list. No file has it in its cells.
PARTED: Final = "chr(31)"
# Fields of which a record may say several.
LISTS: Final = ("emails", "phones", "accounts")


class Field(NamedTuple):
    """A field as SQL: `said` is what a row of `told` says of it, `value` what a distinct text means, made narrow."""

    said: str
    value: str


# Full-width letters, digits and signs, and what they are: forms filled in with a Chinese keyboard have them.
_WIDE: Final = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
_NARROW: Final = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + " "


def narrow(text: str) -> str:
    """SQL for lower-case text with full-width signs made narrow."""
    wide, thin = _WIDE.replace("'", "''"), _NARROW.replace("'", "''")
    # Translating takes forty times as long as looking whether there is anything to translate.
    is_wide = f"strlen({text}) <> length({text}) and regexp_matches({text}, '[\uff01-\uff5e\u3000]')"
    narrowed = f"case when {is_wide} then translate({text}, '{wide}', '{thin}') else {text} end"
    return f"lower({narrowed})"


def words(text: str) -> str:
    """SQL for a narrow text's words, parted by single spaces: no accents or punctuation; null where none are left.

    Asterisks stay: they are what a platform writes for a character it hides.
    """
    bare = f"regexp_replace(strip_accents({text}), '[''’`.]', '', 'g')"
    return f"nullif(trim(regexp_replace({bare}, '[^\\p{{L}}\\p{{N}}*]+', ' ', 'g')), '')"


def _birth(text: str, day_first: bool) -> str:
    """Eight digits YYYYMMDD, also of dates that no calendar has; a year alone is its first of January."""
    number = f"regexp_extract_all({text}, '\\d+')"
    day, month = ("1", "2") if day_first else ("2", "1")

    def date(year: str, month: str, day: str) -> str:
        return f"{number}[{year}] || lpad({number}[{month}], 2, '0') || lpad({number}[{day}], 2, '0')"

    def lengths(*expected: str) -> str:
        return " and ".join(f"length({number}[{n}]) {how}" for n, how in enumerate(expected, start=1))

    return f"""case
        when len({number}) = 1 and length({number}[1]) = 8 then {number}[1]
        when len({number}) = 1 and length({number}[1]) = 4 then {number}[1] || '0101'
        when {lengths("= 4", "<= 2", "<= 2")} then {date("1", "2", "3")}
        when {lengths("<= 2", "<= 2", "= 4")} then {date("3", month, day)}
    end"""


def _gender(text: str) -> str:
    return f"""case
        when regexp_matches({text}, '^(m|male|man|mr|男|男性|先生|1)$') then 'm'
        when regexp_matches({text}, '^(f|female|woman|mrs|ms|miss|女|女性|女士|2|0)$') then 'f'
    end"""


def _phone(text: str) -> str:
    """Digits and mask signs; the country code of mainland mobiles and leading zeros are dropped."""
    bare = f"regexp_replace({text}, '[^0-9*]', '', 'g')"
    put_right = f"nullif(regexp_replace({bare}, '^(0*86(1[3-9])|0+)', '\\2'), '')"
    # Most are as they should be, and to see that takes a third of the time.
    return f"case when regexp_full_match({text}, '[1-79][0-9]{{10}}') then {text} else {put_right} end"


def _email(text: str) -> str:
    return f"case when contains({text}, '@') then replace({text}, ' ', '') end"


def _number(text: str) -> str:
    return f"nullif(regexp_replace({text}, '[^\\p{{L}}\\p{{N}}]', '', 'g'), '')"


def fields_of(column_map: ColumnMap) -> dict[str, Field]:
    """The fields by name: name, address, birth, gender, national_id, postcode, city, birth_place, job, and `LISTS`.

    Values are text; those of `LISTS` are parted by `PARTED`, sorted.
    """
    of = column_map.of
    # A region says nothing that city or postcode have not said already.
    town = of("city") or ([] if of("postcode") else of("region"))
    single: dict[str, tuple[list[str], Callable[[str], str]]] = {
        "birth": (of("birth_date"), lambda text: _birth(text, column_map.day_first)),
        "gender": (of("gender"), _gender),
        "national_id": (of("national_id"), _number),
        "postcode": (of("postcode"), _number),
        "city": (town, words),
        "birth_place": (of("birth_place"), words),
        "job": (of("occupation"), words),
    }
    several = {"emails": ("email", _email), "phones": ("phone", _phone), "accounts": ("account", _number)}
    names = [c for c, role in column_map.columns.items() if role in ("full_name", "given_name", "surname")]
    fields = {field: _joined(columns) for field, columns in (("name", names), ("address", of("address"))) if columns}
    fields |= {field: _single(columns, sql) for field, (columns, sql) in single.items() if columns}
    fields |= {field: _list(of(role), one) for field, (role, one) in several.items() if of(role)}
    return fields


def _single(columns: Sequence[str], value: Callable[[str], str]) -> Field:
    return Field(quoted(columns[0]), value("said"))


def _joined(columns: Sequence[str]) -> Field:
    """The words of several columns one after another."""
    if len(columns) == 1:
        return _single(columns, words)
    return Field(f"concat_ws(' ', {', '.join(cell(quoted(column)) for column in columns)})", words("said"))


def _list(columns: Sequence[str], one: Callable[[str], str]) -> Field:
    """The distinct values of several columns, sorted, as one text; null where there are none."""
    if len(columns) == 1:
        return _single(columns, one)
    said = f"concat_ws({PARTED}, {', '.join(cell(quoted(column)) for column in columns)})"
    values = f"list_transform(string_split(said, {PARTED}), lambda one: {one('one')})"
    return Field(said, f"nullif(array_to_string(list_sort(list_distinct({values})), {PARTED}), '')")
