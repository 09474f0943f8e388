"""Which backbones may be meant on this machine."""

import os
from typing import TypeVar

from components.train.network_settings import NetworkSettings
from sightline.ground.backbones import choice

Settings = TypeVar("Settings", bound=NetworkSettings)


def candidates(settings: NetworkSettings) -> tuple[str, ...]:
    """Return the backbones that the settings mean here."""
    return choice.candidates(settings.backbone, os.environ)


def with_first(settings: Settings) -> Settings:
    """Return the settings with one backbone: the first of those that may be meant."""
    return settings.model_copy(update={"backbone": candidates(settings)[0]})
