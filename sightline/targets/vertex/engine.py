"""Vertex AI Pipelines as an engine."""

from sightline.engines.engine import Request, RunFilter, Started, Submission
from sightline.ground.patience import Patience
from sightline.package.compiled import Package
from sightline.runs.records import RunRecord
from sightline.schedules.schedule import Schedule, ScheduleRequest
from sightline.targets.vertex import messages, packages, runs, submission
from sightline.targets.vertex.api.service import Service
from sightline.targets.vertex.schedules import recurring
from sightline.targets.vertex.settings import VertexTarget


class VertexEngine:
    """Runs pipelines in one Google Cloud project and location.

    Args:
        target: what `sightline.yaml` says about it.
        target_name: its name there, for messages.
        pipeline: name of the project's pipeline, whose runs and schedules these are.
        patience: time limits and repetition.
    """

    def __init__(
        self,
        target: VertexTarget,
        target_name: str,
        pipeline: str,
        patience: Patience | None = None,
        *,
        options: str = "",
    ) -> None:
        self._service = Service(target, target_name, pipeline, patience or Patience(), options)

    def plan(self, submission: Submission) -> list[Request]:
        """Return what `submit` would send, without sending anything."""
        request = messages.job_request(self._service, submission)
        return [
            packages.describe_upload(self._service, submission.package),
            messages.describe_job_request(self._service, request),
        ]

    def submit(self, wanted: Submission) -> Started:
        """Upload the package if it is not there yet and start one run; never two."""
        request = messages.job_request(self._service, wanted)
        packages.store_package(self._service, wanted.package)
        return submission.start(self._service, request)

    def runs(self, wanted: RunFilter) -> list[RunRecord]:
        """List the runs of the pipeline, newest first, without their tasks."""
        return runs.list_runs(self._service, wanted)

    def run(self, text: str) -> RunRecord:
        """Return the run with this id, name, unique part of one, or the newest for `latest`.

        A whole id opens any job of the Google Cloud project; the rest is of the pipeline alone.
        """
        return runs.find_run(self._service, text)

    def cancel(self, run_id: str) -> None:
        """Stop a run of the pipeline."""
        runs.cancel_run(self._service, run_id)

    def plan_schedule(self, request: ScheduleRequest, package: Package) -> list[Request]:
        """Return what `create_schedule` would send, without sending anything."""
        message = messages.schedule_request(self._service, request, package)
        return [
            packages.describe_upload(self._service, package),
            messages.describe_schedule_request(self._service, message),
        ]

    def create_schedule(self, request: ScheduleRequest, package: Package) -> Schedule:
        """Create a recurring run of a package; a name that is taken is refused."""
        return recurring.create_schedule(self._service, request, package)

    def schedules(self) -> list[Schedule]:
        """List the schedules of the pipeline."""
        return recurring.list_schedules(self._service)

    def schedule(self, name: str) -> Schedule:
        """Return the schedule with this name or id."""
        return recurring.find_schedule(self._service, name)

    def pause_schedule(self, name: str) -> Schedule:
        """Stop firing until it is resumed."""
        return recurring.pause_schedule(self._service, name)

    def resume_schedule(self, name: str) -> Schedule:
        """Fire again, from now on."""
        return recurring.resume_schedule(self._service, name)

    def delete_schedule(self, name: str) -> None:
        """Remove a schedule; its runs stay."""
        recurring.delete_schedule(self._service, name)
