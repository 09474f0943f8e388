"""Kubeflow Pipelines as an engine."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from sightline.engines.engine import Request, RunFilter, Started, Submission
from sightline.ground.patience import Patience
from sightline.package.compiled import Package
from sightline.runs.records import RunRecord
from sightline.schedules.schedule import Schedule, ScheduleRequest
from sightline.targets.kfp.api.credentials import read_credentials
from sightline.targets.kfp.settings import KubeflowTarget

if TYPE_CHECKING:
    from sightline.targets.kfp.api.calls import Calls
    from sightline.targets.kfp.runs import Runs
    from sightline.targets.kfp.schedules.recurring import Schedules


INSTALLED_IN = "kubeflow"
"""Namespace of an installation that separates users."""


class KubeflowEngine:
    """Runs pipelines on a Kubeflow Pipelines installation; see `Engine` for the methods.

    kfp is imported with the first method that is called, since that takes seconds.
    """

    def __init__(
        self,
        target: KubeflowTarget,
        target_name: str,
        experiment: str,
        *,
        options: str = "",
        environment: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Remember where to; nothing is sent yet.

        Args:
            target: settings of the installation.
            target_name: its name in `sightline.yaml`.
            experiment: experiment that groups the runs.
            options: what commands about it need; ` --target NAME` unless given.
            environment: variables with credentials; the process's own unless given.
            patience: time limits and repetition.
        """
        self._target = target
        self._name = target_name
        self._experiment = experiment
        self._options = options or f" --target {target_name}"
        self._environment = os.environ if environment is None else environment
        self._patience = patience or Patience()

    def plan(self, submission: Submission) -> list[Request]:
        """Return what `submit` would send, without sending anything."""
        from sightline.targets.kfp.plans import plan_submission

        return plan_submission(self._target, self._experiment, submission)

    def submit(self, submission: Submission) -> Started:
        """Upload the package if it is not there yet and start one run; never two."""
        from sightline.targets.kfp.submission import Submitter

        submitter = Submitter(self._calls, self._target, self._experiment)
        return submitter.submit(submission)

    def runs(self, wanted: RunFilter) -> list[RunRecord]:
        """List runs, newest first."""
        return self._runs.list(wanted)

    def run(self, text: str) -> RunRecord:
        """Return the run with this id, name, unique part of one, or the newest for `latest`."""
        return self._runs.get(text)

    def cancel(self, run_id: str) -> None:
        """Stop a run."""
        self._runs.cancel(run_id)

    def plan_schedule(self, request: ScheduleRequest, package: Package) -> list[Request]:
        """Return what `create_schedule` would send, without sending anything."""
        from sightline.targets.kfp.plans import plan_schedule

        return plan_schedule(self._target, self._experiment, request, package)

    def create_schedule(self, request: ScheduleRequest, package: Package) -> Schedule:
        """Create a recurring run of a package; a name that is taken is refused."""
        return self._schedules.create(request, package)

    def schedules(self) -> list[Schedule]:
        """List the schedules of the experiment."""
        return self._schedules.list()

    def schedule(self, name: str) -> Schedule:
        """Return the schedule with this name or id."""
        return self._schedules.get(name)

    def pause_schedule(self, name: str) -> Schedule:
        """Stop firing until it is resumed."""
        return self._schedules.pause(name)

    def resume_schedule(self, name: str) -> Schedule:
        """Fire again; at once if a fire time passed meanwhile, as Kubeflow does."""
        return self._schedules.resume(name)

    def delete_schedule(self, name: str) -> None:
        """Remove a schedule; its runs stay."""
        self._schedules.delete(name)

    @cached_property
    def _calls(self) -> "Calls":
        place = f"targets.{self._name}"
        credentials = read_credentials(
            self._target.authentication,
            place=f"{place}.authentication",
            environment=self._environment,
        )
        from sightline.targets.kfp.api.calls import Calls
        from sightline.targets.kfp.api.client import connect
        from sightline.targets.kfp.api.problems import Addressee

        to = Addressee(
            host=self._target.host,
            target=self._name,
            options=self._options,
            namespace=self._target.namespace,
            installed_in=INSTALLED_IN if self._target.multi_user else self._target.namespace,
            hide=credentials.hide,
        )
        return Calls(connect(self._target, credentials, place=place), to, self._patience)

    @cached_property
    def _runs(self) -> "Runs":
        from sightline.targets.kfp.definitions import Definitions
        from sightline.targets.kfp.runs import Runs

        return Runs(self._calls, self._target, self._experiment, Definitions(self._calls))

    @cached_property
    def _schedules(self) -> "Schedules":
        from sightline.targets.kfp.schedules.recurring import Schedules

        return Schedules(self._calls, self._target, self._experiment)
