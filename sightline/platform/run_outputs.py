"""Add to the record of a cluster's run what its artifact store knows: artifacts and figures."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from sightline.platform.artifact_store import OutputFolder, list_outputs, read_bytes, reason_of
from sightline.platform.package.plan import ArtifactKind, Plan
from sightline.platform.records import ArtifactRecord, RunRecord
from sightline.platform.targets import Target

EXIT_TASK = "notify"


def add_outputs(record: RunRecord, plan: Plan, folder: str, target: Target) -> None:
    """Fill in artifacts by their addresses, and their figures from the exit task's summary.

    A store that cannot be read gives a warning in the record and changes nothing else.

    Args:
        record: the run, as the engine's API tells it.
        plan: the compiled pipeline, which names the artifacts of each task.
        folder: address of the run's artifacts.
        target: where the run ran.
    """
    try:
        folders = list_outputs(folder, target)
        summary = _summary(folders, target)
    except Exception as error:  # each store has exceptions of its own, and none may stop `show`
        record.warnings.append(
            f"Artifacts in {folder} could not be read: {reason_of(error)}. They are read with your "
            "own credentials, such as AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL: see docs/clusters.md."
        )
        return
    folders = {**_reused_folders(summary), **folders}
    for name, task in record.tasks.items():
        kinds = plan.tasks[name].output_artifacts if name in plan.tasks else {}
        if name in folders:
            task.outputs.artifacts = _artifacts(folders[name], kinds)
    add_figures(record, summary.get("outcome", {}))


def add_figures(record: RunRecord, outcome: Mapping[str, Any]) -> None:
    """Give artifacts the metadata that headlines are read from."""
    accuracy = outcome.get("accuracy") or {}
    _set(
        record,
        "evaluate",
        "metrics",
        accuracy=accuracy.get("value"),
        accuracy_low=accuracy.get("low"),
        accuracy_high=accuracy.get("high"),
        num_images=outcome.get("num_test_images"),
    )
    reasons = " ".join(str(reason) for reason in outcome.get("reasons") or ())
    _set(record, "evaluate", "evaluation", reasons=reasons or None)
    _set(record, "ingest", "dataset", num_images=outcome.get("num_images"))
    _set(record, "ingest", "quarantine", num_refused=outcome.get("num_refused"))
    settings = outcome.get("settings") or {}
    _set(record, "train", "model", recipe=settings.get("train.recipe"))
    if not outcome.get("version_from"):
        version = outcome.get("version")
        live = None if version is None else not outcome.get("held_back")
        _set(record, "deploy", "deployment", version=version, live=live)
    if outcome.get("decision") and "evaluate" in record.tasks:
        record.tasks["evaluate"].outputs.parameters["decision"] = outcome["decision"]


def _summary(folders: Mapping[str, OutputFolder], target: Target) -> dict[str, Any]:
    found = folders.get(EXIT_TASK)
    if found is None or "summary" not in found.names:
        return {}
    content = json.loads(read_bytes(f"{found.uri}/summary/summary.json", target))
    return content if isinstance(content, dict) else {}


def _reused_folders(summary: Mapping[str, Any]) -> dict[str, OutputFolder]:
    """Return where the outputs of tasks lie, by their report; for a reused task in another run."""
    return {
        stage.replace("_", "-"): OutputFolder(report.rpartition("/")[0], frozenset())
        for stage, report in (summary.get("reports") or {}).items()
        if PurePosixPath(report).name == "report"
    }


def _artifacts(
    folder: OutputFolder, kinds: Mapping[str, ArtifactKind]
) -> dict[str, ArtifactRecord]:
    return {
        name: ArtifactRecord(
            name=name, kind=kind.title, kind_version=kind.version, uri=f"{folder.uri}/{name}"
        )
        for name, kind in kinds.items()
        if not folder.names or name in folder.names
    }


def _set(record: RunRecord, task: str, artifact: str, **metadata: Any) -> None:
    found = record.tasks.get(task)
    output = found.outputs.artifacts.get(artifact) if found else None
    if output is not None:
        known = {name: value for name, value in metadata.items() if value is not None}
        output.metadata = {**output.metadata, **known}
