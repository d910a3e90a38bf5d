"""The phone cells that are not plainly a Chinese mobile: masks, virtual numbers, landlines, other countries.

Works on distinct texts. The order of the tests matters: masks first, for the phonenumbers library takes
`138****8000` for a number of seven digits.
"""

import re
from typing import Final

import phonenumbers
import polars as pl

PARSED: Final = ("id_type", "value", "scope", "status")

_ENCRYPTED: Final = r"^(?:\$\$.*\$|##.*#|~.{16,}~?)"
_MASK_SIGNS: Final = r"[*•●xX×]"
_MASKED_MOBILE: Final = r"^(?:\+?86)?(1[0-9*]{8,11})$"
_CN_PREFIX: Final = r"^(?:(?:\+|00|0)?86[\s\-]?|0)?"
_VIRTUAL: Final = (
    rf"(?i){_CN_PREFIX}(1[3-9][0-9]{{9}})\s*(?:转|,|#|;|-|_|x|\[|\(|ext\.?|分机)\s*:?\s*([0-9]{{1,6}})[\])]?$"
)
_SECOND: Final = r"\s*(?:[/、;|,]|\s和\s)\s*\+?[0-9*(][0-9*\s()\-]{6,}.*$"
_LABEL: Final = r"(?i)^(?:p:|tel|phone|mobile|电话|手机号?码?|联系方式)\s*:?\s*"
_NOTE: Final = r"\([^0-9)]*\)$|\s*[\p{Han}]+$"
_CN_MOBILE: Final = r"^(?:(?:\+|00|0)?86|0)?(1[3-9][0-9]{9})$"
_CN_MOBILE_ABROAD: Final = r"^(?:\+|00)86(1[3-9][0-9]{9})$"
_EXTENSION: Final = r"(?i)\s*(?:转|-|#|ext\.?|分机)\s*[0-9]{1,6}$"
_LANDLINE: Final = r"^(?:\(?0?(10|2[0-57-9]|[3-9][0-9]{2})\)?)[\s\-]*([2-9][0-9]{2,3}[\s\-]?[0-9]{4})$"
_SERVICE: Final = r"^([48]00)[\s\-]?([0-9]{3,4})[\s\-]?([0-9]{3,4})$"
_DIALLED: Final = re.compile(r"\+?[0-9]{6,15}(?:(?:x|ext|#)[0-9]{1,6})?", re.IGNORECASE)
_PLACEHOLDER: Final = r"^(?:0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|0?12345678(?:9|90|900|901)?)$"


def parse_rest(cells: pl.DataFrame) -> pl.DataFrame:
    """What distinct phone cells say.

    Args:
        cells: text (cleaned, not null) and region (ISO country), one row per pair.

    Returns:
        The same rows with id_type, value, scope and status; see `phone.parse_phones`.
    """
    home = pl.col("region") == "CN"
    single = pl.col("text").str.replace(_LABEL, "").str.replace(_SECOND, "")
    frame = cells.with_columns(single=single.str.replace(_NOTE, "").str.strip_chars(" ,;/、"))
    frame = frame.with_columns(squeezed=pl.col("single").str.replace_all(r"[\s\-().]", ""))
    squeezed, single = pl.col("squeezed"), pl.col("single")
    masked = squeezed.str.replace_all(_MASK_SIGNS, "*")
    frame = frame.with_columns(
        encrypted=pl.col("text").str.contains(_ENCRYPTED),
        masked=pl.when(masked.str.contains(r"^[+0-9*]*\*[0-9*]*$")).then(masked),
        virtual=pl.when(home | single.str.contains(r"^(?:\+|00)86")).then(_virtual(pl.col("text"))),
        mobile=pl.when(home).then(squeezed.str.extract(_CN_MOBILE)).otherwise(squeezed.str.extract(_CN_MOBILE_ABROAD)),
        landline=_landline(single, home),
        placeholder=squeezed.str.contains(_PLACEHOLDER),
    )
    return _with_foreign(_judge(frame))


def _virtual(text: pl.Expr) -> pl.Expr:
    groups = text.str.extract_groups(_VIRTUAL)
    return groups.struct.field("1") + "-" + groups.struct.field("2")


def _landline(single: pl.Expr, home: pl.Expr) -> pl.Expr:
    """Digits of a Chinese landline with its area code, or of a 400/800 number."""
    says_china = single.str.contains(r"^(?:\+|00)?86[\s\-]?\(?[0-9]")
    national = single.str.replace(r"^(?:\+|00)?86[\s\-]?", "")
    has_area = single.str.contains(r"^\(?0[1-9]") | says_china
    fixed = pl.coalesce(_with_area(national), _with_area(national.str.replace(_EXTENSION, "")))
    service = pl.concat_str(*(national.str.extract_groups(_SERVICE).struct.field(i) for i in "123"))
    service = pl.when(service.str.len_chars() == 10).then(service)
    fixed = pl.when(has_area).then(fixed)
    return pl.when(home | says_china).then(pl.coalesce(fixed, service))


def _with_area(national: pl.Expr) -> pl.Expr:
    groups = national.str.extract_groups(_LANDLINE)
    local = groups.struct.field("2").str.replace_all(r"[\s\-]", "")
    return pl.concat_str(pl.lit("0"), groups.struct.field("1"), local)


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    """The first test that holds decides; `status` stays null for what only phonenumbers can tell."""
    visible = pl.col("masked").str.count_matches("[0-9]")
    masked_mobile = pl.when(visible >= 3).then(pl.col("masked").str.extract(_MASKED_MOBILE))
    none = pl.lit(None, dtype=pl.String)
    cases = [
        (pl.col("encrypted"), none, none, "encrypted"),
        (pl.col("masked").is_not_null() & (visible < 3), none, none, "placeholder"),
        (pl.col("masked").is_not_null(), pl.lit("phone_masked"), masked_mobile, "masked"),
        (pl.col("virtual").is_not_null(), pl.lit("phone_virtual"), pl.col("virtual"), "virtual"),
        (pl.col("mobile").is_not_null(), pl.lit("phone"), pl.col("mobile"), "ok"),
        (pl.col("placeholder"), none, none, "placeholder"),
        (pl.col("landline").is_not_null(), pl.lit("landline"), pl.col("landline"), "ok"),
    ]
    id_type, value, status = none, none, none
    for condition, its_type, its_value, its_status in reversed(cases):
        id_type = pl.when(condition).then(its_type).otherwise(id_type)
        value = pl.when(condition).then(its_value).otherwise(value)
        status = pl.when(condition).then(pl.lit(its_status)).otherwise(status)
    judged = frame.with_columns(id_type=id_type, value=value, status=status)
    known = pl.col("value").is_not_null()
    return judged.select(
        "text",
        "region",
        "single",
        "squeezed",
        "status",
        "value",
        id_type=pl.when(known).then(pl.col("id_type")),
        scope=pl.when(known).then(pl.lit("CN")),
    )


def _with_foreign(frame: pl.DataFrame) -> pl.DataFrame:
    """What is left goes to phonenumbers, one by one."""
    done = frame.filter(pl.col("status").is_not_null()).select("text", "region", *PARSED)
    left = frame.filter(pl.col("status").is_null())
    numbers = [_foreign(*row) for row in left.select("single", "squeezed", "region").iter_rows()]
    schema = dict.fromkeys(PARSED, pl.String)
    found = pl.DataFrame(numbers, schema=schema, orient="row")
    return pl.concat([done, left.select("text", "region").hstack(found)])


_INVALID: Final = (None, None, None, "invalid")


def _foreign(single: str, squeezed: str, region: str) -> tuple[str | None, str | None, str | None, str]:
    if not _DIALLED.fullmatch(squeezed):
        return _INVALID
    candidate = "+" + squeezed if _is_neighbour(squeezed) else single
    if candidate.startswith("00"):
        candidate = "+" + candidate[2:]
    try:
        number = phonenumbers.parse(candidate, region)
    except phonenumbers.NumberParseException:
        return _INVALID
    if not phonenumbers.is_valid_number(number):
        return _INVALID
    country = phonenumbers.region_code_for_number(number)
    fixed = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
    if country == "CN":
        digits = ("0" if fixed else "") + digits.removeprefix("86")
    return ("landline" if fixed else "phone", digits, country, "ok")


def _is_neighbour(squeezed: str) -> bool:
    """Whether it is written with the code of Hong Kong, Macao or Taiwan but, as often there, without `+`."""
    return squeezed[:3] in ("852", "853", "886") and 11 <= len(squeezed) <= 13
