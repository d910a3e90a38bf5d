"""What tools report of a campaign comes back to the person, the arm and the staff; nothing of it is lost or doubled."""

import csv
import datetime as dt
import io

import pytest
from segments_world import EVERYBODY, World, audience, export, plan

from common.errors import UsageError
from segments.campaigns.links import read_links
from segments.campaigns.results import take_results
from warehouse import audit

AT = dt.datetime(2026, 11, 23, 2)


@pytest.fixture
def home(tmp_path):
    world = World()
    for number in range(1, 7):
        world.reachable(world.person(f"P{number}", n_records=1, preferred_store_id="S1"), f"1380000000{number}")
        world.add("core.events", event_id=str(number), one_id=f"P{number}", type="scan", staff_code=f"G{number}",
                  event_at=dt.datetime(2026, 1, 1))  # fmt: skip
    home = world.publish(tmp_path / "home")
    plan(home, holdout={"share": 0.0}, link={"base": "https://brand.example/p"})
    export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    return home


def taken(home, tmp_path, text, encoding="utf-8", **more):
    file = tmp_path / "report.csv"
    file.write_bytes(text.encode(encoding))
    found = take_results(home, file, at=AT, **more)
    rows = [row for path in found.files for row in csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))]
    return found, rows


def test_a_click_on_a_personal_link_is_the_persons_with_arm_staff_and_store(home, tmp_path):
    link = read_links(home, "SP-1").row(0, named=True)
    text = f"url,事件,时间\nhttps://b.example/p?g={link['token']}&u=1,点击,2026-11-22 10:00\n"
    found, rows = taken(home, tmp_path, text)
    assert (found.rows, found.events, found.refused) == (1, {"clicked": 1}, {})
    (row,) = rows
    assert (row["OneID"], row["分组"], row["员工编号"], row["门店编号"]) == (
        link["one_id"], link["arm"], f"G{link['one_id'][1:]}", "S1",
    )  # fmt: skip
    assert (row["活动编号"], row["活动事件"], row["触达渠道"]) == ("SP-1", "clicked", "sms")
    assert row["手机号"] == f"1380000000{link['one_id'][1:]}"


def test_delivery_reports_of_sms_vendors_are_read_by_their_headers(home, tmp_path):
    text = (
        "手机号,发送时间,发送状态\n13800000001,2026/11/22 10:00:00,发送成功\n+8613800000002,2026-11-22 10:00:01,失败\n"
    )
    found, rows = taken(home, tmp_path, text, "gb18030", campaign="spring")
    assert found.events == {"delivered": 1, "failed": 1}
    assert [row["OneID"] for row in rows] == ["P1", "P2"]
    text = "phone_number,send_time,success\n13800000001,2026-11-22 10:00:00,true\n"
    assert taken(home, tmp_path, text, campaign="SP-1")[0].events == {"delivered": 1}


def test_an_opt_out_of_a_number_that_nobody_of_the_campaign_has_is_not_lost(home, tmp_path):
    text = "手机号,回复内容,回复时间\n13900000009,TD,2026-11-22 11:00:00\n"
    found, rows = taken(home, tmp_path, text, campaign="spring")
    assert found.refused == {}
    assert [rows[0][name] for name in ("手机号", "回复内容", "触达渠道", "OneID")] == ["13900000009", "TD", "sms", ""]


def test_what_cannot_be_tied_is_told_with_its_reason(home, tmp_path):
    text = (
        "token,活动编号,手机号,事件,时间\nguess,SP-1,,点击,2026-11-22 10:00\n,SP-9,13800000001,点击,2026-11-22 10:00\n"
        ",SP-1,13800000001,跳舞,2026-11-22 10:00\n,SP-1,13800000001,点击,昨天\n"
    )
    found, rows = taken(home, tmp_path, text)
    assert rows == []
    assert found.refused == {
        "event_unknown": 1, "no_campaign": 1, "nobody_of_the_campaign": 1, "time_unreadable": 1,
    }  # fmt: skip


def test_the_same_report_twice_is_one_file(home, tmp_path):
    text = "手机号,事件,时间\n13800000001,点击,2026-11-22 10:00\n"
    first, _ = taken(home, tmp_path, text, campaign="spring", requested_by="li")
    second, _ = taken(home, tmp_path, text, campaign="spring")
    assert first.files == second.files
    line = next(line for line in audit.read(home) if line["action"] == "campaign_results")
    assert (line["who"], line["rows"], line["taken"]) == ("li", 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n", "to whom"), ("手机号,时间\n1,2\n", "what happened"), ("手机号,事件\n1,2\n", "when")],
)
def test_a_file_without_what_is_needed_is_refused(home, tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        taken(home, tmp_path, text)


def test_results_of_a_campaign_that_no_list_was_made_for_are_read_by_its_audiences_channel_or_refused(home, tmp_path):
    plan(home, name="other", code="OT-1", audience="sample")
    text = "手机号,回复内容,回复时间\n13800000001,TD,2026-11-22 11:00:00\n"
    found, rows = taken(home, tmp_path, text, campaign="other")
    assert (found.refused, rows) == ({"campaign_without_a_channel": 1}, [])
    (home / "audiences").mkdir()
    (home / "audiences" / "sample.yml").write_text((tmp_path / "sample.yml").read_text("utf-8"), encoding="utf-8")
    found, rows = taken(home, tmp_path, text, campaign="other")
    assert found.refused == {} and (rows[0]["手机号"], rows[0]["触达渠道"]) == ("13800000001", "sms")
