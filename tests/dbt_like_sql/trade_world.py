"""Short ways to say who sells, who brings and what they get, on top of the invented world. No tests here."""

from datetime import date
from itertools import count
from typing import Any

from dbt_world import World, at

day = date.fromisoformat


class TradeWorld(World):
    """A world with staff, partners, stores, rules and targets."""

    def __init__(self, *one_ids: str) -> None:
        super().__init__()
        self.numbers = count(1)
        for one_id in one_ids:
            self.person(one_id)

    def listed(self, table: str, **row: Any) -> None:
        """A line of one of the brand's own lists."""
        self.add("touchpoints", table, record_id=f"{table}-{next(self.numbers):04}", version_at=at("2024-01-01"), **row)

    def rule(self, code: str, payee: str, level: int = 1, base: str = "net", **more: Any) -> None:
        """A commission rule; it holds from 2024 on unless told."""
        row = {"rule_code": code, "payee": payee, "level": level, "base": base, "valid_from": day("2024-01-01")}
        self.listed("commission_rule", **row | more)

    def event(self, kind: str, one_id: str | None, moment: str, role: str = "contact", **more: Any) -> None:
        """Something that a person did, in a record of its own."""
        record = f"e-{next(self.numbers):04}"
        self.record(record, more.pop("source", "pos"), "event", moment, **({role: one_id} if one_id else {}))
        self.add(
            "touchpoints", "event", event_id=record, record_id=record, type=kind, at=at(moment), actor_role=role, **more
        )

    def referral(self, referrer: str, lead: str, moment: str) -> None:
        """One person brought another."""
        record = f"ref-{next(self.numbers):04}"
        self.record(record, "referral", "referral", moment, lead=lead, referrer=referrer)
        told = {"record_id": record, "type": "referral", "at": at(moment), "subtype": "1", "channel": "referral"}
        self.add("touchpoints", "event", event_id=record, actor_role="referrer", **told)

    def refund(self, order_key: str, amount: float, moment: str) -> None:
        """Money that the ledger says went back; the order's own figure is the caller's."""
        entry = f"l-{next(self.numbers):04}"
        told = {
            "record_id": f"r-{order_key}",
            "kind": "refund",
            "unit": "CNY",
            "order_key": order_key,
            "role": "member",
        }
        self.add("touchpoints", "ledger", entry_id=entry, amount=-amount, at=at(moment), **told)

    def line(self, order_key: str, line_no: str, amount: float, **more: Any) -> None:
        """A line of an order."""
        row = {"order_key": order_key, "record_id": f"r-{order_key}", "line_no": line_no, "qty": 1.0}
        self.add("touchpoints", "order_lines", **row | {"line_amount": amount} | more)
