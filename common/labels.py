"""What sources, reasons for rejecting a row and lifecycle stages are called for people to read."""

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
