"""The comparisons that the builder offers for each kind of value, with their names."""

from typing import Final

Named = tuple[str, str, str]  # operator, Chinese, English

_KNOWN: Final[tuple[Named, ...]] = (("known", "有值", "is known"), ("unknown", "无值", "is not known"))
NUMBERS: Final[tuple[Named, ...]] = (
    ("gte", "≥", "≥"),
    ("lte", "≤", "≤"),
    ("gt", ">", ">"),
    ("lt", "<", "<"),
    ("eq", "=", "="),
    ("ne", "≠", "≠"),
    ("between", "介于", "is between"),
    ("in", "是其中之一", "is one of"),
)
DAYS: Final[tuple[Named, ...]] = (
    ("days.lte", "距今不超过", "at most … ago"),
    ("days.gte", "距今至少", "at least … ago"),
    ("days.between", "距今介于", "between … ago"),
    ("days.lt", "距今不足", "less than … ago"),
    ("days.gt", "距今超过", "more than … ago"),
    ("days.eq", "距今正好", "exactly … ago"),
    ("days.next", "未来几天内", "in the next … days"),
)
DATES: Final[tuple[Named, ...]] = (
    ("gte", "不早于", "on or after"),
    ("lte", "不晚于", "on or before"),
    ("gt", "晚于", "after"),
    ("lt", "早于", "before"),
    ("eq", "正是", "on"),
    ("ne", "不是", "not on"),
    ("between", "日期介于", "between the dates"),
)
OPERATORS: Final[dict[str, tuple[Named, ...]]] = {
    "number": (*NUMBERS, *_KNOWN),
    "text": (("in", "是", "is"), ("ne", "不是", "is not"), ("contains", "包含文字", "contains the text"), *_KNOWN),
    "date": (*DAYS, *DATES, *_KNOWN),
    "timestamp": (*DAYS, *_KNOWN),
    "boolean": (("yes", "是", "yes"), ("no", "否", "no"), *_KNOWN),
    "list": (("contains", "含有", "contains"), *_KNOWN),
    "other": _KNOWN,
}
WINDOWS: Final[tuple[Named, ...]] = (("", "任何时候", "at any time"), *DAYS[:-1])
COUNTS: Final = (*NUMBERS[:5], NUMBERS[6])
UNITS: Final[tuple[Named, ...]] = (
    ("days", "天", "days"),
    ("weeks", "周", "weeks"),
    ("months", "个月", "months"),
    ("years", "年", "years"),
)
WITHOUT_VALUE: Final = frozenset({"known", "unknown", "yes", "no"})
WITH_TWO: Final = frozenset({"between", "days.between"})


def default_operator(family: str) -> str:
    """What a fresh condition compares with."""
    return OPERATORS[family][0][0]


KINDS: Final[dict[str, tuple[str, str]]] = {
    "column": ("字段", "Column"), "tag": ("标签", "Tag"),
    "events": ("行为事件", "Events"), "orders": ("有效订单", "Orders"),
    "durable": ("拥有的耐用品", "Durables owned"),
    "sequence": ("先后顺序", "One thing, then another"),
    "audience": ("其他人群", "Another audience"), "ids": ("指定客户编号", "Named people"),
    "list": ("导入名单", "A list"),
    "sql": ("自定义查询（SQL）", "A query of its own (SQL)"), "other": ("其他条件", "Another condition"),
}  # fmt: skip
HINTS: Final[dict[str, tuple[str, str]]] = {
    "tag": ("带有某标签，可限定值与获得时间", "carries a tag, with a value or since a time"),
    "events": ("一段时间内做过几次某事", "did something so often in a window"),
    "orders": ("一段时间内有几笔有效订单，可限定品类门店", "so many valid orders in a window, by category or store"),
    "durable": ("家里有某品类，或到了换新期", "owns a category, or is due to replace it"),
    "sequence": ("做了甲之后若干天内做了或没做乙", "did one thing and then, within days, another or not"),
    "audience": ("属于另一个人群：并、交、差", "is in another audience: union, overlap, difference"),
    "ids": ("粘贴一批 OneID", "paste some OneIDs"),
    "list": ("数据目录 lists 里的 CSV 名单", "a CSV of the folder lists"),
    "sql": ("只读查询，给出 one_id", "a read-only query that gives one_id"),
}
