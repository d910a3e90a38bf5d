"""Results: what tools and landing pages report of a campaign, tied to people and laid into the landing folder.

A row is tied by its personal token, else by the number, address or OpenID that it names among the campaign's people.
What comes out is in the contract `campaign_result`: the next run has deliveries and clicks as events, a click as a lead
of the person, the arm and the staff, and an opt-out as a revoked consent. Which replies are opt-outs the contract says.
"""

import csv
import datetime as dt
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import GuiyiError, UsageError
from segments.campaigns.assignment import aliases, current, read_assignment
from segments.campaigns.links import read_links
from segments.campaigns.plan import Plan, find_plan, load_plans
from segments.exporting.files import write_into
from segments.exporting.register import entries
from segments.published import Published, open_published
from segments.rules.library import find_audience
from warehouse import audit

# Headers of tools' reports and of landing pages' logs, of which the first that a file has is read.
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "token": ("token", "g", "口令", "链接参数", "专属链接", "link", "url"),
    "campaign": ("活动编号", "campaign", "code"),
    "contact": (
        "手机号", "手机号码", "接收号码", "接收手机号", "回复号码", "上行号码", "phone", "phone_number", "PhoneNumber",
        "email", "Email", "邮箱", "openid", "OpenID", "external_userid", "外部联系人ID",
    ),
    "event": (
        "事件", "event", "活动事件", "事件类型", "发送状态", "状态报告", "回执状态", "接收状态", "ReportStatus",
        "success", "状态",
    ),
    "at": (
        "时间", "time", "event_time", "事件时间", "点击时间", "回执时间", "接收时间", "回复时间", "上行时间",
        "发送时间", "report_time", "send_time", "UserReceiveTime", "ReplyTime",
    ),
    "content": ("回复内容", "上行内容", "content", "ReplyContent"),
}  # fmt: skip
_EVENTS: Final = (
    ("opt_out", r"(?i)^(opt_?out|unsubscribe[d]?|退订|取消关注)$"),
    ("clicked", r"(?i)^(click(ed)?|点击|打开链接)$"),
    ("opened", r"(?i)^(open(ed)?|打开|阅读|已读)$"),
    ("replied", r"(?i)^(repl(y|ied)|回复|上行)$"),
    ("failed", r"(?i)fail|失败|未送达|undeliv|拒|^(false|0)$"),
    ("delivered", r"(?i)^(deliver(ed|y)?|delivrd|success|true|1)$|成功|送达"),
    ("sent", r"(?i)^(sent|send|已发送|发送)$"),
)
_COLUMNS: Final = (
    "结果编号", "活动编号", "活动事件", "事件时间", "分组", "员工编号", "门店编号", "OneID", "触达渠道", "手机号",
    "邮箱", "公众号AppID", "OpenID", "企业ID", "外部联系人ID", "回复内容",
)  # fmt: skip
_CELLS: Final[Mapping[str, tuple[str | None, str]]] = {
    "sms": (None, "手机号"),
    "phone": (None, "手机号"),
    "email": (None, "邮箱"),
    "wechat_oa": ("公众号AppID", "OpenID"),
    "wecom": ("企业ID", "外部联系人ID"),
}


@dataclass(frozen=True)
class Results:
    """What was taken from a file.

    Attributes:
        rows: of the file.
        events: rows by what happened, of those that were taken.
        campaigns: rows by campaign, of those that were taken.
        refused: rows that could not be taken, by reason; they are told and left in the file.
        files: what was laid into the landing folder.
    """

    rows: int
    events: dict[str, int]
    campaigns: dict[str, int]
    refused: dict[str, int]
    files: tuple[Path, ...]


def take_results(
    home: Path, file: Path, *, at: dt.datetime, campaign: str | None = None, requested_by: str | None = None
) -> Results:
    """Reads a report back.

    Args:
        home: the GUIYI_HOME folder.
        file: csv or xlsx with a personal token or a number, address or OpenID, what happened, and when.
        at: now, UTC without zone.
        campaign: whose results these are, by name or code, where the file does not say.
        requested_by: who takes them, for the audit trail.

    Raises:
        UsageError: the file cannot be read, or has none of the columns.
    """
    plans = {plan.code: plan for plan in load_plans(home).values()}
    given = find_plan(home, campaign).code if campaign is not None else None
    told = _read(file)
    with open_published(home) as published:
        tied = _tied(published, told, plans, given)
        zone = published.calendar.time_zone
    told_at = tied["at"].map_elements(lambda text: _moment(text, zone.key), return_dtype=pl.String)
    tied = tied.with_columns(at=told_at, event=_events(tied))
    reason = (
        pl.when(pl.col("code").is_null())
        .then(pl.lit("no_campaign"))
        .when(pl.col("one_id").is_null() & pl.col("contact").is_null())
        .then(pl.lit("nobody_of_the_campaign"))
        .when(pl.col("event").is_null())
        .then(pl.lit("event_unknown"))
        .when(pl.col("at").is_null())
        .then(pl.lit("time_unreadable"))
        .when(pl.col("contact").is_null())
        .then(pl.lit("no_contact_point"))
        .when(pl.col("channel").is_null() | ~pl.col("channel").is_in(list(_CELLS)))
        .then(pl.lit("campaign_without_a_channel"))
    )
    tied = tied.with_columns(reason=reason)
    good = tied.filter(pl.col("reason").is_null())
    audit.record(
        Path(home), "campaign_results", who=requested_by, at=at, file=file.name, rows=tied.height, taken=good.height
    )
    folder = published.home.landing / "campaign" / "guiyi"
    files = []
    for (code,), rows in sorted(good.group_by("code"), key=lambda pair: str(pair[0])):
        content = _csv(rows.sort("number"))
        name = f"{code}-results-{hashlib.sha256(content).hexdigest()[:16]}.csv"  # the same report twice is one file
        write_into(folder, {name: content})
        files.append(folder / name)
    return Results(
        rows=tied.height,
        events=_counted(good["event"]),
        campaigns=_counted(good["code"]),
        refused=_counted(tied["reason"].drop_nulls()),
        files=tuple(files),
    )


def _read(file: Path) -> pl.DataFrame:
    """The file's columns under our names, all text, with the row's number."""
    if not file.exists():
        raise UsageError(f"There is no file {file}.")
    try:
        if file.suffix.lower() == ".xlsx":
            raw = pl.read_excel(file, infer_schema_length=0)
        else:
            data = file.read_bytes()
            text = data.decode("utf-8-sig") if _is_utf8(data) else data.decode("gb18030")
            raw = pl.read_csv(text.encode(), infer_schema=False)
    except Exception as error:
        raise UsageError(f"{file} cannot be read as csv or xlsx; save it again as one of these.") from error
    raw = raw.rename({name: name.strip() for name in raw.columns})
    found = {ours: next((name for name in names if name in raw.columns), None) for ours, names in _HEADERS.items()}
    if found["token"] is None and found["contact"] is None:
        raise UsageError(f"{file} does not say to whom it happened: it needs a column token or 手机号.")
    if found["event"] is None and found["content"] is None:
        raise UsageError(f"{file} does not say what happened: it needs a column 事件 or 回复内容.")
    if found["at"] is None:
        raise UsageError(f"{file} does not say when: it needs a column 时间.")
    columns = [
        (pl.lit(None, dtype=pl.String) if name is None else pl.col(name).cast(pl.String).str.strip_chars()).alias(ours)
        for ours, name in found.items()
    ]
    return raw.select(columns).with_row_index("number")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _events(rows: pl.DataFrame) -> pl.Series:
    """What happened, in our words; what has nothing but a text is a reply."""
    found: list[str | None] = []
    for event, content in rows.select("event", "content").iter_rows():
        known = next((ours for ours, pattern in _EVENTS if event and re.search(pattern, event)), None)
        found.append(known or ("replied" if content and not event else None))
    return pl.Series("event", found, dtype=pl.String)


def _moment(text: str | None, zone: str) -> str | None:
    """A time as the landing folder has it, in the business zone; null where it cannot be read."""
    from zoneinfo import ZoneInfo

    try:
        moment = dt.datetime.fromisoformat((text or "").replace("/", "-").strip())
    except ValueError:
        return None
    local = moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _tied(published: Published, told: pl.DataFrame, plans: Mapping[str, Plan], given: str | None) -> pl.DataFrame:
    """Rows with campaign, person, arm, staff, store and the contact point that the campaign reached."""
    people = pl.concat([_people(published, plan) for plan in plans.values()]) if plans else _NOBODY
    token = pl.col("token").str.replace(r"^.*[?&]g=([A-Za-z0-9_-]+).*$", "${1}")
    told = told.with_columns(token=token)
    by_token = people.filter(pl.col("token").is_not_null()).rename({"contact": "point"})
    first = told.join(by_token, on="token", how="inner").drop("campaign")
    rest = told.join(by_token, on="token", how="anti")
    rest = rest.with_columns(code=pl.coalesce(pl.col("campaign"), pl.lit(given, dtype=pl.String)))
    rest = rest.with_columns(
        code=pl.when(pl.col("code").is_in(list(plans))).then(pl.col("code")),
        contact=pl.col("contact").str.replace(r"^\+?86(1[3-9]\d{9})$", "${1}"),
    )
    by_contact = people.drop("token").unique(["code", "contact"], keep="first", maintain_order=True)
    # Whose number it is may be known to the run alone; an opt-out must not be lost for that.
    channels = pl.DataFrame(
        [(plan.code, _channel(published, plan)) for plan in plans.values()],
        schema={"code": pl.String, "told_channel": pl.String},
        orient="row",
    )
    second = rest.join(by_contact, on=["code", "contact"], how="left").join(channels, on="code", how="left")
    second = second.with_columns(point=pl.col("contact"), channel=pl.coalesce("channel", "told_channel"))
    columns = ["number", "code", "one_id", "arm", "staff_code", "store_code", "channel", "id_scope"]
    columns += ["event", "at", "content"]
    both = pl.concat([frame.select(*columns, contact="point") for frame in (first, second)])
    return both.sort("number")


_NOBODY: Final = pl.DataFrame(
    schema=dict.fromkeys(
        ("code", "one_id", "arm", "token", "staff_code", "store_code", "channel", "contact", "id_scope"), pl.String
    )
)


def _people(published: Published, plan: Plan) -> pl.DataFrame:
    """Everybody of a campaign with token and contact point, by the OneIDs of now."""
    home, merged = published.home.path, aliases(published.con)
    assigned = current(read_assignment(home, plan.code), merged).select("one_id", "arm")
    links = read_links(home, plan.code).drop("arm")
    links = links.join(merged, on="one_id", how="left").with_columns(one_id=pl.coalesce("merged_into", "one_id"))
    channel = _channel(published, plan) or ""
    reached = "sms" if channel == "phone" else channel
    points = (
        pl.scan_parquet(published.vault_table("identity", "contact_point"))
        .filter(pl.col("channel") == reached)
        .sort("is_golden", "last_seen_at", "value", descending=[True, True, False], nulls_last=True)
        .select("one_id", pl.col("value").alias("contact"), pl.col("id_scope"))
        .collect()
    )
    both = assigned.join(links.select("one_id", "token", "staff_code", "store_code"), on="one_id", how="left")
    both = both.join(points, on="one_id", how="left", maintain_order="left_right")
    # A token names its person once, by the best contact point; any of a person's points names the person.
    is_first = pl.int_range(pl.len()).over("one_id", "token") == 0
    both = both.with_columns(token=pl.when(is_first).then(pl.col("token")))
    return both.with_columns(code=pl.lit(plan.code), channel=pl.lit(channel)).select(_NOBODY.columns)


def _channel(published: Published, plan: Plan) -> str | None:
    """The channel that a campaign goes through: of its last list, else as the plan or its audience says."""
    made = [entry.channel for entry in entries(published.home.exports) if entry.campaign == plan.code]
    return (made[-1] if made else plan.channel) or _channel_of(published, plan.audience)


def _channel_of(published: Published, audience: str) -> str | None:
    try:
        return find_audience(audience, published.home.path).definition.channel
    except GuiyiError:  # an audience that is gone or cannot be read says nothing; its results are refused, not lost
        return None


def _counted(values: pl.Series) -> dict[str, int]:
    return {str(value): n for value, n in values.value_counts().sort(values.name).iter_rows()}


def _csv(rows: pl.DataFrame) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS, restval="")
    writer.writeheader()
    for row in rows.iter_rows(named=True):
        scope, value = _CELLS[row["channel"]]
        cells = {
            "活动编号": row["code"], "活动事件": row["event"], "事件时间": row["at"], "分组": row["arm"],
            "员工编号": row["staff_code"], "门店编号": row["store_code"], "OneID": row["one_id"],
            "触达渠道": row["channel"], "回复内容": row["content"],
            value: row["contact"], **({scope: row["id_scope"]} if scope else {}),
        }  # fmt: skip
        # The same thing told twice, in one report or two, is one result.
        told = "|".join(str(row[name]) for name in ("code", "one_id", "contact", "event", "at", "content"))
        writer.writerow({"结果编号": hashlib.sha256(told.encode()).hexdigest()[:24], **cells})
    return text.getvalue().encode("utf-8-sig")
