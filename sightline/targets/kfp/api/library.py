"""What a run needs in Kubeflow before it can start: experiment, pipeline, version.

Kubeflow keeps their names unique, so that creating them again is refused and does no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sightline.targets.kfp.api.calls import Calls
from sightline.targets.kfp.api.filters import where
from sightline.targets.kfp.api.problems import KubeflowError
from sightline.targets.kfp.bodies import experiment_body, owner, pipeline_body, reference_to
from sightline.targets.kfp.settings import KubeflowTarget

if TYPE_CHECKING:
    from kfp_server_api import V2beta1Experiment, V2beta1Pipeline, V2beta1PipelineVersion

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Library:
    """Finds or creates things by their names."""

    calls: Calls
    target: KubeflowTarget

    def find_experiment(self, name: str) -> "V2beta1Experiment | None":
        """Return the experiment with this name, if there is one."""
        listing = self.calls.client.experiment_api.experiment_service_list_experiments
        return find_named(
            self.calls, "experiment", name, listing, "experiments", **self._namespace()
        )

    def experiment(self, name: str) -> "V2beta1Experiment":
        """Return the experiment with this name, created if needed."""
        return _ensure(
            lambda: self.find_experiment(name),
            lambda: self.calls.read(
                f"create experiment {name}",
                self.calls.client.experiment_api.experiment_service_create_experiment,
                experiment=experiment_body(self.target, name),
            ),
        )

    def find_pipeline(self, name: str) -> "V2beta1Pipeline | None":
        """Return the pipeline with this name, if there is one."""
        listing = self.calls.client.pipeline_api.pipeline_service_list_pipelines
        return find_named(self.calls, "pipeline", name, listing, "pipelines", **self._namespace())

    def version(self, name: str, version: str, package: Path) -> "V2beta1PipelineVersion":
        """Return a reference to a version of a pipeline, uploaded if needed.

        Args:
            name: the pipeline's.
            version: the version's; it stands for the package's content.
            package: the compiled pipeline.
        """
        pipeline = _ensure(
            lambda: self.find_pipeline(name),
            lambda: self.calls.read(
                f"create pipeline {name}",
                self.calls.client.pipeline_api.pipeline_service_create_pipeline,
                pipeline=pipeline_body(self.target, name),
            ),
        )
        found = _ensure(
            lambda: self._find_version(pipeline.pipeline_id, version),
            lambda: self.calls.read(
                f"upload version {version} of pipeline {name}",
                self.calls.client.upload_api.upload_pipeline_version,
                uploadfile=str(package),
                name=version,
                pipelineid=pipeline.pipeline_id,
            ),
        )
        return reference_to(pipeline.pipeline_id, found.pipeline_version_id)

    def _find_version(self, pipeline_id: str, version: str) -> "V2beta1PipelineVersion | None":
        listing = self.calls.client.pipeline_api.pipeline_service_list_pipeline_versions
        return find_named(
            self.calls, "version", version, listing, "pipeline_versions", pipeline_id=pipeline_id
        )

    def _namespace(self) -> dict[str, str]:
        namespace = owner(self.target)
        return {"namespace": namespace} if namespace else {}


def find_named(
    calls: Calls,
    kind: str,
    name: str,
    listing: Callable[..., Any],
    field: str,
    **arguments: str,
) -> Any | None:
    """Return the first thing with this name, if there is one.

    Args:
        calls: to the service.
        kind: what it is, as in "tried to look for run flowers-1".
        name: its display name.
        listing: function of a generated API.
        field: where an answer of that has the things.
        arguments: more arguments of it.
    """
    found = calls.pages(
        f"look for {kind} {name}", listing, field, filter=where("display_name", name), **arguments
    )
    return next(found, None)


def _ensure(find: Callable[[], Found | None], create: Callable[[], Found]) -> Found:
    found = find()
    if found is not None:
        return found
    try:
        return create()
    except KubeflowError as error:
        if error.outcome == "not sent":
            raise
        # Somebody was faster, or it was created although the answer was lost.
        found = find()
        if found is None:
            raise
        return found
