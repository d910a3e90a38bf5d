"""Companies: their tax numbers and their names in one spelling.

Whether two tellings are one company is for those who compare; here only the spelling and the check digit.
"""

from typing import Final

import polars as pl

from touchpoints.normalise.cell import clean

_DIGITS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z
_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_CODE: Final = rf"^[1-9A-HJ-NPQRTUWXY][1-9][0-9]{{6}}[{_DIGITS}]{{9}}[{_DIGITS}]$"
# A person's name has none of these; a sole trader's sign does.
_COMPANY: Final = (
    r"(?i)公司|集团|厂$|厂[\(]|商行|商店|商贸|店$|店[\(]|经营部|工作室|中心|合作社|事务所|学校|大学|学院|医院|银行|酒店|宾馆|超市|"
    r"委员会|研究院|研究所|协会|基金会|机关|局$|院$|\b(?:ltd|limited|inc|llc|corp|gmbh|co|plc|pte|s\.?a|b\.?v)\b\.?"
)


def parse_credit_codes(values: pl.Series) -> pl.Series:
    """Unified social credit codes of China, upper case, 18 signs; null where the cell is none.

    The last sign must be the check sign of GB 32100-2015: 31 minus the weighted sum of the others' places modulo 31.
    """
    text = clean(values).str.replace_all(r"[\s\-]", "").str.to_uppercase().alias("code")
    distinct = text.unique().drop_nulls().to_frame()
    shaped = distinct.filter(pl.col("code").str.contains(_CREDIT_CODE))
    places = [
        pl.col("code").str.slice(i, 1).replace_strict(list(_DIGITS), range(31), return_dtype=pl.Int64)
        for i in range(18)
    ]
    total = pl.sum_horizontal(place * weight for place, weight in zip(places[:17], _WEIGHTS, strict=True))
    right = shaped.filter((31 - total % 31) % 31 == places[17])["code"]
    return text.to_frame().select(pl.when(pl.col("code").is_in(right.implode())).then("code")).to_series()


def parse_companies(values: pl.Series) -> pl.DataFrame:
    """Names of companies.

    Returns:
        One row per cell: name (as written, without dressing) and folded (for comparing: NFKC, no blanks, brackets and
        dots, lower case). Both null where the cell is blank or reads like a person's name.
    """
    name = clean(values).alias("name").to_frame()
    is_company = pl.col("name").str.contains(_COMPANY)
    folded = pl.col("name").str.replace_all(r"[\s()\[\]{}·.,,。、\-_]", "").str.to_lowercase()
    return name.select(name=pl.when(is_company).then("name"), folded=pl.when(is_company).then(folded))
