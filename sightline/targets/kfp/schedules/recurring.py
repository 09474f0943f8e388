"""Recurring runs of Kubeflow as schedules."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from shlex import quote
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sightline.ground.errors import UserError, nearest, shorten
from sightline.package.compiled import Package
from sightline.package.reading.signature import defaults_of
from sightline.schedules.cron import Cron
from sightline.schedules.schedule import Schedule, ScheduleRequest, State
from sightline.schedules.window import Window
from sightline.schedules.zones import find_zone
from sightline.targets.kfp.addresses import schedule_page
from sightline.targets.kfp.api.calls import Calls
from sightline.targets.kfp.api.filters import where
from sightline.targets.kfp.api.library import Library
from sightline.targets.kfp.api.once import create_once
from sightline.targets.kfp.api.problems import KubeflowError
from sightline.targets.kfp.definitions import Definitions
from sightline.targets.kfp.run_records import run_status
from sightline.targets.kfp.schedules.bodies import schedule_body
from sightline.targets.kfp.schedules.controller_zone import cron_for_controller, six_fields
from sightline.targets.kfp.schedules.robfig import kubeflow_fires
from sightline.targets.kfp.settings import KubeflowTarget

if TYPE_CHECKING:
    from kfp_server_api import V2beta1RecurringRun, V2beta1Run

NEXT_RUNS = 5
MADE_BY_US = re.compile(r"Sightline: (?P<cron>.+) in (?P<zone>\S+)")


@dataclass(frozen=True, slots=True)
class Schedules:
    """The recurring runs of one experiment."""

    calls: Calls
    target: KubeflowTarget
    experiment: str

    def create(self, request: ScheduleRequest, package: Package) -> Schedule:
        """Create a recurring run of a package.

        Raises:
            UserError: the name is taken, Kubeflow cannot follow it, or it is not known whether it
                was created.
        """
        body = schedule_body(self.target, request, package, now=datetime.now(UTC))
        library = Library(self.calls, self.target)
        experiment_id = library.experiment(self.experiment).experiment_id
        if self._named(experiment_id, request.name) is not None:
            raise UserError(
                f"Schedule {request.name}: expected a name that is free in experiment "
                f"{self.experiment}; it is taken. Choose another, or remove the old one with "
                f"`sightline schedule delete {quote(request.name)}{self.calls.to.options}`."
            )
        body.experiment_id = experiment_id
        body.pipeline_version_reference = library.version(
            package.name, package.version, package.path
        )
        api = self.calls.client.recurring_run_api
        made = create_once(
            self.calls,
            lambda: self.calls.send(
                f"create schedule {request.name}",
                api.recurring_run_service_create_recurring_run,
                recurring_run=body,
            ),
            lambda: self._named(experiment_id, request.name),
            to_continue=f"sightline schedule list{self.calls.to.options}, then create it "
            "again if it is missing",
        )
        return self._schedule(made)

    def list(self) -> list[Schedule]:
        """Return all schedules, the newest first."""
        experiment = Library(self.calls, self.target).find_experiment(self.experiment)
        found = self._all(experiment.experiment_id) if experiment else ()
        return [self._schedule(one) for one in found]

    def get(self, name: str) -> Schedule:
        """Return the schedule with this name or id."""
        return self._schedule(self._find(name))

    def pause(self, name: str) -> Schedule:
        """Disable a schedule."""
        api = self.calls.client.recurring_run_api
        return self._change("pause", name, api.recurring_run_service_disable_recurring_run)

    def resume(self, name: str) -> Schedule:
        """Enable a schedule.

        Kubeflow starts one run at once if a fire time passed while it was paused.
        """
        api = self.calls.client.recurring_run_api
        return self._change("resume", name, api.recurring_run_service_enable_recurring_run)

    def delete(self, name: str) -> None:
        """Remove a schedule; its runs stay."""
        api = self.calls.client.recurring_run_api
        found = self._find(name)
        try:
            self._send("delete", found, api.recurring_run_service_delete_recurring_run)
        except KubeflowError as error:
            # An answer that was lost: the repetition finds nothing more to delete.
            if error.status != 404:
                raise

    def _change(self, verb: str, name: str, function: Callable[..., Any]) -> Schedule:
        found = self._find(name)
        self._send(verb, found, function)
        return self.get(found.recurring_run_id)

    def _send(self, verb: str, found: "V2beta1RecurringRun", function: Callable[..., Any]) -> None:
        self.calls.read(
            f"{verb} schedule {found.display_name}",
            function,
            recurring_run_id=found.recurring_run_id,
        )

    def _find(self, name: str) -> "V2beta1RecurringRun":
        experiment = Library(self.calls, self.target).find_experiment(self.experiment)
        known = list(self._all(experiment.experiment_id)) if experiment else []
        found = [one for one in known if name in (one.display_name, one.recurring_run_id)]
        if len(found) > 1:
            ids = shorten(one.recurring_run_id for one in found)
            raise UserError(
                f"Schedule {name}: expected one schedule with this name; there are {len(found)}, "
                f"with the ids {ids}. Give the id instead of the name."
            )
        if found:
            return found[0]
        guess = nearest(name, [one.display_name for one in known])
        hint = (
            f"Did you mean {guess}?"
            if guess
            else (f"List them with `sightline schedule list{self.calls.to.options}`.")
        )
        raise UserError(
            f"Schedule {name}: expected a schedule of experiment {self.experiment}; there is none "
            f"with this name or id. {hint}"
        )

    def _named(self, experiment_id: str, name: str) -> "V2beta1RecurringRun | None":
        return next((one for one in self._all(experiment_id) if one.display_name == name), None)

    def _all(self, experiment_id: str) -> Iterator["V2beta1RecurringRun"]:
        return self.calls.pages(
            "list schedules",
            self.calls.client.recurring_run_api.recurring_run_service_list_recurring_runs,
            "recurring_runs",
            experiment_id=experiment_id,
            sort_by="created_at desc",
        )

    def _schedule(self, found: "V2beta1RecurringRun") -> Schedule:
        last = self._last_run(found)
        defaults = defaults_of(Definitions(self.calls).plan(found).parameters)
        schedule = to_schedule(found, last, self.target, now=datetime.now(UTC))
        changed = {
            name: value
            for name, value in schedule.parameters.items()
            if name not in defaults or defaults[name] != value
        }
        return replace(schedule, parameters=changed)

    def _last_run(self, found: "V2beta1RecurringRun") -> "V2beta1Run | None":
        runs = self.calls.pages(
            f"look for runs of schedule {found.display_name}",
            self.calls.client.run_api.run_service_list_runs,
            "runs",
            experiment_id=found.experiment_id,
            filter=where("recurring_run_id", found.recurring_run_id),
            sort_by="created_at desc",
            page_size=1,
        )
        return next(runs, None)


def to_schedule(
    found: "V2beta1RecurringRun",
    last_run: "V2beta1Run | None",
    target: KubeflowTarget,
    *,
    now: datetime,
) -> Schedule:
    """Describe a recurring run; its cron as the user wrote it where Sightline made it."""
    trigger = found.trigger and found.trigger.cron_schedule
    sent = trigger.cron if trigger else ""
    ours = _as_written(found.description or "", sent, target, now)
    window = Window(trigger.start_time, trigger.end_time) if trigger else Window()
    state = _state(found.status, window.end, now)
    zone = ours["zone"] if ours else target.time_zone
    zone_there = find_zone(target.time_zone)
    fires = _fires(sent, zone_there, window, now) if state == "active" else iter(())
    runtime = found.runtime_config
    return Schedule(
        id=found.recurring_run_id,
        name=found.display_name,
        cron=ours["cron"] if ours else sent,
        zone=zone,
        state=state,
        next_runs=tuple(fire.astimezone(ZoneInfo(zone)) for fire in islice(fires, NEXT_RUNS)),
        last_run=last_run.run_id if last_run else None,
        last_run_name=last_run.display_name if last_run else None,
        last_result=run_status(last_run) if last_run else None,
        created=found.created_at,
        catch_up=not found.no_catchup,
        max_concurrent=int(found.max_concurrency or 1),
        url=schedule_page(target, found.recurring_run_id),
        parameters=(runtime and runtime.parameters) or {},
    )


def _as_written(
    description: str, sent: str, target: KubeflowTarget, now: datetime
) -> re.Match[str] | None:
    """Return the cron and the zone that a user wrote, if the controller still follows them.

    Where the target names another zone for the controller than when the schedule was made, it
    fires at other times, and what it has is the truth.
    """
    ours = MADE_BY_US.fullmatch(description)
    if ours is None:
        return None
    try:
        cron, zone = Cron.parse(ours["cron"]), find_zone(ours["zone"])
        meant = cron_for_controller(cron, zone, find_zone(target.time_zone), now)
    except UserError:
        return None
    return ours if six_fields(meant) == sent else None


def _state(status: str | None, end: datetime | None, now: datetime) -> State:
    if status == "DISABLED":
        return "paused"
    return "ended" if end is not None and end <= now else "active"


def _fires(sent: str, controller: ZoneInfo, window: Window, now: datetime) -> Iterator[datetime]:
    """Return when the controller fires an expression of six fields."""
    seconds, _, five = sent.partition(" ")
    try:
        cron = Cron.parse(five)
    except UserError:
        return iter(())  # made by others, in a form that is Kubeflow's alone
    if seconds != "0":
        return iter(())
    return window.fires(
        lambda after: kubeflow_fires(cron, controller, after), now, start_is_inside=False
    )
