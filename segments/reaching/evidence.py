"""Evidence: what the consent behind a row rests on: who said it when, on which basis, in which record of which file.

Reads the vault. What it gives back names records, never numbers or addresses.
"""

from typing import Final

import polars as pl

from common.errors import GuiyiError
from segments.published import Published
from segments.saying import say

# Processing for marketing rests on consent alone here: a statement of the person, of whatever kind `basis` says.
LEGAL_BASIS: Final = "consent"

_STATED: Final = """
    SELECT DISTINCT
        points.one_id,
        consent.channel,
        consent.purpose,
        consent.id_type,
        consent.state,
        consent."at" AS stated_at,
        consent.basis,
        record.source,
        record.account,
        record.record_type,
        record.file_id,
        record.row_no,
        consent.record_id,
        party.one_id IS NOT DISTINCT FROM points.one_id AS is_own_word,
        points.point
    FROM points
    JOIN read_parquet($consent) AS consent
        ON consent.id_type = points.id_type
        AND coalesce(consent.id_scope, '') = points.id_scope
        AND consent.id_value = points.value
    LEFT JOIN identity.record_map AS party ON party.record_id = consent.record_id AND party.role = consent.role
    LEFT JOIN read_parquet($record) AS record ON record.record_id = consent.record_id
    WHERE consent.channel = $channel AND consent.purpose = $purpose
    ORDER BY points.one_id, points.point, stated_at, consent.record_id, consent.state
"""


def statements(published: Published, points: pl.DataFrame, *, channel: str, purpose: str) -> pl.DataFrame:
    """All that was ever said of contact points on a channel, for a purpose.

    Args:
        published: the open run.
        points: one_id, id_type, id_scope, value; and `point`, a name for each that may be shown.
        channel: of the list.
        purpose: of the list.

    Returns:
        one row a statement: one_id, channel, purpose, id_type, state, stated_at, basis, source, account, record_type,
        file_id, row_no, record_id, is_own_word (told by this person's own record), point.

    Raises:
        UsageError: the vault of this run is not there.
    """
    params = {
        "consent": str(published.vault_table("touchpoints", "consent")),
        "record": str(published.vault_table("touchpoints", "record")),
        "channel": channel,
        "purpose": purpose,
    }
    published.con.register("points", points)
    try:
        return published.con.sql(_STATED, params=params).pl()
    finally:
        published.con.unregister("points")


def evidence(published: Published, rows: pl.DataFrame, *, channel: str, purpose: str) -> pl.DataFrame:
    """The grant that each row rests on: the person's own newest one of the very contact point that is written.

    Args:
        published: the open run.
        rows: one_id, `contact.id_type`, `contact.id_scope`, `contact.value` of the people in a list.
        channel: of the list.
        purpose: of the list.

    Returns:
        one row a person: one_id, legal_basis, and the columns of `statements` but for `is_own_word` and `point`.

    Raises:
        GuiyiError: a row has none; it must not leave.
    """
    names = {f"contact.{name}": name for name in ("id_type", "id_scope", "value")}
    points = rows.select("one_id", *names).rename(names).with_columns(point=pl.lit(""))
    said = statements(published, points, channel=channel, purpose=purpose)
    grants = (
        said.filter(pl.col("is_own_word"), pl.col("state") == "granted")
        .sort("one_id", "stated_at", "record_id", descending=[False, True, False], nulls_last=True)
        .unique("one_id", keep="first", maintain_order=True)
        .drop("is_own_word", "point")
        .with_columns(legal_basis=pl.lit(LEGAL_BASIS))
    )
    if grants.height != rows.height:
        missing = rows.height - grants.height
        raise GuiyiError(say("no_grant_behind", n=missing))
    return grants
