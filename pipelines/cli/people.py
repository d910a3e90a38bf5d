"""`guiyi profile`: one person."""

from typing import Annotated, Any, Final

import typer

from pipelines.cli.screen import HomeOption, JsonOption, as_json, screen, table

_GROUPS: Final = {
    "身份 Identity": ("one_id", "n_records", "sources", "first_seen_at", "last_seen_at", "gender", "age_band",
                     "country", "province", "city", "district", "is_member", "member_level", "member_since_at"),
    "购买 Purchases": ("n_orders", "n_purchases", "n_purchases_365d", "first_order_date", "last_order_date",
                     "net_amount_cny", "net_amount_365d_cny", "discount_share", "preferred_store_id", "n_devices"),
    "阶段与价值 Stage and value": ("lifecycle_stage_zh", "lifecycle_stage", "rfm_group", "recency_days", "p_alive",
                              "p_buy_90d", "expected_order_value_cny", "clv_12m_cny", "clv_tier"),
    "触达 Reach": ("reach_sms", "reach_email", "reach_wechat_oa", "reach_wecom"),
}  # fmt: skip
_ORDERS: Final = """
    select ordered_date, channel, order_key, round(net_amount_cny, 2) as net_amount_cny, status
    from core.orders where one_id = $one_id order by ordered_at desc nulls last limit 10
"""
_TAGS: Final = """
    select t.tag, c.label_zh, c.label_en, t.value, t.since
    from customer.tag t left join customer.tag_catalogue c using (tag) where t.one_id = $one_id order by all
"""
# Each read as a sentence: one_id is the relation of other. What holds both ways is told once.
_RELATIONS: Final = """
    select relation, one_id, coalesce(other_one_id, other_key) as other, n, evidence, cast(last_at as date) as last_date
    from identity.relation
    where one_id = $one_id
        or (other_one_id = $one_id and relation <> 'household' and not starts_with(relation, 'same_'))
    order by relation in ('receiver', 'payer'), last_at desc nulls last, one_id, other, relation limit 15
"""


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command()(profile)


def profile(
    one_id: Annotated[str, typer.Argument(help="A OneID; one that was merged leads to the one it became.")],
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Show what is known of a person: customer 360, tags, last orders, relations. No contact data.

    Example: guiyi profile P3K7QW9ZT2M4A --home data/demo
    """
    from identity.showing.following import current_id

    with published(home) as con:
        current = current_id(con, one_id)
        person = _dicts(con, "select * from customer.customer_360 where one_id = $one_id", current)[0]
        tags = _dicts(con, _TAGS, current)
        orders = _dicts(con, _ORDERS, current)
        relations = _dicts(con, _RELATIONS, current)
    if to_json:
        as_json(person | {"tag_values": tags, "last_orders": orders, "relations": relations, "asked_for": one_id})
        return
    console = screen()
    for title, names in _GROUPS.items():
        facts = table("", "", title=title, numbers_from=9)
        facts.show_header = False
        for name in names:
            if person.get(name) is not None:
                facts.add_row(name, _shown(person[name]))
        console.print(facts)
    _print_rows(console, "标签 Tags", tags)
    _print_rows(console, "最近订单 Last orders", orders)
    from identity.showing.words import RELATIONS

    named = [
        row | {"relation": f"{RELATIONS.get(row['relation'], ('', ''))[1]} {row['relation']}"} for row in relations
    ]
    _print_rows(console, "关系 Relations: one_id is the relation of other", named)


def published(home: Any) -> Any:
    """The published warehouse of a home, open for reading."""
    from pipelines.resources import home_path
    from warehouse.home import Home
    from warehouse.snapshot import open_warehouse

    return open_warehouse(Home(home_path(home)))


def _dicts(con: Any, query: str, one_id: str) -> list[dict[str, Any]]:
    relation = con.sql(query, params={"one_id": one_id})
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def _print_rows(console: Any, title: str, found: list[dict[str, Any]]) -> None:
    if not found:
        return
    rows = table(*found[0], title=title, numbers_from=9)
    for row in found:
        rows.add_row(*(_shown(value) for value in row.values()))
    console.print(rows)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list):
        return "、".join(str(one) for one in value) or "–"
    return str(value)
