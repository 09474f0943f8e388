"""The connection of a target to Vertex AI Pipelines."""

from functools import cached_property
from typing import TYPE_CHECKING

from sightline.clouds.google.project import GoogleProject
from sightline.clouds.google.service import GoogleService
from sightline.ground.patience import Patience
from sightline.targets.vertex.settings import VertexTarget

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import PipelineServiceClient, ScheduleServiceClient


class Service(GoogleService):
    """Vertex AI and Cloud Storage, as a target names them; connects when it is first asked."""

    def __init__(
        self,
        target: VertexTarget,
        name: str,
        pipeline: str,
        patience: Patience | None = None,
        options: str = "",
    ) -> None:
        """Know whom to ask.

        Args:
            target: the project.
            name: of the target in `sightline.yaml`.
            pipeline: name of the project's pipeline; other runs and schedules are left alone.
            patience: how long to wait.
            options: what commands about it need, such as ` --target cloud`, which it is unless
                given.
        """
        super().__init__(at=google_project(target, name), patience=patience or Patience())
        self.target, self.name, self.pipeline = target, name, pipeline
        self.options = options or f" --target {name}"

    @property
    def parent(self) -> str:
        """Resource that jobs and schedules belong to."""
        return self.at.parent

    @property
    def address(self) -> str:
        """Address of Vertex AI, complete."""
        return self.at.address

    @cached_property
    def pipelines(self) -> "PipelineServiceClient":
        """Client for jobs."""
        from google.cloud.aiplatform_v1 import PipelineServiceClient

        return self.client(PipelineServiceClient)

    @cached_property
    def schedules(self) -> "ScheduleServiceClient":
        """Client for schedules."""
        from google.cloud.aiplatform_v1 import ScheduleServiceClient

        return self.client(ScheduleServiceClient)


def google_project(target: VertexTarget, name: str) -> GoogleProject:
    """Return the project that a target names, with what its settings are called."""
    return GoogleProject(
        project=target.project,
        location=target.location,
        api_endpoint=target.api_endpoint,
        anonymous=target.credentials == "anonymous",
        who=f"Target {name}",
        prefix=f"targets.{name}.",
    )
