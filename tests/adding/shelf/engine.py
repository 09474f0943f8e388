"""A shelf as an engine: one run stands there, and more are laid down by hand."""

from datetime import UTC, datetime

from sightline.targets.shelf.settings import ShelfTarget

from sightline.engines.engine import Request, RunFilter, Started, Submission
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.runs.records import RunRecord
from sightline.schedules.schedule import Schedule, ScheduleRequest


class ShelfEngine:
    """Lays packages down, and knows the one run that somebody told it of."""

    def __init__(self, target: ShelfTarget, pipeline: str) -> None:
        self._target = target
        self._pipeline = pipeline

    def plan(self, submission: Submission) -> list[Request]:
        """Return where the package would go."""
        body = {"run": submission.run_name}
        return [Request(method="PUT", address=self._target.folder, body=body)]

    def submit(self, submission: Submission) -> Started:
        """Refuse: somebody carries packages there."""
        raise _by_hand()

    def runs(self, wanted: RunFilter) -> list[RunRecord]:
        """List the one run."""
        known = RunRecord(
            id="first",
            name="first-of-the-shelf",
            pipeline=self._pipeline,
            status="succeeded",
            launcher=self._target.kind,
            parameters={},
            started=datetime(2026, 11, 22, 2, 30, tzinfo=UTC),
            finished=datetime(2026, 11, 22, 3, 30, tzinfo=UTC),
            tasks={},
        )
        return [known][: wanted.limit]

    def run(self, text: str) -> RunRecord:
        """Return the one run, whatever it is called."""
        return self.runs(RunFilter())[0]

    def cancel(self, run_id: str) -> None:
        """Refuse."""
        raise _by_hand()

    def plan_schedule(self, request: ScheduleRequest, package: Package) -> list[Request]:
        """Return what would be written on the shelf."""
        body = {"cron": request.cron.expression, "zone": request.zone.key}
        return [Request(method="PUT", address=self._target.folder, body=body)]

    def create_schedule(self, request: ScheduleRequest, package: Package) -> Schedule:
        """Refuse."""
        raise _by_hand()

    def schedules(self) -> list[Schedule]:
        """List nothing."""
        return []

    def schedule(self, name: str) -> Schedule:
        """Refuse."""
        raise _by_hand()

    def pause_schedule(self, name: str) -> Schedule:
        """Refuse."""
        raise _by_hand()

    def resume_schedule(self, name: str) -> Schedule:
        """Refuse."""
        raise _by_hand()

    def delete_schedule(self, name: str) -> None:
        """Refuse."""
        raise _by_hand()


def _by_hand() -> UserError:
    return UserError("a shelf: expected hands. Carry it there.")
