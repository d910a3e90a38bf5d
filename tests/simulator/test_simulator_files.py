import json

import fastexcel
import pytest

from simulator.writers.dressing import header


def files(simulated, pattern):
    found = sorted(simulated.landing.glob(pattern))
    assert found, pattern
    return [path for path in found if not path.name.startswith(("合并_", "未完成_"))]


def head(path, encoding):
    return path.read_bytes().decode(encoding).splitlines()[0]


@pytest.mark.parametrize("pattern", ["tmall/*/*.csv", "jd/*/*.csv", "pos/*/members_*.csv", "misc/*/*.csv"])
def test_files_of_chinese_tools_are_gb18030_and_not_utf8(simulated, pattern):
    for path in files(simulated, pattern):
        path.read_bytes().decode("gb18030")
        with pytest.raises(UnicodeDecodeError):
            path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("pattern", ["youzan/澄屿*/*.csv", "shopify/*/*.csv", "wechatpay/*/*.csv", "pos/*/*.jsonl"])
def test_files_of_web_tools_are_utf8(simulated, pattern):
    for path in files(simulated, pattern):
        path.read_bytes().decode("utf-8")


def test_youzan_files_come_with_and_without_a_byte_order_mark(simulated):
    marks = {path.read_bytes().startswith(b"\xef\xbb\xbf") for path in files(simulated, "youzan/澄屿*/*.csv")}
    assert marks == {True, False}


def test_tmall_order_lists_have_the_header_of_their_time(simulated):
    heads = [head(path, "gb18030") for path in files(simulated, "tmall/澄屿旗舰店/ExportOrderList*.csv")]
    assert heads[0] == ",".join(f'"{c}"' for c in header("tmall_order_v2017"))
    assert any(h == ",".join(f'"{c}"' for c in header("tmall_order_v2018")) for h in heads)
    assert "买家实付金额" in heads[-1] and "买家实际支付金额" not in heads[-1]


def test_tmall_order_numbers_are_formula_cells_and_phones_have_an_apostrophe(simulated):
    first = files(simulated, "tmall/澄屿旗舰店/ExportOrderList*.csv")[0]
    row = first.read_bytes().decode("gb18030").splitlines()[1]
    assert row.startswith('="')
    assert ",\"'1" in row


def test_the_newest_tmall_orders_show_neither_nick_nor_phone_nor_alipay_account(simulated):
    newest = files(simulated, "tmall/澄屿旗舰店/ExportOrderList*.csv")[-1].read_bytes().decode("gb18030")
    rows = [line.split(",") for line in newest.splitlines()[1:] if line.startswith('="') and line.count(",") == 60]
    assert rows
    columns = newest.splitlines()[0].replace('"', "").split(",")
    for column in ("买家会员名", "买家支付宝账号", "联系手机"):
        assert all("*" in row[columns.index(column)] for row in rows)


def test_jd_rows_repeat_the_totals_of_their_order_and_mask_phones(simulated):
    lines = files(simulated, "jd/*/order_*.csv")[-1].read_bytes().decode("gb18030").splitlines()
    columns = lines[0].split(",")
    rows = [line.split(",") for line in lines[1:]]
    rows = [row for row in rows if len(row) == len(columns) and row[0].isdigit()]
    totals = {}
    for row in rows:
        totals.setdefault(row[0], set()).add(row[columns.index("订单金额")])
        assert row[columns.index("联系电话")].strip('"')[1:7] == "******"
    assert all(len(amounts) == 1 for amounts in totals.values())
    assert len(totals) < len(rows)


def test_the_newest_jd_files_are_workbooks_with_the_bracketed_amount(simulated):
    path = files(simulated, "jd/*/*.xlsx")[0]
    table = fastexcel.read_excel(path).load_sheet(0).to_polars()
    assert table["商家应收"][0].endswith("（系统计算中，该值仅供参考）")
    assert table["订单号"].dtype == "String" or str(table["订单号"].dtype) == "String"


def test_some_work_order_books_have_a_title_above_the_header(simulated):
    tops = set()
    for path in files(simulated, "after_sales/*/*.xlsx"):
        sheet = fastexcel.read_excel(path).load_sheet("工单", header_row=None).to_polars()
        tops.add(sheet.row(0)[0])
    assert tops == {"工单号", "售后服务工单明细"}


def test_bills_have_a_backtick_before_every_value_and_sums_at_the_end(simulated):
    path = files(simulated, "wechatpay/*/*.csv")[-1]
    lines = path.read_bytes().decode("utf-8").splitlines()
    assert lines[0].split(",") == header("wechatpay_merchant")
    assert all(cell.startswith("`") for cell in lines[1].split(","))
    assert lines[-2].startswith("总交易单数") and lines[-1].startswith("`")


def test_json_files_are_whole(simulated):
    for path in files(simulated, "aliyun_sms/*/*.json"):
        assert isinstance(json.loads(path.read_text()), list)
    for path in files(simulated, "wecom/*/*.json"):
        assert json.loads(path.read_text())["errcode"] == 0
    for path in files(simulated, "wechat_oa/*/*.jsonl"):
        for line in path.read_text().splitlines():
            fields = json.loads(line)
            assert fields["subscribe"] == 1 or set(fields) == {"subscribe", "openid", "tagid_list"}


def test_till_members_lie_between_a_title_and_a_total_with_tabs_before_numbers(simulated):
    lines = files(simulated, "pos/*/members_*.csv")[0].read_bytes().decode("gb18030").splitlines()
    assert lines[0].startswith("会员资料,")
    assert lines[1].startswith("门店,会员编号")
    assert lines[2].split(",")[1].startswith("\t") and lines[2].split(",")[3].startswith("\t")
    assert lines[-1].startswith("合计,")


def test_the_odd_files_are_there(simulated):
    assert len(simulated.odd_files) == 6
    sizes = {path: (simulated.landing / path).stat().st_size for path in simulated.odd_files}
    assert 0 in sizes.values()
    misencoded = next(p for p in sizes if "合并_" in p)
    for encoding in ("utf-8", "gb18030"):
        with pytest.raises(UnicodeDecodeError):
            (simulated.landing / misencoded).read_bytes().decode(encoding)


def test_the_number_of_files_stays_sensible(simulated):
    assert 130 < simulated.n_files <= 260
