"""The touchpoints stage as assets: export files in, canonical tables out.

The landing folders stand in the graph as what they are: made elsewhere, only looked at here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.checks import told
from assets.gates import import_ahead
from assets.metadata import parquet_results, table_key
from common.labels import Pair, label
from touchpoints.contract import Contract
from touchpoints.contracts import load_contracts
from touchpoints.expectations import expect
from touchpoints.ingest import ingest
from touchpoints.model import TABLES
from warehouse.building import Building

SCHEMA = "touchpoints"
_FILES = table_key(SCHEMA, "source_file")
_EXPECTED = {
    "presence": "Every account that the run before had files of still has at least half as many rows · 来源没有消失",
    "volume": "The newest export of each source has at least half of the usual rows · 文件行数正常",
    "freshness": "The newest export of each source is not older than is usual · 文件按时到达",
    "reject_rate": "Few rows are refused, and no file is held back · 拒收率正常",
    "not_understood": "No file is left out for want of a header name · 没有因表头改动而未识别的文件",
    "unknown_status": "Nearly all order statuses are known · 订单状态可识别",
}
_MOST_TOLD = 5
_DESCRIPTIONS = {
    "source_file": "A file that was read: what it is, whose, and its rows accepted, rejected and repeated · 读入的文件",
    "record": "The current version of one thing that a source told of · 记录（当前版本）",
    "record_version": "Every version of every record, by time of export · 记录的各个版本",
    "identifier": "One identifier that a party of a record carries · 标识",
    "identifier_former": "An identifier that only older versions of a record carried · 曾用标识",
    "attribute": "One fact that a party of a record carries · 属性",
    "event": "Something that happened · 事件",
    "orders": "A sale · 订单",
    "order_lines": "A line of a sale · 订单行",
    "ledger": "A signed amount of money, points, coupons or stored value · 流水",
    "consent": "Whether an identifier may be written to, since when, on what basis · 授权",
    "device": "What a record tells of one machine that a party owns · 设备",
    "business_account": "What a record tells of one company, dealer, store or partner · 企业与经销商账户",
    "balance": "A balance as one export had it · 余额快照",
    "identity_link": "A login that ties an anonymous identifier to a known one · 登录关联",
    "product": "An article of the brand, with its expected life · 商品",
    "product_price": "A price of an article and from when to when it holds · 商品价格",
    "store": "A store of the brand or of its partners · 门店",
    "staff": "An employee who sells, serves or leads · 员工",
    "partner": "A dealer, cross-industry partner or other company that brings buyers · 合作伙伴",
    "campaign": "A marketing campaign with its cost · 营销活动",
    "campaign_member": "Who was put into which arm of a campaign · 营销活动分组名单",
    "holiday": "A public holiday, shopping festival or workday in exchange for one · 节假日",
    "commission_rule": "What an employee, partner or referrer gets for an order · 佣金规则",
    "ad_spend": "What an advertisement cost and gave on a day · 广告消耗",
    "store_traffic": "How many people passed and entered a store · 门店客流",
    "sales_target": "What is to be sold in a period · 销售目标",
    "reject": "A row that could not be used, with the reason · 拒收的行",
}


def landing_specs() -> list[dg.AssetSpec]:
    """One asset a source folder in the landing; made by the platforms' exports, not by a run."""
    sources = sorted({contract.source for contract in load_contracts()})
    return [
        dg.AssetSpec(
            ["landing", source],
            group_name="landing",
            description=f"Export files of {source}, as they came: landing/{source}/<account>/… · 导出文件",
            kinds={"file"},
        )
        for source in sources
    ]


def touchpoint_assets() -> dg.AssetsDefinition:
    """One step that reads all files, one asset a canonical table."""
    landing = [spec.key for spec in landing_specs()]
    specs = [
        dg.AssetSpec(
            table_key(SCHEMA, table),
            deps=landing,
            group_name="touchpoints",
            description=_DESCRIPTIONS[table],
            kinds={"polars", "parquet"},
        )
        for table in TABLES
    ]

    checks = [
        dg.AssetCheckSpec(name, asset=_FILES, blocking=False, description=text) for name, text in _EXPECTED.items()
    ]

    @dg.multi_asset(name="touchpoints", specs=specs, check_specs=checks)
    def touchpoints(
        building: dg.ResourceParam[Building],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        import_ahead()
        out = building.scratch("private", SCHEMA)
        contracts = load_contracts(*([building.sources] if building.sources else []))
        report = ingest(
            building.landing,
            lake=building.home.lake,
            out=out,
            key=building.key,
            time_zone=building.time_zone,
            contracts=contracts,
            progress=building.progress,
        )
        figures = {name: value for name, value in vars(report).items() if isinstance(value, int | float)}
        reasons = pl.read_parquet(out / "reject.parquet", columns=["reason"])["reason"].value_counts(sort=True)
        expected = _expected(building, contracts, out)
        expected.write_parquet(out / "expectation.parquet")
        yield from parquet_results(specs, {SCHEMA: out}, figures | {"rejects": dict(reasons.iter_rows())})

        yield from _told(expected)

    return touchpoints


def _expected(building: Building, contracts: Sequence[Contract], out: Path) -> pl.DataFrame:
    """What each source's files should be like, against the files themselves and the run before."""
    files = pl.read_parquet(out / "source_file.parquet")
    orders = pl.read_parquet(out / "orders.parquet", columns=["source", "account", "status"])
    base = building.base_snapshot
    old = base / "tables" / "ops" / "source_file.parquet" if base else None
    before = pl.read_parquet(old) if old and old.exists() else None
    return expect(files, orders, contracts, building.as_of, before)


def _told(expected: pl.DataFrame) -> Iterator[dg.AssetCheckResult]:
    """One check a kind of expectation; what is not met is a warning and stops nothing."""
    for name in _EXPECTED:
        found = expected.filter(pl.col("expectation") == name)
        missed = found.filter(~pl.col("is_met"))
        description, chinese = told([_missed(row) for row in missed.head(_MOST_TOLD).iter_rows(named=True)])
        yield dg.AssetCheckResult(
            asset_key=_FILES,
            check_name=name,
            passed=missed.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            description=description,
            metadata={"expectations": found.height, "not met": missed.height, **chinese},
        )


def _missed(row: dict[str, Any]) -> Pair:
    where = f"{label('source', row['source'])[0]}/{row['account']}"
    return f"{where}：{row['message_zh']}", f"{row['source']}/{row['account']}: {row['message']}"
