"""What the values of a run are called: codes of ours, categories of goods, stores, values of tags.

Read once a run. A brand's own values that nobody named are shown as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from common import labels
from common.labels import Pair
from segments.published import Published
from segments.rules.dictionary import CATALOGUE, PERSON

CATEGORY: Final = "core.category"
STORE: Final = "core.store"
# Columns whose values are categories or stores, of whatever table.
_CATEGORIES: Final = frozenset(
    {"category", "missing_category", "other_category", "preferred_category_365d", "bundle_gap_category"}
)
_STORES: Final = frozenset({"store_id", "store_code", "preferred_store_id"})


@dataclass(frozen=True)
class Names:
    """The names of a run's values.

    Attributes:
        categories: of goods, by code.
        stores: by the code that orders and events call them.
        tags: the values of each tag.
        values_of: of tags whose values are codes of something else, of what: category or store.
        tag_names: the tags themselves.
    """

    categories: Mapping[str, Pair] = field(default_factory=dict)
    stores: Mapping[str, Pair] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, Pair]] = field(default_factory=dict)
    values_of: Mapping[str, str] = field(default_factory=dict)
    tag_names: Mapping[str, Pair] = field(default_factory=dict)

    def of_column(self, column: str, value: Any, table: str = PERSON) -> Pair | None:
        """What a value of a published column is called; None where it has no name."""
        text = str(value)
        if column in _CATEGORIES:
            return self.categories.get(text)
        if column in _STORES:
            return self.stores.get(text)
        if column == "tags":
            return self.tag_names.get(text)
        return labels.of_column(column, value, table)

    def of_any(self, value: Any) -> Pair:
        """What a value is called where nothing says of what it is; itself where nobody named it."""
        text = str(value)
        found = self.categories.get(text) or self.stores.get(text) or self.tag_names.get(text)
        return found or labels.name_of(text)

    def of_tag(self, tag: str, value: str) -> Pair | None:
        """What a value of a tag is called; None where it has no name."""
        known = {"category": self.categories, "store": self.stores}.get(self.values_of.get(tag, ""), {})
        return self.tags.get(tag, {}).get(value) or known.get(value) or labels.names("truth").get(value)


def read_names(published: Published) -> Names:
    """The names of an open run; a warehouse that an earlier version published knows fewer."""
    told = _rows(published, CATALOGUE, ("tag", "label_zh", "label_en", "values_of", "value_labels"))
    return Names(
        categories=_pairs(_rows(published, CATEGORY, ("category", "category_zh", "category_en"))),
        stores=_pairs([(code, name, name) for code, name in _rows(published, STORE, ("store_code", "store_name"))]),
        tags={row[0]: {one["value"]: (one["zh"], one["en"]) for one in row[4] or ()} for row in told},
        values_of={row[0]: row[3] for row in told if row[3]},
        tag_names=_pairs([row[:3] for row in told]),
    )


def _pairs(rows: list[tuple[Any, ...]]) -> dict[str, Pair]:
    """Names by code; where one language is missing the other stands for it, or the code made readable."""
    return {code: (zh or en or code, en or _readable(code)) for code, zh, en in rows if code and (zh or en)}


def _readable(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _rows(published: Published, table: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Rows of a table with null for the columns that this run does not have; none where there is no such table."""
    known = published.dictionary.tables.get(table, {})
    if columns[0] not in known:
        return []
    wanted = ", ".join(name if name in known else f"NULL AS {name}" for name in columns)
    return published.con.execute(f"SELECT {wanted} FROM {table} ORDER BY {columns[0]}").fetchall()
