"""Who the canaries are: invented people, a few for each thing that makes people hard to tell apart.

Their phones lie in ranges that no carrier has been given (MIIT's numbering plan), their accounts begin with
`canary`. Names are of frequent characters, so that real people may bear them too: that is the point.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np

CANARY: Final = "canary-"
# Of each phenomenon so many cases; a few hundred people in all.
CASES: Final = 10
_UNASSIGNED: Final = ("154", "160", "161", "163", "164", "168", "169")
_START: Final = datetime(2024, 1, 1)
_SURNAMES: Final = {
    "王": "wang", "李": "li", "张": "zhang", "刘": "liu", "陈": "chen", "杨": "yang", "赵": "zhao", "黄": "huang",
    "周": "zhou", "吴": "wu", "徐": "xu", "孙": "sun", "胡": "hu", "朱": "zhu", "高": "gao", "林": "lin",
    "何": "he", "郭": "guo", "马": "ma", "罗": "luo", "欧阳": "ou yang", "司马": "si ma",
}  # fmt: skip
_GIVEN: Final = {
    "伟": "wei", "芳": "fang", "娜": "na", "敏": "min", "静": "jing", "丽": "li", "强": "qiang", "磊": "lei",
    "洋": "yang", "艳": "yan", "勇": "yong", "军": "jun", "杰": "jie", "娟": "juan", "涛": "tao", "明": "ming",
    "超": "chao", "霞": "xia", "平": "ping", "刚": "gang", "玲": "ling", "华": "hua", "建": "jian", "文": "wen",
    "海": "hai", "燕": "yan", "雪": "xue", "梅": "mei", "晓": "xiao", "国": "guo",
}  # fmt: skip
# Province, city, district.
_PLACES: Final = (
    ("310000", "310100", "310115"), ("310000", "310100", "310104"), ("110000", "110100", "110105"),
    ("440000", "440100", "440106"), ("440000", "440300", "440305"), ("330000", "330100", "330106"),
    ("510000", "510100", "510104"), ("420000", "420100", "420106"),
)  # fmt: skip
_ESTATES: Final = ("锦绣花园", "阳光新城", "翠湖天地", "金色家园", "滨江华府", "梧桐里", "紫竹苑", "望江名邸")


@dataclass(frozen=True)
class Person:
    """An invented person."""

    id: str
    surname: str
    given: str
    pinyin: str
    gender: str
    born: date
    place: tuple[str, str, str]
    address: str
    phone: str

    @property
    def name(self) -> str:
        """The full name."""
        return self.surname + self.given

    def said(self, *, name: str | None = None, quality: str = "full", address: bool = False) -> dict[str, Any]:
        """What a record tells of them: the name, and where they live if it says."""
        told = {"name": name or self.name, "surname": self.surname, "quality": quality}
        if quality == "full" and (name or self.name) == self.name:
            told["name_pinyin"] = self.pinyin
        return told | (self.home() if address else {})

    def home(self) -> dict[str, Any]:
        """The address."""
        province, city, district = self.place
        return {"province_code": province, "city_code": city, "district_code": district, "address": self.address}


@dataclass
class _Book:
    """Invents people and writes what sources say of them, case by case."""

    rng: np.random.Generator
    phenomenon: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in ("record", "identifier", "attribute", "orders", "ledger")}
    )
    truth: list[dict[str, str]] = field(default_factory=list)
    n_people: int = 0
    n_records: int = 0
    phones: set[str] = field(default_factory=set)

    def pick(self, values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def phone(self) -> str:
        while (phone := self.pick(_UNASSIGNED) + f"{int(self.rng.integers(10**8)):08d}") in self.phones:
            pass
        self.phones.add(phone)
        return phone

    def person(self, *, like: Person | None = None, household: Person | None = None) -> Person:
        """Somebody new; with the name and city of one person, or the home of another."""
        self.n_people += 1
        surname, given = self.pick(list(_SURNAMES)), self.pick(list(_GIVEN)) + self.pick(list(_GIVEN))
        if household:
            while given == household.given:
                given = self.pick(list(_GIVEN)) + self.pick(list(_GIVEN))
        if like:
            surname, given = like.surname, like.given
        pinyin = " ".join([_SURNAMES[surname], *(_GIVEN[character] for character in given)])
        numbers = self.rng.integers(1, 30, 4)
        address = (
            f"{self.pick(_ESTATES)}{numbers[0]}栋{numbers[1] % 4 + 1}单元{numbers[2] % 25 + 1}0{numbers[3] % 4 + 1}室"
        )
        # The spans lie a generation apart, so that two namesakes are never of one birth date.
        born = date(1960 + (25 if like else 0), 1, 1) + timedelta(days=int(self.rng.integers(20 * 365)))
        return Person(
            id=f"{CANARY}{self.n_people:04d}", surname=surname, given=given, pinyin=pinyin,
            gender=like.gender if like else self.pick(("female", "male")), born=born,
            place=household.place if household else like.place if like else self.pick(_PLACES),
            address=household.address if household else address, phone=self.phone(),
        )  # fmt: skip

    def account(self) -> str:
        """An account name or number that no source gives out."""
        return f"{CANARY}{int(self.rng.integers(10**12)):012d}"

    def record(self, source: str, record_type: str, day: int) -> str:
        """A new record; returns its id."""
        self.n_records += 1
        record_id = f"{CANARY}{self.n_records:05d}"
        at = _START + timedelta(days=day, minutes=self.n_records)
        self.rows["record"].append(
            {"record_id": record_id, "source": source, "account": "canary", "record_type": record_type,
             "natural_key": record_id, "occurred_at": at, "version_at": at, "first_seen_at": at}
        )  # fmt: skip
        return record_id

    def party(
        self, record_id: str, role: str, person: Person, ids: dict[str, str], said: dict[str, Any] | None = None
    ) -> None:
        """A party of a record: its identifiers by type, and its attributes."""
        at = next(row["occurred_at"] for row in reversed(self.rows["record"]) if row["record_id"] == record_id)
        self.truth.append({"record_id": record_id, "role": role, "person_id": person.id, "phenomenon": self.phenomenon})
        for id_type, value in ids.items():
            strength = (
                "masked" if id_type.endswith("_masked") else "virtual" if id_type.endswith("_virtual") else "exact"
            )
            self.rows["identifier"].append(
                {"record_id": record_id, "role": role, "id_type": id_type, "id_scope": _SCOPES.get(id_type, "canary"),
                 "id_value": value, "strength": strength, "seen_at": at}
            )  # fmt: skip
        told = dict(said or {})
        quality = told.pop("quality", "full")
        if "name" in told:
            told["name_simplified"] = told["name"]
        for name, value in told.items():
            row = {
                "record_id": record_id,
                "role": role,
                "name": name,
                "value": value,
                "quality": quality,
                "seen_at": at,
            }
            if name == "birth_date":
                row |= {"value": value.isoformat(), "value_date": value}
            self.rows["attribute"].append(row)

    def member(self, person: Person, day: int = 0, *, phone: str = "", address: bool = True, **more: str) -> None:
        """A member of a till, with a card, a phone, a name, perhaps an address."""
        ids = {"pos_card": self.account(), "phone": phone or person.phone, **more}
        said = person.said(address=address) | {"birth_date": person.born, "gender": person.gender}
        self.party(self.record("pos", "customer", day), "member", person, ids, said)

    def message(self, person: Person, day: int, phone: str = "") -> None:
        """A message to a phone: nothing but the number."""
        self.party(self.record("aliyun_sms", "message", day), "contact", person, {"phone": phone or person.phone})

    def order(
        self, receiver: Person, day: int, *, buyer: Person | None = None, pin: str = "", phone: str = "",
        name: str | None = None, quality: str = "full", ids: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """A marketplace order: an account, and a receiver whose phone is masked unless `ids` says otherwise."""
        record_id = self.record("jd", "order", day)
        self.rows["orders"].append(
            {"order_key": f"jd/{record_id}", "record_id": record_id, "source": "jd", "account": "canary",
             "order_no": record_id, "channel": "marketplace", "is_return": False,
             "created_at": self.rows["record"][-1]["occurred_at"]}
        )  # fmt: skip
        shown = ids or {"phone_masked": masked(phone or receiver.phone)}
        if pin:
            self.party(record_id, "buyer", buyer or receiver, {"jd_pin": pin})
        self.party(record_id, "receiver", receiver, shown, receiver.said(name=name, quality=quality, address=True))


_SCOPES: Final = {"phone": "CN", "phone_masked": "CN", "national_id": "CN", "email": "", "jd_pin": "", "tmall_nick": ""}


def masked(phone: str) -> str:
    """A phone as marketplaces print it."""
    return f"{phone[:3]}****{phone[7:]}"


def _plain(book: _Book) -> None:
    person = book.person()
    book.member(person)
    book.message(person, 40)
    book.order(person, 80, ids={"phone": person.phone})


def _masked_receiver(book: _Book) -> None:
    person = book.person()
    book.member(person)
    book.order(person, 60)
    book.order(person, 90)


def _changed_phone(book: _Book) -> None:
    person, new = book.person(), book.phone()
    book.member(person)
    book.message(person, 30)
    book.order(person, 400, phone=new)
    # Before they gave the number: it may have been the former owner's, so this one is expected to stay apart.
    book.message(person, 420, new)
    book.member(person, 430, phone=new)


def _second_phone(book: _Book) -> None:
    person, second = book.person(), book.phone()
    book.member(person)
    book.order(person, 50, phone=second)
    book.order(person, 70)


def _shared_phone(book: _Book) -> None:
    first = book.person()
    second = book.person(household=first)
    book.member(first)
    book.order(second, 30, ids={"phone": first.phone})
    book.order(first, 60, ids={"phone": first.phone})


def _household(book: _Book) -> None:
    first = book.person()
    second = book.person(household=first)
    book.member(first)
    book.member(second)
    book.order(first, 30)
    book.order(second, 60)


def _recycled_phone(book: _Book) -> None:
    former, heir = book.person(), book.person()
    book.member(former)
    book.message(former, 20)
    book.member(heir, 620, phone=former.phone)
    book.order(heir, 640, phone=former.phone)


def _namesake(book: _Book) -> None:
    first = book.person()
    second = book.person(like=first)
    for person in (first, second):
        book.member(person)
        book.order(person, 50)


def _gift(book: _Book) -> None:
    giver, receiver, pin = book.person(), book.person(), book.account()
    for day in (10, 50, 90):
        book.order(giver, day, pin=pin, ids={"phone": giver.phone})
    book.order(receiver, 120, buyer=giver, pin=pin, ids={"phone": receiver.phone})


def _two_wechats(book: _Book) -> None:
    person = book.person()
    for day in (0, 200):
        ids = {"wecom_external_userid": book.account(), "wechat_unionid": book.account(), "phone": person.phone}
        book.party(book.record("wecom", "customer", day), "contact", person, ids, person.said())


def _name_typo(book: _Book) -> None:
    person = book.person()
    other = next(character for character in _GIVEN if character not in person.given)
    book.member(person)
    book.order(person, 40, name=person.surname + person.given[0] + other)


def _masked_name(book: _Book) -> None:
    person = book.person()
    book.member(person)
    book.order(person, 40, name=person.surname + "*" * len(person.given), quality="masked")


def _clerk_phone(book: _Book) -> None:
    phone = book.phone()
    for n in range(9):
        book.member(book.person(), n * 10, phone=phone)


def _two_national_ids(book: _Book) -> None:
    first = book.person()
    second = book.person(like=first)
    for person in (first, second):
        book.member(person, phone=first.phone, national_id=book.account())


def _virtual_number(book: _Book) -> None:
    number = book.phone() + "-0000"
    for n in range(3):
        book.order(book.person(), n * 20, ids={"phone_virtual": number})


def _moved(book: _Book) -> None:
    person = book.person()
    book.member(person)
    there = Person(**{**vars(person), "address": book.person().address})
    book.order(there, 300, ids={"phone": person.phone})
    book.order(there, 330)


PHENOMENA: Final[dict[str, Callable[[_Book], None]]] = {
    "plain": _plain,
    "masked_receiver": _masked_receiver,
    "changed_phone": _changed_phone,
    "second_phone": _second_phone,
    "shared_phone": _shared_phone,
    "household": _household,
    "recycled_phone": _recycled_phone,
    "namesake": _namesake,
    "gift": _gift,
    "two_wechats": _two_wechats,
    "name_typo": _name_typo,
    "masked_name": _masked_name,
    "clerk_phone": _clerk_phone,
    "two_national_ids": _two_national_ids,
    "virtual_number": _virtual_number,
    "moved": _moved,
}


def canary_rows(key: bytes) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, str]]]:
    """Every canary as canonical rows, and the truth.

    Args:
        key: the home's key: the same home has the same canaries in every run, another home others.

    Returns:
        Rows by canonical table; and per party record_id, role, person_id, phenomenon.
    """
    seed = int.from_bytes(hashlib.sha256(b"canaries" + key).digest()[:8], "big")
    book = _Book(np.random.default_rng(seed))
    for name, case in PHENOMENA.items():
        book.phenomenon = name
        for _ in range(CASES):
            case(book)
    return book.rows, book.truth
