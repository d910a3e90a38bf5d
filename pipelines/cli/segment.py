"""`guiyi segment list|preview|export|overlap`: audiences, for marketers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.screen import HomeOption, JsonOption, as_json, screen, table

app = typer.Typer(no_args_is_help=True, help="Audiences: see them, size them, export them as CSV.")
Name = Annotated[str, typer.Argument(help="An audience, as `guiyi segment list` names it.")]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter's value; may be repeated.")
]


@app.command("list")
def list_audiences(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """List the audiences with their sizes in the published warehouse, channel and parameters.

    Example: guiyi segment list --home data/demo
    """
    from pipelines.resources import home_path
    from segments.api import survey_audiences

    shelf = survey_audiences(home_path(home))
    audiences = shelf.audiences
    found = [audience.definition for audience in audiences.values()]
    if to_json:
        as_json(
            [
                {"origin": audiences[one.name].origin, **one.model_dump(mode="json", by_alias=True, exclude_none=True)}
                for one in found
            ]
        )
        return
    sizes = _sizes(audiences, home)
    rows = table("名称 name", "人群 audience", "渠道 channel", "符合 match", "可触达 reach", numbers_from=3)
    rows.columns[0].no_wrap = True
    for one in found:
        shown = [f"{n:,}" for n in sizes[one.name]] if one.name in sizes else ["–", "–"]
        name = one.name if audiences[one.name].origin == "built_in" else f"{one.name} *"
        rows.add_row(name, f"{one.label.zh} {one.label.en}", one.channel or "–", *shown)
    if any(one.origin == "own" for one in audiences.values()):
        rows.caption = "* 自建 the brand's own"
    screen().print(rows)
    for fault in shelf.faults.values():
        screen().print(f"⚠ {fault}", style="yellow", markup=False, soft_wrap=True)


def _sizes(audiences: dict[str, Any], home: Path | None) -> dict[str, tuple[int, int]]:
    """How many people match each audience, and may be reached; nothing while nothing is published."""
    from pipelines.resources import home_path
    from segments.api import open_published, preview
    from warehouse.home import Home

    where = Home(home_path(home))
    if where.published() is None:
        return {}
    with open_published(where.path) as published:
        reach = {name: preview(published, audience, people=0).reach for name, audience in audiences.items()}
    return {name: (found.matching, found.reachable) for name, found in reach.items()}


@app.command()
def preview(
    name: Name,
    home: HomeOption = None,
    people: Annotated[int, typer.Option(help="How many masked people to show.")] = 10,
    values: Values = None,
    sql: Annotated[bool, typer.Option("--sql", help="Show the query too.")] = False,
    destination: Annotated[
        str | None, typer.Option(help="Size it for this tool: its channel, and what it needs people to agree to.")
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="Sizes and people alone: no other channels, past runs and tags.")
    ] = False,
    to_json: JsonOption = False,
) -> None:
    """Size an audience for every channel, see how it changed and what sets it apart, and look at a few people, masked.

    Example: guiyi segment preview silent_high_value --home data/demo
    """
    from pipelines.cli.segment_preview import show_channels, show_people, show_reach, show_sizes, show_tags
    from pipelines.resources import home_path
    from segments.api import (
        column_labels,
        find_audience,
        find_destination,
        open_published,
        past_sizes,
        reach_by_channel,
        read_names,
        top_tags,
    )
    from segments.api import preview as look

    audience = find_audience(name, home_path(home))
    tool = find_destination(destination, home_path(home)) if destination is not None else None
    given = _parameters(audience, values)
    with open_published(home_path(home)) as published:
        seen = look(published, audience, parameters=given, people=people, destination=tool)
        channels = {} if brief else reach_by_channel(published, audience, given)
        sizes = [] if brief else past_sizes(published, audience, given)
        tags = [] if brief else top_tags(published, audience, given)
        names, heads = read_names(published), column_labels(published)
    reach = seen.reach
    if to_json:
        as_json(
            {
                "audience": name,
                **vars(reach),
                "channels": {channel: vars(one) for channel, one in channels.items()},
                "past": [vars(one) for one in sizes],
                "tags": [{**vars(one), "label": one.label.model_dump()} for one in tags],
                "notes": seen.notes,
                "people": seen.people.to_dicts(),
                **({"sql": seen.compiled.sql} if sql else {}),
            }
        )
        return
    console = screen()
    label = audience.definition.label
    console.print(f"[bold]{label.zh} · {label.en}[/]")
    show_reach(console, reach)
    if channels:
        show_channels(channels)
    if len(sizes) > 1:
        show_sizes(sizes)
    if tags:
        show_tags(tags, names)
    show_notes(console, seen.notes)
    show_people(console, seen, names, heads)
    if sql:
        console.print(seen.compiled.sql, markup=False, soft_wrap=True)


@app.command()
def export(
    name: Name,
    home: HomeOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for CSV and manifest; else HOME/exports.", show_default=False)
    ] = None,
    destination: Annotated[
        str | None, typer.Option(help="The tool that the list is for; `guiyi segment destinations` lists them.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="utf-8-sig, utf-8 or gb18030; else as the destination wants.")
    ] = None,
    fmt: Annotated[
        str | None, typer.Option("--format", help="csv, xlsx or parquet; else as the destination wants.")
    ] = None,
    delta: Annotated[
        bool, typer.Option("--delta", help="Only what came and went since the last export to this destination.")
    ] = False,
    campaign: Annotated[
        str | None,
        typer.Option(help="A plan: its arms, holdout and links; or, with --holdout, a new code."),
    ] = None,
    holdout: Annotated[float | None, typer.Option(help="Without a plan: the share that is held out, as 0.1.")] = None,
    language: Annotated[str, typer.Option(help="Of the headers: zh or en.")] = "zh",
    values: Values = None,
    requested_by: Annotated[str, typer.Option(help="Who asked for the list, for the manifest.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the manifest.")] = "",
    to_json: JsonOption = False,
) -> None:
    """Export an audience as CSV with its manifest; only people who agreed to its channel.

    Example: guiyi segment export silent_high_value --home data/demo --encoding gb18030
    """
    from common.errors import UsageError
    from pipelines.resources import home_path, utc_now
    from segments.api import export_audience, find_audience

    if language not in ("zh", "en"):
        raise UsageError(f"The language {language!r} is not known; use zh or en.")
    audience = find_audience(name, home_path(home))
    report = export_audience(
        home_path(home),
        audience,
        at=utc_now(),
        destination=destination,
        campaign=campaign,
        holdout=holdout,
        encoding=encoding,  # type: ignore[arg-type]  # checked there, with the same sentence for every caller
        format=fmt,  # type: ignore[arg-type]  # the same
        delta=delta,
        out=out,
        requested_by=requested_by or None,
        reason=reason or None,
        parameters=_parameters(audience, values),
        language=language,  # type: ignore[arg-type]  # checked above
    )
    show_export(report, to_json=to_json)


def show_export(report: Any, *, to_json: bool) -> None:
    """Tells on the screen what was exported."""
    if to_json:
        as_json(vars(report))
        return
    console = screen()
    console.print(f"{report.rows:,} 人 people → {report.csv}")
    for file in report.files[1:]:
        console.print(f"  {file}")
    if report.added is not None:
        console.print(f"  新增 added {report.added:,} · 移除 removed {report.removed:,}")
    for arm, n in report.arms.items():
        console.print(f"  分组 arm {arm}: {n:,}")
    for why, n in report.dropped.items():
        console.print(f"  未导出 left out, {why}: {n:,}")
    show_notes(console, report.notes)


def show_notes(console: Any, notes: list[str]) -> None:
    """Prints what should be known before sending, in both languages where there is a Chinese sentence for it."""
    from segments.api import in_chinese

    for note in notes:
        for text in dict.fromkeys((in_chinese(note), str(note))):
            console.print(f"  ⚠ {text}", style="yellow", markup=False, soft_wrap=True)


@app.command("why")
def why_reached(
    one_id: Annotated[str, typer.Argument(help="A person's OneID.")],
    channel: Annotated[str, typer.Option(help="sms, email, wechat_oa, wecom or phone.")] = "sms",
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Say why a person may or may not be reached, with every statement of consent, its basis and its file.

    Example: guiyi segment why P7HQF6WQYJKWA --channel sms
    """
    from pipelines.resources import home_path
    from segments.api import open_published, why

    with open_published(home_path(home)) as published:
        found = why(published, one_id, channel=channel)
    if to_json:
        as_json({**vars(found), "statements": found.statements.to_dicts()})
        return
    console = screen()
    answer = f"可触达 may be reached: {found.legal_basis}" if found.reason is None else f"不可触达 no: {found.reason}"
    console.print(f"{found.one_id} · {found.channel} · {found.purpose} · {answer}")
    columns = ["point", "state", "stated_at", "basis", "source", "account", "file_id", "row_no", "is_own_word"]
    rows = table(*columns, numbers_from=99)
    for row in found.statements.select(columns).iter_rows():
        rows.add_row(*("–" if cell is None else str(cell) for cell in row))
    console.print(rows)


@app.command()
def destinations(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """List the tools that a list can be made for, and how sure each template is.

    Example: guiyi segment destinations
    """
    from pipelines.resources import home_path
    from segments.api import load_destinations, load_policy

    found = list(load_destinations(home_path(home)).values())
    policy = load_policy(home_path(home))
    if to_json:
        as_json([one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in found])
        return
    rows = table(
        "名称 name", "去处 destination", "渠道 channel", "同意 purpose", "文件 file", "依据 grade", numbers_from=99
    )
    for one in found:
        rows.add_row(one.name, f"{one.label.zh} {one.label.en}", one.channel or "–", one.purpose, one.format, one.grade)
    screen().print(rows)
    beyond = sorted({policy.purpose(one.purpose) for one in found} - {"marketing"})
    if beyond:
        purposes = ", ".join(beyond)
        screen().print(
            f"{purposes}：须另有此用途的授权，同意收消息不算；条款已涵盖时，在 policy.yml 写 "
            f"covered_by: {{{beyond[0]}: marketing}}。\n"
            f"{purposes}: people must have agreed to this as well, messages are not enough; where your terms cover it, "
            f"write covered_by: {{{beyond[0]}: marketing}} into policy.yml.",
            markup=False, soft_wrap=True,
        )  # fmt: skip


@app.command()
def overlap(
    names: Annotated[list[str] | None, typer.Argument(help="Audiences; all when none is named.")] = None,
    home: HomeOption = None,
    matching: Annotated[
        bool, typer.Option("--matching", help="Count all whom the rules describe, reachable or not.")
    ] = False,
    to_json: JsonOption = False,
) -> None:
    """Count the people that audiences have in common.

    Example: guiyi segment overlap silent_high_value coupon_lovers --home data/demo
    """
    from pipelines.resources import home_path
    from segments.api import find_audience, load_audiences, open_published
    from segments.api import overlap as common_people

    where = home_path(home)
    audiences = [find_audience(name, where) for name in names] if names else list(load_audiences(where).values())
    with open_published(where) as published:
        found = common_people(published, audiences, reachable=not matching)
    if to_json:
        as_json({"names": found.names, "matrix": found.matrix})
        return
    rows = table("", *(str(number) for number in range(1, len(found.names) + 1)))
    for number, (name, counts) in enumerate(zip(found.names, found.matrix, strict=True), start=1):
        rows.add_row(f"{number} {name}", *(f"{n:,}" for n in counts))
    whom = (
        "符合的人 people whom both describe" if matching else "可触达的人 people who may be reached, in both audiences"
    )
    rows.caption = f"{whom}; on the diagonal: in that one"
    screen().print(rows)


def _parameters(audience: Any, values: list[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` texts as typed values: what the parameter's type can be read from text."""
    import yaml

    from common.errors import UsageError

    given = {}
    for text in values or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text} gives no value; write it as --set NAME=VALUE.")
        declared = audience.definition.parameters.get(name)
        is_text = declared is not None and declared.type == "text"
        given[name] = value if is_text else yaml.safe_load(value)
    return given
