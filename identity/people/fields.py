"""Fields: what a record says, in one spelling, and records that say exactly the same as one description.

Belongs here: the SQL that turns mapped columns into fields. Words and how rare they are is `words`' matter.
"""

from collections.abc import Callable, Sequence
from typing import Final

import duckdb

from identity.people.roles import ColumnMap
from identity.people.table import quoted

# Full-width letters, digits and signs, and what they are: forms filled in with a Chinese keyboard have them.
_WIDE: Final = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
_NARROW: Final = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + " "


def narrow(text: str) -> str:
    """SQL for lower-case text with full-width signs made narrow."""
    wide, thin = _WIDE.replace("'", "''"), _NARROW.replace("'", "''")
    # Translating takes forty times as long as looking whether there is anything to translate.
    is_wide = f"regexp_matches({text}, '[\uff01-\uff5e\u3000]')"
    narrowed = f"case when {is_wide} then translate({text}, '{wide}', '{thin}') else {text} end"
    return f"lower({narrowed})"


def words(text: str) -> str:
    """SQL for words parted by single spaces: no accents, apostrophes or punctuation; null where none are left.

    Asterisks stay: they are what a platform writes for a character it hides.
    """
    bare = f"regexp_replace(strip_accents({narrow(text)}), '[''’`.]', '', 'g')"
    return f"nullif(trim(regexp_replace({bare}, '[^\\p{{L}}\\p{{N}}*]+', ' ', 'g')), '')"


def _joined(columns: Sequence[str]) -> str:
    return f"concat_ws(' ', {', '.join(quoted(column) for column in columns)})"


def _birth(text: str, day_first: bool) -> str:
    """Eight digits YYYYMMDD, also of dates that no calendar has; a year alone is its first of January."""
    number = f"regexp_extract_all({narrow(text)}, '\\d+')"
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
        when regexp_matches({narrow(text)}, '^(m|male|man|mr|男|男性|先生|1)$') then 'm'
        when regexp_matches({narrow(text)}, '^(f|female|woman|mrs|ms|miss|女|女性|女士|2|0)$') then 'f'
    end"""


def _phone(text: str) -> str:
    """Digits and mask signs; the country code of mainland mobiles and leading zeros are dropped."""
    bare = f"regexp_replace({narrow(text)}, '[^0-9*]', '', 'g')"
    return f"nullif(regexp_replace({bare}, '^(0*86(1[3-9])|0+)', '\\2'), '')"


def _email(text: str) -> str:
    return f"case when contains({text}, '@') then replace({narrow(text)}, ' ', '') end"


def _number(text: str) -> str:
    return f"nullif(regexp_replace({narrow(text)}, '[^\\p{{L}}\\p{{N}}]', '', 'g'), '')"


def _list(columns: Sequence[str], one: Callable[[str], str]) -> str:
    """A sorted list of the distinct values of several columns, null where there are none."""
    values = ", ".join(one(quoted(column)) for column in columns)
    if len(columns) == 1:
        return f"case when {values} is not null then [{values}] end"
    listed = f"list_sort(list_distinct([{values}]))"
    return f"case when len({listed}) > 0 then {listed} end"


def field_sql(column_map: ColumnMap) -> dict[str, str]:
    """SQL by field: name, address, birth, gender, national_id, postcode, city, birth_place, job, and the lists."""
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
    said = {
        field: words(_joined(columns)) for field, columns in (("name", names), ("address", of("address"))) if columns
    }
    said |= {field: sql(quoted(columns[0])) for field, (columns, sql) in single.items() if columns}
    said |= {field: _list(of(role), one) for field, (role, one) in several.items() if of(role)}
    return said


def describe(con: duckdb.DuckDBPyConnection, column_map: ColumnMap) -> list[str]:
    """Creates `described` (unique_id, n_rows, the fields; with `file` where a person is in a file once) and `row_of`.

    Records that say exactly the same are one description; `row_of` (row_key, unique_id) says which. Descriptions are
    numbered from 0 by what they say, so that the order of rows changes nothing.

    Returns:
        The fields.
    """
    said = field_sql(column_map)
    fields = list(said)
    by = ", ".join([*fields, "file"] if column_map.one_per_file else fields)
    listed = ", ".join(f"{sql} as {field}" for field, sql in said.items())
    con.execute(f"create or replace table spoken as select row_key, file, {listed} from told")
    con.execute(f"""
        create or replace table described as
        select (row_number() over (order by hash({by}), {by}) - 1)::int as unique_id, *
        from (select {by}, count(*)::int as n_rows from spoken group by {by})
    """)
    same = " and ".join(f"s.{field} is not distinct from d.{field}" for field in by.split(", "))
    con.execute(f"create or replace table row_of as select row_key, unique_id from spoken s join described d on {same}")
    con.execute("drop table spoken")
    return fields
