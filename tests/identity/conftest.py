"""Small made-up worlds for the identity tests: records written as the canonical tables are."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from touchpoints.model import TABLES, empty

START = datetime(2026, 1, 1)


class World:
    """Collects parties and writes them as canonical tables; `say` adds one record with one party."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, list[dict]] = {name: [] for name in TABLES}

    def say(self, key, ids=(), *, source="pos", role="member", day=0, record_type="customer", **attributes):
        """One party: `ids` are (type, value) or (type, value, strength); attributes as in the canonical model."""
        record_id = f"{source}-{key}"
        at = START + timedelta(days=day)
        if not any(r["record_id"] == record_id for r in self.rows["record"]):
            self.rows["record"].append(
                {"record_id": record_id, "source": source, "account": "a", "record_type": record_type,
                 "natural_key": str(key), "occurred_at": at, "version_at": at}
            )  # fmt: skip
        for id_type, value, *strength in ids:
            self.rows["identifier"].append(
                {"record_id": record_id, "role": role, "id_type": id_type, "id_scope": "", "id_value": value,
                 "strength": strength[0] if strength else "exact", "seen_at": at}
            )  # fmt: skip
        quality = attributes.pop("quality", "full")
        for name, value in attributes.items():
            row = {"record_id": record_id, "role": role, "name": name, "value": value, "quality": quality}
            if name == "birth_date":
                row |= {"value": value.isoformat(), "value_date": value}
            self.rows["attribute"].append(row)
        return record_id

    def order(self, number, *, buyer=(), receiver=(), source="jd", day=0, **receiver_attributes):
        """One order with a buyer and, where it has identifiers or attributes, a receiver."""
        record_id = self.say(number, buyer, source=source, role="buyer", day=day, record_type="order")
        if receiver or receiver_attributes:
            self.say(
                number, receiver, source=source, role="receiver", day=day, record_type="order", **receiver_attributes
            )
        self.rows["orders"].append({"order_key": f"{source}/{number}", "record_id": record_id})
        return record_id

    def write(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.rows.items():
            frame = pl.DataFrame(rows, schema=TABLES[name]) if rows else empty(name)
            frame.write_parquet(self.folder / f"{name}.parquet")
        return self.folder


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "touchpoints")
