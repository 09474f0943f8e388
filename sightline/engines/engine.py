"""What the command line asks of whatever runs pipelines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sightline.package.compiled import Package
from sightline.runs.records import RunRecord, Value
from sightline.schedules.schedule import Schedule, ScheduleRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One run to be started."""

    package: Package
    run_name: str
    """Unique name: a submission that is sent again with the same name finds its own run."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """Pipeline parameters that differ from the package's defaults, by `<stage>_<setting>`."""
    cache: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One message that would be sent to a target."""

    method: str
    address: str
    body: Mapping[str, Any]
    """What is sent, as JSON; a file is named by its path, size and sha256."""
    condition: str = ""
    """When it is sent, such as `unless it is there`; always unless given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run that goes on, and where to watch it."""

    run_id: str
    url: str
    was_there: bool = False
    """Whether an earlier submission with the same name had started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to list."""

    limit: int = 20
    pipeline: str | None = None
    """Name of the pipeline; all unless given."""
    figures: bool = False
    """Whether to read what came out of each run, for which a cluster's store is asked."""


class Engine(Protocol):
    """Runs pipelines somewhere else. Every method raises UserError in one clear line."""

    def plan(self, submission: Submission) -> list[Request]:
        """Return what `submit` would send, without sending anything."""

    def submit(self, submission: Submission) -> Started:
        """Upload the package if it is not there yet and start one run; never two."""

    def runs(self, wanted: RunFilter) -> list[RunRecord]:
        """List runs, newest first; tasks may be missing in a listing."""

    def run(self, text: str) -> RunRecord:
        """Return the run with this id, name, unique part of one, or the newest for `latest`."""

    def cancel(self, run_id: str) -> None:
        """Stop a run."""

    def plan_schedule(self, request: ScheduleRequest, package: Package) -> list[Request]:
        """Return what `create_schedule` would send, without sending anything."""

    def create_schedule(self, request: ScheduleRequest, package: Package) -> Schedule:
        """Create a recurring run of a package; a name that is taken is refused."""

    def schedules(self) -> list[Schedule]:
        """List the schedules of the project."""

    def schedule(self, name: str) -> Schedule:
        """Return the schedule with this name or id."""

    def pause_schedule(self, name: str) -> Schedule:
        """Stop firing until it is resumed."""

    def resume_schedule(self, name: str) -> Schedule:
        """Fire again, from now on."""

    def delete_schedule(self, name: str) -> None:
        """Remove a schedule; its runs stay."""
