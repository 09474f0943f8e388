"""Start a run once, whatever happens on the way."""

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sightline.clouds.google.problems import is_unclear, status_of
from sightline.engines.engine import Started
from sightline.ground.errors import UserError
from sightline.targets.vertex.api.service import Service
from sightline.targets.vertex.names import CACHE_LABEL, run_page
from sightline.targets.vertex.values import plain

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import CreatePipelineJobRequest, PipelineJob


def start(service: Service, request: "CreatePipelineJobRequest") -> Started:
    """Start a run, or find the one that an earlier attempt with the same name started.

    The id of the job comes from the run's name and the service refuses an id that is taken, so
    that no number of attempts makes two runs.

    Raises:
        UserError: it could not be started; says how to go on without a second run.
    """
    return _Start(service, request).run()


@dataclass
class _Start:
    service: Service
    request: "CreatePipelineJobRequest"
    attempts: int = 0

    @property
    def name(self) -> str:
        return f"{self.request.parent}/pipelineJobs/{self.request.pipeline_job_id}"

    @property
    def go_on(self) -> str:
        """How to repeat the command without a second run."""
        job = self.request.pipeline_job
        name = f"--name {shlex.quote(job.display_name)}"
        uncached = " --no-cache" if job.labels[CACHE_LABEL] == "off" else ""
        return (
            f"To continue safely: `sightline submit{self.service.options} {name}{uncached}` with "
            "the same --set as before; it starts nothing if the run is there."
        )

    def run(self) -> Started:
        title = self.request.pipeline_job.display_name
        try:
            return self.service.retrying()(self.attempt)
        except UserError:
            raise
        except Exception as error:
            with self.service.clear_errors(
                f"start run {title}", self.go_on if is_unclear(error) else ""
            ):
                raise

    def attempt(self) -> Started:
        self.attempts += 1
        try:
            self.service.pipelines.create_pipeline_job(
                request=self.request, retry=None, timeout=self.service.patience.answer_seconds
            )
        except Exception as error:
            if not is_unclear(error):
                raise
            found = self.look(error)
            if found is None:
                raise
            self.expect_same(found)
            earlier = self.attempts == 1 and status_of(error) == 409
            return self.started(was_there=earlier)
        return self.started(was_there=False)

    def look(self, reason: Exception) -> "PipelineJob | None":
        from google.api_core.exceptions import NotFound

        def get() -> "PipelineJob | None":
            try:
                return self.service.pipelines.get_pipeline_job(
                    name=self.name, retry=None, timeout=self.service.patience.answer_seconds
                )
            except NotFound:
                return None

        try:
            return self.service.ask("look for the run", get)
        except UserError as error:
            title = self.request.pipeline_job.display_name
            raise self.service.problem(
                f"it could not be found out whether run {title} was started "
                f"({type(reason).__name__}, and then: {error}).",
                self.go_on,
            ) from error

    def expect_same(self, found: "PipelineJob") -> None:
        """Refuse a run that has the name but is another one."""
        wanted = self.request.pipeline_job
        ours = dict(wanted.runtime_config.parameter_values)
        theirs = dict(found.runtime_config.parameter_values)
        differences = [
            f"label {key}: {found.labels.get(key, 'none')}"
            for key, value in wanted.labels.items()
            if key.startswith("sightline-") and found.labels.get(key) != value
        ] + [
            f"parameter {key}: {plain(theirs.get(key, 'none'))}"
            for key in {**ours, **theirs}
            if theirs.get(key) != ours.get(key)
        ]
        if differences:
            raise self.service.problem(
                f"expected no other run named {wanted.display_name}; there is one that differs "
                f"({'; '.join(differences[:3])}). Choose another name with --name."
            )

    def started(self, *, was_there: bool) -> Started:
        run_id = self.request.pipeline_job_id
        url = run_page(self.service.target, run_id)
        return Started(run_id=run_id, url=url, was_there=was_there)
