"""The rows of a list: people from the warehouse joined with what the vault says of them.

Typed and with internal column names; how cells and headers look is the matter of `cells` and `layout`.
"""

from collections.abc import Collection
from typing import Final

import polars as pl

from segments.published import Published
from segments.reaching.contacts import choose_contacts
from segments.reaching.gates import people_reachable
from segments.rules.compile import Compiled, to_sql
from segments.rules.definition import Label, PersonalField

OVER_LIMIT: Final = "over_limit"
# Of this many people per row wanted in a preview, enough have a usable contact point.
_SPARE: Final = 5

# Columns of the contact point, per channel, with their headers.
CONTACT_COLUMNS: Final[dict[str, dict[str, Label]]] = {
    "sms": {"value": Label(zh="手机号", en="Mobile")},
    "phone": {"value": Label(zh="电话", en="Phone")},
    "email": {"value": Label(zh="邮箱", en="E-mail")},
    "wechat_oa": {
        "id_scope": Label(zh="公众号AppID", en="Official account AppID"),
        "value": Label(zh="OpenID", en="OpenID"),
    },
    "wecom": {
        "id_scope": Label(zh="企业ID", en="CorpID"),
        "value": Label(zh="外部联系人ID", en="External user ID"),
    },
}


def collect(
    published: Published, compiled: Compiled, *, at_most: int | None = None
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows of a list as people read it.

    Args:
        published: the open run.
        compiled: the audience, compiled for that run.
        at_most: stop after about so many rows; the counts are then of no use.

    Returns:
        one row a person: one_id, `contact.*`, `personal.*`, then the audience's columns; and how many people with
        consent were dropped, by reason.
    """
    definition = compiled.definition
    rows, dropped = candidates(published, compiled, personal=definition.personal, at_most=at_most)
    columns = ["one_id"]
    if definition.channel is not None:
        columns += [f"contact.{name}" for name in CONTACT_COLUMNS[definition.channel]]
        columns += [f"personal.{name}" for name in definition.personal]
    return rows.select(*columns, *compiled.columns), dropped


def candidates(
    published: Published,
    compiled: Compiled,
    *,
    personal: Collection[PersonalField],
    other_channels: Collection[str] = (),
    countries: Collection[str] | None = None,
    at_most: int | None = None,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Everybody who may be in the list, before any is held out, with all that a file may need.

    Args:
        published: the open run.
        compiled: the audience, compiled for that run.
        personal: the personal fields wanted.
        other_channels: further channels whose contact points are wanted, where the person agreed to those as well.
        countries: whose phones the tool reaches; any if not told.
        at_most: stop after about so many rows.

    Returns:
        one row a person: one_id; with a channel `contact.id_type`, `contact.id_scope`, `contact.value`, and for each
        other channel `contact.<channel>.id_scope` and `.value`; `personal.*`; the audience's columns. And how many
        people with consent were dropped, by reason.
    """
    definition = compiled.definition
    statement = compiled.people if at_most is None else compiled.people.limit(at_most * _SPARE)
    people = published.con.sql(to_sql(statement)).pl()
    dropped: dict[str, int] = {}
    if definition.channel is not None:
        contacts = choose_contacts(
            published, people, channel=definition.channel, purpose=compiled.purpose, countries=countries
        )
        dropped = dict(contacts.dropped)
        contact = contacts.chosen.rename({name: f"contact.{name}" for name in ("id_type", "id_scope", "value")})
        people = people.join(contact, on="one_id", how="inner", maintain_order="left")
    limit = min((n for n in (definition.limit, at_most) if n is not None), default=None)
    if limit is not None:
        dropped[OVER_LIMIT] = max(people.height - limit, 0)
        people = people.head(limit)
    for channel in other_channels:
        people = _with_contact(published, people, channel, compiled.purpose)
    return _with_personal(published, people, personal), dropped


# Who serves somebody: the staff of the latest event that names one.
_STAFF_AND_STORE: Final = """
    WITH served AS (
        SELECT one_id, arg_max(staff_code, (event_at, event_id)) AS staff_code
        FROM core.events
        WHERE staff_code IS NOT NULL AND one_id IS NOT NULL
        GROUP BY one_id
    )
    SELECT person.one_id, served.staff_code, person.preferred_store_id AS store_code
    FROM customer.customer_360 AS person
    LEFT JOIN served ON served.one_id = person.one_id
"""


def with_staff_and_store(published: Published, people: pl.DataFrame) -> pl.DataFrame:
    """People with `staff_code`, who last served them, and `store_code`, where they buy; null where nobody knows."""
    served = published.con.sql(_STAFF_AND_STORE).pl().select(pl.all().cast(pl.String))
    return people.join(served, on="one_id", how="left", maintain_order="left")


def _with_contact(published: Published, people: pl.DataFrame, channel: str, purpose: str) -> pl.DataFrame:
    """A further contact point beside the list's own: under the same rules; nobody drops out for want of it."""
    allowed = published.con.sql(to_sql(people_reachable(channel, purpose))).pl()
    agreed = people.select("one_id").join(allowed, on="one_id", how="semi", maintain_order="left")
    chosen = choose_contacts(published, agreed, channel=channel, purpose=purpose).chosen
    names = {name: f"contact.{channel}.{name}" for name in ("id_scope", "value")}
    return people.join(chosen.select("one_id", *names).rename(names), on="one_id", how="left", maintain_order="left")


def _with_personal(published: Published, people: pl.DataFrame, fields: Collection[PersonalField]) -> pl.DataFrame:
    if not fields:
        return people
    values = (
        pl.scan_parquet(published.vault_table("identity", "golden_value"))
        .filter(pl.col("field").is_in(list(fields)))
        .join(people.lazy().select("one_id"), on="one_id", how="semi")
        .select("one_id", "field", pl.col("value").cast(pl.String))
        .collect()
    )
    for field in fields:
        one = values.filter(pl.col("field") == field).sort("one_id", "value").unique("one_id", keep="first")
        column = one.select("one_id", pl.col("value").alias(f"personal.{field}"))
        people = people.join(column, on="one_id", how="left", maintain_order="left")
    return people
