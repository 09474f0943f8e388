"""Add to the record of a cluster's run what its artifact store knows: artifacts and figures."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Any

from sightline.package.reading.plan import ArtifactKind, Plan
from sightline.project.target import Target
from sightline.runs.artifact_store import OutputFolder, list_outputs, read_all, reason_of
from sightline.runs.records import ENDED, ArtifactRecord, RunRecord
from sightline.views.page import METRICS_KIND

EXIT_TASK = "notify"
READERS = 8
"""How many runs of a listing are looked at side by side."""


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
        folders = {**_reused_folders(summary), **folders}
        for name, task in record.tasks.items():
            kinds = plan.tasks[name].output_artifacts if name in plan.tasks else {}
            if name in folders:
                task.outputs.artifacts = _artifacts(folders[name], kinds)
        add_figures(record, summary.get("outcome", {}))
        _add_metrics(record, target)
    except Exception as error:  # each store has exceptions of its own, and none may stop `show`
        record.warnings.append(_not_read(folder, error))


def add_outcomes(listed: Sequence[tuple[RunRecord, str]], target: Target) -> None:
    """Say of the runs of a listing what their exit tasks wrote came out.

    A store that cannot be read gives a warning in each record and changes nothing else.

    Args:
        listed: the runs, each with the address of its artifacts; empty where that is not known.
        target: where the runs ran.
    """
    ended = [(record, folder) for record, folder in listed if record.status in ENDED and folder]

    def read(run: tuple[RunRecord, str]) -> None:
        record, folder = run
        summary = _summary(list_outputs(folder, target, only=EXIT_TASK), target)
        outcome = summary.get("outcome") or {}
        accuracy = outcome.get("accuracy") or {}
        record.outcome = {"decision": outcome.get("decision"), "accuracy": accuracy.get("value")}

    try:
        # The first one alone: a store that cannot be reached is waited for once.
        for run in ended[:1]:
            read(run)
        with ThreadPoolExecutor(READERS) as readers:
            list(readers.map(read, ended[1:]))
    except Exception as error:  # each store has exceptions of its own, and none may stop `runs`
        place = ended[0][1].rpartition("/")[0]
        for record, _ in ended:
            record.warnings.append(_not_read(place, error))


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


def _not_read(place: str, error: Exception) -> str:
    google = "those of `gcloud auth application-default login`"
    needed = google if place.startswith("gs://") else "AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL"
    return (
        f"Artifacts in {place} could not be read: {reason_of(error)}. They are read with your "
        f"own credentials, such as {needed}: see docs/clusters.md."
    )


def _add_metrics(record: RunRecord, target: Target) -> None:
    """Read the metrics of each task: stages leave them in the artifact's file as well."""
    metrics = {
        artifact.uri: artifact
        for task in record.tasks.values()
        for artifact in task.outputs.artifacts.values()
        if artifact.kind == METRICS_KIND
    }
    for uri, content in read_all(list(metrics), target).items():
        metrics[uri].metadata |= _object(content)


def _object(content: bytes) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one where something else lies there."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _summary(folders: Mapping[str, OutputFolder], target: Target) -> dict[str, Any]:
    found = folders.get(EXIT_TASK)
    if found is None or "summary" not in found.names:
        return {}
    place = f"{found.uri}/summary/summary.json"
    return _object(read_all([place], target).get(place, b""))


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
