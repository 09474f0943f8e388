"""Where a version comes from: run, data, settings, code and figures."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.ground.headlines.headline import KEY
from sightline.ground.run_folders import UUID
from sightline.stage.registry.log import LogEntry, makes_live
from sightline.stage.registry.registry import Entry, Registry

if TYPE_CHECKING:
    from sightline.stage.formats.evaluation import EvaluationInfo
    from sightline.stage.formats.model import ModelInfo

RECORD = "run.json"
VERTEX_TASK = re.compile(r"-?\d{6,}|.+_-?\d{6,}")
"""Vertex AI ends the name of a task's folder with a number."""


def lineage_of(bundle: Path, trained: "ModelInfo", judged: "EvaluationInfo") -> dict[str, Any]:
    """Return what `bundle.json` says of the origin of a model."""
    return {
        "run": run_of(bundle),
        "dataset_fingerprint": judged.dataset_fingerprint,
        "num_test_images": judged.num_images,
        KEY: [figure.model_dump(mode="json") for figure in judged.headline],
        "settings": {
            "train.recipe": trained.recipe,
            "train.backbone": trained.backbone,
            "train.seed": trained.seed,
            **trained.tuned,
        },
        **({"started_from": trained.started_from} if trained.started_from else {}),
    }


def run_of(artifact: Path) -> str:
    """Return the run that writes an artifact, told by the path; empty where no run does."""
    parents = artifact.absolute().parents
    for folder in parents:
        if (folder / RECORD).is_file():
            return folder.name
    names = artifact.absolute().parts
    # Kubeflow: <root>/<pipeline>/<run>/<task>/<execution>/<artifact>.
    if found := next((name for name in names if UUID.fullmatch(name)), ""):
        return found
    # Vertex AI: <root>/<project number>/<run>/<task>_<number>/<artifact>.
    if names[1:2] == ("gcs",) and len(names) > 4 and VERTEX_TASK.fullmatch(names[-2]):
        return names[-3]
    return ""


def facts_of(registry: Registry, entry: Entry) -> dict[str, Any]:
    """Return what is known about a version, as facts for programs and tables."""
    info = entry.info
    known: Mapping[str, Any] = info.lineage if info else {}
    return {
        "version": entry.number,
        "standing": entry.standing,
        "alias": entry.alias,
        "since": entry.since,
        "model": info.model_name if info else "",
        "problem_kind": info.problem if info else "",
        "num_classes": len(info.classes) if info else 0,
        "run": known.get("run", ""),
        "dataset_fingerprint": known.get("dataset_fingerprint", ""),
        "num_test_images": known.get("num_test_images"),
        KEY: known.get(KEY, []),
        "settings": known.get("settings", {}),
        "started_from": known.get("started_from", {}),
        "exported": info.created if info else "",
        "code": info.versions if info else {},
        "model_sha256": info.model_sha256 if info else "",
        "bundle_digest": info.digest if info else "",
        "engines": [one.name for one in info.engines if one.usable] if info else [],
        "notes": [asdict(note) for note in entry.notes],
        "folder": f"{registry.place.shown}/{entry.folder}",
        "problem": entry.problem,
        "history": [asdict(one) for one in registry.log if _is_about(one, entry.number)],
    }


def _is_about(line: LogEntry, number: int) -> bool:
    return number in (line.about, *line.set_aside, line.live if makes_live(line) else None)
