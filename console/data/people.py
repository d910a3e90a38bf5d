"""Finding people and listing some: rows of the customer table by key, names and phones masked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import duckdb

from common.masks import mask
from console.data.rows import Row, rows
from identity.showing.finding import Found, find_people
from segments.api import Published

Order = Literal["value", "latest"]
MOST: Final = 50
_COLUMNS: Final = """
    one_id, gender, age_band, city, province, is_member, member_level, lifecycle_stage, lifecycle_stage_zh,
    n_purchases, net_amount_cny, net_amount_365d_cny, clv_12m_cny, clv_tier, last_seen_at, last_order_date, n_records,
    reach_sms, reach_email, reach_wechat_oa, reach_wecom
"""
_LISTS: Final[dict[Order, str]] = {
    "value": "clv_12m_cny desc nulls last, net_amount_cny desc nulls last, one_id",
    "latest": "last_seen_at desc nulls last, one_id",
}


def find(published: Published, text: str) -> tuple[Found, list[Row]]:
    """Everybody whom what was typed names exactly: who and by what, and a row to show of each.

    Args:
        published: the published run.
        text: what was typed; it is kept nowhere.
    """
    found = find_people(published.con, vault(published), text, most=MOST)
    kinds = {match.one_id: match.kinds for match in found.matches}
    shown = summaries(published, list(kinds))
    for row in shown:
        row["kinds"] = kinds[row["one_id"]]
    return found, shown


def listed(published: Published, order: Order) -> list[Row]:
    """Some people for whom nobody asked: those of most value, or those who did something last."""
    found = rows(published.con, f"select one_id from customer.customer_360 order by {_LISTS[order]} limit {MOST}")
    return summaries(published, [row["one_id"] for row in found])


def summaries(published: Published, one_ids: Sequence[str]) -> list[Row]:
    """A row of each person in the order of the ids, with name and phone masked."""
    if not one_ids:
        return []
    query = f"select {_COLUMNS} from customer.customer_360 where one_id in (select unnest(?))"
    people = {row["one_id"]: row for row in rows(published.con, query, [list(one_ids)])}
    names = golden_values(published, one_ids)
    for one_id, row in people.items():
        row["name"] = mask(names.get((one_id, "name"))) or mask(names.get((one_id, "nickname")))
        row["phone"] = mask(names.get((one_id, "phone")))
    return [people[one_id] for one_id in one_ids if one_id in people]


def golden_values(published: Published, one_ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """The golden values of people in the clear, by OneID and field, from the vault: mask them before they are shown."""
    path = vault(published) / "identity" / "golden_value.parquet"
    # Sorted by OneID, so that most row groups are passed by.
    query = "select one_id, field, value from read_parquet(?) where one_id in (select unnest(?))"
    try:
        found = published.con.execute(query, [str(path), list(one_ids)]).fetchall()
    except duckdb.IOException:  # the vault of this run is gone, or not ours to read
        return {}
    return {(one_id, field): value for one_id, field, value in found}


def vault(published: Published) -> Path:
    """The personal data of the published run."""
    return published.home.vault / published.run_id


def touchpoints(published: Published) -> Path:
    """The run's canonical tables, in the vault."""
    return vault(published) / "touchpoints"
