"""What every kind of target answers; `sightline/targets/<kind>/settings.py` holds the kinds."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from sightline.ground.settings import Role
from sightline.ground.storage.stores import ENDPOINT, StoreOptions
from sightline.project.sections import Resources, Section

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask

    from sightline.engines.engine import Engine
    from sightline.lint import Checked, Finding
    from sightline.project.settings import Project
    from sightline.schedules.clock import Clock


def _without_login(address: object) -> object:
    """Refuse a password in an address, however it is written, without repeating it."""
    if isinstance(address, str) and "@" in address:
        raise ValueError(
            "expected an address without a login; received one with an @, and every message and "
            "link would show what stands before it. Take it out, and give the login where "
            "docs/clusters.md says"
        )
    return address


Address = Annotated[str, BeforeValidator(_without_login)]
"""An address that messages may show."""


class Target(Section):
    """Where a pipeline runs.

    A method imports what it needs when it is called: settings are read by every command.
    """

    title: ClassVar[str]
    """What messages call this kind, such as `Vertex AI`."""

    kind: str
    """What runs the pipeline."""

    @property
    def remote(self) -> "RemoteTarget | None":
        """What a cluster has beside; None on this machine."""
        return None

    @abstractmethod
    def engine(self, project: "Project") -> "Engine":
        """Return what runs a project's pipelines here; nothing is asked of it yet."""

    def clock(self) -> "Clock":
        """Return how the scheduler here tells the time."""
        from sightline.schedules.clock import Clock

        return Clock(self.title)

    def lint(self, checked: "Checked") -> Iterator["Finding"]:
        """Yield what is wrong with a package on this kind of target alone."""
        yield from ()

    @classmethod
    def accelerator(cls, name: str) -> str:
        """Return the word here for an accelerator; what is unknown stays, for lint to refuse."""
        return name

    def quantity(self, text: str) -> str:
        """Return an amount of cores or memory as Kubernetes would write it."""
        return text

    def extend_task(self, task: "PipelineTask", stage: str, resources: Resources) -> None:
        """Add to the task of a stage what only this kind of target has, such as volumes."""

    def model_folder(self, model: str) -> str | None:
        """Return the folder that tasks can keep a model in; None where none is known."""
        return None

    def addresses(self) -> Mapping[Role, str]:
        """Return the addresses here that settings are filled with; none where it has no pages."""
        return {}

    def store_options(self) -> StoreOptions:
        """Return how artifacts of runs here are reached."""
        return StoreOptions()

    def without_effect(self, resources: Mapping[str, Resources]) -> Sequence[str]:
        """Name resources, by stage, that change nothing here."""
        return ()

    def logs_command(self, run_id: str) -> str:
        """Return the command that prints what the tasks of a run log; empty where there is none."""
        return ""

    def secret_remedy(self, section: str) -> str:
        """Say where a secret belongs, for the target in a section such as `targets.cluster`."""
        return "Put it into an environment variable of this machine, and renew it if it was shared."


class RemoteTarget(Target):
    """What every cluster has."""

    root_schemes: ClassVar[tuple[str, ...]] = ("s3", "minio", "gs")
    """What the address of its artifacts begins with."""
    largest_package_bytes: ClassVar[float] = float("inf")
    has_mixed_nodes: ClassVar[bool] = True
    """Whether some of its machines may have another processor than the images are built for."""
    needs_store: ClassVar[bool] = False
    """Whether nothing can be sent without access to its store."""
    mounts_store: ClassVar[bool] = False
    """Whether a task can read whatever lies in its store, not only its own inputs."""

    registry: Address = ""
    """Registry that the target pulls images from, as given to `images build --push`."""
    pipeline_root: Address = ""
    """Address below which runs keep their artifacts, such as s3://bucket/runs or gs://bucket/runs."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Plain environment variables of every task, such as AWS_ENDPOINT_URL; no secrets here."""
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Stage settings that differ on this target, by stage, such as the source's address."""
    resources: dict[str, Resources] = Field(default_factory=dict)
    """Resources that differ on this target, by stage."""

    @property
    def remote(self) -> "RemoteTarget | None":
        """Return itself."""
        return self

    @property
    def has_images_of_this_machine(self) -> bool:
        """Whether its nodes were given the images that were built here, without a registry."""
        return False

    @property
    def store(self) -> str:
        """Address of the store that its owner reads from here; empty where it is not known."""
        return self.pipeline_root

    def store_options(self) -> StoreOptions:
        """Say where the tasks' own S3 is, if it is not Amazon's."""
        return StoreOptions(endpoint=self.environment.get(ENDPOINT, ""))

    def secret_remedy(self, section: str) -> str:
        """Say where a secret belongs."""
        return "Put it where the cluster keeps secrets, and renew it if this file was shared."

    def variable_remedy(self, section: str, variable: str) -> str:
        """Say how a task gets an environment variable that holds a secret."""
        return f"Have the cluster give every task the variable {variable}."
