"""Draft: a first contract for a file that nobody has seen, with what was guessed said beside each guess.

The guesses come from header names and from the first rows. A draft is valid as it is written, and meant to be edited.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl
import yaml

from common.errors import UsageError
from touchpoints.files import LandingFile, Unread, fingerprints
from touchpoints.normalise.cell import blank_to_null, undecorate
from touchpoints.normalise.money import parse_money
from touchpoints.normalise.phone import parse_phones
from touchpoints.normalise.time import parse_times
from touchpoints.probe import Probe, probe
from touchpoints.schema import PATH as SCHEMA

# Field, what its header names look like, kind (blank: told by the values), pii. The first that fits and whose values
# do too is taken, each field once.
_FIELDS: Final = (
    ("order_no", r"订单号|订单编号|小票|单据号|单号|流水号|交易号|^order.?(no|id|number)$|receipt", "id", ""),
    ("card", r"会员卡号|会员编号|会员号|卡号|会员id|member.?(id|no)|card.?(no|number)|customer.?id", "id", "account"),
    ("phone", r"手机|电话|联系方式|mobile|phone|^tel", "", "phone"),
    ("email", r"邮箱|email|e-mail", "", "email"),
    ("nickname", r"昵称|nick", "", "nickname"),
    ("guide", r"导购|收银员|店员|营业员|销售员|cashier|clerk|sales.?person|staff", "", "name"),
    ("name", r"姓名|客户名|会员名|收货人|顾客|^name$|customer.?name|full.?name", "", "name"),
    ("birthday", r"生日|出生|birth", "date", "birth_date"),
    ("gender", r"性别|gender|^sex$", "", "gender"),
    ("address", r"地址|address", "", "address"),
    ("joined_at", r"入会|开卡|注册|加入时间|joined|registered|signup", "time", ""),
    ("created_at", r"日期|时间|created|date|time", "time", ""),
    ("paid_amount", r"实收|实付|净额|应付金额|成交金额|支付金额|paid|net|^total$|amount.?paid", "money", ""),
    ("discount_amount", r"优惠|折扣金额|折让|减免|discount", "money", ""),
    ("refunded_amount", r"退款金额|退货金额|refund", "money", ""),
    ("goods_amount", r"应收|原价金额|消费金额|销售额|总金额|合计|金额|gross|subtotal|amount", "money", ""),
    ("unit_price", r"单价|售价|price", "money", ""),
    ("quantity", r"数量|件数|qty|quantity", "number", ""),
    ("sku", r"货号|商品编码|商品编号|条码|sku|barcode|product.?(id|code)", "id", ""),
    ("title", r"商品|品名|货品|项目|product|item|title", "", ""),
    ("payment_method", r"支付方式|付款方式|结算方式|payment", "", ""),
    ("store", r"门店|店铺|分店|机构|store|shop|branch", "", ""),
    ("status", r"状态|status", "", ""),
    ("level", r"等级|级别|level|tier", "", ""),
    ("points", r"积分|points", "number", ""),
    ("balance", r"余额|储值|balance", "money", ""),
)  # fmt: skip
_ATTRIBUTES: Final = {
    "name": "name",
    "nickname": "nickname",
    "gender": "gender",
    "level": "level",
    "birthday": "birth_date",
}
_MOSTLY: Final = 0.8
_KINDS: Final = "text | id (a number that must keep its digits) | money | number | time | date"


@dataclass(frozen=True)
class Guess:
    """What a column of the file may be.

    Attributes:
        header: its name in the file.
        field: the name that the contract gives it.
        kind: of its cells.
        pii: what personal thing it is; empty for nothing.
        why: what the guess rests on.
        filled: share of the sampled cells that say something.
        is_unique: no value of the sample is there twice.
    """

    header: str
    field: str
    kind: str
    pii: str
    why: str
    filled: float
    is_unique: bool


def draft(table: Probe, name: str) -> str:
    """The YAML text of a first contract.

    Args:
        table: as `probe` gives it.
        name: of the contract and its source: small letters, digits and underscores.

    Raises:
        UsageError: the table has no column that could name its rows.
    """
    guesses = guess_columns(table)
    fields = {guess.field: guess for guess in guesses}
    key = _key(fields, guesses)
    if key is None:
        raise UsageError("No column of this table has a value in every row; a contract needs one that names the row.")
    is_order = "created_at" in fields and ("paid_amount" in fields or "goods_amount" in fields) and "order_no" in fields
    parts = [_head(table, name, is_order), _signature(fields, key), _columns(guesses, key, fields)]
    parts += [_people(fields), _order(fields) if is_order else _customer(fields)]
    return "\n".join(part for part in parts if part) + "\n"


def guess_columns(table: Probe) -> list[Guess]:
    """A guess for each named column of a table."""
    taken: set[str] = set()
    guesses = []
    seen: set[str] = set()
    for position, header in enumerate(table.names):
        if not header or header in seen:
            continue
        seen.add(header)
        cells = pl.Series([row[position] if position < len(row) else "" for row in table.rows], dtype=pl.String)
        guess = _guess(header, cells, taken)
        if guess.field in taken:
            guess = replace(guess, field=_free(guess.field, taken))
        taken.add(guess.field)
        guesses.append(guess)
    return guesses


def _guess(header: str, cells: pl.Series, taken: set[str]) -> Guess:
    said = cells.to_frame("c").select(blank_to_null(undecorate(pl.col("c")))).to_series().drop_nulls()
    filled = len(said) / len(cells) if len(cells) else 0.0
    kind, why = _kind(said)
    for field, pattern, wanted, pii in _FIELDS:
        if field in taken or not re.search(pattern, header, re.IGNORECASE) or not _agrees(wanted, kind, filled):
            continue
        if field == "phone" and kind != "phone" and filled:
            continue
        final = wanted or ("text" if kind in ("phone", "money", "number") else kind)
        return Guess(header, field, final, pii, f"its name; {why}" if why else "its name", filled, _unique(cells, said))
    if kind == "phone":
        return Guess(header, "phone", "text", "phone", why, filled, _unique(cells, said))
    return Guess(header, _slug(header), kind, "", why, filled, _unique(cells, said))


def _unique(cells: pl.Series, said: pl.Series) -> bool:
    return len(said) > 1 and said.n_unique() == len(said) == len(cells)


def _agrees(wanted: str, kind: str, filled: float) -> bool:
    """Whether the values may be of the kind that the header name speaks of."""
    if not filled or wanted in ("", "id"):
        return kind not in ("time", "date") or wanted == ""
    allowed = {"money": {"money", "number", "id"}, "number": {"money", "number", "id"}, "date": {"date", "time"}}
    return kind in allowed.get(wanted, {wanted, "date"})


def _kind(said: pl.Series) -> tuple[str, str]:
    """The kind that most of the values are of, and how that is known."""
    if said.is_empty():
        return "text", "no value among the first rows"
    times = parse_times(said)
    dated = said.str.contains(r"[-/年]|^20\d{12}$|^1[5-9]\d{8}(\d{3})?$")
    if _share(times["status"] == "ok", said) and _share(dated, said):
        is_day = (times["precision"] == "day").fill_null(True).all()
        return ("date", "all values are dates") if is_day else ("time", "the values are times")
    phones = parse_phones(said, "CN")["id_type"].is_in(["phone", "phone_masked"])
    if _share(phones.fill_null(False), said):
        return "phone", "the values are phone numbers"
    digits = said.str.contains(r"^[A-Za-z]{0,6}[-_]?\d{8,}[A-Za-z0-9-]*$")
    if _share(digits, said):
        return "id", "long numbers, which must keep their digits"
    money = parse_money(said)
    if _share(money["status"] == "ok", said):
        dressed = said.str.contains(r"\.\d\d$|[¥$€元]").any()
        return ("money", "the values are amounts") if dressed else ("number", "the values are numbers")
    return "text", ""


def _share(hits: pl.Series, said: pl.Series) -> bool:
    return float(hits.fill_null(False).sum()) / len(said) >= _MOSTLY


def _slug(header: str) -> str:
    ascii_name = re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")
    return ascii_name if re.match(r"^[a-z][a-z0-9_]*$", ascii_name) else "column"


def _free(field: str, taken: set[str]) -> str:
    return next(name for n in range(2, 10_000) if (name := f"{field}_{n}") not in taken)


def _key(fields: dict[str, Guess], guesses: Sequence[Guess]) -> str | None:
    for wanted in ("order_no", "card"):
        if wanted in fields and fields[wanted].filled > _MOSTLY:
            return wanted
    unique = [guess for guess in guesses if guess.is_unique and guess.kind in ("id", "text", "number")]
    full = [guess for guess in guesses if guess.filled == 1.0]
    chosen = sorted(unique, key=lambda guess: guess.kind != "id") or full
    return chosen[0].field if chosen else None


def _head(table: Probe, name: str, is_order: bool) -> str:
    form = [table.form] if table.form.startswith("json") else ["xlsx", "csv"]
    return f"""# yaml-language-server: $schema={SCHEMA.as_uri()}
# A first contract, guessed from one file. Read it through, mend it, then: guiyi source check FILE
name: {name}  # as this file
title: {name}  # what people call it
source: {name}  # the platform or system: landing/{name}/<account>/…
record_type: {"order" if is_order else "customer"}  # order | customer | payment | message | ticket | …
version: 1
priority: 1  # before the contracts that are built in, should one fit too
grade: A  # told by a real file
evidence: a file of the brand's own
channel: store  # store | online_store | marketplace | service | …
formats: [{", ".join(form)}]""" + (f"\nrecords_at: {table.part}" if table.form == "json" and table.part else "")


def _signature(fields: dict[str, Guess], key: str) -> str:
    telling = [key, *(f for f in ("created_at", "paid_amount", "goods_amount", "phone", "card", "name") if f != key)]
    headers = [fields[field].header for field in telling if field in fields][:4]
    lines = "\n".join(f"  - {_quoted(header)}" for header in headers)
    return f"signature:  # a file is known by these header names, whatever its own name and their order\n{lines}"


def _columns(guesses: Sequence[Guess], key: str, fields: dict[str, Guess]) -> str:
    lines = [f"# field: {{from: header name or a list of them, kind, pii}}; kind: {_KINDS}", "columns:"]
    for guess in guesses:
        said = [f"from: {_quoted(guess.header)}"]
        said += [f"kind: {guess.kind}"] if guess.kind not in ("text", "phone") else []
        said += ["required: true"] if guess.field == key else []
        said += [f"pii: {guess.pii}"] if guess.pii else []
        why = f"  # {guess.why}" if guess.why else ""
        lines.append(f"  {guess.field}: {{{', '.join(said)}}}{why}")
    parts = [key]
    if key == "order_no" and not fields[key].is_unique:
        lines.insert(2, "  # The number repeats: each row is a line of an order (rows: lines below).")
    occurred = next((f for f in ("created_at", "joined_at") if f in fields), None)
    lines.append(f"natural_key: {{parts: [{', '.join(parts)}]}}  # what a row is known by, also in later exports")
    return "\n".join(lines + ([f"occurred_at: {occurred}"] if occurred else []))


def _people(fields: dict[str, Guess]) -> str:
    ids = [
        text
        for field, text in (
            ("card", "      - {type: pos_card, value: card, scope: $account}  # a card is one shop system's own"),
            ("phone", "      - {type: phone, value: phone}"),
            ("email", "      - {type: email, value: email}"),
        )
        if field in fields
    ]
    facts = [f"      - {{name: {name}, value: {field}}}" for field, name in _ATTRIBUTES.items() if field in fields]
    if not ids and not facts:
        return "# No column names a person: add `parties:` when one does."
    lines = ["parties:  # who a row names: member, buyer, receiver, payer, contact, …", "  member:"]
    lines += ["    identifiers:", *ids] if ids else []
    lines += ["    attributes:", *facts] if facts else []
    lines += ["    address: {full: address}"] if "address" in fields else []
    return "\n".join(lines)


def _order(fields: dict[str, Guess]) -> str:
    is_lines = not fields["order_no"].is_unique and "title" in fields
    status = "status" if "status" in fields else "cast(null as varchar)"
    amounts = [f for f in ("goods_amount", "discount_amount", "paid_amount", "refunded_amount") if f in fields]
    said = [f"    {field}: {field}" for field in amounts]
    if "paid_amount" not in fields:
        said.append("    paid_amount: goods_amount  # no column tells what was paid")
    has_people = {"card", "phone", "email", *_ATTRIBUTES} & set(fields)
    text = [
        "rows: lines" if is_lines else "",
        "order:",
        "  order_no: order_no",
        "  unique_in: account  # platform: no two shops of the source give the same number",
        "  buyer_role: member" if has_people else "",
        "  status:",
        f"    value: {status}",
        "    default: completed  # a till's ticket is paid and taken along",
        "    vocabulary:  # meaning: words of the file; others are told as unknown",
        "      completed: [已完成, 完成, 已支付]",
        "      closed: [已取消, 已关闭, 已退款]",
        "  times: {created_at: created_at, paid_at: created_at, completed_at: created_at}",
        "  amounts:",
        *said,
        "  store_id: store" if "store" in fields else "",
        "  guide_id: guide" if "guide" in fields else "",
    ]
    if "title" in fields:
        slots = {"sku": "sku", "title": "title", "qty": "quantity", "unit_price": "unit_price"}
        text += ["lines:", "  order_no: order_no", "  unique_in: account"]
        text += [f"  {slot}: {field}" for slot, field in slots.items() if field in fields]
        if is_lines:
            amount = next((f for f in ("paid_amount", "goods_amount") if f in fields), None)
            text += (
                [f"  line_amount: {amount}  # of the line; an order's own total would repeat on each"] if amount else []
            )
    return "\n".join(line for line in text if line)


def _customer(fields: dict[str, Guess]) -> str:
    text: list[str] = []
    if "joined_at" in fields:
        text += ["events:", "  - {type: member_joined, at: joined_at, role: member}"]
    has_people = {"card", "phone", "email", *_ATTRIBUTES} & set(fields)
    if has_people and {"points", "balance"} & set(fields):
        text.append("balances:  # as of the export; they check the ledger")
    if has_people and "points" in fields:
        text.append("  - {role: member, kind: points, amount: points, unit: \"'points'\"}")
    if has_people and "balance" in fields:
        text.append("  - {role: member, kind: stored_value, amount: balance}")
    return "\n".join(text)


def _quoted(header: str) -> str:
    """A header name as YAML has it inside braces."""
    plain = re.match(r"^[\w\u4e00-\u9fff][\w\u4e00-\u9fff ()（）/.-]*$", header) and yaml.safe_load(header) == header
    return header if plain else "'" + header.replace("'", "''") + "'"


def first_table(path: Path, sheet: str = "") -> Probe:
    """The table of a file, or of one sheet of it, or of the first file of an archive.

    Raises:
        UsageError: there is no such file or sheet, or nothing in it looks like a table.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"There is no file {path}; name one that is there.")
    for file in fingerprints(path, Path(path.anchor)):
        tables = [] if isinstance(file, Unread) else _tables(file)
        chosen = [table for table in tables if sheet in ("", table.part)]
        if chosen:
            return chosen[0]
    where = f" in a sheet {sheet}" if sheet else ""
    raise UsageError(f"Nothing in {path.name} looks like a table{where}; its header must be one row of names.")


def _tables(file: LandingFile) -> list[Probe]:
    try:
        return probe(file)
    except Exception as error:  # a damaged file can make a parser fail in any way
        raise UsageError(f"{file.name} is damaged or protected; export it again.") from error
