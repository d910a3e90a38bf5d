"""Exports: an audience as the files that a person or a tool reads, with a manifest that says what they are.

The rows come from the compiled SQL, the contact points and names from the vault. Nothing is in place until it is
complete, and what is there is readable by its owner alone. Every export is in the audit trail and in the register
before its files are.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl

from common.errors import UsageError
from segments.campaigns.arms import HOLDOUT
from segments.campaigns.assignment import aliases
from segments.campaigns.enrol import Enrolment, draw, enrol
from segments.campaigns.plan import Plan, find_plan, known_plan, load_plans, plan_for_list
from segments.exporting.cells import Encoding, Language
from segments.exporting.content import Order, make_content
from segments.exporting.destination import Destination, find_destination
from segments.exporting.folders import folder_for, holder
from segments.exporting.formats import Format, check_format
from segments.exporting.layout import Laid, lay_out
from segments.exporting.outcome import Content, ExportReport, ListSize, manifest_of
from segments.exporting.placing import Placed, make_up_for, place
from segments.exporting.register import Entry, exports_held, next_export_id
from segments.exporting.rows import candidates, with_staff_and_store
from segments.exporting.standing import local_day, people_of_other_campaigns, sent_before
from segments.published import Published, open_published
from segments.reaching.evidence import evidence
from segments.reaching.listing import Purpose, compile_list, through
from segments.reaching.policy import load_policy
from segments.reaching.pressure import OTHER_CAMPAIGN
from segments.reaching.purposes import purpose_notes
from segments.reaching.reach import Reach, measure
from segments.rules.compile import Compiled
from segments.rules.definition import PersonalField
from segments.rules.hints import unseen_values
from segments.rules.library import find_audience
from segments.rules.load import Audience
from segments.saying import say

Variant = Literal["personalised", "non_personalised"]


def export_audience(
    home: Path,
    audience: str | Audience,
    *,
    at: dt.datetime,
    run_id: str | None = None,
    destination: str | None = None,
    campaign: str | None = None,
    holdout: float | None = None,
    variant: Variant | None = None,
    send_on: dt.date | None = None,
    format: Format | None = None,
    encoding: Encoding | None = None,
    delta: bool = False,
    out: Path | None = None,
    requested_by: str | None = None,
    reason: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    language: Language = "zh",
    is_sending: bool = True,
) -> ExportReport:
    """Writes an audience of the published run as files with a manifest.

    Args:
        home: the GUIYI_HOME folder.
        audience: an audience, or the name of one.
        at: now, UTC without zone.
        run_id: the run that is expected to be published; None takes the one that is.
        destination: the tool that the list is for; None is the plain list, as people read it.
        campaign: the plan, by name or code, that the list belongs to: its arms, holdout, links and rank hold. With a
            holdout the code of a new campaign, for which a plan is written.
        holdout: without a plan, the share that is held out; a plan of the list's own is written for it.
        variant: `non_personalised` leaves out names and everything else that is known of people.
        send_on: the day on which it will be sent; None is today, or the campaign's first day if that lies ahead.
        format: csv, xlsx or parquet; None is what the destination wants, else csv.
        encoding: of a CSV; None is what the destination wants, else `utf-8-sig`, UTF-8 with a byte order mark.
        delta: only what came and went since the last export of this audience to this destination, in two files.
        out: a folder for the files; None is one of the home's exports, as `folder_for` gives it.
        requested_by: who asked for the list.
        reason: why.
        parameters: values that replace the audience's defaults.
        language: of the plain list's headers.
        is_sending: whether somebody may send to it, so that frequency caps count it.

    Raises:
        UsageError: nothing is published, another run is, or an argument is wrong.
        DefinitionError: the audience, the plan or the policy is wrong, or does not fit the published tables.
    """
    definition = find_audience(audience, home) if isinstance(audience, str) else audience
    with open_published(home, run_id) as published, exports_held(published.home.exports):
        make_up_for(published)
        plan = _plan(published, definition, campaign, holdout, at=at, destination=destination, owner=requested_by)
        tool_name = destination or (plan.destination if plan else None)
        tool = find_destination(tool_name, home) if tool_name is not None else None
        order = Order(
            destination=tool,
            plan=plan,
            format=format or (tool.format if tool else "csv"),
            encoding=encoding or (tool.encoding if tool else "utf-8-sig"),
            language=language,
            is_delta=delta,
            is_sending=is_sending and definition.definition.channel is not None,
        )
        check_format(order.format, order.encoding)
        day = send_on or _first_day(plan, local_day(published, at))
        compiled = _compiled(published, definition, order, day, variant=variant, parameters=parameters)
        made = _make(published, compiled, order, is_plain=_is_plain(compiled, variant))
        exports, channel = published.home.exports, compiled.definition.channel
        folder = out or folder_for(exports, compiled.definition.name, published.run_id, order)
        report = made.report(published, order, folder, next_export_id(exports, at))
        entry = Entry(
            export_id=report.export_id, at=at, audience=report.audience, run_id=report.run_id, channel=channel,
            destination=report.destination, campaign=report.campaign, is_delta=delta,
            is_sending=order.is_sending, format=order.format, encoding=order.encoding,
            rows=report.rows, sha256=report.sha256, path=str(folder.absolute()), requested_by=requested_by,
            reason=reason,
        )  # fmt: skip
        asked = {
            "exported_at": at.isoformat(timespec="seconds"), "send_on": day.isoformat(), "variant": variant,
            "requested_by": requested_by, "reason": reason,
        }  # fmt: skip
        files = {**made.content.files, report.manifest.name: manifest_of(report, compiled, made.content, asked)}
        place(published, Placed(entry, plan, made.members, made.evidence, files, into=out))
    return report


def size_list(
    home: Path,
    audience: Audience,
    *,
    at: dt.datetime,
    destination: str | None = None,
    campaign: str | None = None,
    holdout: float | None = None,
    variant: Variant | None = None,
    send_on: dt.date | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> ListSize:
    """How many a list would have if it were exported now, and how many would be held out; writes nothing.

    Arguments and errors as of `export_audience`, whose figures these are until something is exported or published.
    """
    with open_published(home) as published:
        plan = _plan(published, audience, campaign, holdout, at=at, destination=destination, owner=None)
        tool_name = destination or (plan.destination if plan else None)
        order = Order(
            destination=find_destination(tool_name, home) if tool_name is not None else None, plan=plan, format="csv",
            encoding="utf-8", language="zh", is_delta=False, is_sending=audience.definition.channel is not None,
        )  # fmt: skip
        day = send_on or _first_day(plan, local_day(published, at))
        compiled = _compiled(published, audience, order, day, variant=variant, parameters=parameters)
        reach = measure(published.con, compiled)
        rows, dropped = candidates(published, compiled, personal=[])
        notes = _notes(published, compiled, reach)
        arms: dict[str, int] = {}
        if plan is not None:
            drawn = draw(home, plan, rows, salt=load_policy(home).salt, merged=aliases(published.con))
            arms, notes = drawn.arms, [*notes, *(drawn.notes if rows.height else [])]
        exports = published.home.exports
        before = holder(exports, folder_for(exports, audience.name, published.run_id, order)) if plan else None
    held = arms.get(HOLDOUT, 0)
    return ListSize(
        reach=reach, dropped={reason: n for reason, n in dropped.items() if n}, n_held_out=held,
        rows=rows.height - held, arms={name: n for name, n in arms.items() if name != HOLDOUT},
        campaign=plan.code if plan else None, replaces=before.export_id if before else None, notes=notes,
    )  # fmt: skip


class _Made:
    """A list, made and not yet written."""

    def __init__(self, compiled: Compiled, matching: int, dropped: dict[str, int], notes: list[str]) -> None:
        self.compiled, self.matching, self.dropped, self.notes = compiled, matching, dropped, notes
        self.arms: dict[str, int] = {}
        self.n_rows = 0
        self.members = pl.DataFrame()
        self.evidence: pl.DataFrame | None = None
        self.content = Content({}, {}, [])

    def report(self, published: Published, order: Order, folder: Path, export_id: str) -> ExportReport:
        """The report of the list once it lies in that folder."""
        content, home = self.content, published.home
        beside = home.vault / "exports" / export_id / "evidence.parquet"
        return ExportReport(
            audience=self.compiled.definition.name,
            run_id=published.run_id,
            as_of=published.calendar.as_of,
            export_id=export_id,
            csv=folder / next(iter(content.files)),
            files=tuple(folder / name for name in content.files),
            manifest=folder / "manifest.json",
            evidence=beside if self.evidence is not None else None,
            rows=self.n_rows,
            matching=self.matching,
            dropped=self.dropped,
            sha256=content.sha256,
            encoding=order.encoding,
            format=order.format,
            destination=order.destination.name if order.destination else None,
            campaign=order.plan.code if order.plan else None,
            arms=self.arms,
            added=content.added,
            removed=content.removed,
            notes=self.notes,
        )


def _make(published: Published, compiled: Compiled, order: Order, *, is_plain: bool) -> _Made:
    """The rows, drawn and laid out; writes nothing but the tokens of personal links."""
    reach = measure(published.con, compiled)
    tool = order.destination
    rows, dropped = candidates(
        published,
        compiled,
        personal=[] if is_plain else _personal(compiled, tool),
        other_channels=_other_channels(compiled, tool),
        countries=tool.countries if tool else None,
    )
    made = _Made(compiled, reach.matching, {**reach.unreachable, **dropped}, unseen_values(published.con, compiled))
    made.notes += _notes(published, compiled, reach)
    if order.needs_staff_and_store:
        rows = with_staff_and_store(published, rows)
    enrolled = _enrolled(published, rows, order.plan)
    if order.plan is not None:
        made.dropped[HOLDOUT] = enrolled.n_held_out
        made.arms = {name: n for name, n in enrolled.arms.items() if name != HOLDOUT}
        made.notes += enrolled.notes
    laid = _laid(enrolled.rows, compiled, order, is_plain=is_plain)
    made.n_rows = enrolled.rows.height
    made.members = order.members(enrolled, laid)
    channel = compiled.definition.channel
    if channel is not None:
        made.evidence = evidence(published, enrolled.rows, channel=channel, purpose=compiled.purpose)
    made.content = make_content(published, compiled, order, laid, made.members)
    return made


def _plan(
    published: Published,
    audience: Audience,
    campaign: str | None,
    holdout: float | None,
    *,
    at: dt.datetime,
    destination: str | None,
    owner: str | None,
) -> Plan | None:
    home = published.home.path
    known = known_plan(load_plans(home), campaign) if campaign is not None else None
    if campaign is not None and (known is not None or holdout is None):
        plan = known or find_plan(home, campaign)
        if holdout is not None:
            raise UsageError(say("plan_holds_out"))
        if plan.audience != audience.name:
            raise UsageError(say("plan_of_other_audience", name=plan.name, audience=plan.audience, other=audience.name))
        return plan
    if holdout is None:
        return None
    # A campaign that is named may hold out nobody; without one, that is no campaign at all.
    if not (holdout >= 0 if campaign is not None else holdout > 0) or holdout >= 1:
        raise UsageError(say("holdout_no_share", share=f"{holdout:g}"))
    if audience.definition.channel is None:
        raise UsageError(say("no_channel_no_holdout", name=audience.name))
    return plan_for_list(
        home,
        audience.name,
        audience.definition.label,
        holdout=holdout,
        on=local_day(published, at),
        destination=destination,
        owner=owner or audience.definition.owner,
        code=campaign,
    )


def _first_day(plan: Plan | None, today: dt.date) -> dt.date:
    if plan is None:
        return today
    if plan.ends_on < today:
        raise UsageError(say("campaign_over", name=plan.name, day=plan.ends_on))
    return max(today, plan.starts_on)


def _compiled(
    published: Published,
    audience: Audience,
    order: Order,
    day: dt.date,
    *,
    variant: Variant | None,
    parameters: Mapping[str, Any] | None,
) -> Compiled:
    tool, plan = order.destination, order.plan
    channel = (tool.channel if tool else None) or (plan.channel if plan else None)
    if tool is not None and audience.definition.channel is None:
        through(audience, tool.channel or "sms")  # refuses: an audience without a channel reaches nobody
    effective = channel or audience.definition.channel
    what = (audience.name, plan.code if plan else None, published.run_id)
    what_for = Purpose(
        channel=channel,
        purpose=tool.purpose if tool else None,
        day=day,
        exported=sent_before(published, effective, but=what),
        campaign=plan.code if plan else None,
        other_campaigns=people_of_other_campaigns(published, plan) if plan else (),
        is_personalised=None if variant is None else variant == "personalised",
    )
    values = {**(plan.parameters if plan else {}), **(parameters or {})}
    return compile_list(published, audience, values, what_for=what_for)


def _notes(published: Published, compiled: Compiled, reach: Reach) -> list[str]:
    notes: list[str] = purpose_notes(published, channel=compiled.definition.channel, purpose=compiled.purpose)
    elsewhere = reach.unreachable.get(OTHER_CAMPAIGN, 0)
    return [*notes, *([say("in_other_campaigns", n=f"{elsewhere:,}")] if elsewhere else [])]


def _is_plain(compiled: Compiled, variant: Variant | None) -> bool:
    return "non_personalised" in (variant, compiled.definition.variant)


def _enrolled(published: Published, rows: pl.DataFrame, plan: Plan | None) -> Enrolment:
    if plan is None:
        nobody = pl.Series("arm", [None] * rows.height, dtype=pl.String)
        return Enrolment(rows, rows.select("one_id", nobody), {}, [])
    salt = load_policy(published.home.path).salt
    return enrol(published.home.path, plan, rows, salt=salt, merged=aliases(published.con))


def _laid(rows: pl.DataFrame, compiled: Compiled, order: Order, *, is_plain: bool) -> Laid:
    texts = {
        "audience": compiled.definition.name,
        "audience_label": compiled.definition.label.zh,
        "campaign": order.plan.code if order.plan else "",
    }
    return lay_out(rows, compiled, order.destination, language=order.language, texts=texts, is_plain=is_plain)


def _personal(compiled: Compiled, tool: Destination | None) -> list[PersonalField]:
    """The personal fields that leave: those that the audience gives to its readers, or those that the tool needs."""
    if compiled.definition.channel is None:
        return []
    if tool is None:
        return list(compiled.definition.personal)
    fields: tuple[PersonalField, ...] = ("name", "nickname")
    return [field for field in fields if any(column.source == field for column in tool.columns)]


def _other_channels(compiled: Compiled, tool: Destination | None) -> list[str]:
    own = compiled.definition.channel
    found = (column.channel for column in (tool.columns if tool else ()) if column.channel not in (None, own))
    return sorted({str(channel) for channel in found})
