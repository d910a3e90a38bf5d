"""Putting an export in place, so that a process that dies at any moment leaves no list without its trace.

The order is what counts: first the consent that the rows rest on, the audit trail and the register, then the files in
one step, then what follows from their being there: the campaign's assignment, and the end of the entry's pending.
What is left undone is made up for by the next export.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segments.campaigns.assignment import MEMBERS, whole
from segments.campaigns.enrol import conclude
from segments.campaigns.plan import Plan, find_plan, load_plans, save_plan
from segments.exporting.files import write_folder, write_into
from segments.exporting.register import Entry, confirm, enter, members_of, settle
from segments.published import Published
from warehouse import audit

_FACTS = (
    "export_id", "audience", "channel", "destination", "campaign", "rows", "sha256", "path", "reason", "run_id",
    "is_delta",
)  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """Everything that an export leaves behind.

    Attributes:
        entry: its line in the register.
        plan: the campaign that it belongs to.
        members: who is in it or held out of it.
        evidence: the consent behind each row; None without a channel.
        files: its files, the manifest among them.
        into: a folder that may hold other files as well; None is the export's own.
    """

    entry: Entry
    plan: Plan | None
    members: pl.DataFrame
    evidence: pl.DataFrame | None
    files: Mapping[str, bytes]
    into: Path | None


def place(published: Published, placed: Placed) -> None:
    """Writes an export."""
    home, entry = published.home, placed.entry
    if placed.plan is not None and placed.plan.name not in load_plans(home.path):
        save_plan(home.path, placed.plan)
    if placed.evidence is not None:
        file = io.BytesIO()
        placed.evidence.write_parquet(file)
        write_folder(home.vault / "exports" / entry.export_id, {"evidence.parquet": file.getvalue()})
    facts = {name: getattr(entry, name) for name in _FACTS}
    audit.record(home.path, "export", who=entry.requested_by, at=entry.at, **facts)
    enter(home.exports, entry, placed.members)
    if placed.into is not None:
        write_into(placed.into, placed.files)
    else:
        write_folder(Path(entry.path), placed.files)
    follow(published, entry, placed.plan)


def make_up_for(published: Published) -> None:
    """Does what an export that died after its files were in place left undone."""
    for entry in settle(published.home.exports):
        plan = find_plan(published.home.path, entry.campaign) if entry.campaign is not None else None
        follow(published, entry, plan)


def follow(published: Published, entry: Entry, plan: Plan | None) -> None:
    """What follows from a list's being in place; may be done again."""
    exports = published.home.exports
    if plan is not None:
        conclude(
            published,
            plan,
            whole(members_of(exports, entry), MEMBERS),
            channel=entry.channel,
            at=entry.at,
            export_id=entry.export_id,
            run_id=entry.run_id,
        )
    confirm(exports, entry)
