"""Names of the values that tables hold as codes, where no column says which of several meanings a code has."""

from collections.abc import Mapping
from typing import Final

from common.labels import CHANNELS, EVENTS, ORDER_CHANNELS, SOURCES, VALUES

Names = tuple[str, str]

_MORE: Final[dict[str, Names]] = {
    "not_due": ("未到期", "Not due"), "window": ("换新窗口内", "In the window"), "overdue": ("已超期", "Overdue"),
    "champions": ("冠军", "Champions"), "promising": ("有潜力", "Promising"), "dormant": ("沉睡", "Dormant"),
    "needs_attention": ("需关注", "Needs attention"), "previously_loyal": ("曾忠诚", "Previously loyal"),
    "almost_lost": ("将流失", "Almost lost"), "prospects": ("未购", "Prospects"),
    "wechat_mini": ("小程序", "Mini program"), "web": ("官网", "Website"), "phone": ("电话", "Phone"),
    "service": ("售后", "Service"), "ads": ("广告", "Ads"), "qr": ("二维码", "QR code"),
    "partner": ("合作方", "Partner"), "referral": ("推荐", "Referral"), "true": ("是", "Yes"), "false": ("否", "No"),
}  # fmt: skip


def _all() -> dict[str, Names]:
    found: dict[str, Names] = {code: (zh, code) for code, zh in SOURCES.items()}
    for values in reversed(VALUES.values()):
        found |= values
    for labels in (EVENTS, CHANNELS, ORDER_CHANNELS, _MORE):
        found |= _pairs(labels)
    return found


def _pairs(labels: Mapping[str, Names]) -> dict[str, Names]:
    return dict(labels)


_NAMES: Final = _all()


def name_of(value: object) -> Names:
    """A value's names, Chinese and English; itself where it is no code that we know."""
    text = str(value)
    return _NAMES.get(text, (text, text))
