from pydantic import Field

from sightline.ground.settings import StageSettings


class BalanceSettings(StageSettings):
    """How far the sizes of classes may lie apart."""

    max_ratio: float = Field(default=3.0, ge=1)
    """Largest ratio of the most common to the rarest class."""
