"""How people can be reached and named by machines: phones, e-mail, WeChat ids, marketplace accounts, ID numbers.

Which phone somebody uses at a moment is answered here; why they have several is in `phenomena`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator import names
from simulator.people import DAY, People, birth_dates
from simulator.places import ABROAD, cities
from simulator.rates import PEOPLE
from simulator.streams import (
    Bools,
    Ints,
    Streams,
    Texts,
    base64_tokens,
    chance,
    digit_tokens,
    distinct_numbers,
    hex_tokens,
    pick,
)
from simulator.words import words

_MAIL_HOSTS: Final = (
    ("qq.com", 44), ("163.com", 24), ("126.com", 8), ("gmail.com", 6), ("outlook.com", 6), ("foxmail.com", 5),
    ("sina.com", 4), ("139.com", 3),
)  # fmt: skip
APPIDS: Final = ("wx7d3a61c09be2f458", "wx2be94f0d7c81a635")  # service account, subscription account
CORPID: Final = "ww5c1f0ab7e49d3826"


@dataclass
class Contacts:
    """Phones and accounts. Phones are numbers of the phone table; texts are one entry per person."""

    phone_text: Texts  # the phone table: 11 digits, or country code and number abroad
    phone_owner: Ints
    phone_heir: Ints  # who got the number when the owner gave it up; -1: nobody
    phone_heir_from: Ints
    main: Ints
    old: Ints  # -1: never changed
    changed_at: Ints
    second: Ints  # -1: none
    shares: Ints  # whose phone the person uses; -1: their own
    shares_always: Bools
    email: Texts  # "" for none
    has_wechat: Bools
    two_wechats: Bools
    unionid: Texts  # (2 accounts × people)
    openid: Texts  # (2 official accounts × 2 WeChat accounts × people)
    external_userid: Texts  # (2 × people)
    wechat_name: Texts
    tmall_nick: Texts
    jd_pin: Texts
    national_id: Texts

    def own_phone_at(self, person: Ints, at: Ints) -> Ints:
        """The number that these people's own phones had at these moments."""
        earlier = (self.old[person] >= 0) & (at < self.changed_at[person])
        return np.where(earlier, self.old[person], self.main[person])

    def phone_at(self, person: Ints, at: Ints, draw: Ints | None = None) -> Ints:
        """The phone these people give as theirs at these moments.

        Args:
            person: people.
            at: moments.
            draw: whole numbers 0–99 that decide between several phones; without it the usual one.
        """
        use = np.zeros(len(person), dtype=np.int64) if draw is None else draw
        phone = self.own_phone_at(person, at)
        phone = np.where((self.second[person] >= 0) & (use >= 65), self.second[person], phone)
        lender = self.shares[person]
        borrows = (lender >= 0) & (self.shares_always[person] | (use >= 55))
        return np.where(borrows, self.own_phone_at(np.maximum(lender, 0), at), phone)

    def holder(self, phone: Ints, at: Ints) -> Ints:
        """Whose number it was at a moment: a recycled one belongs to its new holder from then on."""
        passed_on = (self.phone_heir[phone] >= 0) & (at >= self.phone_heir_from[phone])
        return np.where(passed_on, self.phone_heir[phone], self.phone_owner[phone])

    def add_phones(self, rng: np.random.Generator, owner: Ints) -> Ints:
        """New numbers of the phone table for these people; gives back their places."""
        first = len(self.phone_text)
        taken = set(self.phone_text.tolist())
        fresh = [t for t in draw_phones(rng, len(owner) * 2 + 8) if t not in taken][: len(owner)]
        self.phone_text = np.concatenate([self.phone_text, np.asarray(fresh, dtype=object)])
        self.phone_owner = np.concatenate([self.phone_owner, owner])
        self.phone_heir = np.concatenate([self.phone_heir, np.full(len(owner), -1)])
        self.phone_heir_from = np.concatenate([self.phone_heir_from, np.zeros(len(owner), dtype=np.int64)])
        return first + np.arange(len(owner))


def draw_phones(rng: np.random.Generator, n: int) -> Texts:
    """`n` different made-up mobile numbers."""
    known = words("phone_prefixes")
    numbers = distinct_numbers(rng, n, len(known) * 10**8)
    prefixes = np.asarray(known, dtype=object)[numbers // 10**8]
    tails = np.char.zfill((numbers % 10**8).astype("U8"), 8).astype(object)
    return prefixes + tails


def _phones_abroad(rng: np.random.Generator, place: Ints) -> list[str]:
    """Valid numbers with their country code, all different: one number drawn gives several digits each."""
    drawn = distinct_numbers(rng, len(place), 8_000_000)
    texts = []
    for p, t in zip(place, drawn, strict=True):
        dial = ABROAD[p].dial
        if dial.startswith("1"):
            texts.append(f"{dial}{2 + t % 8}{t // 8:06d}")
        elif dial == "65":
            texts.append(f"65{8 + t % 2}{1 + t // 2 % 7}{t // 14:06d}")
        else:
            texts.append(f"447{(4, 5, 7, 8, 9)[t % 5]}{t // 5 * 61:08d}")
    return texts


def make_contacts(streams: Streams, people: People) -> Contacts:
    """Phones and accounts for everyone, each person with one phone of their own."""
    rng = streams("contacts")
    n = people.total
    phones = draw_phones(rng, n)
    abroad = np.flatnonzero(people.overseas)
    phones[abroad] = _phones_abroad(rng, people.city[abroad])
    everyone = np.arange(n)
    spelled = _spelled_names(people)
    return Contacts(
        phone_text=phones,
        phone_owner=everyone.copy(),
        phone_heir=np.full(n, -1),
        phone_heir_from=np.zeros(n, dtype=np.int64),
        main=everyone.copy(),
        old=np.full(n, -1),
        changed_at=np.zeros(n, dtype=np.int64),
        second=np.full(n, -1),
        shares=np.full(n, -1),
        shares_always=np.zeros(n, dtype=bool),
        email=_emails(rng, people, spelled),
        has_wechat=chance(rng, n, PEOPLE.has_wechat) & ~people.overseas,
        two_wechats=np.zeros(n, dtype=bool),
        unionid=np.asarray([base64_tokens(rng, n, 22) for _ in range(2)]).astype(object),
        openid=np.asarray([[base64_tokens(rng, n, 22) for _ in range(2)] for _ in range(2)]),
        external_userid=np.asarray([base64_tokens(rng, n, 22) for _ in range(2)]),
        wechat_name=_wechat_names(rng, people),
        tmall_nick=_nicks(rng, people, spelled),
        jd_pin=_pins(rng, spelled),
        national_id=_national_ids(rng, people),
    )


def _spelled_names(people: People) -> tuple[list[str], list[str]]:
    by_surname = {s: names.spell_surname(s) for s in set(people.surname.tolist())}
    by_given = {g: names.spell_given(g) for g in set(people.given.tolist())}
    return [by_surname[s] for s in people.surname], [by_given[g] for g in people.given]


def _made_unique(texts: list[str], separator: str = "") -> list[str]:
    """The same texts, later repeats with a running number behind them."""
    seen: dict[str, int] = {}
    result = []
    for text in texts:
        count = seen.get(text, 0)
        seen[text] = count + 1
        result.append(text if not count else f"{text}{separator}{count + 1}x")
    return result


def _emails(rng: np.random.Generator, people: People, spelled: tuple[list[str], list[str]]) -> Texts:
    n = people.total
    hosts = [h for h, _ in _MAIL_HOSTS]
    host = pick(rng, n, np.asarray([w for _, w in _MAIL_HOSTS], dtype=float))
    host = np.where(people.overseas, 3, host)
    style, numbers = rng.integers(0, 4, n), distinct_numbers(rng, n, 2_000_000_000) + 100_000_000
    years = 1900 + people.birth // 365
    texts = []
    for i, (surname, given) in enumerate(zip(*spelled, strict=True)):
        if host[i] == 0 and style[i] < 3:
            local = str(numbers[i])
        elif style[i] == 0:
            local = f"{given}.{surname}{numbers[i] % 1000}"
        elif style[i] == 1:
            local = f"{surname}{given}{years[i]}"
        else:
            local = f"{given}{surname[:1]}{numbers[i] % 10000}"
        texts.append(f"{local}@{hosts[host[i]]}")
    unique = _unique_mailboxes(texts)
    owned = chance(rng, n, PEOPLE.has_email) | people.overseas
    return np.where(owned, unique, "")


def _unique_mailboxes(texts: list[str]) -> Texts:
    seen: dict[str, int] = {}
    result = []
    for text in texts:
        count = seen.get(text, 0)
        seen[text] = count + 1
        local, host = text.split("@")
        result.append(text if not count else f"{local}.{count}@{host}")
    return np.asarray(result, dtype=object)


def _wechat_names(rng: np.random.Generator, people: People) -> Texts:
    n = people.total
    known = words("nicknames")
    pool = np.asarray(known, dtype=object)[rng.integers(0, len(known), n)]
    style = rng.integers(0, 100, n)
    full = people.full_name()
    return np.where(style < 14, full, np.where(style < 20, people.given, pool))


def _nicks(rng: np.random.Generator, people: People, spelled: tuple[list[str], list[str]]) -> Texts:
    n = people.total
    style, number = rng.integers(0, 10, n), distinct_numbers(rng, n, 900_000_000) + 10_000_000
    known = words("nicknames")
    pool = rng.integers(0, len(known), n)
    texts = []
    for i, (surname, given) in enumerate(zip(*spelled, strict=True)):
        if style[i] < 4:
            texts.append(f"tb{number[i]}")
        elif style[i] < 7:
            texts.append(f"{surname}{given}_{number[i] % 1000:02d}")
        else:
            texts.append(f"{known[pool[i]]}{number[i] % 100000}")
    return np.asarray(_made_unique(texts, "_"), dtype=object)


def _pins(rng: np.random.Generator, spelled: tuple[list[str], list[str]]) -> Texts:
    n = len(spelled[0])
    style, token, number = rng.integers(0, 10, n), hex_tokens(rng, n, 13), rng.integers(100, 99999, n)
    texts = [
        f"jd_{token[i]}" if style[i] < 6 else f"{surname}{given}{number[i]}"
        for i, (surname, given) in enumerate(zip(*spelled, strict=True))
    ]
    return np.asarray(_made_unique(texts, "_"), dtype=object)


def _national_ids(rng: np.random.Generator, people: People) -> Texts:
    """Numbers with a real region, the true birth date and gender, and a right check digit (GB 11643)."""
    n = people.total
    codes = cities().district_code
    region = codes[rng.integers(0, len(codes), n)].astype("U6").astype(object)
    born = np.char.replace(np.datetime_as_string(birth_dates(people.birth)), "-", "").astype(object)
    serial = digit_tokens(rng, n, 2) + (rng.integers(0, 5, n) * 2 + people.gender).astype("U1").astype(object)
    body = region + born + serial
    figures = np.asarray(body.tolist(), dtype="U17").view("U1").reshape(n, 17).astype(np.int64)
    weights = np.asarray([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
    check = np.asarray(list("10X98765432"), dtype=object)[(figures * weights).sum(axis=1) % 11]
    return body + check


def days(count: float) -> int:
    """So many days in seconds."""
    return int(count * DAY)
