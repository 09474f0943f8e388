"""Folders of runs as Kubeflow, Vertex AI and the local runner lay them out, for notify to read."""

import json
from pathlib import Path
from typing import Any

from components.notify.settings import NotifySettings
from components.notify.stage import notify

SUCCEEDED = {"state": "SUCCEEDED", "pipelineJobResourceName": "runs/1", "error": {}}
LAYOUTS = {
    "here": "runs/{run}/artifacts/{task}",
    "kubeflow": "v2/artifacts/flowers-training/{run}/{task}/6f1cf8e2-9b1f-4c52-8d0a-0123456789ab",
    "kubeflow without uuid": "v2/artifacts/flowers-training/{run}/{task}",
    "vertex": "root/4711/{run}/{task}_-6543210987654321",
}
RUNS = {
    "here": ("20261120-080000-aaa", "20261121-080000-bbb", "20261122-080000-ccc"),
    "vertex": tuple(f"flowers-training-2026112{day}080000" for day in range(3)),
    "kubeflow": tuple(f"{digit * 8}-1111-4111-8111-111111111111" for digit in "9a1"),
}
RUNS["kubeflow without uuid"] = RUNS["kubeflow"]


def documents(
    *, accuracy: float = 0.97, num_images: int = 100, decision: str = "deploy", model: str = "m1"
) -> dict[str, dict[str, Any]]:
    """What the stages of a run write, by `<task>/<path>`; a run without model deploys nothing."""
    figure = {"name": "accuracy", "label": "Test accuracy", "value": accuracy,
              "low": accuracy - 0.02, "high": accuracy + 0.02}  # fmt: skip
    check = {"name": "min", "outcome": "passed", "required": 0.9, "received": accuracy,
             "certain": True, "reason": f"Accuracy is {accuracy}, 0.9 is required."}  # fmt: skip
    if decision == "hold":
        check |= {"outcome": "failed", "reason": "Too bad."}
    found: dict[str, dict[str, Any]] = {
        "ingest/dataset/dataset.json": {"num_examples": num_images, "classes": ["cat", "dog"]},
        "ingest/quarantine/quarantine.json": {"num_refused": 3, "reasons": {"empty file": 3}},
        "preprocess/records/records.json": {
            "contract": {"image_size": 32, "resize_mode": "pad", "channels": 3}
        },
        "train/model/model.json": {
            "recipe": "scratch", "backbone": "", "seed": 7, "epochs": 9, "model_sha256": model,
        },
        "evaluate/evaluation/evaluation.json": {
            "decision": decision, "checks": [check], "num_images": 20,
            "headline": [figure], "model_sha256": model,
        },
    }  # fmt: skip
    if decision == "deploy":
        found["deploy/deployment/deployment.json"] = {
            "version": 4, "live": True, "held_back": "", "folder": "/models", "model_sha256": model,
        }  # fmt: skip
    return found


class Runs:
    """Runs below a folder, in the layout of one engine."""

    def __init__(self, root: Path, engine: str = "here") -> None:
        self.root, self.engine = root, engine

    def task(self, run: str, task: str) -> Path:
        """The folder of a task's artifacts."""
        return self.root / LAYOUTS[self.engine].format(run=run, task=task)

    def write(self, run: str, *, without: tuple[str, ...] = (), **changed: Any) -> None:
        """Write what the stages of a run leave, but for the tasks in `without`."""
        for path, content in documents(**changed).items():
            task, _, rest = path.partition("/")
            if task in without:
                continue
            target = self.task(run, task) / rest
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(content))
            (self.task(run, task) / "report").write_text("<html>")

    def notify(
        self, run: str, status: dict[str, Any] | str | None = None, **settings: Any
    ) -> dict[str, Any]:
        """Run notify as the exit task of a run, and return its summary."""
        folder = self.task(run, "notify")
        status = SUCCEEDED if status is None else status
        notify(
            status=status if isinstance(status, str) else json.dumps(status),
            summary=folder / "summary",
            report=folder / "report",
            settings=NotifySettings(**settings),
        )
        return dict(json.loads((folder / "summary/summary.json").read_text()))
