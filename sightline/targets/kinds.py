"""The targets of `sightline.yaml`: this machine, Kubeflow Pipelines, Vertex AI Pipelines."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sightline.ground.errors import UserError
from sightline.project.sections import LauncherName, Resources, Section
from sightline.schedules.zones import find_zone


def _without_login(address: object) -> object:
    """Refuse a password in an address, however it is written, without repeating it."""
    if isinstance(address, str) and "@" in address:
        raise ValueError(
            "expected an address without a login; received one with an @, and every message and "
            "link would show what stands before it. Take it out, and give the login where "
            "docs/clusters.md says"
        )
    return address


def _zone_name(name: str) -> str:
    """Return a time zone's name as the database writes it."""
    try:
        return find_zone(name).key
    except UserError as error:
        raise ValueError(str(error)) from error


ZoneName = Annotated[str, AfterValidator(_zone_name)]
"""A time zone's IANA name."""
Address = Annotated[str, BeforeValidator(_without_login)]
"""An address that messages may show."""


class LocalTarget(Section):
    """This machine."""

    kind: Literal["local"] = "local"
    """What runs the pipeline: local is this machine."""
    launcher: LauncherName | None = None
    """How tasks start on this target; pipeline.launcher unless set."""


class RemoteTarget(Section):
    """What every cluster has."""

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


class VertexTarget(RemoteTarget):
    """Vertex AI Pipelines in one project and location."""

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


Target = LocalTarget | KubeflowTarget | VertexTarget
TARGET_KINDS: dict[str, type[LocalTarget | KubeflowTarget | VertexTarget]] = {
    "local": LocalTarget,
    "kfp": KubeflowTarget,
    "vertex": VertexTarget,
}
