"""Export files for the tests, each in its platform's own shape. All people in them are invented."""

import json
from functools import cache
from pathlib import Path

import polars as pl
import xlsxwriter

from touchpoints.contract import Contract
from touchpoints.contracts import load_contracts
from touchpoints.ingest import IngestReport, ingest

KEY = b"a key for tests"


def names(text: str) -> list[str]:
    """Header names written as one line of a csv."""
    return text.split(",")


TMALL = names(
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,"
    "收货人姓名,收货地址 ,联系电话 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,店铺名称,退款金额,"
    "预约门店"
)
TMALL_ITEM = names("订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码")
JD = names(
    "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,"
    "订单状态,下单帐号,客户姓名,客户地址,联系电话,运费金额,付款确认时间,货号,订单完成时间"
)
YOUZAN = names(
    "订单号,归属店铺,订单状态,订单创建时间,买家付款时间,交易成功时间,商品金额合计,运费,店铺优惠合计,"
    "订单实付金额,全部商品名称,收货人省份,收货人城市,收货人地区,详细收货地址/提货地址,收货人/提货人,"
    "收货人手机号/提货人手机号,买家昵称,买家手机号,分销员,订单退款状态,订单已退款金额,分销员,分销员手机号"
)
YOUZAN_CUSTOMER = names("客户姓名,客户昵称,客户手机号,客户生日,客户性别,是否会员,客户积分,成为客户时间,成为会员时间,")
WECHATPAY = names(
    "交易时间,公众账号ID,商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,退款金额,手续费,订单金额"
)
POS_MEMBER = names(
    "门店,会员编号,会员姓名,手机号码,会员卡名称,储值本金余额(¥),储值赠送金额(¥),累计消费金额(¥),"
    "累计消费次数,会员加入时间,会员性别,会员生日,身份证号"
)
AFTER_SALES = names("工单号,工单类型,客户姓名,电话,地址,机型,机身码,购买渠道,购买日期,受理时间,完成时间,状态,满意度")
SHOPIFY = names(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Billing Name,Billing Country,Billing Phone,Shipping Name,Shipping Address1,Shipping City,"
    "Shipping Country,Shipping Phone,Notes,Refunded Amount,Phone"
)
SHOPIFY_CUSTOMER = names(
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Phone,"
    "Accepts SMS Marketing,Total Spent,Total Orders"
)


def cells(header: list[str], values: dict[str, object]) -> list[str]:
    """One row's cells by the header's names, blanks around names not counted."""
    unknown = set(values) - {name.strip() for name in header}
    assert not unknown, unknown
    return [str(values.get(name.strip(), "")) for name in header]


def csv_text(header: list[str], rows: list[dict[str, object]], *, quote: bool = True, end: str = "\n") -> str:
    """A csv with every cell quoted, or none."""
    mark = '"' if quote else ""
    lines = [",".join(header)]
    lines += [",".join(mark + cell.replace('"', '""') + mark for cell in cells(header, row)) for row in rows]
    return end.join(lines) + end


def tmall_row(number: str, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "订单编号": number,
        "买家会员名": "blue_kettle",
        "买家支付宝账号": "kettle@example.com",
        "买家应付货款": "201.12",
        "买家应付邮费": "0.00",
        "总金额": "201.12",
        "买家实际支付金额": "201.12",
        "订单状态": "买家已付款，等待卖家发货",
        "收货人姓名": "陆小青",
        "收货地址": "广东省 广州市 天河区 体育西路1号 (510620)",
        "联系手机": "'13900001111",
        "订单创建时间": "2026-01-02 03:04:05",
        "订单付款时间": "2026-01-02 03:05:00",
        "店铺名称": "试验旗舰店",
        "退款金额": "0.00",
    }
    return row | more


def tmall(*rows: dict[str, object], header: list[str] | None = None) -> bytes:
    """An order report as Tmall writes it: GB18030, the number as a formula outside quotes."""
    header = header or TMALL
    lines = [",".join(header)]
    for row in rows:
        first, *rest = cells(header, row)
        lines.append(",".join([f'="{first}"', *(f'"{cell}"' if cell else '=""' for cell in rest)]))
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


def jd_row(number: str, sku: str, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "订单号": number,
        "商品ID": sku,
        "商品名称": "净水器滤芯",
        "订购数量": "2",
        "下单时间": "2026-02-03 10:00:00",
        "京东价": "50.00",
        "订单金额": "199.00",
        "应付金额": "189.00（系统计算中，该值仅供参考）",
        "订单状态": "等待出库",
        "下单帐号": "jd_blue",
        "客户姓名": "陆小青",
        "客户地址": "江苏省南京市玄武区中山路1号",
        "联系电话": "1******1111",
        "运费金额": "0.00",
        "付款确认时间": "2026-02-03 10:01:00",
        "订单完成时间": "0001-01-01 00:00:00",
    }
    return row | more


def youzan_row(number: str, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "订单号": number,
        "归属店铺": "小店",
        "订单状态": "交易完成",
        "订单创建时间": "2026-03-01 12:00:00",
        "买家付款时间": "2026-03-01 12:01:00",
        "商品金额合计": "100.00",
        "店铺优惠合计": "10.00",
        "运费": "0.00",
        "订单实付金额": "90.00",
        "全部商品名称": "清洁剂",
        "收货人/提货人": "何阿姨",
        "收货人手机号/提货人手机号": "13900002222",
        "买家手机号": "13900003333",
        "买家昵称": "小何",
    }
    return row | more


def payment_row(number: str, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "交易时间": "2026-03-01 12:00:30",
        "公众账号ID": "wxaaaa",
        "商户号": "1600000001",
        "微信订单号": number,
        "商户订单号": "E1",
        "用户标识": "o_openid_1",
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "应结订单金额": "90.00",
        "代金券金额": "0.00",
        "微信退款单号": "0",
        "退款金额": "0.00",
        "手续费": "0.54000",
        "订单金额": "90.00",
    }
    return row | more


def wechatpay(*rows: dict[str, object]) -> bytes:
    """A merchant's bill: backticks before values, two lines of sums at the end."""
    lines = [",".join(WECHATPAY)] + [",".join("`" + cell for cell in cells(WECHATPAY, row)) for row in rows]
    lines += ["总交易单数,应结订单总金额,退款总金额", f"`{len(rows)},`90.00,`0.00"]
    return "\r\n".join(lines).encode()


def ticket(sn: str, **more: object) -> dict[str, object]:
    told: dict[str, object] = {
        "sn": sn,
        "datetime": "2026-04-05 15:00:00",
        "cashierUid": "c1",
        "customerUid": "M001",
        "ticketType": "SELL",
        "invalid": 0,
        "totalAmount": 90.0,
        "discount": 10.0,
        "storeUid": "一店",
        "payments": [
            {"code": "微信", "amount": 60.0},
            {"code": "储值", "amount": 30.0},
            {"code": "优惠券", "amount": 10.0},
        ],
        "items": [
            {
                "name": "净水器",
                "sellPrice": 80,
                "customerPrice": 70,
                "quantity": 1,
                "totalAmount": 70,
                "productUid": 90071992547409931,
            },
            {"name": "滤芯", "sellPrice": 20, "quantity": 1, "totalAmount": 20, "productUid": 2},
        ],
    }
    return told | more


def jsonl(*objects: dict[str, object]) -> bytes:
    return ("\n".join(json.dumps(thing, ensure_ascii=False) for thing in objects) + "\n").encode()


def json_array(*objects: dict[str, object]) -> bytes:
    return json.dumps(list(objects), ensure_ascii=False).encode()


def follower(openid: str, **more: object) -> dict[str, object]:
    told: dict[str, object] = {
        "subscribe": 1,
        "openid": openid,
        "subscribe_time": 1760000000,
        "unionid": " u_" + openid,
        "remark": "",
        "tagid_list": [2],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene_str": "store_7",
    }
    return told | more


def wecom(*pairs: tuple[dict[str, object], dict[str, object]]) -> bytes:
    contacts = [{"external_contact": contact, "follow_info": follow} for contact, follow in pairs]
    answer = {"errcode": 0, "errmsg": "ok", "external_contact_list": contacts}
    return json.dumps(answer, ensure_ascii=False, indent=1).encode()


def receipt(phone: str, **more: object) -> dict[str, object]:
    told: dict[str, object] = {
        "phone_number": phone,
        "send_time": "2026-05-01 09:00:00",
        "report_time": "2026-05-01 09:00:05",
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": "900001^0",
        "out_id": "campaign_1",
    }
    return told | more


def reply(number: int, content: str, phone: str = "13900002222") -> dict[str, object]:
    return {
        "phone_number": phone,
        "send_time": "2026-05-02 09:00:00",
        "content": content,
        "sign_name": "试验",
        "dest_code": "1234",
        "sequence_id": number,
    }


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    """An xlsx; numbers are written as numbers, text as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write(number, column, value)


def work_order(number: str, **more: object) -> list[object]:
    told: dict[str, object] = {
        "工单号": number,
        "工单类型": "报修",
        "客户姓名": "何女士",
        "电话": "13900002222",
        "地址": "浙江省杭州市西湖区文三路1号",
        "机型": "热水器 A1",
        "机身码": "SN0001",
        "受理时间": "2026-06-01 08:00:00",
        "完成时间": "2026-06-03 10:00:00",
        "状态": "已完成",
    }
    return list(cells(AFTER_SALES, told | more))


@cache
def built_in_contracts() -> list[Contract]:
    """Checked once a test run: that takes longer than most ingests."""
    return load_contracts()


def put(landing: Path, name: str, content: bytes | str) -> Path:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class Ingested:
    """One ingest of a landing folder, with its tables at hand."""

    def __init__(
        self,
        landing: Path,
        *,
        work: Path | None = None,
        time_zone: str = "Asia/Shanghai",
        contracts: list[Contract] | None = None,
    ) -> None:
        work = work or landing.parent
        self.out = work / "out"
        self.report: IngestReport = ingest(
            landing,
            lake=work / "lake",
            out=self.out,
            key=KEY,
            time_zone=time_zone,
            contracts=contracts or built_in_contracts(),
        )

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.out / f"{name}.parquet")

    def file(self, path: str) -> dict[str, object]:
        return self.table("source_file").row(by_predicate=pl.col("path") == path, named=True)

    def counts(self, path: str) -> tuple[object, ...]:
        file = self.file(path)
        return tuple(file[name] for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_repeated"))

    def reasons(self) -> list[str]:
        return self.table("reject")["reason"].to_list()

    def order(self, number: str) -> dict[str, object]:
        return self.table("orders").row(by_predicate=pl.col("order_no") == number, named=True)

    def identifiers(self, role: str) -> set[tuple[str, str, str, str]]:
        table = self.table("identifier").filter(pl.col("role") == role)
        return set(table.select("id_type", "id_scope", "id_value", "strength").iter_rows())

    def attributes(self, role: str) -> dict[str, object]:
        table = self.table("attribute").filter(pl.col("role") == role)
        return dict(table.select("name", pl.coalesce("value", pl.col("value_date").cast(pl.String))).iter_rows())

    def assert_every_row_is_accounted_for(self) -> None:
        files = self.table("source_file")
        told = files["rows_accepted"] + files["rows_rejected"] + files["rows_repeated"]
        assert files["rows_read"].to_list() == told.to_list()
        rejected = self.table("reject").group_by("path").len()
        counted = files.filter(pl.col("rows_rejected") > 0).select("path", "rows_rejected")
        assert dict(rejected.iter_rows()) == dict(counted.iter_rows())
