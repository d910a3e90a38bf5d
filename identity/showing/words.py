"""Words: what an edge says, in English and in Chinese, without a value in the clear.

Belongs here: the texts of rules and comparison levels. How rare a surname is may be told, which surname it is may not.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from identity.scoring.scheme import Scheme

# What sure rules say; a type that is not here is told by its own name.
RULES: Final[dict[str, tuple[str, str]]] = {
    "identical_description": ("same name, same address, same masked phone", "姓名、地址、脱敏手机号均相同"),
    "steward": ("a steward says so", "人工裁定为同一人"),
    "national_id": ("same national ID", "身份证号相同"),
    "passport": ("same passport", "护照号相同"),
    "wechat_unionid": ("same WeChat unionid", "微信 unionid 相同"),
    "wechat_openid": ("same WeChat openid", "微信 openid 相同"),
    "wecom_external_userid": ("same WeCom external_userid", "企业微信 external_userid 相同"),
    "alipay_user_id": ("same Alipay account", "支付宝账号相同"),
    "weibo_uid": ("same Weibo account", "微博账号相同"),
    "tmall_nick": ("same Tmall account", "天猫账号相同"),
    "taobao_ouid": ("same Taobao OUID in the shop", "店铺内淘宝 OUID 相同"),
    "taobao_oaid": ("same Taobao OAID in the shop and week", "店铺同周内淘宝 OAID 相同"),
    "buyer_open_uid": ("same buyer open_uid in the shop", "店铺内买家 open_uid 相同"),
    "jd_pin": ("same JD account", "京东账号相同"),
    "douyin_open_id": ("same Douyin open_id", "抖音 open_id 相同"),
    "kuaishou_open_id": ("same Kuaishou open_id", "快手 open_id 相同"),
    "xiaohongshu_user_id": ("same Xiaohongshu account", "小红书账号相同"),
    "yz_open_id": ("same Youzan open_id", "有赞 open_id 相同"),
    "shopify_customer_id": ("same Shopify customer", "Shopify 客户编号相同"),
    "woocommerce_customer_id": ("same WooCommerce customer", "WooCommerce 客户编号相同"),
    "square_customer_id": ("same Square customer", "Square 客户编号相同"),
    "pos_card": ("same member card", "会员卡相同"),
    "member_card": ("same member card", "会员卡相同"),
    "user_id": ("same login", "登录账号相同"),
    "klaviyo_id": ("same Klaviyo profile", "Klaviyo 档案相同"),
    "mailchimp_id": ("same Mailchimp contact", "Mailchimp 联系人相同"),
    "zendesk_requester_id": ("same Zendesk requester", "Zendesk 提单人相同"),
    "staff_id": ("same staff number", "工号相同"),
    "partner_id": ("same partner number", "合作伙伴编号相同"),
    "order_buyer": ("buyer of the same order", "同一订单的购买人"),
    "order_receiver": ("receiver of the same order", "同一订单的收货人"),
    "phone": ("same phone, and the names allow it", "手机号相同，姓名不冲突"),
    "email": ("same e-mail, and the names allow it", "邮箱相同，姓名不冲突"),
}
# The schemes' level labels in Chinese; a label that is not here stays as it is.
LEVELS: Final[dict[str, str]] = {
    "same name": "姓名相同",
    "same sound": "姓名同音",
    "one character or the order differs": "姓名差一字或次序不同",
    "what the mask or title shows agrees": "脱敏或称谓所示一致",
    "names differ": "姓名不同",
    "same phone": "手机号相同",
    "the masked phone agrees": "脱敏手机号一致",
    "one digit of the phone differs": "手机号差一位",
    "phones differ": "手机号不同",
    "same address": "地址相同",
    "same estate, building, unit and room": "小区、楼栋、单元、房号相同",
    "same estate": "小区相同",
    "same district": "同区县",
    "same city": "同城",
    "other city": "不同城市",
    "same birth date": "生日相同",
    "two parts of the birth date agree": "生日有两项相同",
    "birth dates differ": "生日不同",
    "same gender": "性别相同",
    "genders differ": "性别不同",
    "same nickname": "昵称相同",
    "nicknames differ": "昵称不同",
    "same e-mail": "邮箱相同",
    "same e-mail name at another provider": "邮箱名相同，服务商不同",
    "e-mails differ": "邮箱不同",
}
COMPARISONS: Final[dict[str, str]] = {
    "name": "姓名", "phone": "手机号", "address": "地址", "birth_date": "生日", "gender": "性别",
    "nickname": "昵称", "email": "邮箱",
}  # fmt: skip
# What relations are called: English and Chinese.
RELATIONS: Final[dict[str, tuple[str, str]]] = {
    "gift_receiver": ("gift receiver", "收礼人"), "receiver": ("receiver (or the same person)", "收货人（或同一人）"),
    "payer_for": ("pays for", "代付人"), "payer": ("payer (or the same person)", "付款人（或同一人）"),
    "referrer": ("referrer", "推荐人"), "agent": ("agent", "导购"), "household": ("lives with", "同住"),
    "employee": ("employee", "员工"), "company_contact": ("company contact", "企业联系人"),
    "same_door": ("same door", "同门牌"), "same_phone": ("same phone", "同手机"),
    "same_email": ("same e-mail", "同邮箱"), "same_landline": ("same landline", "同座机"),
    "same_product_sn": ("same serial number", "同机身码"),
}  # fmt: skip
# The kinds whose evidence is put into words: met orders, and weighed comparisons.
STEADY: Final = "steady"
WEIGHED: Final = ("scored", "doubtful")
# The comparison that a surname's rarity belongs to, and how few must bear a surname for it to be worth a word.
NAME: Final = "name"
RARE: Final = 1 / 500
# Fewer bearers than this are not told apart: the words must not point at anybody.
LEAST_BEARERS: Final = 5


def edge_words(edge: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """Adds what each edge says: words (English) and words_zh.

    Args:
        edge: kind, rule, match_weight, evidence and, where known, rarity (see `rarity`).
        scheme: what the scored edges were compared on.
    """
    spoken = edge.with_row_index("edge_row")
    scored = _scored_texts(scheme, "rarity" in edge.columns)
    texts = [
        _sure(spoken),
        _told(spoken, (STEADY,), _STEADY, _steady_texts()),
        _told(spoken, WEIGHED, _evidence_schema(scheme), scored),
    ]
    return spoken.join(pl.concat(texts), on="edge_row", how="left", maintain_order="left").drop("edge_row")


def rarity(surname: pl.Series, person: pl.Series) -> pl.Series:
    """Per party, N where its surname is borne by about 1 in N people and that is rare; null where it is not.

    N is rounded to 1, 2 or 5 times a power of ten, and never tells of fewer than `LEAST_BEARERS` people.

    Args:
        surname: of each party, null where not told.
        person: of each party.
    """
    people = pl.DataFrame({"surname": surname, "person": person})
    known = people.drop_nulls("surname").unique()
    total = known["person"].n_unique()
    counts = known.group_by("surname").agg(pl.len().clip(LEAST_BEARERS).alias("n"))
    one_in = pl.col("one_in").cast(pl.Float64)
    power = 10 ** one_in.log10().floor()
    step = one_in / power
    rounded = power * pl.when(step < 2).then(1).when(step < 5).then(2).otherwise(5)
    shares = counts.select("surname", (total / pl.col("n")).alias("one_in")).filter(pl.col("one_in") > 1 / RARE)
    told = shares.select("surname", rounded.cast(pl.Int64).alias("one_in"))
    return people.join(told, on="surname", how="left", maintain_order="left")["one_in"]


def _sure(spoken: pl.DataFrame) -> pl.DataFrame:
    """Rules that speak for themselves: equal identifiers, and whatever else is no weighing of evidence."""
    rows = spoken.filter(~pl.col("kind").is_in([STEADY, *WEIGHED]))
    bare = pl.col("rule").str.replace_all("_", " ")
    english, chinese = ({rule: texts[n] for rule, texts in RULES.items()} for n in (0, 1))
    return rows.select(
        "edge_row",
        pl.col("rule").replace_strict(english, default=pl.lit("same ") + bare).alias("words"),
        pl.col("rule").replace_strict(chinese, default=bare + pl.lit(" 相同")).alias("words_zh"),
    )


def _told(
    spoken: pl.DataFrame, kinds: tuple[str, ...], schema: pl.Struct, texts: tuple[pl.Expr, pl.Expr]
) -> pl.DataFrame:
    """Edges whose evidence, in JSON, is put into words."""
    rows = spoken.filter(pl.col("kind").is_in(kinds))
    told = rows.with_columns(pl.col("evidence").str.json_decode(schema).alias("told"))
    return told.select("edge_row", texts[0].alias("words"), texts[1].alias("words_zh"))


_STEADY = pl.Struct({"met": pl.Int64, "orders": pl.Int64})


def _evidence_schema(scheme: Scheme) -> pl.Struct:
    part = pl.Struct({"level": pl.Int64, "weight": pl.Float64})
    return pl.Struct({name: part for name in scheme.level_labels()})


def _steady_texts() -> tuple[pl.Expr, pl.Expr]:
    met, orders = (pl.col("told").struct.field(name) for name in ("met", "orders"))
    is_only = orders == 1
    return (
        pl.when(is_only)
        .then(pl.lit("together on the account's only order"))
        .otherwise(pl.format("together on {} of the account's {} orders", met, orders)),
        pl.when(is_only)
        .then(pl.lit("账号仅有的一单与此人同现"))
        .otherwise(pl.format("账号的 {} 单中有 {} 单与此人同现", orders, met)),
    )


def _scored_texts(scheme: Scheme, has_rarity: bool) -> tuple[pl.Expr, pl.Expr]:
    labels = scheme.level_labels()
    chinese = {name: {n: LEVELS.get(text, text) for n, text in levels.items()} for name, levels in labels.items()}
    weight = pl.sum_horizontal(_field(name, "weight") for name in labels)
    before = (pl.col("match_weight") - weight).alias("before")
    prior = (pl.format("two people at random ({})", _signed(before)), pl.format("随机两人（{}）", _signed(before)))
    rare = (
        (_rare("surname is rare: about 1 in {}"), _rare("姓氏少见：约每 {} 人中 1 人")) if has_rarity else (None, None)
    )
    return (
        _joined(labels, "{} ({})", "; ", rare[0], prior[0]),
        _joined(chinese, "{}（{}）", "；", rare[1], prior[1]),
    )


def _field(name: str, part: str) -> pl.Expr:
    return pl.col("told").struct.field(name).struct.field(part)


def _joined(
    labels: Mapping[str, Mapping[int, str]], form: str, between: str, rare: pl.Expr | None, prior: pl.Expr
) -> pl.Expr:
    """What each comparison says with its weight; those that say nothing are left out."""
    parts: list[pl.Expr] = []
    for name, levels in labels.items():
        level = _field(name, "level")
        text = level.replace_strict(dict(levels), default=None, return_dtype=pl.String)
        said = pl.format(form, text, _signed(_field(name, "weight")))
        if name == NAME and rare is not None:
            agrees = (level > 0) & pl.col("rarity").is_not_null()
            said = pl.when(agrees).then(pl.format("{}" + between + "{}", said, rare)).otherwise(said)
        parts.append(said)
    return pl.concat_str(*parts, prior, separator=between, ignore_nulls=True)


def _rare(form: str) -> pl.Expr:
    return pl.format(form, pl.col("rarity"))


def _signed(weight: pl.Expr) -> pl.Expr:
    """A weight as text with its sign and one digit."""
    rounded = weight.round(1)
    return pl.when(rounded >= 0).then(pl.format("+{}", rounded)).otherwise(rounded.cast(pl.String))
