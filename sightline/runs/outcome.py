"""What came out of a run, read from what its artifacts say, whatever tasks made them.

An artifact's part is told by the keys of its metadata: who judges a model says `headline`, who
counts what came in says `num_images` and `num_refused`, who makes something live says `version`
and `live`. So a pipeline may name and order its stages as it likes.
"""

from collections.abc import Mapping
from typing import Any

from sightline.ground.headlines.headline import (
    CROSS_VALIDATED,
    KEY,
    cross_validated_in,
    figures_in,
)
from sightline.ground.outcome import Outcome, Warned
from sightline.ground.pages import WARNINGS
from sightline.runs.records import ArtifactRecord, RunRecord, TaskRecord

DECISION = "decision"
ROLLED_BACK = "This model was rolled back."
Said = Mapping[str, Any]


def outcome_of(record: RunRecord) -> Outcome:
    """Return what came out of a run: its artifacts' word, then that of its exit task."""
    metadata = [artifact.metadata for artifact in artifacts_of(record)]
    judged = _judged(metadata, record.outcome)
    came_in = _saying(metadata, "num_images", "num_refused")
    reasons = _saying(metadata, "reasons").get("reasons")
    found = {
        "decision": _decision(record) or _saying(metadata, DECISION).get(DECISION),
        "reasons": (str(reasons),) if reasons else None,
        KEY: figures_in(judged) or None,
        CROSS_VALIDATED: cross_validated_in(_saying(metadata, CROSS_VALIDATED)) or None,
        "num_test_images": judged.get("num_test_images", judged.get("num_images")),
        "num_images": came_in.get("num_images"),
        "num_refused": came_in.get("num_refused"),
        "recipe": _saying(metadata, "recipe").get("recipe"),
        **_live(_saying(metadata, "version", "live")),
        WARNINGS: warnings_of(record) or None,
    }
    told = record.outcome.model_dump() if record.outcome else {}
    return Outcome.model_validate(
        {**told, **{name: value for name, value in found.items() if value is not None}}
    )


def warnings_of(record: RunRecord) -> tuple[Warned, ...]:
    """Return what the tasks warned of; one that was reused warns of the same again."""
    return tuple(text for task in record.tasks.values() for text in warnings_in(task))


def warnings_in(task: TaskRecord) -> tuple[Warned, ...]:
    """Return what one task warned of."""
    return tuple(
        Warned(task=task.name, text=str(text))
        for artifact in task.outputs.artifacts.values()
        for text in _listed(artifact.metadata.get(WARNINGS))
    )


def _listed(said: object) -> list[object]:
    return said if isinstance(said, list) else []


def judgements(record: RunRecord) -> list[ArtifactRecord]:
    """Return the artifacts that may hold what a model answered; that of who judged it first."""
    plain = [one for one in artifacts_of(record) if one.kind == "system.Artifact"]
    return sorted(plain, key=lambda one: not (KEY in one.metadata or DECISION in one.metadata))


def artifacts_of(record: RunRecord) -> list[ArtifactRecord]:
    """Return everything that the tasks of a run made."""
    return [
        artifact for task in record.tasks.values() for artifact in task.outputs.artifacts.values()
    ]


def _decision(record: RunRecord) -> object:
    said = (task.outputs.parameters.get(DECISION) for task in record.tasks.values())
    return next((decision for decision in said if decision), None)


def _judged(metadata: list[dict[str, Any]], told: Outcome | None) -> Said:
    """Return what names figures; a record from before they had names is read where none does."""
    named = _saying(metadata, KEY)
    if named or (told and told.headline):
        return named
    return next((said for said in metadata if figures_in(said)), {})


def _saying(metadata: list[dict[str, Any]], *keys: str) -> Said:
    return next((said for said in metadata if all(key in said for key in keys)), {})


def _live(said: Said) -> dict[str, Any]:
    if not said:
        return {}
    held_back = said.get("held_back") or ("" if said["live"] else ROLLED_BACK)
    return {
        "version": said["version"] or None,
        "version_from": "",
        "held_back": held_back,
        "model_folder": said.get("folder"),
    }
