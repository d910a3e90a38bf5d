"""The console's menu: path, icon, names, and the key that opens it after `g`."""

from dataclasses import dataclass
from typing import Final

from console.security.access import Permission


@dataclass(frozen=True)
class Place:
    """One entry of the menu."""

    path: str
    icon: str
    zh: str
    en: str
    key: str
    permission: Permission = "view"


NAVIGATION: Final = (
    Place("/", "today", "今日", "Today", "t"),
    Place("/audiences", "audiences", "人群", "Audiences", "a"),
    Place("/people", "people", "客户", "People", "p"),
    Place("/review", "review", "复核", "Review", "r"),
    Place("/campaigns", "campaigns", "活动", "Campaigns", "c"),
    Place("/stores", "stores", "门店与员工", "Stores and staff", "s"),
    Place("/health", "health", "数据健康", "Data health", "h"),
    Place("/dictionary", "dictionary", "数据字典", "Dictionary", "d"),
    Place("/audit", "audit", "审计", "Audit", "u", "audit"),
)
