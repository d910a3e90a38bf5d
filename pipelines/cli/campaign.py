"""`guiyi campaign list|plan|export|results|report`: what is sent to whom, who is held out, and what came of it."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.screen import HomeOption, JsonOption, as_json, screen, table

app = typer.Typer(no_args_is_help=True, help="Campaigns: plan them, export their lists, take results back, measure.")
Name = Annotated[str, typer.Argument(help="A campaign, by name or code, as `guiyi campaign list` shows them.")]
RequestedBy = Annotated[str, typer.Option(help="Who asks, for the manifest and the audit trail.")]


@app.command("list")
def list_campaigns(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """List the campaign plans of the home, in the order in which they choose their people.

    Example: guiyi campaign list --home data
    """
    from pipelines.resources import home_path
    from segments.api import load_plans

    plans = sorted(load_plans(home_path(home)).values(), key=lambda plan: plan.rank)
    if to_json:
        as_json([plan.model_dump(mode="json", exclude_none=True) for plan in plans])
        return
    rows = table(
        "名称 name", "编号 code", "人群 audience", "起止 days", "优先 priority", "对照 holdout", numbers_from=4
    )
    for plan in plans:
        days = f"{plan.starts_on} – {plan.ends_on}"
        rows.add_row(plan.name, plan.code, plan.audience, days, str(plan.priority), f"{plan.holdout.share:.0%}")
    screen().print(rows)


@app.command()
def plan(name: Name, home: HomeOption = None, to_json: JsonOption = False) -> None:
    """Show one plan, how many it would reach, and why the rest is left out; writes nothing.

    Example: guiyi campaign plan spring --home data
    """
    from pipelines.cli.segment import show_notes
    from pipelines.resources import home_path
    from segments.api import size_campaign

    sized = size_campaign(home_path(home), name)
    if to_json:
        as_json({"plan": sized.plan.model_dump(mode="json", exclude_none=True), "matching": sized.reach.matching,
                 "reachable": sized.reach.reachable, "unreachable": sized.reach.unreachable, "arms": sized.arms,
                 "notes": sized.notes})  # fmt: skip
        return
    console = screen()
    console.print(f"[bold]{sized.plan.label.zh} · {sized.plan.label.en}[/] {sized.plan.code}")
    console.print(f"符合 match {sized.reach.matching:,} · 可触达 reachable {sized.reach.reachable:,}")
    for reason, n in sized.reach.unreachable.items():
        console.print(f"  不可触达 unreachable, {reason}: {n:,}")
    for arm, n in sized.arms.items():
        console.print(f"  分组 arm {arm}: {n:,}")
    show_notes(console, sized.notes)


@app.command()
def export(
    name: Name,
    home: HomeOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the files; else HOME/exports.", show_default=False)
    ] = None,
    destination: Annotated[str | None, typer.Option(help="In place of the plan's.")] = None,
    delta: Annotated[bool, typer.Option("--delta", help="Only what came and went since the last export.")] = False,
    requested_by: RequestedBy = "",
    reason: Annotated[str, typer.Option(help="Why, for the manifest.")] = "",
    to_json: JsonOption = False,
) -> None:
    """Export a campaign's list: arms drawn, the holdout left out, and both told to the next run.

    Example: guiyi campaign export spring --requested-by li --reason 春季召回
    """
    from pipelines.cli.segment import show_export
    from pipelines.resources import home_path, utc_now
    from segments.api import export_campaign

    report = export_campaign(
        home_path(home),
        name,
        at=utc_now(),
        out=out,
        destination=destination,
        delta=delta,
        requested_by=requested_by or None,
        reason=reason or None,
    )
    show_export(report, to_json=to_json)


@app.command()
def results(
    file: Annotated[Path, typer.Argument(help="csv or xlsx: token or number, what happened, when.")],
    home: HomeOption = None,
    campaign: Annotated[str | None, typer.Option(help="Whose results, where the file does not say.")] = None,
    requested_by: RequestedBy = "",
    to_json: JsonOption = False,
) -> None:
    """Take clicks, replies and deliveries back; the next run measures by them, and opt-outs count from it on.

    Example: guiyi campaign results ~/Downloads/report.csv --campaign spring
    """
    from pipelines.resources import home_path, utc_now
    from segments.api import take_results

    found = take_results(home_path(home), file, at=utc_now(), campaign=campaign, requested_by=requested_by or None)
    if to_json:
        as_json(vars(found))
        return
    console = screen()
    console.print(f"{sum(found.events.values()):,} / {found.rows:,} 行 rows")
    for event, n in found.events.items():
        console.print(f"  {event}: {n:,}")
    for why, n in found.refused.items():
        console.print(f"  未收 refused, {why}: {n:,}", style="yellow")
    for path in found.files:
        console.print(f"  → {path}")


@app.command()
def report(
    name: Name,
    home: HomeOption = None,
    by: Annotated[str, typer.Option(help="Split by arm, channel, store or staff.")] = "arm",
    to_json: JsonOption = False,
) -> None:
    """What a campaign reached, cost and brought beyond its holdout, as the published run measures it.

    Example: guiyi campaign report spring --by store --home data
    """
    from pipelines.cli.campaign_tables import show_report
    from pipelines.resources import home_path
    from segments.api import campaign_report

    found = campaign_report(home_path(home), name, by=by)  # type: ignore[arg-type]  # checked there
    if to_json:
        as_json({"code": found.code, "by": found.by, "rows": found.rows.to_dicts()})
        return
    show_report(screen(), found)
