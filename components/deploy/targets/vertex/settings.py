"""What `deploy` asks about Vertex AI."""

from typing import Literal

from pydantic import Field

from sightline.ground.settings import StageSettings, filled_with, needed


class VertexSettings(StageSettings):
    """An endpoint of Vertex AI, and the machines behind it."""

    vertex_project: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9-]{4,28}[a-z0-9])?$",
        json_schema_extra=filled_with("cloud project", target="vertex")
        | needed("It is the Google Cloud project of the endpoint.", target=("vertex",)),
    )
    """Google Cloud project of the endpoint; the target's own where the pipeline runs on Vertex AI."""
    vertex_location: str = Field(
        default="",
        pattern=r"^([a-z]+-[a-z]+[0-9]+)?$",
        json_schema_extra=filled_with("cloud location", target="vertex")
        | needed("It is the region of the endpoint, such as europe-west4.", target=("vertex",)),
    )
    """Region of the endpoint, such as europe-west4."""
    vertex_endpoint: str = ""
    """Id or display name of the endpoint, which is made where there is none; the model's name unless set."""
    vertex_machine: str = Field(default="n1-standard-2", min_length=1)
    """Type of the machines that answer."""
    vertex_accelerator: str = ""
    """Accelerator of each machine, such as NVIDIA_TESLA_T4; of use to a server that computes on one, which ours does not."""
    vertex_accelerator_count: int = Field(default=1, ge=1, le=16)
    """How many of them each machine has."""
    vertex_min_replicas: int = Field(default=1, ge=1)
    """Machines that always run."""
    vertex_max_replicas: int = Field(default=1, ge=1)
    """Machines that run under load; not below vertex_min_replicas."""
    vertex_service_account: str = ""
    """Service account of the servers, which reads the bucket; the project's default unless set."""
    vertex_encryption_key: str = ""
    """Key that protects model and endpoint, as projects/P/locations/L/keyRings/R/cryptoKeys/K."""
    vertex_api_endpoint: str = ""
    """Address of Vertex AI, where it is not the public one of the location."""
    vertex_sign_in: Literal["default", "anonymous"] = "default"
    """Google's application default credentials, or none for a local emulator."""
