"""Commands about recurring runs."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from sightline.commands.options import (
    DEFAULT_FILE,
    File,
    Json,
    Overrides,
    PipelineName,
    TargetName,
    chosen,
    engine_of,
    load,
)
from sightline.commands.submitting import (
    DryRun,
    end_where_not_ready,
    show_findings,
    show_requests,
)
from sightline.project.settings_file import file_option

schedule = typer.Typer(name="schedule", help="Recurring runs.", no_args_is_help=True)
ScheduleName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the schedule.")]
TimeZone = Annotated[
    str | None, typer.Option(metavar="ZONE", help="Such as Europe/Berlin; yours unless given.")
]
CatchUp = Annotated[bool, typer.Option("--catch-up", help="Make up for runs that were missed.")]
MaxConcurrent = Annotated[
    int, typer.Option(min=1, max=10, help="How many of its runs may be under way at once.")
]


@schedule.callback()
def choose() -> None:
    """Recurring runs, here or on a cluster."""


@schedule.command()
def create(
    name: ScheduleName,
    cron: Annotated[
        str, typer.Option(help="Minute, hour, day, month, weekday, such as '30 2 * * *'.")
    ],
    time_zone: TimeZone = None,
    overrides: Overrides = None,
    catch_up: CatchUp = False,
    max_concurrent: MaxConcurrent = 1,
    start: Annotated[
        datetime | None, typer.Option(help="First day or moment, in the zone.")
    ] = None,
    end: Annotated[datetime | None, typer.Option(help="Last day or moment, in the zone.")] = None,
    dry_run: DryRun = False,
    target: TargetName = None,
    pipeline: PipelineName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Say when it will run, then create a schedule."""
    from sightline.launch.schedule_plan import Wishes, describe_plan, plan_schedule

    wishes = Wishes(
        *(name, cron, time_zone, catch_up, max_concurrent, start, end),
        pipeline=chosen(pipeline),
    )
    plan = plan_schedule(
        file, target, wishes, overrides or (), now=datetime.now(UTC), to_read=dry_run
    )
    for line in describe_plan(plan):
        typer.echo(line)
    show_findings(plan.warnings)
    if dry_run:
        show_requests(plan.engine.plan_schedule(plan.request, plan.package), plan.package)
        end_where_not_ready(plan.warnings)
        return
    created = plan.engine.create_schedule(plan.request, plan.package)
    typer.echo(f"Created schedule {created.name}{f': {created.url}' if created.url else ''}")
    if plan.is_local:
        typer.echo(f"It runs while this does:  sightline schedule start{file_option(file)}")


@schedule.command("list")
def list_schedules(
    json_output: Json = False, target: TargetName = None, file: File = DEFAULT_FILE
) -> None:
    """List the schedules of the project."""
    from sightline.views import render
    from sightline.views.schedule import schedule_facts, schedules_table

    project = load(file, target=target)
    found = engine_of(project).schedules()
    if json_output:
        typer.echo(render.as_json([schedule_facts(one) for one in found]))
        return
    render.show(schedules_table(found, project.options))
    if found and project.target.remote is None:
        from sightline.targets.local.schedules.engine import LocalSchedules

        note = LocalSchedules(project.root, settings=project.path).note()
        if note:
            typer.echo(f"{note} Start:  sightline schedule start{file_option(file)}")


@schedule.command()
def show(
    name: ScheduleName,
    json_output: Json = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Show one schedule: when it runs, with what, how its last run ended."""
    from sightline.views import render
    from sightline.views.schedule import schedule_facts, schedule_view

    found = engine_of(load(file, target=target)).schedule(name)
    if json_output:
        typer.echo(render.as_json(schedule_facts(found)))
    else:
        render.show(schedule_view(found))


@schedule.command()
def pause(name: ScheduleName, target: TargetName = None, file: File = DEFAULT_FILE) -> None:
    """Stop a schedule until it is resumed."""
    engine_of(load(file, target=target)).pause_schedule(name)
    typer.echo(f"Schedule {name} is paused.")


@schedule.command()
def resume(name: ScheduleName, target: TargetName = None, file: File = DEFAULT_FILE) -> None:
    """Let a schedule run again."""
    from sightline.views.schedule import shown_moment

    found = engine_of(load(file, target=target)).resume_schedule(name)
    then = f" Next run: {shown_moment(found.next_runs[0])}." if found.next_runs else ""
    typer.echo(f"Schedule {name} is active.{then}")


@schedule.command()
def delete(name: ScheduleName, target: TargetName = None, file: File = DEFAULT_FILE) -> None:
    """Remove a schedule; its runs stay."""
    engine_of(load(file, target=target)).delete_schedule(name)
    typer.echo(f"Schedule {name} is gone. Its runs stay.")


@schedule.command()
def start(file: File = DEFAULT_FILE) -> None:
    """Run the schedules of this machine, until Ctrl-C."""
    from sightline.targets.local.schedules.engine import LocalSchedules

    project = load(file)
    LocalSchedules(project.root, settings=project.path).run_forever(report=typer.echo)
