"""What `sightline.yaml` says about Vertex AI Pipelines."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sightline.ground.settings import Role
from sightline.ground.storage.stores import StoreOptions
from sightline.project.target import Address, RemoteTarget

if TYPE_CHECKING:
    from sightline.lint import Checked, Finding
    from sightline.project.settings import Project
    from sightline.targets.vertex.engine import VertexEngine
    from sightline.targets.vertex.schedules.clock import VertexClock


class VertexTarget(RemoteTarget):
    """Vertex AI Pipelines in one project and location."""

    title: ClassVar[str] = "Vertex AI"
    root_schemes: ClassVar[tuple[str, ...]] = ("gs",)
    has_mixed_nodes: ClassVar[bool] = False
    needs_store: ClassVar[bool] = True
    mounts_store: ClassVar[bool] = True

    kind: Literal["vertex"]
    """What runs the pipeline: vertex is Vertex AI Pipelines."""
    project: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$", examples=["my-project"])
    """Google Cloud project."""
    location: str = Field(pattern=r"^[a-z]+-[a-z]+[0-9]+$", examples=["europe-west4"])
    """Region, such as europe-west4."""
    staging_bucket: Address = Field(pattern=r"^gs://[^/]+.*$", examples=["gs://my-bucket"])
    """Bucket for packages and artifacts, such as gs://my-bucket."""
    service_account: str = ""
    """Service account of the tasks; the project's default unless set."""
    network: str = ""
    """Network that the tasks join, as projects/NUMBER/global/networks/NAME."""
    encryption_key: str = ""
    """Key that protects what Vertex AI keeps, as projects/P/locations/L/keyRings/R/cryptoKeys/K."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels of jobs and schedules, for bills and filters."""
    failure_policy: Literal["slow", "fast"] = "slow"
    """Whether a failed task lets running branches end (slow) or stops them (fast)."""
    api_endpoint: Address = ""
    """Address of the service, where it is not the public one of the location."""
    credentials: Literal["default", "anonymous"] = "default"
    """Google's application default credentials, or none for a local emulator."""

    @property
    def bucket(self) -> str:
        """Return the staging bucket, and the folder in it if one is given, without a scheme."""
        return self.staging_bucket.removeprefix("gs://").rstrip("/")

    @property
    def store(self) -> str:
        """Return where packages go and artifacts lie."""
        return self.staging_bucket

    def engine(self, project: "Project") -> "VertexEngine":
        """Return what runs a project's pipelines in the Google Cloud project."""
        from sightline.targets.vertex.engine import VertexEngine

        return VertexEngine(
            self, project.target_name, project.pipeline.name, options=project.options
        )

    def clock(self) -> "VertexClock":
        """Return what is known of how Vertex AI tells the time."""
        from sightline.targets.vertex.schedules.clock import VertexClock

        return VertexClock()

    def lint(self, checked: "Checked") -> Iterator["Finding"]:
        """Yield what Vertex AI would not take."""
        from sightline.targets.vertex.lint.rules import RULES

        for rule in RULES:
            yield from rule(checked, self)

    @classmethod
    def accelerator(cls, name: str) -> str:
        """Return Vertex AI's word for an accelerator."""
        from sightline.targets.vertex.accelerators import ACCELERATORS

        found = ACCELERATORS.get(name.upper())
        return found.type if found else name

    def quantity(self, text: str) -> str:
        """Write a kilobyte as Kubernetes does: Vertex AI writes K."""
        return re.sub(r"K$", "k", text)

    def model_folder(self, model: str) -> str:
        """Return a folder in the staging bucket, as tasks see it."""
        return f"/gcs/{self.bucket}/models/{model}"

    def addresses(self) -> Mapping[Role, str]:
        """Return the console's page of a run, and where its project is."""
        from sightline.targets.vertex.names import run_page

        return {
            "run page": run_page(self, "{run}"),
            "cloud project": self.project,
            "cloud location": self.location,
        }

    def store_options(self) -> StoreOptions:
        """Go without credentials where the target does, as to a local emulator."""
        return replace(super().store_options(), anonymous=self.credentials == "anonymous")

    def secret_remedy(self, section: str) -> str:
        """Say where a secret belongs."""
        return (
            "Put it into a file in a bucket that only the service account reads, and give its "
            "address; for Google's services the account itself is enough."
        )

    def variable_remedy(self, section: str, variable: str) -> str:
        """Say how a task gets a secret."""
        return "Put the value into a file in a bucket and give its gs:// address in its place."
