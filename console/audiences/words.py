"""A rule told in words, in Chinese and English: one line a condition, groups as lines with lines below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from common.labels import name_of
from console.audiences.operators import COUNTS, NUMBERS
from console.audiences.vocabulary import Asked, Choice, Vocabulary

_SIGNS: Final = {op: zh for op, zh, _ in (*NUMBERS, *COUNTS)}
_UNITS: Final = {
    "days": ("天", "days"),
    "weeks": ("周", "weeks"),
    "months": ("个月", "months"),
    "years": ("年", "years"),
}
_DURABLE: Final = ("category", "status")


@dataclass(frozen=True)
class Line:
    """One line of a rule.

    Attributes:
        zh: in Chinese.
        en: in English.
        below: the lines of a group.
        sql: a query that is shown as such.
    """

    zh: str
    en: str
    below: tuple["Line", ...] = field(default=())
    sql: str = ""


def tell(where: Any, vocabulary: Vocabulary, titles: Mapping[str, tuple[str, str]] | None = None) -> Line:
    """A rule in words.

    Args:
        where: the rule as plain values, parameters filled in or not.
        vocabulary: of the run.
        titles: names of other audiences, Chinese and English.
    """
    return _Teller(vocabulary, titles or {}).line(where, is_not=False)


def flat(line: Line, language: str) -> str:
    """A rule as one sentence, for a description."""
    own = line.zh if language == "zh" else line.en
    if not line.below:
        return own
    joined = ("；" if language == "zh" else "; ").join(flat(one, language) for one in line.below)
    return f"{own}（{joined}）" if language == "zh" else f"{own} ({joined})"


class _Teller:
    def __init__(self, vocabulary: Vocabulary, titles: Mapping[str, tuple[str, str]]) -> None:
        self.vocabulary, self.titles = vocabulary, titles

    def line(self, raw: Any, *, is_not: bool) -> Line:
        if not isinstance(raw, Mapping):
            return Line("?", "?")
        if "not" in raw:
            return self.line(raw["not"], is_not=not is_not)
        if "all" in raw or "any" in raw:
            return self._group(raw, is_not=is_not)
        kind = next((kind for kind in _TELLERS if kind in raw), None)
        zh, en = _TELLERS[kind](self, raw) if kind else (str(dict(raw)), str(dict(raw)))
        sql = str(raw["sql"]) if kind == "sql" else ""
        return Line(f"排除：{zh}", f"Not: {en}", sql=sql) if is_not else Line(zh, en, sql=sql)

    def _group(self, raw: Mapping[str, Any], *, is_not: bool) -> Line:
        kind = "all" if "all" in raw else "any"
        below = tuple(self.line(one, is_not=False) for one in raw[kind])
        heads = {
            ("all", False): ("满足以下全部", "All of these hold"),
            ("any", False): ("满足以下任一", "At least one of these holds"),
            ("all", True): ("不同时满足以下全部", "Not all of these hold"),
            ("any", True): ("以下均不满足", "None of these holds"),
        }
        return Line(*heads[kind, is_not], below=below)

    def column(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`沉默天数 ≥ 95`."""
        name = raw["column"]
        asked = self.vocabulary.columns.get(name) or Asked(name, "text", name, name, "rest")
        said = {key: value for key, value in raw.items() if key != "column"}
        parts = [self._compared(asked.family, asked.choices, key, value) for key, value in said.items()]
        zh = f"{asked.zh} " + " 且 ".join(zh for zh, _ in parts)
        return zh, f"{asked.en} " + " and ".join(en for _, en in parts)

    def _compared(self, family: str, choices: Sequence[Choice], op: str, value: Any) -> tuple[str, str]:
        if op in ("days_ago", "ago"):
            return _window({op: value})
        if op == "is_null":
            return ("无值", "is not known") if value else ("有值", "is known")
        if isinstance(value, bool):
            return ("= 是", "= yes") if value else ("= 否", "= no")
        if op == "between":
            low, high = (_plain(one) for one in value)
            return f"介于 {low} 和 {high}", f"between {low} and {high}"
        zh, en = self._named(value, choices)
        heads = {"contains": ("含有", "contains"), "in": ("是", "is"), "ne": ("不是", "is not")}
        if op in heads:
            return f"{heads[op][0]} {zh}", f"{heads[op][1]} {en}"
        if op == "eq" and family in ("text", "list"):
            return f"是 {zh}", f"is {en}"
        return f"{_SIGNS.get(op, op)} {zh}", f"{_SIGNS.get(op, op)} {en}"

    def _named(self, value: Any, choices: Sequence[Choice] = ()) -> tuple[str, str]:
        names = {choice.value: (choice.zh, choice.en) for choice in choices}
        values = value if isinstance(value, list) else [value]
        pairs = [names.get(_plain(one)) or name_of(_plain(one)) for one in values]
        return "、".join(zh for zh, _ in pairs), " or ".join(en for _, en in pairs)

    def tag(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`有标签 价格敏感，最近 30 天内获得`."""
        tags = raw["tag"] if isinstance(raw["tag"], list) else [raw["tag"]]
        known = [self.vocabulary.tags.get(one) for one in tags]
        zh = "、".join(one.zh if one else tag for tag, one in zip(tags, known, strict=True))
        en = " or ".join(one.en if one else tag for tag, one in zip(tags, known, strict=True))
        zh, en = f"有标签 {zh}", f"has the tag {en}"
        choices = known[0].choices if known and known[0] else ()
        for op, value in raw.get("value", {}).items():
            value_zh, value_en = self._compared("text", choices, op, value)
            zh, en = f"{zh}，值{value_zh}", f"{en}, value {value_en}"
        if "since_days_ago" in raw:
            when_zh, when_en = _window({"days_ago": raw["since_days_ago"]})
            zh, en = f"{zh}，获得时间{when_zh}", f"{en}, since {when_en}"
        if "on" in raw:
            zh, en = f"{zh}（{raw['on']} 当日）", f"{en} (as of {raw['on']})"
        return zh, en

    def events(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`最近 90 天内 打开消息 ≥ 2 次`."""
        return self._happened("events", raw["events"])

    def orders(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`最近 90 天内 有效订单 ≥ 2 次`."""
        return self._happened("orders", raw["orders"])

    def _happened(self, what: str, spec: Mapping[str, Any]) -> tuple[str, str]:
        said = spec.get("type", "")
        types = said if isinstance(said, list) else [str(said)]
        fields = self.vocabulary.events if what == "events" else self.vocabulary.orders
        known = {name: self.vocabulary.happened(types, name) if what == "events" else fields[name] for name in fields}
        zh, en = ("有效订单", "valid orders") if what == "orders" else self._named(spec.get("type"), fields["type"])
        details = [self._named(spec[name], known.get(name, ())) for name in known if name != "type" and name in spec]
        if details:
            zh += f"（{'，'.join(one for one, _ in details)}）"
            en += f" ({', '.join(one for _, one in details)})"
        for key in ("days_ago", "ago"):
            if key in spec:
                when_zh, when_en = _window({key: spec[key]})
                zh, en = f"{when_zh} {zh}", f"{en} {when_en}"
        count = spec.get("count") or {"gte": 1}
        if dict(count) == {"gte": 1}:
            return f"{zh}，至少一次", f"{en}, at least once"
        told = [_compared_number(op, value) for op, value in count.items()]
        return f"{zh} {' 且 '.join(z for z, _ in told)} 次", f"{en}, {' and '.join(e for _, e in told)} times"

    def durable(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`拥有耐用品：热水器，已超期`."""
        spec = raw["durable"]
        details = [self._named(spec[one], self.vocabulary.durables.get(one, ())) for one in _DURABLE if one in spec]
        zh = "拥有耐用品" + (f"：{'，'.join(one for one, _ in details)}" if details else "")
        en = "owns a durable" + (f": {', '.join(one for _, one in details)}" if details else "")
        if "bought_days_ago" in spec:
            when_zh, when_en = _window({"days_ago": spec["bought_days_ago"]})
            zh, en = f"{zh}，购买于{when_zh}", f"{en}, bought {when_en}"
        return zh, en

    def sequence(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`先 加入购物车，之后 7 天内没有 有效订单`."""
        said = raw["sequence"]
        steps = []
        for step in ("first", "then"):
            (what, spec), = said[step].items()  # fmt: skip
            zh, en = self._happened(what, spec)
            steps.append((zh.removesuffix("，至少一次"), en.removesuffix(", at least once")))
        days = said["within_days"]
        has = said.get("happens", True)
        zh = f"先 {steps[0][0]}，之后 {days} 天内{'有' if has else '没有'} {steps[1][0]}"
        return zh, f"first {steps[0][1]}, then within {days} days {'' if has else 'no '}{steps[1][1]}"

    def audience(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`属于人群 沉默高价值`."""
        zh, en = self.titles.get(raw["audience"], (raw["audience"], raw["audience"]))
        given = raw.get("parameters") or {}
        tail = ", ".join(f"{name} = {_plain(value)}" for name, value in given.items())
        return f"属于人群 {zh}" + (f"（{tail}）" if tail else ""), f"in the audience {en}" + (
            f" ({tail})" if tail else ""
        )

    def ids(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`指定的 12 位客户`."""
        n = len(raw["ids"]) if isinstance(raw["ids"], list) else 0
        return f"指定的 {n:,} 位客户", f"one of {n:,} named people"

    def list(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """`在名单 vip_2026 中`."""
        return f"在名单 {raw['list']} 中", f"on the list {raw['list']}"

    def sql(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """The query itself is shown beside."""
        return "自定义查询（SQL）", "a query of its own (SQL)"


_TELLERS: Final = {
    "column": _Teller.column, "tag": _Teller.tag, "events": _Teller.events, "orders": _Teller.orders,
    "durable": _Teller.durable, "sequence": _Teller.sequence, "audience": _Teller.audience, "ids": _Teller.ids,
    "list": _Teller.list, "sql": _Teller.sql,
}  # fmt: skip


def _compared_number(op: str, value: Any) -> tuple[str, str]:
    if op == "between":
        low, high = (_plain(one) for one in value)
        return f"介于 {low} 和 {high}", f"between {low} and {high}"
    return f"{_SIGNS.get(op, op)} {_plain(value)}", f"{_SIGNS.get(op, op)} {_plain(value)}"


def _window(raw: Mapping[str, Any]) -> tuple[str, str]:
    """A window of days or of calendar units before the as-of day."""
    unit, said = "days", raw.get("days_ago")
    if "ago" in raw:
        (unit, said), = ((key, value) for key, value in raw["ago"].items() if value is not None)  # fmt: skip
        said = {"between": said} if isinstance(said, list) else said
    assert isinstance(said, Mapping)
    zh, en = _UNITS[unit]
    parts = [_one_window(op, value, zh, en) for op, value in said.items()]
    return " 且 ".join(one for one, _ in parts), " and ".join(one for _, one in parts)


def _one_window(op: str, value: Any, zh: str, en: str) -> tuple[str, str]:
    if op == "between":
        low, high = value
        if isinstance(low, int) and low < 0 and high == 0:
            return f"未来 {-low} {zh}内", f"in the next {-low} {en}"
        return f"{_plain(low)}–{_plain(high)} {zh}前", f"{_plain(low)} to {_plain(high)} {en} ago"
    n = _plain(value)
    told = {
        "lte": (f"最近 {n} {zh}内", f"in the last {n} {en}"),
        "gte": (f"{n} {zh}前或更早", f"{n} {en} ago or earlier"),
        "lt": (f"不到 {n} {zh}前", f"less than {n} {en} ago"),
        "gt": (f"超过 {n} {zh}前", f"more than {n} {en} ago"),
        "eq": (f"正好 {n} {zh}前", f"exactly {n} {en} ago"),
    }
    return told[op]


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return str(value)
