"""Who follows the official accounts and whom the store guides added in WeCom."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from simulator.catalogue import Stores
from simulator.contacts import Contacts
from simulator.fulfilment import NEVER
from simulator.people import BASE, DAY, Calendar, People
from simulator.presence import Presence
from simulator.streams import Bools, Ints, Streams, Texts, chance, pick

GUIDES_PER_STORE: Final = 3
REMARK_NONE, REMARK_NAME, REMARK_TITLE_PHONE, REMARK_NAME_PHONE, REMARK_NOTE = range(5)
_SCENES: Final = (
    ("ADD_SCENE_QR_CODE", 40), ("ADD_SCENE_SEARCH", 22), ("ADD_SCENE_PAID", 16), ("ADD_SCENE_PROFILE_CARD", 8),
    ("ADD_SCENE_WXA", 9), ("ADD_SCENE_OTHERS", 5),
)  # fmt: skip


@dataclass
class WeChat:
    """Followers (person × WeChat account × official account) and contacts (external user × guide)."""

    followers: pl.DataFrame
    contacts: pl.DataFrame


@dataclass
class WeChatWants:
    """Who follows and who is added of their own accord."""

    follow: Bools
    contact: Bools


def wechat_wants(streams: Streams, people: People, contacts: Contacts, presence: Presence) -> WeChatWants:
    """Who follows an official account, and whom a guide adds."""
    rng = streams("wechat wants")
    n = people.total
    able = (people.kind == BASE) & ~people.overseas & contacts.has_wechat
    several = able & (presence.lone < 0)
    follow = several & np.where(presence.buyer, chance(rng, n, 0.36), chance(rng, n, 0.66))
    near = presence.store >= 0
    contact = several & np.where(near, chance(rng, n, 0.19), chance(rng, n, 0.05))
    return WeChatWants(follow | presence.lone_in("wechat_oa"), contact)


def make_wechat(
    streams: Streams,
    people: People,
    contacts: Contacts,
    presence: Presence,
    stores: Stores,
    span: Calendar,
    follow: Bools,
    contact: Bools,
) -> WeChat:
    """Followers and contacts with the times at which they came."""
    return WeChat(
        _followers(streams("followers"), people, contacts, presence, stores, follow, span),
        _contacts(streams("wecom"), people, contacts, presence, contact),
    )


def _expand(rng: np.random.Generator, person: Ints, second: Bools, share: float) -> tuple[Ints, Ints]:
    """Rows for the main WeChat account, and for some of those with two also the other."""
    other = np.flatnonzero(second[person] & chance(rng, len(person), share))
    account = np.repeat([0, 1], [len(person), len(other)])
    return np.concatenate([person, person[other]]), account


def _followers(
    rng: np.random.Generator,
    people: People,
    contacts: Contacts,
    presence: Presence,
    stores: Stores,
    follow: Bools,
    span: Calendar,
) -> pl.DataFrame:
    person, account = _expand(rng, np.flatnonzero(follow), contacts.two_wechats, 0.65)
    n = len(person)
    draw = rng.random(n)
    # The service account has most followers, some follow both.
    official = np.where(draw < 0.16, 1, 0)
    both = np.flatnonzero((draw > 0.9) & (presence.lone[person] < 0))
    person, account = np.concatenate([person, person[both]]), np.concatenate([account, account[both]])
    official = np.concatenate([official, np.ones(len(both), dtype=np.int64)])
    n = len(person)
    at = np.maximum(people.joined_at[person], -300 * DAY) + rng.integers(0, 200 * DAY, n)
    at = np.where((at >= span.end) & (people.joined_at[person] < span.end), span.end - 1 - at % (30 * DAY), at)
    leaves = chance(rng, n, 0.13)
    scene = pick(rng, n, np.asarray([w for _, w in _SCENES], dtype=float))
    store = presence.store[person]
    code = np.where(store >= 0, "qrscene_store_" + store.astype("U6").astype(object), "")
    return pl.DataFrame(
        {
            "person": person,
            "account": account,
            "official": official,
            "at": at,
            "left_at": np.where(leaves, at + rng.integers(1 * DAY, 500 * DAY, n), NEVER),
            "openid": pl.Series(_openids(contacts, official, account, person), dtype=pl.String),
            "unionid": pl.Series(unionids(contacts, account, person), dtype=pl.String),
            "scene": pl.Series(np.asarray([s for s, _ in _SCENES], dtype=object)[scene], dtype=pl.String),
            "code": pl.Series(np.where(scene == 0, code, ""), dtype=pl.String),
            "tag": pick(rng, n, np.asarray([5.0, 3.0, 2.0, 1.0])),
        }
    )


def _openids(contacts: Contacts, official: Ints, account: Ints, person: Ints) -> Texts:
    head = np.asarray(["oK3fT5", "oZ8mW1"], dtype=object)
    return head[official] + contacts.openid[official, account, person]


def service_openids(contacts: Contacts, account: Ints, person: Ints) -> Texts:
    """Openids under the service account, which is the one that WeChat Pay bills name."""
    return _openids(contacts, np.zeros(len(person), dtype=np.int64), account, person)


def unionids(contacts: Contacts, account: Ints, person: Ints) -> Texts:
    """Unionids under the brand's open platform account."""
    return "oP9xC0" + contacts.unionid[account, person]


def _contacts(
    rng: np.random.Generator, people: People, contacts: Contacts, presence: Presence, wanted: Bools
) -> pl.DataFrame:
    person, account = _expand(rng, np.flatnonzero(wanted), contacts.two_wechats, 0.45)
    n = len(person)
    store = np.where(presence.store[person] >= 0, presence.store[person], 0)
    guide = store * GUIDES_PER_STORE + rng.integers(0, GUIDES_PER_STORE, n)
    at = np.maximum(people.joined_at[person], 0) + rng.integers(0, 150 * DAY, n)
    again = np.flatnonzero(chance(rng, n, 0.11))
    next_guide = store[again] * GUIDES_PER_STORE + (guide[again] + 1) % GUIDES_PER_STORE
    person, account = np.concatenate([person, person[again]]), np.concatenate([account, account[again]])
    guide = np.concatenate([guide, next_guide])
    at = np.concatenate([at, at[again] + rng.integers(20 * DAY, 300 * DAY, len(again))])
    n = len(person)
    phone = contacts.phone_at(person, at, rng.integers(0, 100, n))
    remark = pick(rng, n, np.asarray([28.0, 26.0, 18.0, 10.0, 18.0]))
    return pl.DataFrame(
        {
            "person": person,
            "account": account,
            "guide": guide,
            "at": at,
            "external_userid": pl.Series("wmVq3LDAAA" + contacts.external_userid[account, person], dtype=pl.String),
            "unionid": pl.Series(
                np.where(chance(rng, n, 0.96), unionids(contacts, account, person), ""), dtype=pl.String
            ),
            "name": pl.Series(contacts.wechat_name[person], dtype=pl.String),
            "remark": remark,
            "has_mobile": chance(rng, n, 0.42),
            "phone": phone,
            "gender": np.where(chance(rng, n, 0.85), 2 - people.gender[person], 0),
            "add_way": np.asarray([1, 2, 3, 4, 6, 16])[pick(rng, n, np.asarray([50.0, 14, 10, 8, 12, 6]))],
            "note": rng.integers(0, 6, n),
        }
    )


def guide_names(stores: Stores) -> tuple[list[str], list[str]]:
    """User ids and the stores of all guides."""
    ids = [f"cy_guide_{store:03d}{'abc'[k]}" for store in range(len(stores.name)) for k in range(GUIDES_PER_STORE)]
    return ids, [str(name) for name in stores.name for _ in range(GUIDES_PER_STORE)]
