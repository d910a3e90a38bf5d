"""What sources, reasons, stages, events and channels are called for people to read."""

from typing import Final

SOURCES: Final = {
    "tmall": "天猫/淘宝", "jd": "京东", "douyin": "抖店", "pdd": "拼多多", "wechat_shop": "微信小店",
    "kuaishou": "快手小店", "xiaohongshu": "小红书", "amazon": "亚马逊", "marketplace_case": "平台售后",
    "review": "评价", "erp": "ERP",
    "youzan": "有赞商城", "shopify": "Shopify", "woocommerce": "WooCommerce", "square": "Square", "pos": "门店收银",
    "wechat_oa": "公众号", "wechat_mini": "小程序", "wecom": "企业微信", "weibo": "微博", "wechatpay": "微信支付",
    "alipay": "支付宝", "aliyun_sms": "阿里云短信", "tencent_sms": "腾讯云短信", "sms_console": "短信控制台",
    "twilio": "Twilio", "klaviyo": "Klaviyo", "mailchimp": "Mailchimp", "after_sales": "售后工单", "zendesk": "Zendesk",
    "call_centre": "呼叫中心", "sensors": "神策", "ga4": "GA4", "ad_spend": "广告消耗", "meta_ads": "Meta 广告",
    "ocean_engine": "巨量引擎", "qr": "渠道二维码", "wifi": "门店 Wi-Fi", "store_traffic": "门店客流",
    "store_visits": "到店登记", "referral": "老带新", "partner": "异业合作", "reference": "品牌档案",
    "campaign": "活动名单", "unknown": "未识别",
}  # fmt: skip
REASONS: Final = {
    "id_lossy": "编号被表格软件损坏 id damaged by a spreadsheet",
    "key_missing": "缺少主键 no natural key",
    "bad_time": "时间无法识别 not a time",
    "bad_money": "金额无法识别 not an amount",
    "bad_number": "数字无法识别 not a number",
    "bad_encoding": "乱码 broken encoding",
    "bad_json": "JSON 损坏 broken JSON",
    "too_many_cells": "列数过多 more cells than columns",
    "too_few_cells": "列数不足 fewer cells than columns",
    "unterminated_quote": "引号未闭合 quote without end",
    "value_missing": "缺少必填值 value missing",
    "void": "已作废小票 voided ticket",
    "deleted": "来源已删除 deleted in its source",
    "not_a_customer": "不是客户 not a customer",
    "held": "所在文件被整体扣留 its file is held back whole",
}
STAGES: Final = {
    "potential": "Potential",
    "new": "New",
    "repeat": "Repeat",
    "active": "Active",
    "won_back": "Won back",
    "at_risk": "At risk",
    "silent": "Silent",
    "churned": "Churned",
}
# Types of core.events: Chinese, English.
EVENTS: Final = {
    "scan": ("扫码", "Scan"), "visit": ("访问", "Visit"), "page_view": ("浏览页面", "Page view"),
    "view_product": ("浏览商品", "Product view"), "search": ("搜索", "Search"), "add_to_cart": ("加购", "Add to cart"),
    "checkout": ("去结算", "Checkout"), "purchase": ("下单（埋点）", "Purchase, as tracked"),
    "sign_up": ("注册", "Sign-up"),
    "login": ("登录", "Log-in"), "follow": ("关注", "Follow"), "unfollow": ("取消关注", "Unfollow"),
    "add_friend": ("添加好友", "Friend added"), "remove_friend": ("删除好友", "Friend removed"),
    "subscribe": ("订阅", "Subscribe"), "unsubscribe": ("退订", "Unsubscribe"), "opt_out": ("退订", "Opt-out"),
    "lead_created": ("线索产生", "Lead created"), "lead_followed": ("线索跟进", "Lead followed up"),
    "lead_converted": ("线索转化", "Lead converted"), "lead_lost": ("线索流失", "Lead lost"),
    "message_sent": ("消息发送", "Message sent"), "message_delivered": ("消息送达", "Message delivered"),
    "message_failed": ("消息失败", "Message failed"), "message_opened": ("消息打开", "Message opened"),
    "message_clicked": ("消息点击", "Message clicked"), "message_bounced": ("消息退回", "Message bounced"),
    "message_replied": ("消息回复", "Message replied"), "store_visit": ("到店", "Store visit"),
    "wifi_session": ("门店 Wi-Fi", "Store Wi-Fi"), "call": ("通话", "Call"), "referral": ("推荐", "Referral"),
    "points_earned": ("获得积分", "Points earned"), "points_spent": ("使用积分", "Points spent"),
    "points_expired": ("积分过期", "Points expired"), "coupon_issued": ("发券", "Coupon issued"),
    "coupon_redeemed": ("用券", "Coupon redeemed"), "coupon_expired": ("券过期", "Coupon expired"),
    "stored_value_topped_up": ("储值充值", "Stored value topped up"),
    "stored_value_spent": ("储值消费", "Stored value spent"),
    "level_changed": ("等级变动", "Level changed"), "member_joined": ("入会", "Joined as a member"),
    "refund_requested": ("申请退款", "Refund requested"), "refund": ("退款", "Refund"),
    "refund_rejected": ("退款被拒", "Refund rejected"), "ticket_opened": ("工单创建", "Ticket opened"),
    "ticket_solved": ("工单解决", "Ticket solved"), "compensation": ("补偿", "Compensation"),
    "review": ("评价", "Review"),
    "parcel_shipped": ("包裹发出", "Parcel shipped"), "order_attributed": ("订单归因", "Order attributed"),
    "order_created": ("下单", "Order created"), "order_paid": ("支付订单", "Order paid"),
    "order_shipped": ("订单发货", "Order shipped"), "order_completed": ("订单完成", "Order completed"),
    "order_closed": ("订单关闭", "Order closed"), "payment": ("付款", "Payment"),
}  # fmt: skip
# Channels of core.orders, and those that a person is written to by.
ORDER_CHANNELS: Final = {
    "marketplace": ("电商平台", "Marketplace"), "online_store": ("网店", "Online shop"), "store": ("门店", "Store"),
    "international": ("海外店", "International shop"),
}  # fmt: skip
CHANNELS: Final = {
    "sms": ("短信", "SMS"), "email": ("邮件", "E-mail"), "wechat_oa": ("公众号", "WeChat official account"),
    "wecom": ("企业微信", "WeCom"), "phone": ("电话", "Phone"),
}  # fmt: skip
# Values of customer_360's columns, where they are words of ours.
VALUES: Final = {
    "lifecycle_stage": {
        "potential": ("潜在", "Potential"), "new": ("新客", "New"), "repeat": ("复购", "Repeat"),
        "active": ("活跃", "Active"),
        "won_back": ("召回", "Won back"), "at_risk": ("预警", "At risk"), "silent": ("沉默", "Silent"),
        "churned": ("流失", "Churned"),
    },
    "gender": {"male": ("男", "Male"), "female": ("女", "Female")},
    "ladder_step": {
        "traffic": ("流量", "Traffic"), "follower": ("粉丝", "Follower"), "member": ("会员", "Member"),
        "buyer": ("购买", "Buyer"), "repeat": ("复购", "Repeat buyer"), "referrer": ("推荐", "Referrer"),
    },
    "clv_tier": {
        "platinum": ("铂金", "Platinum"), "gold": ("黄金", "Gold"), "silver": ("白银", "Silver"),
        "bronze": ("青铜", "Bronze"),
        "medium": ("中", "Medium"), "low": ("低", "Low"),
    },
    "churn_risk": {"low": ("低", "Low"), "medium": ("中", "Medium"), "high": ("高", "High")},
    "loyalty_band": {
        "advocate": ("拥护", "Advocate"), "loyal": ("忠诚", "Loyal"), "regular": ("常客", "Regular"),
        "occasional": ("偶尔", "Occasional"),
    },
    "satisfaction_band": {"unhappy": ("不满", "Unhappy"), "neutral": ("一般", "Neutral"), "happy": ("满意", "Happy")},
    "price_sensitivity": {"high": ("高", "High"), "medium": ("中", "Medium"), "low": ("低", "Low")},
    "price_level": {"cheap": ("低价位", "Cheap"), "middle": ("中价位", "Middle"), "expensive": ("高价位", "Expensive")},
}  # fmt: skip
