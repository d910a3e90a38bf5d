"""Who the brand is made of: its stores, the people who work in them, and the partners who bring customers.

Codes are those that tickets, WeCom contacts and codes on posters show. What is sold and planned is in `plans`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator import names
from simulator.contacts import draw_phones
from simulator.people import OUTSIDER, STAFF
from simulator.places import cities
from simulator.streams import Ints, Texts
from simulator.wechat import GUIDES_PER_STORE, guide_names

if TYPE_CHECKING:
    from simulator.model import World

_AREAS: Final = {
    "华东": ("上海市", "江苏省", "浙江省", "安徽省"),
    "华南": ("广东省", "福建省", "广西壮族自治区", "江西省"),
    "西南": ("四川省", "重庆市", "云南省", "贵州省"),
    "华中": ("湖北省", "湖南省", "河南省"),
}
_REST: Final = "华北"
_FRANCHISE_EVERY: Final = 4  # every fourth store is run by a dealer
_PER_DEALER: Final = 2  # decorating firms that a dealer brought, each with a designer
DIRECTOR: Final = "E0001"


@dataclass(frozen=True)
class Brand:
    """The brand's own lists of places and people, one row each, columns as the files' fields."""

    stores: pl.DataFrame  # code, name, kind, area, province, city, district, street, partner, opened, m2
    staff: pl.DataFrame  # code, name, phone, job, store, leader, userid, status, joined, left
    partners: pl.DataFrame  # code, name, kind, parent, contact, phone, province, city, started, person


def store_code(store: int) -> str:
    """A store's code, as the codes on its posters have it."""
    return f"store_{store:03d}"


def till_code(store: int) -> str:
    """Who rings up at a store's till, as its tickets have it."""
    return f"cashier{store:03d}"


def make_brand(world: "World") -> Brand:
    """The lists of stores, staff and partners, which know each other."""
    partners = _partners(world)
    stores = _stores(world, partners)
    return Brand(stores, _staff(world, stores), partners)


def _area(province: str) -> str:
    return next((area for area, provinces in _AREAS.items() if province in provinces), _REST)


def _day_before(world: "World", days: int) -> date:
    return world.span.start - timedelta(days=int(days))


def _stores(world: "World", partners: pl.DataFrame) -> pl.DataFrame:
    rng, stores, table = world.streams("brand stores"), world.stores, cities()
    dealers = partners.filter(pl.col("kind") == "经销商")["code"].to_list()
    n = len(stores.name)
    opened, size, number = rng.integers(200, 2400, n), rng.integers(6, 26, n) * 10, rng.integers(1, 900, n)
    rows = []
    for i in range(n):
        city = int(stores.city[i])
        first = int(table.first_district[city])
        again = int(np.flatnonzero(stores.city[:i] == city).size)
        run_by = dealers[i // _FRANCHISE_EVERY] if i % _FRANCHISE_EVERY == _FRANCHISE_EVERY - 1 else ""
        rows.append(
            {
                "code": store_code(i),
                "name": str(stores.name[i]),
                "kind": "加盟" if run_by else "直营",
                "area": _area(str(table.province[city])),
                "province": str(table.province[city]),
                "city": str(table.name[city]),
                "district": str(table.district_name[first + again]),
                "street": f"{('人民路', '中山路', '建设路', '解放路')[i % 4]}{number[i]}号",
                "partner": run_by,
                "opened": _day_before(world, opened[i]),
                "m2": int(size[i]),
            }
        )
    return pl.DataFrame(rows)


def _partners(world: "World") -> pl.DataFrame:
    """Dealers, the decorating firms that they brought, and the designers whom those brought: three levels."""
    rng, table = world.streams("brand partners"), cities()
    n_dealers = max(2, len(world.stores.name) // _FRANCHISE_EVERY)
    outsiders = np.flatnonzero(world.people.kind == OUTSIDER)[::-1]
    rows: list[dict[str, object]] = []

    def add(kind: str, title: str, parent: str, city: int) -> str:
        number = len(rows)
        person = int(outsiders[number])
        rows.append(
            {
                "code": f"P{number + 1:03d}",
                "name": title,
                "kind": kind,
                "parent": parent,
                "person": person,
                "province": str(table.province[city]),
                "city": str(table.name[city]),
                "started": _day_before(world, int(rng.integers(30, 900))),
            }
        )
        return str(rows[-1]["code"])

    for dealer in range(n_dealers):
        store = min(dealer * _FRANCHISE_EVERY + _FRANCHISE_EVERY - 1, len(world.stores.name) - 1)
        city = int(world.stores.city[store])
        place = str(table.name[city]).removesuffix("市")
        code = add("经销商", f"{place}{'恒泰安信'[dealer % 4]}屿商贸有限公司", "", city)
        for firm in range(_PER_DEALER):
            word = ("好家", "美居", "匠心", "青木", "雅筑", "方圆")[(dealer * _PER_DEALER + firm) % 6]
            below = add("家装公司", f"{place}{word}装饰工程有限公司", code, city)
            add("设计师", f"{place}{word}设计工作室", below, city)
    frame = pl.DataFrame(rows)
    person = frame["person"].to_numpy()
    full, phones = world.people.full_name(), world.contacts
    return frame.with_columns(
        contact=pl.Series(full[person], dtype=pl.String),
        phone=pl.Series(phones.phone_text[phones.main[person]], dtype=pl.String),
    )


def _staff(world: "World", stores: pl.DataFrame) -> pl.DataFrame:
    """A director, managers of areas and stores, a till and guides a store; leaders make the levels."""
    areas = stores["area"].unique(maintain_order=True).to_list()
    leader_of = {area: f"E{100 + i:04d}" for i, area in enumerate(areas)}
    ids, _ = guide_names(world.stores)
    rows: list[tuple[str, str, str, str, str]] = [(DIRECTOR, "销售总监", "", "", "")]
    rows += [(code, f"{area}大区经理", "", DIRECTOR, "") for area, code in leader_of.items()]
    for i, (store, area) in enumerate(stores.select("code", "area").iter_rows()):
        manager = f"E1{i:03d}"
        rows.append((manager, "店长", store, leader_of[area], ""))
        rows.append((till_code(i), "收银员", store, manager, ""))
        for userid in ids[i * GUIDES_PER_STORE : (i + 1) * GUIDES_PER_STORE]:
            rows.append((userid.replace("cy_guide_", "G"), "导购", store, manager, userid))
        if i % 3 == 0:
            rows.append((f"E9{i:03d}", "导购", store, manager, ""))
    frame = pl.DataFrame(rows, schema=["code", "job", "store", "leader", "userid"], orient="row")
    gone = frame["code"].str.starts_with("E9")
    rng, n = world.streams("brand staff"), len(frame)
    who, phone = _people_of_staff(world, frame, rng)
    joined = [_day_before(world, days) for days in rng.integers(60, 2000, n)]
    left = [world.span.start + timedelta(days=int(days)) for days in rng.integers(90, 700, n)]
    return frame.with_columns(
        name=pl.Series(who, dtype=pl.String),
        phone=pl.Series(phone, dtype=pl.String),
        status=pl.when(gone).then(pl.lit("离职")).otherwise(pl.lit("在职")),
        joined=pl.Series(joined, dtype=pl.Date),
        left=pl.when(gone).then(pl.Series(left, dtype=pl.Date)),
    )


def _people_of_staff(world: "World", frame: pl.DataFrame, rng: np.random.Generator) -> tuple[Texts, Texts]:
    """Names and phones; the first managers of stores are the people whose numbers some members gave as theirs."""
    n, contacts = len(frame), world.contacts
    name = names.draw_surnames(rng, n) + names.draw_given_names(rng, rng.integers(0, 2, n))
    known = set(contacts.phone_text.tolist())
    phone = np.asarray([t for t in draw_phones(rng, 2 * n + 8) if t not in known][:n], dtype=object)
    managers: Ints = np.flatnonzero((frame["job"] == "店长").to_numpy())
    people = np.flatnonzero(world.people.kind == STAFF)[: len(managers)]
    name[managers[: len(people)]] = world.people.full_name()[people]
    phone[managers[: len(people)]] = contacts.phone_text[contacts.main[people]]
    return name, phone
