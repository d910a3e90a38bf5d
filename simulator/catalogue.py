"""What the brand sells and where: products, shops and accounts, stores, staff, campaigns.

Fixed facts of the made-up brand 澄屿 (Chengyu); nothing random except which stores a small world has.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.places import cities
from simulator.streams import Floats, Ints, Texts

BRAND: Final = "澄屿"
TMALL_SHOPS: Final = ("澄屿旗舰店", "澄屿净水专营店")
JD_SHOP: Final = "澄屿京东旗舰店"
YOUZAN_SHOP: Final = "澄屿会员商城"
MERCHANT: Final = "1612387045"
POS_ACCOUNTS: Final = ("chengyu-east", "chengyu-south")
POS_FOLDERS: Final = ("chengyu-east", "tills-south")  # the second is told apart by accounts.yml
SMS_ACCOUNT: Final = "chengyu-sms"
SERVICE_ACCOUNT: Final = "chengyu"
SHOPIFY_SHOP: Final = "chengyu-global"
_SOUTH: Final = frozenset(
    ("广东省", "福建省", "四川省", "重庆市", "湖北省", "湖南省", "云南省", "广西壮族自治区", "贵州省", "江西省")
)


@dataclass(frozen=True)
class Category:
    """A kind of product. Durables wear out after a Weibull-distributed time, consumables are bought again."""

    name: str
    english: str
    durable: bool
    price: float  # list price of the middle model, yuan
    weight: float
    life_years: float = 0.0  # median life of a durable
    consumables: tuple[int, ...] = ()  # what owners of the durable buy again


CATEGORIES: Final = (
    Category("燃气热水器16升零冷水", "Tankless Gas Water Heater 16L", True, 2399, 20, 7.0, (7, 10)),
    Category("厨下净水器1000G", "Under-sink Water Purifier 1000G", True, 2199, 24, 5.0, (6, 6, 6, 8)),
    Category("侧吸油烟机", "Range Hood", True, 2899, 16, 8.0, (9, 10)),
    Category("燃气灶双灶", "Gas Hob Two Burners", True, 1399, 13, 8.0, (9, 10)),
    Category("嵌入式洗碗机13套", "Built-in Dishwasher 13 Sets", True, 4399, 12, 7.0, (11, 11, 10)),
    Category("智能马桶一体机", "Smart Toilet", True, 2999, 15, 6.5, (12, 10)),
    Category("净水器滤芯套装", "Filter Cartridge Set", False, 329, 30),
    Category("热水器镁棒", "Magnesium Anode Rod", False, 89, 10),
    Category("前置过滤器滤网", "Pre-filter Mesh", False, 119, 8),
    Category("油烟机油网清洁剂", "Range Hood Degreaser", False, 59, 14),
    Category("厨电清洁套装", "Appliance Cleaning Kit", False, 79, 12),
    Category("洗碗机专用洗碗块", "Dishwasher Tablets", False, 99, 18),
    Category("智能马桶除臭滤盒", "Toilet Deodorising Filter", False, 69, 8),
    Category("淋浴花洒", "Shower Head", False, 239, 6),
)
N_TIERS: Final = 5
_TIER_FACTOR: Final = (0.62, 0.8, 1.0, 1.3, 1.75)
_TIER_NAME: Final = ("青春版", "标准版", "优选版", "尊享版", "旗舰版")
_TIER_ENGLISH: Final = ("Lite", "Classic", "Plus", "Pro", "Max")


@dataclass(frozen=True)
class Products:
    """One entry per product: product number = category × N_TIERS + tier."""

    category: Ints
    price: Floats  # yuan
    title: Texts
    english: Texts
    sku: Texts
    spec: Texts


def products() -> Products:
    """Every product of the brand."""
    rows = [(c, t) for c in range(len(CATEGORIES)) for t in range(N_TIERS)]
    kinds = [CATEGORIES[c] for c, _ in rows]
    return Products(
        category=np.asarray([c for c, _ in rows], dtype=np.int64),
        price=np.asarray(
            [round(k.price * _TIER_FACTOR[t]) for k, (_, t) in zip(kinds, rows, strict=True)], dtype=np.float64
        ),
        title=np.asarray(
            [f"{BRAND}{k.name} {_TIER_NAME[t]}" for k, (_, t) in zip(kinds, rows, strict=True)], dtype=object
        ),
        english=np.asarray(
            [f"{k.english} {_TIER_ENGLISH[t]}" for k, (_, t) in zip(kinds, rows, strict=True)], dtype=object
        ),
        sku=np.asarray([f"CY{c:02d}{t + 1}-{'ABCDE'[t]}" for c, t in rows], dtype=object),
        spec=np.asarray([f"颜色分类:{'星空灰珍珠白'[t % 2 * 3 : t % 2 * 3 + 3]}" for _, t in rows], dtype=object),
    )


@dataclass(frozen=True)
class Stores:
    """The brand's own stores, one entry each."""

    name: Texts
    city: Ints
    account: Ints  # of POS_ACCOUNTS
    of_city: Ints  # first store of each city, -1 where there is none
    n_of_city: Ints


def make_stores(n_people: int) -> Stores:
    """Stores in the largest cities, more of them the more people there are."""
    table = cities()
    n_cities = int(np.clip(16 + n_people // 5000, 16, 32))
    per_city = int(np.clip(1 + n_people // 20000, 1, 4))
    names, where = [], []
    for city in range(n_cities):
        first = table.first_district[city]
        for k in range(min(per_city if city < 12 else 1, max(1, int(table.n_districts[city])))):
            district = table.district_name[first + k] or "中心"
            names.append(f"{table.name[city].removesuffix('市')}{district.removesuffix('区')}店")
            where.append(city)
    city_of = np.asarray(where, dtype=np.int64)
    first_of = np.full(len(table.name), -1, dtype=np.int64)
    count = np.bincount(city_of, minlength=len(table.name)).astype(np.int64)
    first_of[city_of[::-1]] = np.arange(len(where))[::-1]
    return Stores(
        name=np.asarray(names, dtype=object),
        city=city_of,
        account=np.asarray([int(table.province[c] in _SOUTH) for c in where], dtype=np.int64),
        of_city=first_of,
        n_of_city=count,
    )
