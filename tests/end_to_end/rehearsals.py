"""Which pipeline is rehearsed on which clusters, and what tests ask of a rehearsal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sightline.images.recipes import base_of, find_stages
from sightline.package.pipelines import choose_pipeline
from sightline.package.reading.plan import Plan, PlannedTask
from tests.end_to_end.clusters import KUBEFLOW, KUBEFLOW_ON_S3, VERTEX
from tests.end_to_end.executor_contract import Finished, Rehearsal

REPOSITORY = Path(__file__).parents[2]
# One pipeline is rehearsed; what only others use, such as predict, has its image looked at alone.
STAGES = [one for one in find_stages(REPOSITORY) if one in choose_pipeline("training").stages]
LIGHT = [s for s in STAGES if base_of(REPOSITORY / "components" / s / "Dockerfile") == "data"]
# The stages with TensorFlow take most of the time, and messages and addresses are read in one place
# for all. Those stages run once, with everything that any cluster refuses: a sealed container with
# copies of its inputs, and stores in which no folder can be renamed. The light
# stages read on every cluster what the others made there.
STRICTEST = replace(KUBEFLOW, bucket_manners=True)
CLUSTERS = {"kubeflow": STRICTEST, "kubeflow on s3": KUBEFLOW_ON_S3, "vertex": VERTEX}
STAGES_ON = {"kubeflow": STAGES, "kubeflow on s3": LIGHT, "vertex": LIGHT}
CASES = [(cluster, stage) for cluster, stages in STAGES_ON.items() for stage in stages]
each_stage = pytest.mark.parametrize("stage", STAGES)
each_stage_on_each_cluster = pytest.mark.parametrize(("cluster", "stage"), CASES)
PARAMETERS = {
    "ingest_source": "/data/digits",
    "preprocess_image_size": 16,
    "train_recipe": "scratch",
    "train_weights": "none",
    "train_epochs": 3,
    "train_horizontal_flip": False,
    "evaluate_min_accuracy": 0.2,
    "evaluate_bootstrap_samples": 100,
}
SWITCHED_ON = {"tune_trials": 2}
MODELS = "/models"
MODELS_IN_A_BUCKET = "/gcs/company-bucket/models"


def tasks_of(stage: str, plan: Plan) -> list[PlannedTask]:
    """The tasks of a stage's image."""
    tasks = [
        task
        for task in plan.tasks.values()
        if (task.module or "").split(".")[:2] == ["components", stage]
    ]
    assert tasks, f"no task of the pipeline runs components.{stage}"
    return tasks


def finished(task: PlannedTask, rehearsal: Rehearsal) -> Finished:
    """What a task left behind; a test failure if it or one before it failed."""
    failed = [name for name, done in rehearsal.finished.items() if done.exit_code != 0]
    if task.name not in rehearsal.finished or task.name in failed:
        log = "\n".join(rehearsal.finished[failed[0]].log)
        pytest.fail(f"{task.name} has no outputs, for {failed[0]} failed:\n{log}", pytrace=False)
    return rehearsal.finished[task.name]


def contents(place: Path) -> list[Path]:
    """The files at a place: itself, or all below it."""
    return [path for path in (place, *place.rglob("*")) if path.is_file()]


def events(done: Finished) -> Iterator[dict[str, Any]]:
    """The events in a log; TensorFlow writes lines of its own between them."""
    for line in done.log:
        if line.startswith("{"):
            yield json.loads(line)
