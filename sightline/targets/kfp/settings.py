"""What `sightline.yaml` says about an installation of Kubeflow Pipelines."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from sightline.ground.errors import UserError
from sightline.ground.settings import Role
from sightline.project.sections import Resources, Section, seconds
from sightline.project.target import Address, RemoteTarget
from sightline.schedules.zones import find_zone

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask

    from sightline.lint import Checked, Finding
    from sightline.project.settings import Project
    from sightline.targets.kfp.engine import KubeflowEngine
    from sightline.targets.kfp.schedules.clock import KubeflowClock

NVIDIA = "nvidia.com/gpu"
"""What Kubernetes calls any NVIDIA GPU; which one is for the node's labels to say."""


def _zone_name(name: str) -> str:
    """Return a time zone's name as the database writes it."""
    try:
        return find_zone(name).key
    except UserError as error:
        raise ValueError(str(error)) from error


ZoneName = Annotated[str, AfterValidator(_zone_name)]
"""A time zone's IANA name."""


class Authentication(Section):
    """How the client proves to Kubeflow who it is; secrets come from environment variables."""

    kind: Literal["none", "token", "cookie", "service_account", "iap"] = "none"
    """Nothing (a port-forward), a bearer token, a cookie, a pod's own token, or Google's proxy."""
    variable: str = ""
    """Environment variable that holds the token, the cookie or (iap) the other client's secret."""
    client_id: str = ""
    """OAuth client of the identity-aware proxy."""
    other_client_id: str = ""
    """OAuth client of desktop applications, for the identity-aware proxy."""
    token_path: str = ""
    """File with the service account token; Kubeflow's usual path unless set."""


class SecretEnvironment(Section):
    """A Kubernetes secret as environment variables of every task."""

    secret: str = Field(min_length=1)
    """Name of the secret in the target's namespace."""
    variables: dict[str, str] = Field(min_length=1)
    """Environment variable by key of the secret, such as accesskey: AWS_ACCESS_KEY_ID."""


class SecretVolume(Section):
    """A Kubernetes secret as files of every task."""

    secret: str = Field(min_length=1)
    """Name of the secret in the target's namespace."""
    mount_path: str = Field(pattern=r"^/.+", examples=["/models"])
    """Folder in the containers."""


class Volume(Section):
    """A persistent volume claim, mounted in every task."""

    claim: str = Field(min_length=1)
    """Name of the claim in the target's namespace."""
    mount_path: str = Field(pattern=r"^/.+", examples=["/models"])
    """Folder in the containers."""
    stages: list[str] = Field(default_factory=list)
    """Stages that mount it; all unless given."""


class Toleration(Section):
    """A taint that the pods tolerate, in Kubernetes' words."""

    key: str | None = None
    """Key of the taint; all unless given."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """Whether the value must be equal or the key must exist."""
    value: str | None = None
    """Value of the taint."""
    effect: Literal["NoExecute", "NoSchedule", "PreferNoSchedule"] | None = None
    """Effect of the taint; all unless given."""
    stages: list[str] = Field(default_factory=list)
    """Stages that tolerate it; all unless given."""


class Kubernetes(Section):
    """What pods get beside their container: secrets, volumes, placement."""

    secrets_as_environment: list[SecretEnvironment] = Field(default_factory=list)
    """Secrets as environment variables, such as the object store's keys."""
    secrets_as_volumes: list[SecretVolume] = Field(default_factory=list)
    """Secrets as files."""
    volumes: list[Volume] = Field(default_factory=list)
    """Persistent volume claims."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels of the nodes that may run the pods."""
    accelerator_node_selector: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Labels of the nodes that have an accelerator, by its name in resources, such as T4."""
    tolerations: list[Toleration] = Field(default_factory=list)
    """Taints that the pods tolerate."""
    image_pull_secrets: list[str] = Field(default_factory=list)
    """Secrets with the registry's login."""
    shared_memory: str = Field(default="", pattern=r"^([0-9]+(Gi|Mi))?$", examples=["2Gi"])
    """Size of /dev/shm for training, such as 2Gi; empty leaves the cluster's 64 MB."""


class KubeflowTarget(RemoteTarget):
    """A Kubeflow Pipelines installation."""

    title: ClassVar[str] = "Kubeflow Pipelines"
    # MaxFileLength of Kubeflow's API server.
    largest_package_bytes: ClassVar[float] = 32 << 20

    kind: Literal["kfp"]
    """What runs the pipeline: kfp is Kubeflow Pipelines."""
    host: Address = Field(pattern=r"^https?://.+", examples=["http://localhost:8080"])
    """Address of Kubeflow Pipelines, such as http://localhost:8080 or https://kf.example.com/pipeline."""
    ui_host: Address = ""
    """Address of the pages, where it differs from host."""
    namespace: str = "kubeflow"
    """Namespace of the runs: the profile's in a multi-user installation."""
    multi_user: bool = False
    """Whether the installation separates users by namespace."""
    experiment: str = Field(default="", max_length=128)
    """Experiment that groups the runs; pipeline.name unless set."""
    service_account: str = ""
    """Kubernetes service account of the pods; the installation's default unless set."""
    local_images: bool = False
    """Whether its nodes are given the images built here, as those of kind can be."""
    retry_defaults: bool = True
    """Whether the cluster's own retry strategy replaces that of stages, as 2.17 installs it."""
    time_zone: ZoneName = "UTC"
    """Time zone of the cluster's scheduler (its `cronScheduleTimezone`)."""
    authentication: Authentication = Authentication()
    """How the client proves who it is."""
    ca_certificate: str = ""
    """File with the certificate authority of the host; the system's unless set."""
    verify_tls: bool = True
    """Whether the host's certificate is checked."""
    kubernetes: Kubernetes = Kubernetes()
    """What pods get beside their container."""

    @property
    def has_images_of_this_machine(self) -> bool:
        """Whether its nodes were given the images that were built here, without a registry."""
        return self.local_images

    def engine(self, project: "Project") -> "KubeflowEngine":
        """Return what runs a project's pipelines on the installation."""
        from sightline.targets.kfp.engine import KubeflowEngine

        experiment = self.experiment or project.pipeline.name
        return KubeflowEngine(self, project.target_name, experiment, options=project.options)

    def clock(self) -> "KubeflowClock":
        """Return how the scheduled workflow controller tells the time."""
        from sightline.targets.kfp.schedules.clock import KubeflowClock

        return KubeflowClock(zone=find_zone(self.time_zone))

    def lint(self, checked: "Checked") -> Iterator["Finding"]:
        """Yield what Kubernetes, Argo or Kubeflow would not take."""
        from sightline.targets.kfp.lint.rules import RULES

        for rule in RULES:
            yield from rule(checked, self)

    @classmethod
    def accelerator(cls, name: str) -> str:
        """Return the resource that a pod asks for."""
        from sightline.project.accelerators import ACCELERATORS

        return NVIDIA if name.upper() in ACCELERATORS else name

    def extend_task(self, task: "PipelineTask", stage: str, resources: Resources) -> None:
        """Give the task's pod secrets, volumes and placement."""
        from sightline.targets.kfp.pods import extend_pod

        limit = seconds(resources.timeout)
        extend_pod(task, self, stage, gpu=resources.gpu, timeout_seconds=limit)

    def model_folder(self, model: str) -> str | None:
        """Return a folder on the first volume that all stages mount which work in it."""
        from sightline.project.roles import model_stages

        for volume in self.kubernetes.volumes:
            if not volume.stages or model_stages() <= set(volume.stages):
                folder = volume.mount_path.rstrip("/").removesuffix("/models")
                return f"{folder}/models/{model}"
        return None

    def addresses(self) -> Mapping[Role, str]:
        """Return its pages, and its API where tasks may ask it without a login."""
        from sightline.targets.kfp.addresses import artifact_page, run_page, tasks_api

        found: dict[Role, str] = {
            "run page": run_page(self, "{run}"),
            "artifact page": artifact_page(self),
        }
        return found if self.multi_user else {**found, "cluster api": tasks_api(self)}

    def logs_command(self, run_id: str) -> str:
        """Return the command that prints what the pods of a run log, as long as they are there."""
        return (
            f"kubectl logs --namespace {self.namespace} --selector pipeline/runid={run_id} "
            "--container main --prefix --tail -1"
        )

    def secret_remedy(self, section: str) -> str:
        """Say where a secret belongs."""
        return (
            f"Put it into a Kubernetes secret, name that in {section}.kubernetes"
            ".secrets_as_environment, and renew the secret if this file was shared."
        )

    def variable_remedy(self, section: str, variable: str) -> str:
        """Say how a task gets an environment variable that holds a secret."""
        place = f"{section}.kubernetes.secrets_as_environment"
        return f"Add a secret to {place} whose key becomes {variable}."
