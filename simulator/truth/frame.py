"""The shape of an observation: one sight of a party in a file, with the evidence that it shows in the clear."""

from typing import Final

import polars as pl

from simulator.variants import NICK
from simulator.writers import dressing as d

PARTY: Final = ("source", "account", "record_type", "natural_key", "role")
# Identifiers that the file shows in the clear; "" where it does not.
STRONG: Final = (
    "phone",
    "email",
    "unionid",
    "openid",
    "external",
    "nick",
    "pin",
    "card",
    "customer",
    "national_id",
    "user",
    "order_buyer",
)
_DEFAULTS: Final[dict[str, pl.Expr]] = {
    "person": pl.lit(-1, dtype=pl.Int64),
    "phenomenon": pl.lit("", dtype=pl.String),
    **{name: pl.lit("", dtype=pl.String) for name in STRONG},
    "name_kind": pl.lit(NICK, dtype=pl.Int64),  # as in `variants`; NICK: no usable name
    "home": pl.lit(-1, dtype=pl.Int64),  # the home whose address is shown, -1: none
    "home_kind": pl.lit(0, dtype=pl.Int64),
    "any_phone": pl.lit(-1, dtype=pl.Int64),  # the number that is shown, masked or not; -1: none
    "order": pl.lit(-1, dtype=pl.Int64),
    "at": pl.lit(-1, dtype=pl.Int64),  # of messages and registrations: when
}
OBSERVATION: Final = (*PARTY, *_DEFAULTS)
_NUMBERS: Final = ("person", "name_kind", "home", "home_kind", "any_phone", "order", "at")


def frame(rows: pl.DataFrame, source: str, record_type: str, role: str, **values: pl.Expr | str) -> pl.DataFrame:
    """Rows as observations; texts among the values are constants."""
    made = {name: pl.lit(v, dtype=pl.String) if isinstance(v, str) else v for name, v in values.items()}
    fixed = {"source": d.text(source), "record_type": d.text(record_type), "role": d.text(role)}
    given = {**_DEFAULTS, **fixed, **made}
    return rows.select(given[name].alias(name) for name in OBSERVATION).cast(dict.fromkeys(_NUMBERS, pl.Int64))
