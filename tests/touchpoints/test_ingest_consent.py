"""Who allowed what and who ended it: a list that is exported again grants nothing again, every no counts."""

from datetime import datetime

import polars as pl
import pytest
import touchpoints_files as files
import yaml
from touchpoints_files import Ingested, put

from common.errors import DefinitionError
from touchpoints.contracts import SOURCES, load_contract


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def test_a_grant_whose_moment_no_file_tells_has_no_time(landing):
    member = {"会员编号": "M001", "会员姓名": "何阿姨", "手机号码": "13900002222"}
    put(landing, "pos/east/members_20260501.csv", files.csv_text(files.POS_MEMBER, [member]))
    customer = {"客户姓名": "何阿姨", "客户手机号": "13900002222", "是否会员": "是"}
    put(landing, "youzan/小店/客户导出_20260501.csv", files.csv_text(files.YOUZAN_CUSTOMER, [customer]))
    put(
        landing,
        "wecom/corp1/c_20260501.json",
        files.wecom(({"external_userid": "wo_1", "name": "海边"}, {"userid": "g"})),
    )
    put(landing, "wechat_oa/wx1/a_20260501.jsonl", files.jsonl({"openid": "o_1", "subscribe": 1}))
    buyer = shopify_customer("yes", "yes")
    put(landing, "shopify/us/customers_20260501.csv", files.csv_text(files.SHOPIFY_CUSTOMER, [buyer]))
    consent = Ingested(landing).table("consent")
    assert set(consent["channel"]) == {"sms", "email", "wecom", "wechat_oa"}
    assert consent.height == 6
    assert set(consent["state"]) == {"granted"}
    assert consent["at"].null_count() == consent.height


def test_no_contract_dates_a_grant_by_its_export(tmp_path):
    contract = yaml.safe_load((SOURCES / "pos_member.yml").read_text(encoding="utf-8"))
    contract["consent"][0]["at"] = "coalesce(joined_at, version_at)"
    path = tmp_path / "pos_member.yml"
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DefinitionError, match="moment of the export"):
        load_contract(path)


def shopify_customer(email: str, sms: str) -> dict[str, object]:
    return {
        "Customer ID": "'9013808660771",
        "First Name": "Jo",
        "Last Name": "Miller",
        "Email": "jo@example.com",
        "Phone": "'+12127365000",
        "Accepts Email Marketing": email,
        "Accepts SMS Marketing": sms,
        "Total Spent": "35.00",
    }


def test_a_no_of_a_shopify_customer_always_ends_the_consent(landing):
    rows = files.csv_text(files.SHOPIFY_CUSTOMER, [shopify_customer("no", "no")])
    put(landing, "shopify/us/customers_20260201.csv", rows)
    consent = Ingested(landing).table("consent").sort("channel")
    told = datetime(2026, 1, 31, 16)
    assert consent.select("channel", "state", "at", "basis").rows() == [
        ("email", "revoked", told, "unsubscribe"),
        ("sms", "revoked", told, "unsubscribe"),
    ]


def test_a_no_after_a_yes_ends_the_consent_and_is_an_event(landing):
    for day, answer in (("20260101", "yes"), ("20260201", "no")):
        rows = files.csv_text(files.SHOPIFY_CUSTOMER, [shopify_customer(answer, "yes")])
        put(landing, f"shopify/us/customers_{day}.csv", rows)
    result = Ingested(landing)
    consent = result.table("consent").sort("channel").select("channel", "state")
    assert consent.rows() == [("email", "revoked"), ("sms", "granted")]
    assert result.table("event")["type"].to_list() == ["unsubscribe"]


OPT_OUTS = [
    "TD",
    " 退订 ",
    "r",
    "退订。",
    "退 订",
    "Ｔ",
    "ＴＤ",
    "TD，谢谢",
    "TD谢谢",
    "T D",
    "回T退订",
    "回T",
    "回复TD",
    "回复：td",
]
OPT_OUTS += [
    "t!",
    "N",
    "n。",
    "【退订】",
    "请退订",
    "退訂",
    "拒收",
    "拒收！！",
    "取消",
    "取消订阅",
    "不要再发了",
    "别再发",
    "请勿打扰",
]
OPT_OUTS += ["勿扰", "T\n", "'TD'", "“T”"]
ANSWERS = [
    "好的",
    "多少钱",
    "怎么预约安装",
    "谢谢",
    "1",
    "收到",
    "TDX",
    "Thanks",
    "no",
    "N95",
    "R1型号有货吗",
    "T恤有吗",
    "取消订单",
]
ANSWERS += ["什么时候发货", "", "回复"]


def test_an_opt_out_in_any_spelling_ends_the_consent_and_an_answer_does_not(landing):
    said = OPT_OUTS + ANSWERS
    replies = [files.reply(n, text, f"1390001{n:04d}") for n, text in enumerate(said)]
    put(landing, "aliyun_sms/acc/SmsUp_20260601.json", files.json_array(*replies))
    result = Ingested(landing)
    consent = result.table("consent")
    ended = {said[int(phone[7:])] for phone in consent["id_value"]}
    assert ended == set(OPT_OUTS)
    assert set(consent.select("state", "basis").rows()) == {("revoked", "opt_out_reply")}
    assert result.table("event")["subtype"].drop_nulls().to_list() == ["opt_out"] * len(OPT_OUTS)


def full_list(tmp_path, days):
    """Follower lists of several days under a contract that says they are complete."""
    contract = load_contract(SOURCES / "wechat_oa_follower.yml").model_copy(update={"complete": True})
    for day, names in enumerate(days, start=1):
        put(tmp_path / "landing", f"wechat_oa/wxa/list_2026010{day}.jsonl", files.jsonl(*map(files.follower, names)))
    consent = (
        Ingested(tmp_path / "landing", contracts=[contract])
        .table("consent")
        .filter(pl.col("id_type") == "wechat_openid")
    )
    return {(row["id_value"], row["state"], row["basis"]) for row in consent.iter_rows(named=True)}


def test_who_vanishes_from_a_complete_list_loses_the_consent(tmp_path):
    found = full_list(tmp_path, [["o_1", "o_2", "o_3"], ["o_1", "o_3"]])
    assert {row for row in found if row[1] == "revoked"} == {("o_2", "revoked", "vanished")}
    assert ("o_2", "granted", "follow") in found


def test_who_is_back_in_the_newest_list_has_not_vanished(tmp_path):
    found = full_list(tmp_path, [["o_1", "o_2"], ["o_1"], ["o_1", "o_2", "o_9"]])
    assert not {row for row in found if row[1] == "revoked"}


def test_nobody_vanishes_by_a_list_that_is_half_empty(tmp_path):
    found = full_list(tmp_path, [["o_1", "o_2", "o_3", "o_4", "o_5"], ["o_1", "o_3"]])
    assert not {row for row in found if row[1] == "revoked"}
