"""Finished runs for tests that look at them, written as the local runner writes them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sightline.runs.records import ArtifactRecord, PortsRecord, RunRecord, TaskRecord
from sightline.runs.verdict import Difference, Verdict

ACCURACY = {
    "name": "accuracy", "label": "Test accuracy", "value": 0.975, "low": 0.95, "high": 0.99,
    "higher_is_better": True,
}  # fmt: skip
STARTED = datetime(2026, 11, 21, 20, 0, 0, tzinfo=UTC)


def artifact(folder: Path, task: str, name: str, kind: str, /, **metadata: Any) -> ArtifactRecord:
    """An artifact that is there, in the run's folder."""
    path = folder / "artifacts" / task / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<!doctype html><title>{task} {name}</title>", encoding="utf-8")
    return ArtifactRecord(
        name=name, kind=f"system.{kind}", kind_version="0.0.1", uri=str(path), metadata=metadata
    )


def task(folder: Path, name: str, **changes: Any) -> TaskRecord:
    """A task that succeeded in 2 s, with a report."""
    log = folder / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("started\n", encoding="utf-8")
    report = artifact(folder, name, "report", "HTML")
    values: dict[str, Any] = {
        "name": name,
        "component": name.replace("-", "_"),
        "image": f"sightline/{name}:0.1.0",
        "status": "succeeded",
        "started": STARTED,
        "finished": STARTED + timedelta(seconds=2),
        "seconds": 2.0,
        "startup_seconds": 0.5,
        "compute_seconds": 1.0,
        "writing_seconds": 0.5,
        "attempts": 1,
        "exit_code": 0,
        "log": f"logs/{name}.log",
        "outputs": PortsRecord(artifacts={"report": report}),
        "cache": Verdict(hit=False, kind="first"),
    }
    return TaskRecord(**{**values, **changes})


def finished_run(root: Path, run_id: str = "20261121-200000-abc", **changes: Any) -> RunRecord:
    """A run of two tasks that decided to deploy, written into `root`."""
    folder = root / "runs" / run_id
    model = artifact(folder, "train", "model", "Model", recipe="scratch")
    metrics = artifact(
        folder, "evaluate", "metrics", "Metrics", accuracy=0.975, accuracy_low=0.95,
        accuracy_high=0.99, num_images=180,
    )  # fmt: skip
    evaluation = artifact(
        folder, "evaluate", "evaluation", "Artifact", decision="deploy", num_images=180,
        reasons="Accuracy 0.975 is at least 0.95.", headline=[ACCURACY],
    )  # fmt: skip
    report = artifact(folder, "evaluate", "report", "HTML")
    changed = Difference(
        part="settings",
        name="epochs",
        before="5",
        after="6",
        sentence="settings: epochs 5 -> 6",
    )
    tasks = [
        task(
            folder,
            "train",
            outputs=PortsRecord(
                artifacts={"model": model, "report": artifact(folder, "train", "report", "HTML")}
            ),
            cache=Verdict(
                hit=False, kind="changed", from_run="20261120-100000-xyz", differences=(changed,)
            ),
        ),
        task(
            folder,
            "evaluate",
            status="reused",
            inputs=PortsRecord(artifacts={"model": model}),
            outputs=PortsRecord(
                parameters={"decision": "deploy"},
                artifacts={"metrics": metrics, "evaluation": evaluation, "report": report},
            ),
            cache=Verdict(hit=True, kind="reused", from_run="20261120-100000-xyz"),
        ),
    ]
    values: dict[str, Any] = {
        "id": run_id,
        "pipeline": "sightline-training",
        "status": "succeeded",
        "launcher": "process",
        "parameters": {"train_epochs": 6, "train_seed": 7, "ingest_source": "/photos"},
        "started": STARTED,
        "finished": STARTED + timedelta(seconds=65),
        "tasks": {found.name: found for found in tasks},
        "folder": folder,
    }
    record = RunRecord(**{**values, **changes})
    text = record.model_dump_json(indent=2, by_alias=True)
    (folder / "run.json").write_text(text, encoding="utf-8")
    return record
