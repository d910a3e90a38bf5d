"""Keys of canonical rows: hashes that stay the same from run to run and from version to version.

MD5 keeps nothing secret: what is personal must be hashed under the key first. A number that is a mobile phone is
personal wherever it stands, whatever its contract says; `hide_phones` sees to that.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from common.keys import keyed_hashes
from touchpoints.database import database

_SEPARATOR: Final = "\x1f"
# A mobile number of China as a part of a key, between slashes; tills use it as member number.
_PHONE_PART: Final = r"(?:^|/)\s*(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}\s*(?:/|$)"


def md5_of(frame: pl.DataFrame, columns: Sequence[str | pl.Expr]) -> pl.Series:
    """MD5 (hex) of the columns of each row, joined by the unit separator; null counts as empty text."""
    parts = [pl.col(c) if isinstance(c, str) else c for c in columns]
    text = pl.concat_str([part.cast(pl.String).fill_null("") for part in parts], separator=_SEPARATOR)
    joined = frame.select(text=text)
    with database().cursor() as con:
        con.register("joined", joined)
        return con.sql("select md5(text) as hash from joined").pl().to_series()


def hide_phones(keys: pl.Series, key: bytes) -> pl.Series:
    """The keys, with the keyed hash in place of each of which a part between slashes is a mobile number of China.

    Order numbers that look like one are hidden too: they cannot be told apart.
    """
    is_phone = keys.str.contains(_PHONE_PART).fill_null(False)
    if not is_phone.any():
        return keys
    hashes = keyed_hashes(keys.zip_with(is_phone, keys.clear(len(keys))), key)
    return hashes.zip_with(is_phone, keys)
