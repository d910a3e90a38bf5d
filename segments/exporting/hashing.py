"""Identifiers as advertisers and senders want them: normalised, and hashed where they ask for it.

Each normalisation is the rule that a tool's documentation gives; the contact points that come in are those of the
vault: mainland mobile numbers as eleven digits, others with their country code and no plus, e-mail addresses as told.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Final, Literal

import polars as pl

Normalisation = Literal["digits", "digits_with_country", "dialled", "e164", "trim_lower", "google_email"]
Hash = Literal["sha256", "md5"]

_CHINA: Final = "CN"
_MAINLAND_DIGITS: Final = 11
# Google's rule: in its own mail domains dots do not tell addresses apart.
_DOTLESS: Final = ("gmail.com", "googlemail.com")


def normalised(values: pl.Series, countries: pl.Series, how: Normalisation | None) -> pl.Series:
    """Values brought to a tool's form; nulls stay.

    Args:
        values: contact points.
        countries: of phones, the country of each (`CN`): eleven digits that begin with 13 may also be of North America.
        how: the tool's form; None leaves them as they are.
    """
    if how is None:
        return values
    rule = _RULES[how]
    pairs = zip(values, countries, strict=True)
    return pl.Series(values.name, [None if v is None else rule(v, c or "") for v, c in pairs], dtype=pl.String)


def hashed(values: pl.Series, how: Hash | None) -> pl.Series:
    """Values as lower-case hex of their hash; nulls stay."""
    if how is None:
        return values
    found = [None if v is None else hashlib.new(how, v.encode(), usedforsecurity=False).hexdigest() for v in values]
    return pl.Series(values.name, found, dtype=pl.String)


def _digits(value: str, _country: str) -> str:
    return re.sub(r"\D", "", value)


def _with_country(value: str, country: str) -> str:
    """Digits with the country code; the vault holds mainland numbers without theirs."""
    digits = re.sub(r"\D", "", value)
    return f"86{digits}" if country == _CHINA and len(digits) == _MAINLAND_DIGITS else digits


def _e164(value: str, country: str) -> str:
    return f"+{_with_country(value, country)}"


def _dialled(value: str, country: str) -> str:
    """As somebody in China reads it: eleven digits for a mainland mobile, a plus and the country code for any other.

    Eleven digits that begin with 1 would else be taken for a stranger's mobile at home.
    """
    return value if country == _CHINA else _e164(value, country)


def _trim_lower(value: str, _country: str) -> str:
    return value.strip().lower()


def _google_email(value: str, country: str) -> str:
    local, at, domain = _trim_lower(value, country).rpartition("@")
    return local.replace(".", "") + at + domain if domain in _DOTLESS else local + at + domain


_RULES: Final[dict[str, Callable[[str, str], str]]] = {
    "digits": _digits,
    "digits_with_country": _with_country,
    "dialled": _dialled,
    "e164": _e164,
    "trim_lower": _trim_lower,
    "google_email": _google_email,
}
