"""What `deploy` asks about KServe."""

from typing import Literal

from pydantic import Field

from sightline.ground.settings import StageSettings

NAME = r"^([a-z]([a-z0-9-]*[a-z0-9])?)?$"


class KServeSettings(StageSettings):
    """An InferenceService, and the pods behind it."""

    kserve_namespace: str = Field(default="", max_length=63, pattern=NAME)
    """Namespace of the InferenceService; the pod's own, or that of the context of kubectl, unless set."""
    kserve_service: str = Field(default="", max_length=40, pattern=NAME)
    """Name of the InferenceService; the model's name unless set."""
    kserve_mode: Literal["Standard", "Knative"] = "Standard"
    """How KServe runs it: Standard is Deployments, split by the Gateway API (KServe 0.20); Knative is revisions."""
    kserve_context: str = ""
    """Context of kubectl to use outside a cluster; the current one unless set."""
    kserve_service_account: str = ""
    """Service account of the pods, whose secret reads the store."""
    kserve_cpu: str = Field(default="1", min_length=1)
    """Processors that each pod asks for, as Kubernetes writes them."""
    kserve_memory: str = Field(default="3Gi", min_length=1)
    """Memory that each pod asks for and may use."""
    kserve_min_replicas: int = Field(default=1, ge=1)
    """Pods that always run."""
    kserve_max_replicas: int = Field(default=1, ge=1)
    """Pods that run under load; not below kserve_min_replicas."""
