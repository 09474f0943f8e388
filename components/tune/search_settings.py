from typing import ClassVar

from pydantic import Field

from sightline.ground.settings import StageSettings

from .space import SpaceText


class SearchSettings(StageSettings):
    """How the settings of train are searched before it trains."""

    switch: ClassVar[str] = "trials"

    trials: int = Field(default=0, ge=0)
    """How many combinations of train's settings to try before training; 0 tries none, and the stage is left out."""
    minutes: float = Field(default=30, gt=0)
    """Longest time that the trials may take together, in minutes; one that has begun is ended."""
    space: SpaceText = ()
    """Settings of train to search, each with a list of values or a range (low, high, log); empty is learning rate, weight decay, dropout, hidden units and batch size, as far as train has their defaults."""
