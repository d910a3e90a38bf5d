"""Contact points: which number or address of a person a list may carry, if any.

Consent is asked twice: of the person, in the compiled SQL, and here of the very identifier that goes into the file.
Reads the vault; what it gives back is personal data and goes nowhere but into an export.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import polars as pl

from segments.published import Published

# Why somebody with consent is not on the list after all.
NO_CONTACT_POINT: Final = "no_contact_point"
NOT_GRANTED: Final = "contact_point_not_granted"
SHARED: Final = "contact_point_of_another_row"
ABROAD: Final = "contact_point_abroad"

# A call is made to the number that an SMS goes to, but is agreed to on its own.
_POINTS_OF: Final = {"phone": "sms"}
_POINT: Final = ["one_id", "id_type", "id_scope", "value"]

# The newest word on an identifier counts, whoever's record brought it; of words at the same moment the stricter, and
# a revocation without a time is never outdone. The grant itself must be the person's own.
_GRANTED: Final = """
    WITH word AS (
        SELECT record_id, role, id_type, id_scope, id_value, "at", state IS NOT DISTINCT FROM 'granted' AS is_granted
        FROM read_parquet($consent) AS consent
        SEMI JOIN points
            ON points.id_type = consent.id_type
            AND points.id_scope = coalesce(consent.id_scope, '')
            AND points.value = consent.id_value
        WHERE channel = $channel AND purpose = $purpose
    ), usable AS (
        SELECT id_type, id_scope, id_value
        FROM word
        GROUP BY ALL
        HAVING count(*) FILTER (WHERE NOT is_granted) = 0
            OR (
                count(*) FILTER (WHERE NOT is_granted AND "at" IS NULL) = 0
                AND max("at") FILTER (WHERE is_granted) > max("at") FILTER (WHERE NOT is_granted)
            )
    )
    SELECT DISTINCT party.one_id, word.id_type, coalesce(word.id_scope, '') AS id_scope, word.id_value AS value
    FROM word
    JOIN usable
        ON usable.id_type = word.id_type
        AND usable.id_scope IS NOT DISTINCT FROM word.id_scope
        AND usable.id_value = word.id_value
    JOIN identity.record_map AS party ON party.record_id = word.record_id AND party.role = word.role
    WHERE word.is_granted
"""


@dataclass(frozen=True)
class Contacts:
    """Usable contact points, one a person.

    Attributes:
        chosen: one_id, id_type, id_scope, value; at most one row a person.
        dropped: people without a usable one, by reason.
    """

    chosen: pl.DataFrame
    dropped: dict[str, int]


def choose_contacts(
    published: Published,
    people: pl.DataFrame,
    *,
    channel: str,
    purpose: str,
    countries: Collection[str] | None = None,
) -> Contacts:
    """The best contact point of each person among those that are themselves consented to.

    The golden one goes before others, then the one last seen. A person without a golden contact point gets none: the
    golden record had a reason to trust none of them. A contact point goes to one row only.

    Args:
        published: the open run.
        people: their `one_id`, in the order of the list.
        channel: of the list.
        purpose: of the list.
        countries: whose phones the tool reaches, any if not told; a number of an unknown country is not among them.

    Raises:
        UsageError: the vault of this run is not there.
    """
    points = points_of(published, people, channel)
    trusted = points.filter(pl.col("is_golden")).select("one_id").unique()
    points = points.join(trusted, on="one_id", how="semi")
    granted = points.join(_granted(published, points, channel, purpose), on=_POINT, how="semi")
    n_granted = granted["one_id"].n_unique()
    if countries is not None:
        granted = granted.filter(pl.col("id_scope").is_in(sorted(countries)))
    best = granted.sort(
        ["one_id", "is_golden", "last_seen_at", "value", "id_scope"],
        descending=[False, True, True, False, False],
        nulls_last=True,
    ).unique("one_id", keep="first", maintain_order=True)
    in_order = people.select("one_id").join(best, on="one_id", how="inner", maintain_order="left")
    chosen = in_order.unique(["id_scope", "value"], keep="first", maintain_order=True)
    return Contacts(
        chosen=chosen.select("one_id", "id_type", "id_scope", "value"),
        dropped={
            NO_CONTACT_POINT: people.height - trusted.height,
            NOT_GRANTED: trusted.height - n_granted,
            **({ABROAD: n_granted - best.height} if countries is not None else {}),
            SHARED: best.height - chosen.height,
        },
    )


def points_of(published: Published, people: pl.DataFrame, channel: str) -> pl.DataFrame:
    """All contact points of some people: one_id, id_type, id_scope, value, is_golden, last_seen_at."""
    return (
        pl.scan_parquet(published.vault_table("identity", "contact_point"))
        .filter(pl.col("channel") == _POINTS_OF.get(channel, channel), pl.col("value").str.len_chars() > 0)
        .with_columns(pl.col("is_golden").fill_null(False), pl.col("id_scope").fill_null(""))
        .select("one_id", "id_type", "id_scope", "value", "is_golden", "last_seen_at")
        .join(people.lazy().select("one_id"), on="one_id", how="semi")
        .collect()
    )


def _granted(published: Published, points: pl.DataFrame, channel: str, purpose: str) -> pl.DataFrame:
    """Those of the contact points that their person granted and nobody has revoked since."""
    consent = str(published.vault_table("touchpoints", "consent"))
    params = {"consent": consent, "channel": channel, "purpose": purpose}
    published.con.register("points", points.select(_POINT))
    try:
        return published.con.sql(_GRANTED, params=params).pl()
    finally:
        published.con.unregister("points")
