"""What a new schedule will do, worked out before anything is created."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.engines.engine import Engine
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.project.choice import PipelineChoice
from sightline.project.settings import Project, load_project
from sightline.schedules.clock import Clock
from sightline.schedules.clock_changes import clock_changes
from sightline.schedules.cron import Cron
from sightline.schedules.fire_times import FireTime, fire_times
from sightline.schedules.schedule import ScheduleRequest
from sightline.schedules.window import Window
from sightline.schedules.zones import find_zone, user_zone

if TYPE_CHECKING:
    from sightline.lint import Finding


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user typed."""

    name: str
    cron: str
    time_zone: str | None = None
    catch_up: bool = False
    max_concurrent: int = 1
    start: datetime | None = None
    end: datetime | None = None
    """Midnight, which is also what a day without a time comes as, means the end of that day."""
    pipeline: PipelineChoice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan:
    """A schedule that can be created, and when it will run."""

    project: Project
    engine: Engine
    request: ScheduleRequest
    package: Package
    clock: Clock
    now: datetime
    warnings: tuple["Finding", ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether this machine will run it."""
        return self.project.target.remote is None

    @property
    def window(self) -> Window:
        """Return from when to when it fires."""
        return Window(self.request.start, self.request.end)

    def next_runs(self, count: int = 5) -> list[FireTime]:
        """Return when it will run first."""
        return fire_times(
            self.request.cron,
            self.request.zone,
            self.now,
            count,
            clock=self.clock,
            window=self.window,
        )

    def leaves_out_start(self) -> bool:
        """Tell whether a run at exactly the start is one that the target leaves out."""
        cron, zone = self.request.cron, self.request.zone
        return not self.clock.start_is_inside and self.window.starts_with_a_fire(
            lambda after: self.clock.fires(cron, zone, after), self.now
        )


def plan_schedule(
    file: Path,
    target: str | None,
    wishes: Wishes,
    overrides: Sequence[str],
    *,
    now: datetime,
    to_read: bool = False,
) -> SchedulePlan:
    """Check everything about a schedule that can be checked without creating it.

    With `to_read` it is shown, not created: images need not be pushed.

    Raises:
        UserError: an expression, zone, window, name or setting that cannot be, or a package that
            the target would reject.
    """
    from sightline.launch.submit import prepare

    cron = Cron.parse(wishes.cron)
    project = load_project(file, overrides, target, wishes.pipeline)
    request = _request(wishes, cron, overrides)
    # A schedule of this machine compiles the project anew each time.
    prepared = None
    if project.target.remote:
        prepared = prepare(file, target, overrides, pipeline=wishes.pipeline, to_read=to_read)
        request = replace(request, parameters=prepared.parameters)
    plan = SchedulePlan(
        project=project,
        engine=project.target.engine(project),
        request=request,
        package=prepared.package if prepared else Package(path=file, name="", version=""),
        clock=project.target.clock(),
        now=now,
        warnings=prepared.warnings if prepared else (),
    )
    _expect_runs(plan)
    plan.engine.plan_schedule(request, plan.package)  # refuses what the target would
    return plan


def _request(wishes: Wishes, cron: Cron, overrides: Sequence[str]) -> ScheduleRequest:
    zone = find_zone(wishes.time_zone) if wishes.time_zone else user_zone()
    window = Window.in_zone(wishes.start, wishes.end, zone)
    return ScheduleRequest(
        name=wishes.name,
        cron=cron,
        zone=zone,
        overrides=tuple(overrides),
        parameters={},
        catch_up=wishes.catch_up,
        max_concurrent=wishes.max_concurrent,
        start=window.start,
        end=window.end,
    )


def describe_plan(plan: SchedulePlan) -> Iterator[str]:
    """Say when a schedule will run, and which fires a clock change touches.

    Raises:
        UserError: the target's scheduler cannot fire at these times.
    """
    request = plan.request
    clock, start = plan.clock, max(plan.now, request.start or plan.now)
    yield f"Schedule {request.name} on {plan.project.target_name}, {request.zone.key}. Next runs:"
    for time in plan.next_runs():
        yield f"  {time}"
    if plan.leaves_out_start():
        yield (
            f"{clock.title} begins after the start: a run at exactly that moment is left out. "
            "Give a start one minute earlier to have it."
        )
    if request.end:
        yield f"It ends at {request.end:%Y-%m-%d %H:%M %Z}."
    yield from clock_changes(
        request.cron,
        request.zone,
        start,
        clock=clock,
        end=request.end,
    )
    missed = "are made up for" if request.catch_up else "are left out"
    at_once = "one run" if request.max_concurrent == 1 else f"{request.max_concurrent} runs"
    yield f"Missed runs {missed}; at most {at_once} at a time."


def _expect_runs(plan: SchedulePlan) -> None:
    request = plan.request
    if plan.next_runs(1):
        return
    if request.end is not None and request.end <= plan.now:
        raise UserError(
            f"Schedule {request.name}: expected an end that is still to come; received "
            f"{request.end:%Y-%m-%d %H:%M %Z}. Choose a later one with --end, or leave it out."
        )
    start = (
        f"{request.start:%Y-%m-%d %H:%M}" if request.start and request.start > plan.now else "now"
    )
    end = f"{request.end:%Y-%m-%d %H:%M %Z}" if request.end else "any later time"
    raise UserError(
        f"Schedule {request.name}: expected a run between {start} and {end}; `{request.cron.text}` "
        f"in {request.zone.key} has none there. Move --start or --end, or change --cron."
    )
