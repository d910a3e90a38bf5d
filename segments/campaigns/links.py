"""Personal links: one unguessable token a person and campaign, kept in the campaign's folder and nowhere derivable.

Who knows one token learns nothing of another; who is behind a token is known to `links.parquet` alone.
"""

import io
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from segments.campaigns.assignment import campaign_folder
from segments.exporting.files import write_into

LINKS: Final = "links.parquet"
SCHEMA: Final[dict[str, pl.DataType]] = {
    "token": pl.String(),
    "one_id": pl.String(),
    "arm": pl.String(),
    "staff_code": pl.String(),
    "store_code": pl.String(),
}
_BYTES: Final = 16  # 128 bits


def read_links(home: Path, code: str) -> pl.DataFrame:
    """The tokens of a campaign: token, one_id, arm, staff_code, store_code; empty before the first export."""
    path = campaign_folder(home, code) / LINKS
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=SCHEMA)


def give_links(
    home: Path, code: str, people: pl.DataFrame, *, draw: Callable[[int], str] = secrets.token_urlsafe
) -> pl.DataFrame:
    """A token for everybody, made for those who have none; on disk when this returns.

    Args:
        home: the GUIYI_HOME folder.
        code: the campaign's.
        people: one_id, arm, staff_code, store_code of those who are written to.
        draw: makes the text of a token from so many random bytes.

    Returns:
        one_id and token of these people.
    """
    known = read_links(home, code)
    fresh = people.join(known, on="one_id", how="anti", maintain_order="left")
    tokens = pl.Series("token", [draw(_BYTES) for _ in range(fresh.height)], dtype=pl.String)
    if fresh.height:
        added = fresh.with_columns(tokens).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        known = pl.concat([known, added])
        file = io.BytesIO()
        known.write_parquet(file)
        write_into(campaign_folder(home, code), {LINKS: file.getvalue()})
    return known.join(people, on="one_id", how="semi").select("one_id", "token")


def address(base: str, token: pl.Expr) -> pl.Expr:
    """A personal address: the page with the token as its parameter `g`."""
    page, hash_sign, fragment = base.partition("#")
    joint = "&" if "?" in page else "?"
    return pl.concat_str([pl.lit(f"{page}{joint}g="), token, pl.lit(hash_sign + fragment)])
