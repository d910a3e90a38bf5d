"""WeCom external contacts as `externalcontact/batch/get_by_user` answers, one response object a file."""

from typing import Final

import polars as pl

from simulator.contacts import CORPID
from simulator.model import World
from simulator.people import Calendar
from simulator.wechat import REMARK_NAME, REMARK_NAME_PHONE, REMARK_NOTE, REMARK_TITLE_PHONE, guide_names
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period

_FILES: Final = 4  # the guides' contacts are fetched in as many portions
_NOTES: Final = ("买热水器", "看净水器", "换滤芯", "咨询洗碗机", "油烟机清洗", "老客户")


def with_cells(world: World) -> pl.DataFrame:
    """The contacts with userid, remark and mobiles as the files show them; also used for the truth."""
    rows, people, contacts = world.wechat.contacts, world.people, world.contacts
    person = rows["person"].to_numpy()
    ids, stores = guide_names(world.stores)
    framed = rows.with_columns(
        userid=d.gather(ids, rows["guide"]),
        store_name=d.gather(stores, rows["guide"]),
        phone_plain=d.gather(contacts.phone_text, rows["phone"]),
        full_name=d.gather(people.full_name(), person),
        title=d.gather(people.surname, person) + d.gather(["女士", "先生"], people.gender[person]),
        note_text=d.gather(list(_NOTES), rows["note"]),
    )
    kind = pl.col("remark")
    return framed.with_columns(
        remark_text=pl.when(kind == REMARK_NAME)
        .then(pl.col("full_name"))
        .when(kind == REMARK_TITLE_PHONE)
        .then(pl.concat_str("title", "phone_plain", "note_text"))
        .when(kind == REMARK_NAME_PHONE)
        .then(pl.concat_str("full_name", pl.lit(" "), "phone_plain"))
        .when(kind == REMARK_NOTE)
        .then(pl.concat_str("title", pl.lit(" "), "note_text"))
        .otherwise(pl.col("name"))
    )


def write_wecom(world: World, out: Exports, day: Period | None = None) -> None:
    """All contacts in a few portions, or those added in one day."""
    rows = with_cells(world)
    exported_at = day.exported_at if day else world.span.end - 1
    rows = rows.filter(day.covers() if day else pl.col("at") <= exported_at)
    stamp = out.stamp_text(exported_at, "%Y%m%d%H%M%S")
    for portion in range(1 if day else _FILES):
        part = rows if day else rows.filter(pl.col("guide") % _FILES == portion)
        if len(part):
            path = f"wecom/{CORPID}/batch_get_by_user_{stamp}_{portion + 1}.json"
            out.write(path, response(world.span, part), exported_at, len(part))


def response(span: Calendar, rows: pl.DataFrame) -> bytes:
    """A whole response object with these contacts."""
    entries = rows.select(_entry(span).alias("entry"))["entry"].to_list()
    head = '{\n "errcode": 0,\n "errmsg": "ok",\n "external_contact_list": [\n  '
    return (head + ",\n  ".join(entries) + "\n ]\n}\n").encode()


def _entry(span: Calendar) -> pl.Expr:
    start = int(pl.Series([span.start]).cast(pl.Datetime("us")).dt.epoch("s")[0]) - 8 * 3600
    mobiles = (
        pl.when(pl.col("has_mobile"))
        .then(pl.concat_list("phone_plain"))
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
    )
    contact = pl.struct(
        external_userid=pl.col("external_userid"),
        name=pl.col("name"),
        avatar=pl.lit("http://wx.qlogo.cn/mmhead/0"),
        type=pl.lit(1),
        gender=pl.col("gender"),
        unionid=pl.col("unionid"),
    )
    follow = pl.struct(
        userid=pl.col("userid"),
        remark=pl.col("remark_text"),
        description=pl.lit(""),
        createtime=pl.col("at") + start,
        tag_id=pl.lit([], dtype=pl.List(pl.String)),
        remark_mobiles=mobiles,
        add_way=pl.col("add_way"),
        state=pl.when(pl.col("add_way") == 1).then("store_" + pl.col("userid").str.slice(9, 3)).otherwise(pl.lit("")),
    )
    whole = pl.struct(external_contact=contact, follow_info=follow).struct.json_encode()
    return pl.when(pl.col("unionid") == "").then(whole.str.replace(',"unionid":""', "", literal=True)).otherwise(whole)
