from typing import Literal

from pydantic import Field

from sightline.ground.settings import LocationText, StageSettings, filled_with, location


class DeploySettings(StageSettings):
    """Where the model goes live."""

    target: Literal["local"] = "local"
    """Where to deploy: local is a model folder laid out as TensorFlow Serving expects."""
    folder: LocationText = Field(
        min_length=1, json_schema_extra=location("write") | filled_with("model folder")
    )
    """Model folder that receives a new numbered version."""
    smoke_tolerance: float = Field(default=0.001, gt=0, le=1)
    """Largest difference of any probability between a golden answer and what the new version answers."""
    redeploy_rolled_back: bool = False
    """Whether a bundle that was rolled back may go live again."""
    keep_versions: int = Field(default=5, ge=2)
    """How many versions stay in the folder for rollback; older ones are removed."""
