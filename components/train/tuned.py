"""What tune found, in place of train's own settings."""

import json

from components.train.settings import TrainSettings
from sightline.ground.errors import DataError
from sightline.stage.log import event

Value = str | int | float | bool


def with_tuned(settings: TrainSettings, tuned: str) -> tuple[TrainSettings, dict[str, Value]]:
    """Return the settings to train with, and those of them that tune changed.

    Args:
        settings: what the user asked for.
        tuned: settings as a JSON mapping; empty where nothing was searched.

    Raises:
        DataError: it is no such mapping.
    """
    try:
        found = json.loads(tuned or "{}")
        chosen = settings.with_changed(found)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"tuned: expected settings of train as a JSON mapping; received {tuned!r} ({error}). "
            "Pass what tune wrote, or leave it out."
        ) from error
    changed: dict[str, Value] = {
        name: getattr(chosen, name)
        for name in found
        if getattr(chosen, name) != getattr(settings, name)
    }
    if changed:
        event("settings from tune", **changed)
    return chosen, changed
