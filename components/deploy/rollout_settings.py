"""What `deploy` asks at every place to deploy to."""

from pydantic import Field

from sightline.ground.settings import LocationText, StageSettings, filled_with, location, needed

from .target_names import TargetName


class RolloutSettings(StageSettings):
    """What happens at every place to deploy to."""

    target: TargetName = "local"
    """Where to deploy: local is a model folder laid out as TensorFlow Serving expects, vertex an endpoint of Vertex AI, kserve an InferenceService."""
    folder: LocationText = Field(
        min_length=1, json_schema_extra=location("write") | filled_with("model folder")
    )
    """Model folder that receives a new numbered version; in a cloud, the address below which its servers find the bundle."""
    smoke_tolerance: float = Field(default=0.001, gt=0, le=1)
    """Largest difference of any probability between a golden answer and what the new version answers."""
    redeploy_rolled_back: bool = False
    """Whether a bundle that was rolled back may go live again."""
    keep_versions: int = Field(default=5, ge=2)
    """How many versions stay in the folder for rollback; older ones are removed."""
    dry_run: bool = False
    """Whether only to say what would be done."""
    canary_share: float = Field(default=0.0, ge=0, lt=1)
    """Share of the requests that a new version answers first; 0 makes it live at once."""
    canary_steps: int = Field(default=1, ge=1, le=20)
    """In how many equal steps that share grows until the new version is live."""
    canary_wait_seconds: float = Field(default=60.0, gt=0)
    """Seconds that each step lasts at least."""
    canary_requests: int = Field(default=20, ge=1)
    """Requests that the new version gets in each step before it is judged."""
    canary_timeout_seconds: float = Field(default=1800.0, gt=0)
    """Seconds that a step waits for these requests; with fewer, the new version does not go live."""
    max_canary_errors: float = Field(default=0.02, ge=0, le=1)
    """By how much the new version's share of failed requests may exceed the live version's."""
    max_canary_latency_ratio: float = Field(default=2.0, ge=1)
    """How many times as long as the live version's answers the new one's may take, by medians."""
    max_canary_disagreement: float = Field(default=0.3, ge=0, le=1)
    """Share of the images that both versions answer on which the answers may differ."""
    serving_image: str = Field(
        default="",
        json_schema_extra=needed(
            "Build and push it: sightline images build serving --push REGISTRY.",
            target=("kserve", "vertex"),
        ),
    )
    """Image of the model server for a target in a cloud, as `sightline images build serving --push` prints it."""
    ready_timeout_seconds: float = Field(default=3600.0, gt=0)
    """Seconds that new servers in a cloud may take until they answer."""
