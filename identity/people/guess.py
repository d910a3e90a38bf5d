"""Guessing what the columns of a table of people are, from their names and, where those say nothing, their contents.

Belongs here: patterns of names and of values. What is guessed is written out for a person to correct.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import UsageError
from identity.people.roles import MANY, ColumnMap

# Names as they are written in headers, by role; the first role whose pattern is found wins, so order matters.
_HEADERS: Final = (
    ("record_id", r"^(rec(ord)?|row|unique|uu|p)?_?id$|^(rec(ord)?|row)_?(no|number|key)$|记录|序号|行号"),
    ("ignore", r"^(cluster|entity|ent|truth|label|group|master|gold|duplicate)(_?id)?$|真值|簇"),
    # What a clerk wrote, and when a row was made: names and dates, but of no one's birth.
    ("ignore", r"remark|comment|^notes?$|memo|备注|说明"),
    ("ignore", r"^(created|updated|registered|joined)|(注册|创建|更新|入会|登记)(时间|日期)"),
    ("email", r"e_?mail|邮箱|邮件|电邮"),
    ("phone", r"phone|mobile|\btel\b|^tel|cell|手机|电话"),
    ("national_id", r"national_?id|soc_?sec|\bssn\b|passport|identity_?card|id_?card|tax_?id|nhs|身份证|护照|证件号"),
    ("account", r"(open|union|user|member|customer)_?(id|no|number|code)|account|会员(编?号|卡|id)|账号|客户编?号"),
    ("birth_place", r"birth_?place|place_?of_?birth|born_?in|出生地|籍贯"),
    ("birth_date", r"birth|\bdob\b|^dob|born|生日|出生"),
    ("gender", r"gender|^sex$|性别"),
    ("occupation", r"occupation|profession|^job|职业|职务"),
    ("postcode", r"post_?code|postal|^zip|邮编|邮政编码"),
    ("surname", r"^(sur|last|family)_?name|^lname|^surname|^姓$|姓氏"),
    ("given_name", r"^(given|first|fore|middle)_?name|^fname|^mname|^名$|名字"),
    ("city", r"city|town|suburb|municipality|locality|district|市$|城市|区县|区$"),
    ("region", r"^state|province|county|region|省"),
    ("address", r"addr|street|house_?n|地址|街道|门牌"),
    ("full_name", r"name|姓名|收货人|联系人|客户名"),
)  # fmt: skip
_DATE: Final = (
    r"^(1[0-9]|20)\d{2}([-/.年]?\d{1,2}[-/.月]?\d{1,2}日?)?( 00:00:00)?$|^\d{1,2}[-/.]\d{1,2}[-/.](1[0-9]|20)\d{2}$"
)
# What most values of a column look like, by role; found only where the header says nothing.
_CONTENTS: Final = (
    ("email", r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
    ("birth_date", _DATE),
    ("phone", r"^(\+?86)?1[3-9]\d{9}$|^\+\d{7,15}$|^0\d{2,4}[- ]?\d{6,8}$"),
    ("national_id", r"^\d{17}[\dXx]$"),
    ("gender", r"(?i)^(m|f|male|female|man|woman|男|女|男性|女性)$"),
    ("postcode", r"(?i)^[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}$|^\d{5}-\d{4}$"),
    ("full_name", r"^[\x{4e00}-\x{9fff}·*]{2,4}$|^[A-Z][a-z'’-]+( [A-Z][a-z'’-]*\.?)+$"),
)  # fmt: skip
# The share of a column's values that must look alike.
_MOSTLY: Final = 0.6
_SAMPLE: Final = 5_000


def guess_map(rows: pl.DataFrame, *, ignore: Sequence[str] = ()) -> ColumnMap:
    """What the columns of a table are.

    Args:
        rows: some rows of it, as text.
        ignore: columns that must not be compared, such as a known truth.

    Raises:
        UsageError: nothing that could tell people apart was recognised.
    """
    named = {column: "ignore" if column in ignore else _of_header(column) for column in rows.columns}
    known = set(named.values())
    if known & {"given_name", "surname"}:
        known.add("full_name")
    columns: dict[str, str] = {}
    for column, role in named.items():
        looks = None if role else _of_contents(rows[column].head(_SAMPLE))
        # What a header says that a column is, another is not because it looks alike.
        columns[column] = role or (looks if looks and looks not in known else "ignore")
    _keep_one_each(rows, columns)
    if not set(columns.values()) - {"record_id", "ignore", "gender", "region"}:
        raise UsageError(
            f"None of the columns {', '.join(rows.columns)} looks like a name, birth date, e-mail, phone or address; "
            "say what they are in a file and give it with --map."
        )
    return ColumnMap(columns, day_first=_day_first(rows, columns))


def _words(header: str) -> str:
    """A header as the patterns know it: `dateOfBirth (text)` as `date_of_birth_text`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header.strip())
    return re.sub(r"[\W_]+", "_", parted.lower()).strip("_")


def _of_header(header: str) -> str | None:
    words = _words(header)
    return next((role for role, pattern in _HEADERS if re.search(pattern, words)), None)


def _of_contents(values: pl.Series) -> str | None:
    told = values.drop_nulls().str.strip_chars()
    told = told.filter(told != "")
    if told.is_empty():
        return None
    for role, pattern in _CONTENTS:
        if told.str.contains(pattern).mean() >= _MOSTLY:  # type: ignore[operator]  # a mean of booleans is a float
            return role
    return None


def _keep_one_each(rows: pl.DataFrame, columns: dict[str, str]) -> None:
    """Where several columns would have a role that one may have, the fullest keeps it."""
    for role in set(columns.values()) - set(MANY):
        rivals = [column for column, its in columns.items() if its == role]
        best = max(rivals, key=lambda column: (rows[column].drop_nulls().len(), -rivals.index(column)))
        for column in rivals:
            if column != best:
                columns[column] = "address" if role in ("city", "region") else "ignore"


def _day_first(rows: pl.DataFrame, columns: dict[str, str]) -> bool:
    """Whether days come before months: false only where a second number above 12 says so."""
    for column, role in columns.items():
        if role == "birth_date":
            parts = rows[column].drop_nulls().str.extract_groups(r"^(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}$").struct
            first, second = (parts.field(n).cast(pl.Int32, strict=False) for n in ("1", "2"))
            return not ((second > 12).any() and not (first > 12).any())
    return True


def map_beside(out: Path) -> Path:
    """Where a guessed map is written: beside the answer."""
    return out.with_name(f"{out.stem}.columns.yml")
