"""Official account followers as `cgi-bin/user/info` gives them, one JSON object a line."""

import polars as pl

from simulator.contacts import APPIDS
from simulator.model import World
from simulator.writers.exports import Exports, Period

_BOUND_FROM = 0.7  # of the years: when the second account joined the open platform, and unionids came


def snapshot_times(world: World) -> tuple[int, int]:
    """When the lists of followers in the landing folder were made."""
    return int(0.55 * world.span.end), world.span.end - 1


def shown_followers(world: World, exported_at: int) -> pl.DataFrame:
    """The followers at a moment; `subscribed` tells whether they still were, `unionid_shown` what the file gives."""
    rows = world.wechat.followers.filter(pl.col("at") <= exported_at)
    bound = (pl.col("official") == 0) | (exported_at >= _BOUND_FROM * world.span.end)
    subscribed = pl.col("left_at") > exported_at
    return rows.with_columns(
        subscribed=subscribed,
        unionid_shown=pl.when(subscribed & bound).then(pl.col("unionid")).otherwise(pl.lit("")),
    )


def changed_followers(world: World, day: Period) -> pl.DataFrame:
    """Who followed or unfollowed in a day."""
    shown = shown_followers(world, day.exported_at)
    return shown.filter((pl.col("at") >= day.start) | ((pl.col("left_at") >= day.start) & ~pl.col("subscribed")))


def write_wechat_oa(world: World, out: Exports, day: Period | None = None) -> None:
    """Two dumps of each account's followers, or those who came and went in one day."""
    moments = [day.exported_at] if day else list(snapshot_times(world))
    for exported_at in moments:
        shown = changed_followers(world, day) if day else shown_followers(world, exported_at)
        for official, appid in enumerate(APPIDS):
            rows = shown.filter(pl.col("official") == official)
            if len(rows):
                path = f"wechat_oa/{appid}/user_info_{out.stamp_text(exported_at, '%Y%m%d%H%M%S')}.jsonl"
                lines = follower_lines(world, rows)
                out.write(path, ("\n".join(lines) + "\n").encode(), exported_at, len(lines))


def follower_lines(world: World, rows: pl.DataFrame) -> list[str]:
    """The JSON lines in the order of the rows; who left has three fields only."""
    start = int(pl.Series([world.span.start]).cast(pl.Datetime("us")).dt.epoch("s")[0]) - 8 * 3600
    # One of some hundred ids has the blank in front that the documentation's own example has.
    blank = pl.when(pl.col("person") % 150 == 0).then(pl.lit(" ")).otherwise(pl.lit(""))
    full = pl.struct(
        subscribe=pl.lit(1),
        openid=pl.col("openid"),
        language=pl.lit("zh_CN"),
        subscribe_time=pl.col("at") + start,
        unionid=blank + pl.col("unionid_shown"),
        remark=pl.lit(""),
        groupid=pl.lit(0),
        tagid_list=pl.concat_list(pl.col("tag") + 100),
        subscribe_scene=pl.col("scene"),
        qr_scene=pl.lit(0),
        qr_scene_str=pl.col("code"),
    )
    no_unionid = full.struct.json_encode().str.replace(r'"unionid":" ?",', "")
    gone = pl.struct(subscribe=pl.lit(0), openid=pl.col("openid"), tagid_list=pl.lit([], dtype=pl.List(pl.Int64)))
    line = (
        pl.when(~pl.col("subscribed"))
        .then(gone.struct.json_encode())
        .when(pl.col("unionid_shown") == "")
        .then(no_unionid)
        .otherwise(full.struct.json_encode())
    )
    return rows.select(line.alias("line"))["line"].to_list()
