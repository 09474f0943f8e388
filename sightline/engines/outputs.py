"""Add to the record of a cluster's run what its artifact store knows: artifacts and figures."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Any

from sightline.ground.errors import one_line
from sightline.ground.outcome import EXIT_TASK, SUMMARY, SUMMARY_FILE, Outcome
from sightline.ground.run_account.logs import logs_among, reason_in
from sightline.ground.run_states import ENDED
from sightline.package.reading.plan import ArtifactKind, Plan
from sightline.project.target import Target
from sightline.runs.artifact_store import OutputFolder, list_outputs, read_all
from sightline.runs.facts import METRICS_KIND
from sightline.runs.records import ArtifactRecord, RunRecord

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
        own = list_outputs(folder, target)
        summary = _summary(own, target)
        told = any(task.outputs.artifacts for task in record.tasks.values())
        folders = own if told else {**_reused_folders(summary), **own}
        for name, task in record.tasks.items():
            kinds = plan.tasks[name].output_artifacts if name in plan.tasks else {}
            if name in folders and not task.outputs.artifacts:
                task.outputs.artifacts = _artifacts(folders[name], kinds)
        record.outcome = _outcome(summary, record)
        _add_logs(record, own)
        _add_reasons(record, target)
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
        record.outcome = _outcome(summary, record)

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


def _not_read(place: str, error: Exception) -> str:
    google = "those of `gcloud auth application-default login`"
    needed = google if place.startswith("gs://") else "AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL"
    return (
        f"Artifacts in {place} could not be read: {one_line(error)}. They are read with your "
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
    if found is None or SUMMARY not in found.names:
        return {}
    place = f"{found.uri}/{SUMMARY}/{SUMMARY_FILE}"
    return _object(read_all([place], target).get(place, b""))


def _outcome(summary: Mapping[str, Any], record: RunRecord) -> Outcome | None:
    """Return what the exit task wrote came out, where it knew how the run ended.

    One that took a failed run for a good one filled in what was missing from other runs.
    """
    ended_badly = record.status in ENDED and record.status != "succeeded"
    misled = ended_badly and summary.get("state") in ("succeeded", "unknown")
    if misled or not summary.get("outcome"):
        return None
    return Outcome.model_validate(summary["outcome"])


def _add_logs(record: RunRecord, folders: Mapping[str, OutputFolder]) -> None:
    """Say where the store keeps the log of each task's last attempt."""
    for name, folder in folders.items():
        if name in record.tasks and (found := logs_among(folder.names)):
            record.tasks[name].log = f"{folder.uri}/{found[0]}"


def _add_reasons(record: RunRecord, target: Target) -> None:
    """Say of each failed task what its log says, which is more than its pod's end."""
    logs = {
        task.log: task for task in record.tasks.values() if task.status == "failed" and task.log
    }
    for uri, content in read_all(list(logs), target).items():
        logs[uri].message = reason_in(content) or logs[uri].message


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
