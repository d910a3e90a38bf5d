"""E-mail addresses in one form.

Misspelt domains stay as they are: whether `gmial.com` meant `gmail.com` is a judgement, and identity makes it.
"""

import re
from typing import Final

import polars as pl

from touchpoints.normalise.cell import clean

_ATOM: Final = r"[a-z0-9!#$%&'+/=?^_`{|}~\-\p{L}\p{N}]+"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_SYNTAX: Final = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9\-]{{2,59}})$"
_MASKED: Final = r"^[^@\s]*\*[^@\s]*@[^@\s]+$|^[^@\s]+@[^@\s]*\*[^@\s]*$"
_RELAY: Final = r"@(?:marketplace\.amazon\.[a-z.]+|privaterelay\.appleid\.com)$"


def parse_emails(values: pl.Series) -> pl.DataFrame:
    """E-mail addresses in one form.

    Args:
        values: cells as in the file.

    Returns:
        One row per cell: id_type (email | email_masked | null), value (NFKC, lower case, the domain in its ASCII
        form; null where invalid), status (ok | masked | invalid | relay | null). `relay`: an alias that a
        marketplace or a device maker gives out, valid as an address but for one sender only.
    """
    text = pl.col("text")
    address = (
        text.str.to_lowercase()
        .str.strip_prefix("mailto:")
        .str.replace_all("。", ".", literal=True)
        .str.strip_chars(" <>;,.\"'")
    )
    cleaned = clean(values).alias("text").to_frame().select(text, address=address)
    frame = cleaned.with_columns(address=_with_ascii_domains(cleaned["address"]))
    address = pl.col("address")
    status = (
        pl.when(address.str.contains(_MASKED))
        .then(pl.lit("masked"))
        .when(~_is_address(address))
        .then(pl.lit("invalid"))
        .when(address.str.contains(_RELAY))
        .then(pl.lit("relay"))
        .otherwise(pl.lit("ok"))
    )
    frame = frame.with_columns(status=pl.when(text.is_not_null()).then(status))
    usable = pl.col("status").is_in(["ok", "relay"])
    masked = pl.col("status") == "masked"
    return frame.select(
        id_type=pl.when(usable).then(pl.lit("email")).when(masked).then(pl.lit("email_masked")),
        value=pl.when(usable | masked).then(address),
        status=pl.col("status"),
    )


def _is_address(address: pl.Expr) -> pl.Expr:
    short_enough = (address.str.len_bytes() <= 254) & (address.str.find("@", literal=True) <= 64)
    return (address.str.contains(_SYNTAX) & short_enough).fill_null(False)


def _with_ascii_domains(addresses: pl.Series) -> pl.Series:
    foreign = addresses.filter(addresses.str.contains(r"@.*[^\x00-\x7f]")).unique()
    if foreign.is_empty():
        return addresses
    return addresses.replace(foreign, pl.Series([_ascii_domain(a) for a in foreign], dtype=pl.String))


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return re.sub(r"[^\x00-\x7f]", "?", address)  # no valid domain: refused by the syntax test after
