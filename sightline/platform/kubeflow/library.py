"""What a run needs in Kubeflow before it can start: experiment, pipeline, version.

Kubeflow keeps their names unique, so that creating them again is refused and does no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sightline.platform.kubeflow.bodies import experiment_body, owner, pipeline_body, reference_to
from sightline.platform.kubeflow.calls import Calls
from sightline.platform.kubeflow.filters import where
from sightline.platform.kubeflow.problems import KubeflowError
from sightline.platform.targets import KubeflowTarget

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Library:
    """Finds or creates things by their names."""

    calls: Calls
    target: KubeflowTarget

    def find_experiment(self, name: str) -> Any | None:
        """Return the experiment with this name, if there is one."""
        found = self.calls.pages(
            f"look for experiment {name}",
            self.calls.client.experiment_api.experiment_service_list_experiments,
            "experiments",
            filter=where("display_name", name),
            **self._namespace(),
        )
        return next(found, None)

    def experiment(self, name: str) -> Any:
        """Return the experiment with this name, created if needed."""
        return _ensure(
            lambda: self.find_experiment(name),
            lambda: self.calls.read(
                f"create experiment {name}",
                self.calls.client.experiment_api.experiment_service_create_experiment,
                experiment=experiment_body(self.target, name),
            ),
        )

    def find_pipeline(self, name: str) -> Any | None:
        """Return the pipeline with this name, if there is one."""
        found = self.calls.pages(
            f"look for pipeline {name}",
            self.calls.client.pipeline_api.pipeline_service_list_pipelines,
            "pipelines",
            filter=where("display_name", name),
            **self._namespace(),
        )
        return next(found, None)

    def version(self, name: str, version: str, package: Path) -> Any:
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

    def _find_version(self, pipeline_id: str, version: str) -> Any | None:
        found = self.calls.pages(
            f"look for version {version}",
            self.calls.client.pipeline_api.pipeline_service_list_pipeline_versions,
            "pipeline_versions",
            pipeline_id=pipeline_id,
            filter=where("display_name", version),
        )
        return next(found, None)

    def _namespace(self) -> dict[str, str]:
        namespace = owner(self.target)
        return {"namespace": namespace} if namespace else {}


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
