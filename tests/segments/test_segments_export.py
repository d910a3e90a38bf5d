import csv
import hashlib
import io
import json
import os
import stat

import polars as pl
import pytest
from segments_world import NOW, RUN, World, audience, export

from common.errors import UsageError
from segments.api import export_entries, size_list
from segments.exporting.files import write_folder
from warehouse import audit

EVERYBODY = "{column: n_records, gte: 1}"


@pytest.fixture
def world():
    world = World()
    for number, city in enumerate(["上海", "北京", "呼和浩特"], start=1):
        one_id = world.person(f"P{number}", n_records=number, city=city, is_member=number == 1)
        world.reachable(one_id, f"1380000000{number}")
        world.golden_value.append({"one_id": one_id, "field": "name", "value": f"张{'一二三'[number - 1]}"})
    return world


def rows(report, encoding="utf-8-sig"):
    text = report.csv.read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_list_holds_one_row_a_person_with_chinese_headers(tmp_path, world):
    home = world.publish(tmp_path / "home")
    columns = "[{column: city, label: {zh: 城市, en: City}}, {column: is_member, label: {zh: 会员, en: Member}}]"
    report = export(home, audience(tmp_path, EVERYBODY, personal="[name]", columns=columns))
    assert report.csv == home / "exports" / "sample" / RUN / "sample.csv"
    assert rows(report) == [
        {"客户编号": "P1", "手机号": "13800000001", "姓名": "张一", "城市": "上海", "会员": "是"},
        {"客户编号": "P2", "手机号": "13800000002", "姓名": "张二", "城市": "北京", "会员": "否"},
        {"客户编号": "P3", "手机号": "13800000003", "姓名": "张三", "城市": "呼和浩特", "会员": "否"},
    ]


def test_headers_can_be_english(tmp_path, world):
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), language="en")
    assert list(rows(report)[0]) == ["OneID", "Mobile", "City"]


def test_the_manifest_says_what_the_file_is(tmp_path, world):
    home = world.publish(tmp_path / "home")
    world_audience = audience(tmp_path, EVERYBODY)
    report = export(home, world_audience, requested_by="li", reason="双十一")
    manifest = json.loads(report.manifest.read_text(encoding="utf-8"))
    assert manifest["rows"] == 3
    assert manifest["sha256"] == hashlib.sha256(report.csv.read_bytes()).hexdigest() == report.sha256
    assert manifest["run_id"] == RUN
    assert manifest["as_of"] == "2026-11-21"
    assert manifest["consent"] == {"channel": "sms", "purpose": "marketing"}
    assert manifest["definition"]["where"] == {"column": "n_records", "gte": 1}
    assert "customer.consent_state" in manifest["sql"]
    assert (manifest["requested_by"], manifest["reason"]) == ("li", "双十一")
    assert "1380000" not in report.manifest.read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_every_encoding_holds_every_character(tmp_path, world, encoding):
    world.people[0]["city"] = "𠮷镇 龘 😀 é"
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), encoding=encoding)
    assert rows(report, encoding)[0]["城市"] == "𠮷镇 龘 😀 é"
    assert report.csv.read_bytes().startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")


def test_an_unknown_encoding_is_a_wrong_usage(tmp_path, world):
    with pytest.raises(UsageError, match="gb18030"):
        export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), encoding="big5")


def test_a_list_is_readable_by_its_owner_alone(tmp_path, world):
    os.umask(0o022)
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY))
    assert stat.S_IMODE(report.csv.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.manifest.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.csv.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(report.csv.parent.parent.stat().st_mode) == 0o700


def test_the_same_run_gives_the_same_bytes(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    first = export(home, one)
    assert export(home, one).sha256 == first.sha256


def test_a_second_list_takes_nothing_from_the_first(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    daily = export(home, one, is_sending=False)
    first = export(home, one, reason="the first")
    second = export(home, one, encoding="gb18030", reason="the second")
    again = export(home, one, is_sending=False)
    assert [one.csv.parent.name for one in (daily, first, second, again)] == [RUN, f"{RUN}-2", f"{RUN}-3", RUN]
    assert first.csv.read_bytes().decode("utf-8-sig") == second.csv.read_bytes().decode("gb18030")


def test_a_campaign_without_a_code_gets_a_new_one_each_time_and_one_that_is_named_is_made_again(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    (home / "audiences").mkdir()
    (home / "audiences" / "sample.yml").write_text(one.text, encoding="utf-8")
    sized = size_list(home, one, at=NOW, holdout=0.5)
    first = export(home, one, holdout=0.5)
    assert (sized.campaign, sized.rows, sized.arms) == (first.campaign, first.rows, first.arms)
    assert sized.rows + sized.n_held_out == sized.reach.reachable - sum(sized.dropped.values())
    assert sized.n_held_out == first.dropped["holdout"] and sized.replaces is None
    second = export(home, one, holdout=0.2)
    assert second.campaign == f"{first.campaign}-2" and second.csv.parent != first.csv.parent and first.csv.exists()
    assert second.dropped["other_campaign"] + second.dropped["held_out_by_campaign"] == first.rows + sized.n_held_out
    assert any("belong to another campaign" in note for note in second.notes)
    again = size_list(home, one, at=NOW, campaign=first.campaign)
    assert again.replaces == first.export_id and again.rows == first.rows
    assert export(home, one, campaign=first.campaign).csv == first.csv


def test_a_size_is_the_export_to_come_and_leaves_nothing_behind(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    before = sorted(home.rglob("*"))
    sized = size_list(home, one, at=NOW, holdout=0.5)
    assert sorted(path for path in home.rglob("*") if path.name != ".lock") == before
    assert sized.rows > 0


def test_a_failed_export_leaves_nothing_and_spares_what_was_there(tmp_path, world, monkeypatch):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    before = export(home, one).csv.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("segments.exporting.files.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        export(home, one, encoding="gb18030")
    folder = home / "exports" / "sample"
    assert [path.name for path in folder.iterdir()] == [RUN]
    assert (folder / RUN / "sample.csv").read_bytes() == before


def test_what_a_killed_export_left_is_cleared_away(tmp_path):
    dead = tmp_path / "sample" / ".partial-999999999-x"
    dead.mkdir(parents=True)
    (dead / "sample.csv").write_text("13800000001")
    write_folder(tmp_path / "sample" / "run", {"sample.csv": b"x"})
    assert [path.name for path in (tmp_path / "sample").iterdir()] == ["run"]


def test_out_is_a_folder_whose_other_files_stay(tmp_path, world):
    out = tmp_path / "lists"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), out=out)
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "notes.txt", "sample.csv"]
    assert report.rows == 3


def test_only_the_published_run_is_exported(tmp_path, world):
    home = world.publish(tmp_path / "home", "2026-11-20.1")
    world.publish(home)
    with pytest.raises(UsageError, match="not the published one"):
        export(home, audience(tmp_path, EVERYBODY), run_id="2026-11-20.1")


def test_a_home_without_a_run_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="guiyi run"):
        export(tmp_path, audience(tmp_path, EVERYBODY))


def test_a_missing_vault_gives_no_list(tmp_path, world):
    home = world.publish(tmp_path / "home")
    (home / "vault" / RUN / "identity" / "contact_point.parquet").unlink()
    with pytest.raises(UsageError, match=r"identity\.contact_point"):
        export(home, audience(tmp_path, EVERYBODY))


def test_without_a_channel_no_contact_point_leaves_and_no_vault_is_needed(tmp_path, world):
    home = world.publish(tmp_path / "home")
    (home / "vault" / RUN / "identity" / "contact_point.parquet").unlink()
    report = export(home, audience(tmp_path, EVERYBODY, channel=None))
    assert list(rows(report)[0]) == ["客户编号", "城市"]
    assert report.rows == report.matching == 3


def test_the_limit_counts_usable_rows(tmp_path, world):
    world.contact_point[0]["is_golden"] = False
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY, limit="1"))
    assert [row["客户编号"] for row in rows(report)] == ["P2"]
    assert report.dropped["over_limit"] == 1


def test_an_official_account_list_says_whose_openid_it_is(tmp_path, world):
    world.reachable("P1", "oABC", channel="wechat_oa")
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY, channel="wechat_oa"))
    assert rows(report) == [{"客户编号": "P1", "公众号AppID": "wx0001", "OpenID": "oABC", "城市": "上海"}]


def test_a_person_with_two_nicknames_stays_one_row(tmp_path, world):
    world.golden_value.append({"one_id": "P1", "field": "name", "value": "张壹"})
    assert len(rows(export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)))) == 3


def test_two_columns_of_one_header_are_refused(tmp_path, world):
    columns = "[{column: city, label: {zh: 手机号, en: City}}]"
    with pytest.raises(Exception, match="two columns would have the header 手机号"):
        export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY, columns=columns))


def test_a_value_that_nobody_has_is_told(tmp_path, world):
    where = "{any: [{column: city, in: [上海, 上诲]}, {tag: vip}]}"
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, where))
    assert report.notes == [
        "where.any[0]: in this run no customer.customer_360.city is 上诲; there are: 上海, 北京, 呼和浩特.",
        "where.any[1].tag: in this run no customer.tag.tag is vip.",
    ]


def test_moments_are_told_in_the_business_zone(tmp_path, world):
    world.people[0]["first_seen_at"] = pl.Series(["2026-01-01 16:30:00"]).str.to_datetime()[0]
    columns = "[{column: first_seen_at, label: {zh: 首次触达, en: First seen}}]"
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY, columns=columns))
    assert [row["首次触达"] for row in rows(report)] == ["2026-01-02 00:30:00", "", ""]


@pytest.mark.parametrize("fmt", ["xlsx", "parquet"])
def test_workbooks_and_parquet_hold_the_same_people(tmp_path, world, fmt):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    report = export(home, one, format=fmt)
    content = report.csv.read_bytes()
    assert report.csv.name == f"sample.{fmt}"
    read = pl.read_excel(io.BytesIO(content)) if fmt == "xlsx" else pl.read_parquet(io.BytesIO(content))
    assert read["手机号"].to_list() == ["13800000001", "13800000002", "13800000003"]
    assert export(home, one, format=fmt).sha256 == report.sha256


def test_an_export_is_in_the_audit_trail_and_in_the_register(tmp_path, world):
    home = world.publish(tmp_path / "home")
    report = export(home, audience(tmp_path, EVERYBODY), requested_by="li", reason="双十一")
    (line,) = audit.read(home)
    assert (line["action"], line["who"], line["reason"], line["rows"]) == ("export", "li", "双十一", 3)
    (entry,) = export_entries(home / "exports")
    assert (entry.export_id, entry.sha256, entry.channel) == ("E20261122.1", report.sha256, "sms")
    assert "1380000" not in (home / "exports" / "register.jsonl").read_text() + (home / audit.AUDIT).read_text()


def test_a_delta_holds_who_came_and_who_went(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    first = export(home, one)
    world.says("P1", "13800000001", "revoked", on=9)
    world.state("P1", "revoked")
    world.reachable(world.person("P4", n_records=1, city="上海"), "13800000004")
    world.publish(home, "2026-11-22.1")
    report = export(home, one, delta=True)
    assert [path.name for path in report.files] == ["added.csv", "removed.csv"]
    assert (report.rows, report.added, report.removed) == (3, 1, 1)
    assert rows(report) == [{"客户编号": "P4", "手机号": "13800000004", "城市": "上海"}]
    removed = list(csv.DictReader(io.StringIO(report.files[1].read_text("utf-8-sig"))))
    assert removed == [{"客户编号": "P1", "手机号": "13800000001"}]
    assert json.loads(report.manifest.read_text(encoding="utf-8"))["delta"]["against"] == first.export_id
    again = export(home, one, delta=True)
    assert (again.added, again.removed) == (0, 0)


def test_a_first_delta_is_the_whole_list(tmp_path, world):
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), delta=True)
    assert (report.added, report.removed, report.rows) == (3, 0, 3)


def test_identifiers_are_kept_of_the_newest_export_alone(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    first, second = export(home, one), export(home, one)
    folder = home / "exports" / "register"
    assert pl.read_parquet(folder / f"{first.export_id}.parquet").columns == ["one_id", "arm"]
    assert "key.手机号" in pl.read_parquet(folder / f"{second.export_id}.parquet").columns
    assert stat.S_IMODE((folder / f"{second.export_id}.parquet").stat().st_mode) == 0o600


def test_of_lists_that_nobody_sends_the_newest_members_alone_are_kept(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    _, second = export(home, one, is_sending=False), export(home, one, is_sending=False)
    assert [path.name for path in (home / "exports" / "register").iterdir()] == [f"{second.export_id}.parquet"]
    assert export(home, one, delta=True, is_sending=False).added == 0
    assert export(home, one, delta=True).added == 3  # nothing was sent yet


STEPS = ["audit.record", "enter", "write_folder", "confirm"]


@pytest.mark.parametrize("step", STEPS)
def test_an_export_that_dies_at_any_step_leaves_no_list_or_a_whole_one(tmp_path, world, monkeypatch, step):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(f"segments.exporting.placing.{step}", die)
        export(home, one)
    lists = [path for path in (home / "exports").rglob("*.csv")]
    assert len(lists) == (step == "confirm")
    assert not lists or (audit.read(home) and (lists[0].parent / "manifest.json").exists())
    again = export(home, one, delta=True)
    assert again.added == (0 if step == "confirm" else 3)
