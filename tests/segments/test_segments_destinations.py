"""Every tool gets its file in its own form, and nobody who has not agreed to what the tool does."""

import csv
import datetime as dt
import hashlib
import io
import re

import polars as pl
import pytest
from segments_world import SCOPES, World, audience, export, plan

from common.errors import DefinitionError, UsageError
from console.audiences.sentences import both
from segments.api import find_destination, load_destinations, open_published, preview, size_campaign
from segments.exporting.destination import load_destination
from segments.exporting.hashing import hashed, normalised

EVERYBODY = "{column: n_records, gte: 1}"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def world():
    world = World()
    for number, store in enumerate(["S1", "S2", "S1"], start=1):
        one_id = world.person(f"P{number}", n_records=number, city="上海", preferred_store_id=store)
        world.golden_value.append({"one_id": one_id, "field": "name", "value": f"张{'一二三'[number - 1]}"})
        for channel, value in {"sms": f"1380000000{number}", "email": f" A.b{number}@Gmail.com"}.items():
            world.reachable(one_id, value, channel=channel)
    return world


def agrees(world, purpose, channels=("sms", "email")):
    """Everybody's consent, said once more for another purpose."""
    for row in [row for row in world.consent if row["channel"] in channels]:
        world.consent.append({**row, "purpose": purpose})
    for row in [row for row in world.rows["customer.consent_state"] if row["channel"] in channels]:
        world.add("customer.consent_state", **{**row, "purpose": purpose})


def table(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


@pytest.mark.parametrize("name", sorted(load_destinations()))
def test_a_destination_gives_a_file_with_its_headers_and_keeps_the_count(tmp_path, world, name):
    tool = load_destinations()[name]
    channel = tool.channel or "sms"
    if channel in ("wecom", "wechat_oa"):
        for number in range(1, 4):
            world.reachable(f"P{number}", f"id{number}", channel=channel)
    if tool.purpose != "marketing":
        agrees(world, tool.purpose)
    if channel == "phone":
        for row in [row for row in world.consent if row["channel"] == "sms"]:
            world.consent.append({**row, "channel": "phone"})
            world.state(row["record_id"].removeprefix("R-"), channel="phone")
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), destination=name)
    assert report.rows == 3
    assert report.rows + sum(report.dropped.values()) == report.matching
    if tool.format == "csv" and tool.has_header:
        assert table(report.csv)[0] == [column.header for column in tool.columns]
    if tool.format == "xlsx":
        sheet = pl.read_excel(io.BytesIO(report.csv.read_bytes()))
        assert sheet.columns[: len(tool.columns) - 1] == [c.header for c in tool.columns if c.header]
        assert "城市" in sheet.columns


def test_advertisers_get_hashes_of_what_they_ask_to_be_hashed(tmp_path, world):
    agrees(world, "advertising")
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    meta = table(export(home, one, destination="meta_customer_match").csv)
    assert meta[1] == [sha("a.b1@gmail.com"), sha("8613800000001")]
    google = table(export(home, one, destination="google_customer_match").csv)
    assert google[1] == [sha("ab1@gmail.com"), sha("+8613800000001")]
    tencent = export(home, one, destination="tencent_ads_md5")
    assert tencent.csv.read_text().split() == [hashlib.md5(f"1380000000{n}".encode()).hexdigest() for n in (1, 2, 3)]
    ocean = export(home, one, destination="ocean_engine_sha256")
    assert ocean.csv.read_text().split() == [sha(f"1380000000{n}") for n in (1, 2, 3)]


def test_consent_to_messages_is_no_consent_to_advertisers_or_calls(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    for name in (
        "meta_customer_match",
        "google_customer_match",
        "tencent_ads_sha256",
        "ocean_engine_md5",
        "call_centre",
    ):
        report = export(home, one, destination=name)
        assert (report.rows, report.dropped["no_consent_recorded"]) == (0, 3)
    (home / "policy.yml").write_text("salt: s\ncovered_by: {advertising: marketing}\n")
    assert export(home, one, destination="meta_customer_match").rows == 3


def test_a_second_contact_point_is_given_only_where_that_was_agreed_to_as_well(tmp_path, world):
    world.state("P2", "revoked")
    world.says("P3", "13800000003", "revoked", on=9)
    rows = table(export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), destination="klaviyo").csv)
    assert [row[:2] for row in rows[1:]] == [
        ["a.b1@gmail.com", "+8613800000001"], ["a.b2@gmail.com", ""], ["a.b3@gmail.com", ""],
    ]  # fmt: skip
    assert rows[1][2:] == ["张一", "P1", "sample"]


ABROAD = "19495550147"  # eleven digits that a mainland mobile might have


@pytest.fixture
def with_somebody_abroad(world):
    world.person("P4", n_records=4, city="上海", preferred_store_id="S1")
    world.reachable("P4", ABROAD, scope="US")
    return world


def test_a_number_abroad_is_written_with_its_plus(tmp_path, with_somebody_abroad):
    home, one = with_somebody_abroad.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    plain = export(home, one)
    assert [row[1] for row in table(plain.csv)[1:]] == ["13800000001", "13800000002", "13800000003", f"+{ABROAD}"]
    store = export(home, one, destination="per_store")
    numbers = pl.read_excel(io.BytesIO(store.csv.read_bytes()), infer_schema_length=0)["联系方式"].to_list()
    assert f"+{ABROAD}" in numbers and "13800000001" in numbers


@pytest.mark.parametrize("name", sorted(name for name, tool in load_destinations().items() if tool.countries))
def test_a_tool_of_mainland_numbers_gets_no_number_abroad(tmp_path, with_somebody_abroad, name):
    if load_destinations()[name].purpose != "marketing":
        agrees(with_somebody_abroad, "advertising")
    home, one = with_somebody_abroad.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    report = export(home, one, destination=name)
    assert (report.rows, report.dropped["contact_point_abroad"]) == (3, 1)
    assert report.rows + sum(report.dropped.values()) == report.matching


def test_who_has_a_mainland_number_too_is_reached_by_that(tmp_path, with_somebody_abroad):
    with_somebody_abroad.contact("P4", "13800000009", golden=False)
    with_somebody_abroad.says("P4", "13800000009")
    home, one = with_somebody_abroad.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    report = export(home, one, destination="tencent_sms")
    assert (report.rows, report.dropped["contact_point_abroad"]) == (4, 0)


def test_a_list_is_split_by_store_and_by_the_rows_that_a_tool_takes(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    report = export(home, one, destination="per_store")
    assert [path.name for path in report.files] == ["sample-S1.xlsx", "sample-S2.xlsx"]
    (home / "destinations").mkdir()
    text = "name: small\nlabel: {zh: 小, en: Small}\ndescription: {zh: 小, en: Small}\ngrade: M\nevidence: ours\n"
    columns = "columns: [{header: 手机, from: contact}, {header: 渠道, text: 短信}]\n"
    (home / "destinations" / "small.yml").write_text(text + "channel: sms\nmax_rows: 2\nencoding: gb18030\n" + columns)
    report = export(home, one, destination="small")
    assert [path.name for path in report.files] == ["sample-01.csv", "sample-02.csv"]
    assert report.csv.read_bytes().decode("gb18030") == "手机,渠道\r\n13800000001,短信\r\n13800000002,短信\r\n"
    assert {path.parent.name for path in report.files} == {"2026-11-21.1.small"}


def test_staff_get_those_whom_they_last_served(tmp_path, world):
    for number, (one_id, staff) in enumerate([("P1", "G1"), ("P1", "G2"), ("P2", "G1")]):
        moment = dt.datetime(2026, 1, 1 + number)
        world.add("core.events", event_id=str(number), one_id=one_id, type="scan", staff_code=staff, event_at=moment)
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), destination="per_staff")
    assert [path.name for path in report.files] == ["sample-G1.xlsx", "sample-G2.xlsx", "sample-none.xlsx"]


def test_the_plain_variant_says_nothing_of_people(tmp_path, world):
    home = world.publish(tmp_path / "home")
    one = audience(tmp_path, EVERYBODY, personal="[name]")
    assert table(export(home, one, variant="non_personalised").csv)[0] == ["客户编号", "手机号"]
    klaviyo = table(export(home, one, variant="non_personalised", destination="klaviyo").csv)
    assert [row[2] for row in klaviyo[1:]] == ["", "", ""]


def test_an_audience_without_a_channel_goes_to_no_tool(tmp_path, world):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY, channel=None)
    for name in ("aliyun_sms", "per_store"):
        with pytest.raises(UsageError, match="has no channel"):
            export(home, one, destination=name)


@pytest.mark.parametrize(
    ("how", "country", "value", "expected"),
    [
        ("digits_with_country", "CN", "13800000001", "8613800000001"),
        ("digits_with_country", "US", "13125550123", "13125550123"),
        ("e164", "CN", "13800000001", "+8613800000001"),
        ("e164", "US", "13125550123", "+13125550123"),
        ("digits", "CN", "138 0000-0001", "13800000001"),
        ("dialled", "CN", "13800000001", "13800000001"),
        ("dialled", "US", "13125550123", "+13125550123"),
        ("dialled", "", "13125550123", "+13125550123"),
        ("trim_lower", "", " A.B@X.cn ", "a.b@x.cn"),
        ("google_email", "", " A.B@Googlemail.com", "ab@googlemail.com"),
        ("google_email", "", "A.B@x.cn", "a.b@x.cn"),
        (None, "", " A ", " A "),
    ],
)
def test_identifiers_are_brought_to_the_form_that_is_asked_for(how, country, value, expected):
    assert normalised(pl.Series([value, None]), pl.Series([country, None]), how).to_list() == [expected, None]
    assert hashed(pl.Series(["a", None]), "sha256").to_list() == [sha("a"), None]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("[{header: a, from: name}]", "who is meant"),
        ("[{header: a, from: contact}, {header: a, text: b}]", "have the header a"),
        ("[{header: a}]", "either `from` or `text`"),
        ("[{from: contact}]", "has a header"),
        ("[{header: a, from: one_id, hash: md5}]", "for `from: contact`"),
        ("[{header: a, from: contact, hash: crc32}]", "hash"),
    ],
)
def test_a_wrong_template_is_refused(tmp_path, columns, message):
    path = tmp_path / "small.yml"
    head = "name: small\nlabel: {zh: 小, en: Small}\ndescription: {zh: 小, en: Small}\ngrade: M\nevidence: ours\n"
    path.write_text(f"{head}columns: {columns}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        load_destination(path)


def test_scopes_of_the_sample_are_those_of_the_vault():
    assert SCOPES["sms"] == "CN"


@pytest.mark.parametrize(
    "tool", ["meta_customer_match", "google_customer_match", "tencent_ads_md5", "ocean_engine_sha256"]
)
def test_an_upload_to_advertisers_that_nobody_agreed_to_says_why_it_is_empty_and_what_to_do(tmp_path, world, tool):
    home, one = world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY)
    said = rf"purpose advertising \({find_destination(tool).channel or 'sms'}\).*covered_by: {{advertising: marketing}}"
    report = export(home, one, destination=tool)
    assert report.rows == 0 and any(re.search(said, note) for note in report.notes)
    with open_published(home) as published:
        seen = preview(published, one, destination=find_destination(tool), people=0)
        assert seen.reach.reachable == 0 and seen.reach.unreachable["no_consent_recorded"] == seen.reach.matching
        assert any(re.search(said, note) for note in seen.notes)
        assert not preview(published, one, people=0).notes
    plan(home, destination=tool)
    (home / "audiences").mkdir()
    (home / "audiences" / "sample.yml").write_text((tmp_path / "sample.yml").read_text("utf-8"), encoding="utf-8")
    sized = size_campaign(home, "spring")
    assert sized.reach.reachable == 0 and re.search(said, sized.notes[0])
    (home / "policy.yml").write_text("salt: s\ncovered_by: {advertising: marketing}\n")
    assert not [note for note in export(home, one, destination=tool, delta=True).notes if "purpose" in note]
    chinese, english = both(report.notes)[0]
    assert (
        "名单必为空" in chinese and "policy.yml" in chinese and "Nobody" not in chinese and english == report.notes[0]
    )


def test_once_somebody_agreed_to_be_uploaded_the_list_says_nothing_more(tmp_path, world):
    agrees(world, "advertising")
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY), destination="tencent_ads_md5")
    assert report.rows == 3 and not [note for note in report.notes if "purpose" in note]
