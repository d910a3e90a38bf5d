"""The content of a list's files: the whole of it, or what changed since the last time."""

from dataclasses import dataclass

import polars as pl

from segments.campaigns.arms import HOLDOUT
from segments.campaigns.enrol import Enrolment
from segments.campaigns.plan import Plan
from segments.exporting.cells import Encoding, Language
from segments.exporting.delta import delta_content, members_frame
from segments.exporting.destination import Destination
from segments.exporting.formats import XLSX_ROWS, Format, encode
from segments.exporting.layout import Laid, parts
from segments.exporting.outcome import Content
from segments.published import Published
from segments.rules.compile import Compiled


@dataclass(frozen=True)
class Order:
    """What was asked for, with every default in place."""

    destination: Destination | None
    plan: Plan | None
    format: Format
    encoding: Encoding
    language: Language
    is_delta: bool
    is_sending: bool

    @property
    def needs_staff_and_store(self) -> bool:
        """Whether a file or a campaign says whose customer somebody is."""
        tool = self.destination
        sources = {column.source for column in tool.columns} | {tool.split_by} if tool else set()
        return self.plan is not None or bool(sources & {"staff_code", "store_code"})

    def members(self, enrolled: Enrolment, laid: Laid) -> pl.DataFrame:
        """Everybody in the list and those held out, with the cells that name those who are in it."""
        sent = members_frame(enrolled.rows, laid)
        sent = sent.join(enrolled.members.drop("arm"), on="one_id", how="left", maintain_order="left")
        held = enrolled.members.filter(pl.col("arm") == HOLDOUT)
        return pl.concat([sent, held], how="diagonal")


def make_content(published: Published, compiled: Compiled, order: Order, laid: Laid, members: pl.DataFrame) -> Content:
    """The bytes of every file.

    Args:
        published: the open run.
        compiled: the audience.
        order: what was asked for.
        laid: the whole list as it is now.
        members: as `Order.members` gives them.

    Raises:
        UsageError: a delta is asked for, and the last export named people by other columns.
    """
    tool, name = order.destination, compiled.definition.name
    max_rows = tool.max_rows if tool else None
    if order.format == "xlsx":
        max_rows = min(max_rows or XLSX_ROWS, XLSX_ROWS)
    told: tuple[int, int, str | None] | tuple[()] = ()
    if order.is_delta:
        line = (name, tool.name if tool else None, order.plan.code if order.plan else None)
        sent = members.filter(pl.col("arm").ne_missing(pl.lit(HOLDOUT)))
        changes = delta_content(published.home.exports, *line, laid, sent, is_sending=order.is_sending)
        pieces = [*parts(changes.added, "added", max_rows), *parts(changes.removed, "removed", max_rows)]
        told = (changes.added.frame.height, changes.removed.frame.height, changes.against)
    else:
        pieces = list(parts(laid, name, max_rows))
    files = {
        f"{stem}.{order.format}": encode(
            rows,
            fmt=order.format,
            encoding=order.encoding,
            language=order.language,
            time_zone=published.calendar.time_zone,
            has_header=tool is None or tool.has_header,
            e164=[column for column in laid.numbers if column in rows.columns],
        )
        for stem, rows in pieces
    }
    sizes = {f"{stem}.{order.format}": rows.height for stem, rows in pieces}
    return Content(files, sizes, laid.frame.columns, *told)
