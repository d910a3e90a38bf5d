"""What kinds of things are called on people's pages: Chinese and English. A code that is not here is shown as it is.

Belongs here: labels alone, each a pair for `t(*pair)`.
"""

from typing import Final

from common.labels import SOURCES, STAGES
from identity.showing.words import RELATIONS

Pair = tuple[str, str]

FIELDS: Final[dict[str, Pair]] = {
    "name": ("姓名", "Name"), "nickname": ("昵称", "Nickname"), "phone": ("手机", "Phone"), "email": ("邮箱", "E-mail"),
    "national_id": ("身份证", "National ID"), "gender": ("性别", "Gender"), "birth_date": ("生日", "Birth date"),
    "country": ("国家", "Country"), "province_code": ("省", "Province"), "city_code": ("市", "City"),
    "district_code": ("区县", "District"), "address": ("地址", "Address"),
}  # fmt: skip
# How golden values are chosen, and what the others lost by.
RULES: Final[dict[str, str]] = {
    "newest": "取最新", "most frequent, then most trusted source": "取最常见，其次来源最可信",
    "most complete, then most trusted source, then most frequent": "取最完整，其次来源最可信，再次最常见",
    "their own before a receiver's, then newest": "本人优先于收货人，其次最新",
    "older": "较旧", "less complete": "不够完整", "less trusted source": "来源可信度较低", "less frequent": "较少见",
    "said by a less telling party of a record": "非本人所述",
    "equal in everything; the record with the lower id was taken": "各项相同，取编号小者",
}  # fmt: skip
ID_TYPES: Final[dict[str, Pair]] = {
    "phone": ("手机", "Phone"), "email": ("邮箱", "E-mail"), "national_id": ("身份证", "National ID"),
    "passport": ("护照", "Passport"), "wechat_unionid": ("微信 unionid", "WeChat unionid"),
    "wechat_openid": ("微信 openid", "WeChat openid"), "wecom_external_userid": ("企微外部联系人", "WeCom contact"),
    "alipay_user_id": ("支付宝", "Alipay"), "weibo_uid": ("微博", "Weibo"), "tmall_nick": ("天猫昵称", "Tmall account"),
    "taobao_ouid": ("淘宝 OUID", "Taobao OUID"), "taobao_oaid": ("淘宝 OAID", "Taobao OAID"),
    "buyer_open_uid": ("买家 open_uid", "Buyer open_uid"), "jd_pin": ("京东账号", "JD account"),
    "douyin_open_id": ("抖音 open_id", "Douyin open_id"), "kuaishou_open_id": ("快手 open_id", "Kuaishou open_id"),
    "xiaohongshu_user_id": ("小红书", "Xiaohongshu"), "yz_open_id": ("有赞 open_id", "Youzan open_id"),
    "shopify_customer_id": ("Shopify 客户", "Shopify customer"), "pos_card": ("会员卡", "Member card"),
    "member_card": ("会员卡", "Member card"), "user_id": ("登录账号", "Login"), "staff_id": ("工号", "Staff number"),
    "partner_id": ("合作伙伴编号", "Partner number"), "order_buyer": ("同单购买人", "Buyer of an order"),
    "order_receiver": ("同单收货人", "Receiver of an order"), "phone_masked": ("脱敏手机", "Masked phone"),
    "email_masked": ("脱敏邮箱", "Masked e-mail"), "phone_virtual": ("虚拟号", "Virtual phone"),
    "landline": ("座机", "Landline"), "product_sn": ("机身码", "Serial number"),
    "distinct_id": ("设备/浏览器", "Device"),
    "ga_user_pseudo_id": ("浏览器（GA）", "Browser (GA)"), "cookie_id": ("浏览器", "Browser"),
    "android_oaid": ("安卓设备", "Android device"), "idfa": ("苹果设备", "Apple device"), "imei": ("IMEI", "IMEI"),
    "mac": ("MAC", "MAC"), "one_id": ("OneID", "OneID"), "alias": ("旧 OneID", "Earlier OneID"),
    "order": ("订单号", "Order number"), "record": ("来源编号", "Number of a record"),
}  # fmt: skip
ID_TYPES["name"] = FIELDS["name"]
CHANNELS: Final[dict[str, Pair]] = {
    "sms": ("短信", "SMS"), "email": ("邮件", "E-mail"), "wechat_oa": ("公众号", "WeChat account"),
    "wecom": ("企业微信", "WeCom"), "wechat_mini": ("小程序", "Mini programme"), "web": ("网站", "Website"),
    "app": ("App", "App"), "marketplace": ("电商平台", "Marketplace"), "online_store": ("自营商城", "Online store"),
    "store": ("门店", "Store"), "international": ("海外", "International"), "service": ("售后", "Service"),
    "qr": ("二维码", "QR code"), "referral": ("老带新", "Referral"), "partner": ("异业合作", "Partner"),
    "ads": ("广告", "Ads"), "phone": ("电话", "Phone"), "any": ("全部渠道", "Any channel"),
    "all": ("全部渠道", "All channels"),
}  # fmt: skip
PURPOSES: Final[dict[str, Pair]] = {
    "marketing": ("营销", "Marketing"), "profiling": ("画像", "Profiling"), "service": ("服务", "Service"),
    "sharing": ("对外提供", "Sharing"), "all": ("全部用途", "All purposes"), "any": ("全部用途", "All purposes"),
}  # fmt: skip
BASES: Final[dict[str, Pair]] = {
    "follow": ("关注", "Followed"), "unfollow": ("取消关注", "Unfollowed"), "opt_in": ("主动同意", "Opted in"),
    "membership_terms": ("会员协议", "Membership terms"), "unsubscribe": ("退订", "Unsubscribed"),
    "opt_out_reply": ("回复退订", "Replied to opt out"), "contract": ("合同", "Contract"),
}  # fmt: skip
ORDER_STATES: Final[dict[str, Pair]] = {
    "created": ("已下单", "Created"), "paid": ("已付款", "Paid"), "shipped": ("已发货", "Shipped"),
    "completed": ("已完成", "Completed"), "closed": ("已关闭", "Closed"), "cancelled": ("已取消", "Cancelled"),
    "refunded": ("已退款", "Refunded"), "part_shipped": ("部分发货", "Partly shipped"),
}  # fmt: skip
ASSETS: Final[dict[str, Pair]] = {
    "points": ("积分", "Points"), "coupon": ("优惠券", "Coupons"), "stored_value": ("储值", "Stored value"),
    "principal": ("本金", "principal"), "gift": ("赠金", "gift"), "all": ("", ""), "unspecified": ("", ""),
}  # fmt: skip
DURABLE_STATES: Final[dict[str, Pair]] = {
    "not_due": ("未到期", "Not due"), "due": ("到期", "Due"), "overdue": ("已过", "Overdue"),
}  # fmt: skip
VALUES: Final[dict[str, Pair]] = {
    "medium": ("中", "Medium"), "occasional": ("偶尔", "Occasional"), "regular": ("常客", "Regular"),
    "advocate": ("拥护者", "Advocate"), "true": ("是", "Yes"),
    "diamond": ("钻石", "Diamond"), "platinum": ("铂金", "Platinum"), "gold": ("黄金", "Gold"),
    "silver": ("白银", "Silver"), "bronze": ("青铜", "Bronze"), "base": ("普通", "Base"),
    "low": ("低", "Low"),
    "middle": ("中", "Middle"), "high": ("高", "High"), "loyal": ("忠诚", "Loyal"),
    "male": ("男", "Male"), "female": ("女", "Female"),
}  # fmt: skip
ROLES: Final[dict[str, Pair]] = {
    "buyer": ("购买人", "buyer"), "receiver": ("收货人", "receiver"), "payer": ("付款人", "payer"),
    "member": ("会员", "member"), "contact": ("联系人", "contact"), "referrer": ("推荐人", "referrer"),
    "lead": ("线索", "lead"), "agent": ("导购", "agent"),
}  # fmt: skip
RECORDS: Final[dict[str, Pair]] = {
    "order": ("订单", "order"), "customer": ("客户", "customer"), "message": ("短信", "message"),
    "activity": ("行为", "activity"), "campaign_member": ("活动名单", "campaign list"), "coupon": ("优惠券", "coupon"),
    "points": ("积分", "points"), "payment": ("支付", "payment"), "referral": ("推荐", "referral"),
    "ticket": ("工单", "ticket"), "lead": ("线索", "lead"), "review": ("评价", "review"), "visit": ("到店", "visit"),
    "stored_value": ("储值", "stored value"),
}  # fmt: skip
EVENTS: Final[dict[str, Pair]] = {
    "order": ("下单", "Order"), "refund": ("退款", "Refund"), "payment": ("付款", "Payment"),
    "visit": ("访问", "Visit"), "page_view": ("浏览页面", "Page view"), "view_product": ("浏览商品", "Product viewed"),
    "add_to_cart": ("加购", "Added to cart"), "checkout": ("提交订单", "Checkout"), "login": ("登录", "Login"),
    "sign_up": ("注册", "Signed up"), "message_sent": ("发送消息", "Message sent"),
    "message_delivered": ("消息送达", "Message delivered"), "message_failed": ("消息失败", "Message failed"),
    "message_opened": ("打开消息", "Message opened"), "message_clicked": ("点击消息", "Message clicked"),
    "message_replied": ("回复消息", "Replied to a message"), "store_visit": ("到店", "Store visit"),
    "scan": ("扫码", "Scan"),
    "ticket_opened": ("提交工单", "Ticket opened"), "ticket_solved": ("工单解决", "Ticket solved"),
    "review": ("评价", "Review"), "follow": ("关注公众号", "Followed"), "unfollow": ("取消关注", "Unfollowed"),
    "add_friend": ("加企微好友", "Became a WeCom friend"),
    "remove_friend": ("删除企微好友", "Removed the WeCom friend"),
    "member_joined": ("入会", "Became a member"), "coupon_issued": ("领券", "Coupon issued"),
    "coupon_redeemed": ("用券", "Coupon redeemed"), "coupon_expired": ("券过期", "Coupon expired"),
    "points_earned": ("得积分", "Points earned"), "points_spent": ("用积分", "Points spent"),
    "points_expired": ("积分过期", "Points expired"), "stored_value_topped_up": ("储值", "Stored value topped up"),
    "stored_value_spent": ("储值消费", "Stored value spent"), "lead_created": ("新线索", "Lead created"),
    "lead_followed": ("跟进线索", "Lead followed up"), "lead_converted": ("线索成交", "Lead converted"),
    "lead_lost": ("线索流失", "Lead lost"), "referral": ("推荐他人", "Referred somebody"),
    "campaign": ("进入活动名单", "On a campaign's list"), "consent": ("授权变更", "Consent"),
}  # fmt: skip
# Why values are not trusted, by how the reason begins.
REASONS: Final[dict[str, str]] = {
    "held by": "先后或同时由多人使用", "a phone of the brand's staff": "品牌员工的手机", "stands for nobody": "占位值",
    "this type or strength does not link": "此类标识不单独归一", "blocked by a steward": "人工停用",
    "allowed by a steward": "人工放行",
}  # fmt: skip


def relation(code: str) -> Pair:
    """What a relation is called."""
    english, chinese = RELATIONS.get(code, (code, code))
    return chinese, english


def source(code: str) -> Pair:
    """What a source is called."""
    return SOURCES.get(code, code), code.replace("_", " ")


def stage(code: str, chinese: str) -> Pair:
    """What a lifecycle stage is called."""
    return chinese, STAGES.get(code, code)


def label(names: dict[str, Pair], code: str | None) -> Pair:
    """What a code is called; the code itself where nobody named it."""
    if not code:
        return "–", "–"
    return names.get(code, (code, code.replace("_", " ")))


def reason(text: str | None) -> Pair:
    """Why a value is not trusted."""
    if not text:
        return "", ""
    found = [zh for start, zh in REASONS.items() if text.startswith(start)]
    return (found[0] if found else text), text
