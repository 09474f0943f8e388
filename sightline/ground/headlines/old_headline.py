"""Headlines of records from before the judging stage named its figures: read here and only here.

Old forms, all of classification: metadata with `accuracy`, `accuracy_low` and `accuracy_high`, the
outcome in `summary.json` with the interval inside `accuracy`, `evaluation.json` with that among
its `metrics`.
"""

from collections.abc import Mapping
from typing import Any


def old_headline(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the accuracy of an old record in the form of `headline`; empty where it has none."""
    metrics = said.get("metrics")
    found = metrics.get("accuracy") if isinstance(metrics, Mapping) else said.get("accuracy")
    if not isinstance(found, Mapping):
        found = {"value": found, "low": said.get("accuracy_low"), "high": said.get("accuracy_high")}
    if found.get("value") is None:
        return []
    known = {name: found.get(name) for name in ("value", "low", "high")}
    return [{"name": "accuracy", "label": "Test accuracy", **known}]


def old_recipe(said: Mapping[str, Any]) -> str | None:
    """Return the recipe of an old outcome, which stood among the settings of its stages."""
    settings = said.get("settings")
    found = settings.get("train.recipe") if isinstance(settings, Mapping) else None
    return None if found is None else str(found)
