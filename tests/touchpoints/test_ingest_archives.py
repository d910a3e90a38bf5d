"""Archives in the landing folder: what lies in them is read as if it lay beside them, and harm is refused."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
import touchpoints_files as files
from touchpoints_files import Ingested, put

BILL = files.wechatpay(files.payment_row("1"), files.payment_row("2"))
OTHER = files.wechatpay(files.payment_row("3"))


def zipped(members: dict[str, bytes], *, gbk_names: bool = False) -> bytes:
    """A zip; with GBK names it says no encoding of them, as Alipay's do."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            if gbk_names:
                # Written under a name of as many bytes, which is then replaced: zipfile itself only writes UTF-8.
                name = "x" * len(name.encode("gb18030"))
            archive.writestr(name, content)
    data = packed.getvalue()
    if gbk_names:
        for name in members:
            raw = name.encode("gb18030")
            data = data.replace(b"x" * len(raw), raw)
    return data


def tarred(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def statuses(done: Ingested) -> dict[str, str]:
    return dict(done.table("source_file").select("path", "status").iter_rows())


def test_each_file_of_a_zip_is_a_file_with_its_own_rows(tmp_path):
    put(tmp_path / "landing", "wechatpay/m/bills.zip", zipped({"a/20260301.csv": BILL, "b/20260302.csv": OTHER}))
    done = Ingested(tmp_path / "landing")
    assert done.counts("wechatpay/m/bills.zip/a/20260301.csv") == (2, 2, 0, 0)
    assert done.counts("wechatpay/m/bills.zip/b/20260302.csv") == (1, 1, 0, 0)
    assert done.file("wechatpay/m/bills.zip/a/20260301.csv")["exported_at_from"] == "name"


def test_names_that_are_gbk_without_saying_so_are_read_as_meant(tmp_path):
    put(tmp_path / "landing", "wechatpay/m/b.zip", zipped({"业务明细.csv": BILL}, gbk_names=True))
    assert statuses(Ingested(tmp_path / "landing")) == {"wechatpay/m/b.zip/业务明细.csv": "loaded"}


@pytest.mark.parametrize(
    ("name", "content", "inside"),
    [
        ("bill.csv.gz", gzip.compress(BILL), "bill.csv"),
        ("bill.tar.gz", tarred({"./x/bill.csv": BILL}), "x/bill.csv"),
        ("bill.tgz", tarred({"bill.csv": BILL}), "bill.csv"),
        ("bill.tar", tarred({"bill.csv": BILL}, "w"), "bill.csv"),
    ],
)
def test_gz_and_tar_are_read_too(tmp_path, name, content, inside):
    put(tmp_path / "landing", f"wechatpay/m/{name}", content)
    done = Ingested(tmp_path / "landing")
    assert done.counts(f"wechatpay/m/{name}/{inside}") == (2, 2, 0, 0)


def test_the_archives_name_tells_the_export_where_its_files_do_not(tmp_path):
    put(tmp_path / "landing", "wechatpay/m/bill20260305.zip", zipped({"bill.csv": BILL}))
    assert str(Ingested(tmp_path / "landing").table("source_file")["exported_at"][0]) == "2026-03-04 16:00:00"


def test_the_same_bytes_inside_and_outside_an_archive_change_nothing(tmp_path):
    put(tmp_path / "landing", "wechatpay/m/20260301.csv", BILL)
    put(tmp_path / "landing", "wechatpay/m/20260302.zip", zipped({"20260302.csv": BILL}))
    done = Ingested(tmp_path / "landing")
    assert statuses(done)["wechatpay/m/20260302.zip/20260302.csv"] == "repeat"


def test_a_workbook_is_no_archive_also_inside_one(tmp_path):
    book = tmp_path / "w.xlsx"
    files.workbook(book, {"工单": [files.AFTER_SALES, files.work_order("G1")]})
    put(tmp_path / "landing", "after_sales/b/w.zip", zipped({"w.xlsx": book.read_bytes()}))
    put(tmp_path / "landing", "after_sales/b/w.xlsx", book.read_bytes())
    assert set(statuses(Ingested(tmp_path / "landing")).values()) == {"loaded", "repeat"}


def test_a_path_that_leads_out_of_the_archive_is_refused_and_the_rest_read(tmp_path):
    put(tmp_path / "landing", "wechatpay/m/b.zip", zipped({"../../pos/x/bill.csv": BILL, "ok.csv": OTHER}))
    done = Ingested(tmp_path / "landing")
    assert statuses(done) == {
        "wechatpay/m/b.zip/../../pos/x/bill.csv": "unreadable",
        "wechatpay/m/b.zip/ok.csv": "loaded",
    }


def test_a_link_inside_a_tar_is_not_followed(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        link = tarfile.TarInfo("passwords.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    put(tmp_path / "landing", "a.tar", packed.getvalue())
    assert statuses(Ingested(tmp_path / "landing")) == {"a.tar/passwords.csv": "unreadable"}


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"a.csv": data})], ids=["gz", "zip"])
def test_what_grows_beyond_reason_is_refused(tmp_path, pack):
    put(tmp_path / "landing", "a.csv.gz", pack(bytes(200 * 1024 * 1024)))
    file = Ingested(tmp_path / "landing").table("source_file")
    assert file["status"].to_list() == ["unreadable"]
    assert "beyond reason" in file["note"][0]


def test_what_cannot_be_opened_is_told_with_its_remedy(tmp_path):
    landing = tmp_path / "landing"
    whole = zipped({"a.csv": BILL})
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    put(landing, "cut.zip", whole[: len(whole) // 2])
    put(landing, "cut.csv.gz", gzip.compress(BILL)[:-9])
    put(landing, "locked.zip", bytes(locked))
    put(landing, "nested.zip", zipped({"inner.zip": whole}))
    put(landing, "none.zip", zipped({"__MACOSX/._a.csv": b"x"}))
    notes = dict(Ingested(landing).table("source_file").select("path", "note").iter_rows())
    assert "damaged" in notes["cut.zip"]
    assert "damaged" in notes["cut.csv.gz/cut.csv"]
    assert "password" in notes["locked.zip/a.csv"]
    assert "inside an archive" in notes["nested.zip/inner.zip"]
    assert "no file" in notes["none.zip"]


def test_two_files_of_one_name_in_an_archive_are_two_files(tmp_path):
    packed = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", BILL)
        archive.writestr("a.csv", OTHER)
    put(tmp_path / "landing", "wechatpay/m/b.zip", packed.getvalue())
    assert set(statuses(Ingested(tmp_path / "landing"))) == {
        "wechatpay/m/b.zip/a.csv",
        "wechatpay/m/b.zip/a.csv (2)",
    }


def test_nothing_is_written_beside_the_archive(tmp_path):
    path = put(tmp_path / "landing", "wechatpay/m/b.zip", zipped({"a.csv": BILL}))
    Ingested(tmp_path / "landing")
    assert [found for found in (tmp_path / "landing").rglob("*") if found.is_file()] == [Path(path)]
