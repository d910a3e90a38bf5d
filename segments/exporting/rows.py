"""The rows of a list: people from the warehouse joined with what the vault says of them.

Typed and with internal column names; how cells and headers look is the matter of `cells` and `export`.
"""

from typing import Final

import polars as pl

from segments.published import Published
from segments.reaching.contacts import choose_contacts
from segments.rules.compile import Compiled, to_sql
from segments.rules.definition import Label, PersonalField

OVER_LIMIT: Final = "over_limit"
# Of this many people per row wanted in a preview, enough have a usable contact point.
_SPARE: Final = 5

# Columns of the contact point, per channel, with their headers.
CONTACT_COLUMNS: Final[dict[str, dict[str, Label]]] = {
    "sms": {"value": Label(zh="手机号", en="Mobile")},
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
    """The rows of a list.

    Args:
        published: the open run.
        compiled: the audience, compiled for that run.
        at_most: stop after about so many rows; the counts are then of no use.

    Returns:
        one row a person: one_id, `contact.*`, `personal.*`, then the audience's columns; and how many people with
        consent were dropped, by reason.
    """
    definition = compiled.definition
    statement = compiled.people if at_most is None else compiled.people.limit(at_most * _SPARE)
    people = published.con.sql(to_sql(statement)).pl()
    dropped: dict[str, int] = {}
    columns = ["one_id"]
    if definition.channel is not None:
        contacts = choose_contacts(published, people, channel=definition.channel, purpose=definition.purpose)
        dropped = dict(contacts.dropped)
        contact = contacts.chosen.rename({"id_scope": "contact.id_scope", "value": "contact.value"})
        people = people.join(contact, on="one_id", how="inner", maintain_order="left")
        people = _with_personal(published, people, definition.personal)
        columns += [f"contact.{name}" for name in CONTACT_COLUMNS[definition.channel]]
        columns += [f"personal.{name}" for name in definition.personal]
    limit = min((n for n in (definition.limit, at_most) if n is not None), default=None)
    if limit is not None:
        dropped[OVER_LIMIT] = max(people.height - limit, 0)
        people = people.head(limit)
    return people.select(*columns, *compiled.columns), dropped


def _with_personal(published: Published, people: pl.DataFrame, fields: list[PersonalField]) -> pl.DataFrame:
    if not fields:
        return people
    values = (
        pl.scan_parquet(published.vault_table("identity", "golden_value"))
        .filter(pl.col("field").is_in(fields))
        .join(people.lazy().select("one_id"), on="one_id", how="semi")
        .select("one_id", "field", pl.col("value").cast(pl.String))
        .collect()
    )
    for field in fields:
        one = values.filter(pl.col("field") == field).sort("one_id", "value").unique("one_id", keep="first")
        column = one.select("one_id", pl.col("value").alias(f"personal.{field}"))
        people = people.join(column, on="one_id", how="left", maintain_order="left")
    return people
