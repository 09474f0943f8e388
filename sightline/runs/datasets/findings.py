"""What label check found in a run, as a whole and image by image."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sightline.project.target import Target
from sightline.runs.artifacts import choose_artifacts, file_reader
from sightline.runs.records import ArtifactRecord, RunRecord

FINDINGS = "label-check/findings"
FILE = "findings.json"


def read_findings(record: RunRecord, target: Target) -> dict[str, Any]:
    """Return what label check found in a run.

    Raises:
        UserError: the run has no findings, or they are damaged.
    """
    return _read(choose_artifacts(record, FINDINGS)[0].artifact, target)


def findings_by_image(record: RunRecord, target: Target) -> dict[tuple[str, str], list[str]]:
    """Return what was found about each image, by its id and address; nothing where none was asked.

    Raises:
        UserError: findings are damaged.
    """
    known = [task.outputs.artifacts.get("findings") for task in record.tasks.values()]
    found: dict[tuple[str, str], list[str]] = {}
    for artifact in filter(None, known):
        for key, words in _words(_read(artifact, target)):
            found.setdefault(key, []).append(words)
    return found


def _read(artifact: ArtifactRecord, target: Target) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file_reader(target)(artifact, FILE))
    return content


def _words(content: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for one in content["removed"]["images"]:
        yield (one["id"], one["uri"]), f"removed: {one['reason']}"
    for finding in content["findings"]:
        notes = finding["notes"] or [""] * len(finding["ids"])
        for key, note in zip(
            zip(finding["ids"], finding["uris"], strict=True), notes, strict=False
        ):
            yield key, f"{finding['check']}: {note}" if note else finding["check"]
