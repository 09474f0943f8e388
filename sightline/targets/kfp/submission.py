"""Upload a package and start one run of it, however often it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from sightline.engines.engine import Started, Submission
from sightline.ground.errors import UserError
from sightline.package.reading.signature import defaults_of, read_signature
from sightline.runs.records import Value
from sightline.targets.kfp.addresses import run_page
from sightline.targets.kfp.api.calls import Calls
from sightline.targets.kfp.api.library import Library, find_named
from sightline.targets.kfp.api.once import create_once
from sightline.targets.kfp.bodies import run_body
from sightline.targets.kfp.names import run_title
from sightline.targets.kfp.sent_parameters import sent_parameters
from sightline.targets.kfp.settings import KubeflowTarget
from sightline.targets.kfp.uncached import package_to_send

if TYPE_CHECKING:
    from kfp_server_api import V2beta1PipelineVersion, V2beta1Run


@dataclass(frozen=True, slots=True)
class Submitter:
    """Starts runs in one experiment."""

    calls: Calls
    target: KubeflowTarget
    experiment: str

    def submit(self, submission: Submission) -> Started:
        """Start a run, or find the one that an earlier submission started.

        Raises:
            UserError: it was refused, or it is not known whether it runs.
        """
        name = run_title(submission.run_name)
        signature = read_signature(submission.package)
        parameters = sent_parameters(
            defaults_of(signature.parameters), signature.check(submission.parameters)
        )
        library = Library(self.calls, self.target)
        experiment_id = library.experiment(self.experiment).experiment_id
        package = package_to_send(submission)
        version = library.version(package.name, package.version, package.path)
        earlier = self._find(experiment_id, name)
        if earlier is not None:
            _expect_same(earlier, version, submission, parameters)
            return self._started(earlier, was_there=True)
        body = run_body(
            self.target,
            name=name,
            experiment_id=experiment_id,
            version=version,
            parameters=parameters,
        )
        run = create_once(
            self.calls,
            lambda: self.calls.send(
                f"start run {name}", self.calls.client.run_api.run_service_create_run, run=body
            ),
            lambda: self._find(experiment_id, name),
            to_continue=self._command(submission),
        )
        return self._started(run)

    def _find(self, experiment_id: str, name: str) -> "V2beta1Run | None":
        listing = self.calls.client.run_api.run_service_list_runs
        wanted = {"experiment_id": experiment_id, "sort_by": "created_at asc"}
        return find_named(self.calls, "run", name, listing, "runs", **wanted)

    def _command(self, submission: Submission) -> str:
        """Return what a person types to send the same submission again."""
        uncached = "" if submission.cache else " --no-cache"
        same = ", with the same --set as before" if submission.parameters else ""
        name = f"--name {quote(submission.run_name)}"
        return f"sightline submit{self.calls.to.options} {name}{uncached}{same}"

    def _started(self, run: "V2beta1Run", *, was_there: bool = False) -> Started:
        return Started(
            run_id=run.run_id, url=run_page(self.target, run.run_id), was_there=was_there
        )


def _expect_same(
    run: "V2beta1Run",
    version: "V2beta1PipelineVersion",
    submission: Submission,
    parameters: Mapping[str, Value],
) -> None:
    """Refuse a name that stands for another run."""
    reference = run.pipeline_version_reference
    known: Mapping[str, Value] = (run.runtime_config and run.runtime_config.parameters) or {}
    same_version = reference and reference.pipeline_version_id == version.pipeline_version_id
    # A run from before all of them were sent has the changed ones alone.
    if same_version and dict(known) in (dict(parameters), dict(submission.parameters)):
        return
    differs = "other parameters" if same_version else "another version of the pipeline"
    raise UserError(
        f"Run {submission.run_name}: expected a name that is free, or of this same run; there is "
        f"one with {differs}, {run.run_id}. Choose another name with --name."
    )
