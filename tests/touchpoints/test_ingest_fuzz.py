"""Mutated files: whatever happens to bytes, every row ends somewhere and nothing breaks."""

import random
import tempfile
from pathlib import Path

import pytest
import touchpoints_files as files
from contract_fixtures import FIXTURES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from touchpoints_files import Ingested, put

_SCRAPS = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff\xfe",
    b"\t",
    b"{",
    b"]",
    b"}",
    b'""',
    b",,,",
    b"\xe4\xbd",
    b"\xb0\xa1",
    b"\\",
    b"'",
    b"=",
    b"*",
]


def originals(folder: Path) -> dict[str, bytes]:
    """A file of every contract, in its platform's shape."""
    book = folder / "book.xlsx"
    files.workbook(book, {"工单": [files.AFTER_SALES, files.work_order("G1"), files.work_order("G2")]})
    customer = {
        "客户姓名": "何阿姨",
        "客户手机号": "13900002222",
        "是否会员": "是",
        "成为会员时间": "2025-01-01 08:00:00",
    }
    buyer = {
        "First Name": "Jo",
        "Last Name": "Miller",
        "Email": "jo@example.com",
        "Accepts Email Marketing": "yes",
        "Total Spent": "1",
    }
    order = {
        "Name": "#1",
        "Email": "jo@example.com",
        "Financial Status": "paid",
        "Total": "3.00",
        "Created at": "2026-01-06 10:37:33 -0500",
        "Lineitem name": "Tap",
        "Notes": 'a\n"b"',
    }
    item = {"订单编号": "77", "标题": "热水器", "价格": "10.00", "购买数量": "1", "订单状态": "交易成功"}
    contact = {"external_userid": "wo_1", "name": "海边"}
    return {
        "tmall/s/ExportOrderList202601030900.csv": files.tmall(*(files.tmall_row(str(i)) for i in range(4))),
        "tmall/s/ExportItemList202601030900.csv": files.csv_text(
            files.TMALL_ITEM, [item, item | {"标题": "滤芯"}]
        ).encode("gb18030"),
        "jd/s/o.csv": files.csv_text(
            files.JD, [files.jd_row("9", "1"), files.jd_row("9", "2"), files.jd_row("8", "2")], quote=False
        ).encode("gb18030"),
        "youzan/s/o.csv": files.csv_text(files.YOUZAN, [files.youzan_row("E1"), files.youzan_row("E2")]).encode(
            "utf-8-sig"
        ),
        "youzan/s/c.csv": files.csv_text(files.YOUZAN_CUSTOMER, [customer]).encode(),
        "wechat_oa/wx/u.jsonl": files.jsonl(files.follower("o_1"), files.follower("o_2")),
        "wecom/c/b.json": files.wecom((contact, {"userid": "g"}), (contact, {"userid": "h"})),
        "wechatpay/m/b.csv": files.wechatpay(files.payment_row("1"), files.payment_row("2")),
        "pos/e/t.jsonl": files.jsonl(files.ticket("T1"), files.ticket("T2")),
        "pos/e/m.csv": files.csv_text(
            files.POS_MEMBER, [{"会员编号": "M1", "手机号码": "\t13900002222"}], quote=False
        ).encode("gb18030"),
        "aliyun_sms/a/r.json": files.json_array(files.receipt("13900002222"), files.receipt("13900003333")),
        "aliyun_sms/a/u.json": files.json_array(files.reply(1, "TD"), files.reply(2, "好")),
        "after_sales/b/w.xlsx": book.read_bytes(),
        "shopify/u/o.csv": files.csv_text(files.SHOPIFY, [order, {"Name": "#1", "Lineitem name": "Cup"}]).encode(),
        "shopify/u/c.csv": files.csv_text(files.SHOPIFY_CUSTOMER, [buyer]).encode(),
    }


def mutated(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(0, 4)):
        place = rng.randrange(len(content) + 1)
        length = rng.choice([1, 1, 3, 20, 200])
        content = rng.choice(
            [
                lambda c, p=place, n=length: c[:p] + c[p + n :],
                lambda c, p=place: c[:p] + rng.choice(_SCRAPS) + c[p:],
                lambda c, p=place, n=length: c[:p] + c[p : p + n] * 2 + c[p + n :],
                lambda c, p=place: c[:p],
                lambda c, p=place: c[:p] + bytes([rng.randrange(256)]) + c[p + 1 :],
                lambda c, p=place: c[:p] + b"\n" + c[p:],
            ]
        )(content)
    return content


def check(seed: int, folder: Path) -> None:
    rng = random.Random(seed)
    for name, content in originals(folder).items():
        put(folder / "landing", name, mutated(content, rng))
    Ingested(folder / "landing").assert_every_row_is_accounted_for()


@given(st.integers(min_value=0, max_value=10**9))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_mutated_files_end_with_every_row_accounted_for(seed):
    with tempfile.TemporaryDirectory() as folder:
        check(seed, Path(folder))


@pytest.mark.parametrize(
    "name", ["tmall/s/ExportOrderList202601030900.csv", "pos/e/t.jsonl", "wecom/c/b.json", "shopify/u/o.csv"]
)
def test_a_file_cut_anywhere_is_accounted_for(tmp_path, name):
    content = originals(tmp_path)[name]
    landing = tmp_path / "landing"
    for cut in range(1, len(content), max(1, len(content) // 25)):
        put(
            landing,
            name.replace("/s/", f"/s{cut}/")
            .replace("/e/", f"/e{cut}/")
            .replace("/c/", f"/c{cut}/")
            .replace("/u/", f"/u{cut}/"),
            content[:cut],
        )
    Ingested(landing).assert_every_row_is_accounted_for()


@pytest.mark.parametrize("seed", [20261122])
def test_mutated_files_of_every_contracts_fixture_are_accounted_for(tmp_path, seed):
    rng = random.Random(seed)
    for fixture in FIXTURES:
        for path in fixture.files:
            content = mutated(path.read_bytes(), rng)
            put(tmp_path / "landing", f"{fixture.source}/{fixture.name}/{path.name}", content)
    done = Ingested(tmp_path / "landing")
    done.assert_every_row_is_accounted_for()
    found = done.table("source_file")
    assert found.height >= sum(len(fixture.files) for fixture in FIXTURES)
    assert set(found["status"]) <= {"loaded", "repeat", "empty", "held", "unknown", "unreadable"}
    assert done.report.rows_accepted > 0
