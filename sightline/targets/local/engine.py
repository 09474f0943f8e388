"""This machine, asked with the same verbs as a cluster."""

from functools import cached_property
from typing import TYPE_CHECKING

from sightline.engines.engine import Request, RunFilter, Started, Submission
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.project.settings import Project
from sightline.project.target_kinds import remote_kinds
from sightline.runs.records import RunRecord
from sightline.schedules.schedule import Schedule, ScheduleRequest
from sightline.targets.local.schedules.limits import check_local
from sightline.targets.local.store import find_run, list_runs

if TYPE_CHECKING:
    from sightline.targets.local.schedules.engine import LocalSchedules


class LocalEngine:
    """Runs in `.sightline/runs`, schedules in `.sightline/schedules.sqlite`."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _schedules(self) -> "LocalSchedules":
        # SQLAlchemy takes half a second to import, and the file should exist for a schedule only.
        from sightline.targets.local.schedules.engine import LocalSchedules

        project = self._project
        return LocalSchedules(
            project.root,
            settings=project.path,
            target=project.target_name,
            pipeline=project.definition,
        )

    def plan(self, submission: Submission) -> list[Request]:
        """Refuse: nothing is sent anywhere."""
        raise _not_here("submit", "Start it with `sightline run`")

    def submit(self, submission: Submission) -> Started:
        """Refuse: a local run is started and watched by one command."""
        raise _not_here("submit", "Start it with `sightline run`")

    def runs(self, wanted: RunFilter) -> list[RunRecord]:
        """List runs, newest first."""
        return list_runs(self._project.root).runs[: wanted.limit]

    def run(self, text: str) -> RunRecord:
        """Return the run that a text names."""
        return find_run(self._project.root, text)

    def cancel(self, run_id: str) -> None:
        """Refuse: the terminal that runs it has the keys."""
        raise _not_here("cancel", "Press Ctrl-C where `sightline run` shows it")

    def plan_schedule(self, request: ScheduleRequest, package: Package) -> list[Request]:
        """Return nothing, after a check: a local schedule is a row in a file."""
        check_local(request)
        return []

    def create_schedule(self, request: ScheduleRequest, package: Package) -> Schedule:
        """Remember a schedule for `sightline schedule start`."""
        return self._schedules.create(request)

    def schedules(self) -> list[Schedule]:
        """List the schedules of this project."""
        return self._schedules.list()

    def schedule(self, name: str) -> Schedule:
        """Return one schedule."""
        return self._schedules.get(name)

    def pause_schedule(self, name: str) -> Schedule:
        """Stop firing until it is resumed."""
        return self._schedules.pause(name)

    def resume_schedule(self, name: str) -> Schedule:
        """Fire again, from now on."""
        return self._schedules.resume(name)

    def delete_schedule(self, name: str) -> None:
        """Remove a schedule; its runs stay."""
        self._schedules.delete(name)


def _not_here(command: str, remedy: str) -> UserError:
    return UserError(
        f"`sightline {command}`: expected a target of kind {' or '.join(remote_kinds())}; received "
        f"this machine. {remedy}, or name a cluster with --target."
    )
