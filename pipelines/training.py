"""The training pipeline: the order of the stages, nothing else."""

from typing import Any

from kfp import dsl

from sightline.components import (
    backbone,
    deploy,
    evaluate,
    export,
    fingerprint,
    ingest,
    label_check,
    notify,
    preprocess,
    train,
    tune,
)
from sightline.package.pipeline import TaskFactory, pipeline


@pipeline(
    name="sightline-training",
    stages=[
        fingerprint,
        ingest,
        label_check,
        preprocess,
        tune,
        train,
        backbone,
        evaluate,
        export,
        deploy,
        notify,
    ],
)
def training(task: TaskFactory) -> None:
    """Labelled images to a deployed model, stage by stage in containers, and word of the end."""
    with dsl.ExitHandler(task(notify, cache=False), name="pipeline"):
        listed = task(fingerprint, cache=False)
        ingested = task(ingest, fingerprint=listed.outputs["digest"])
        made = task(backbone)
        dataset, extractor = ingested.outputs["dataset"], made.outputs["extractor"]
        checked = task(label_check, dataset=dataset, extractor=extractor)
        cleaned = checked.outputs["cleaned"]
        features = checked.outputs["features"]
        split = task(preprocess, dataset=cleaned)
        records = split.outputs["records"]
        tuned: dict[str, Any] = {}
        if task.wants(tune):
            tuned["tuned"] = task(tune, records=records, features=features).outputs["tuned"]
        trained = task(train, records=records, features=features, **tuned)
        model = trained.outputs["model"]
        judged = task(evaluate, model=model, records=records, dataset=cleaned, features=features)

        with dsl.If(judged.outputs["decision"] == "deploy", name="deploy"):
            exported = task(
                export,
                model=model,
                records=records,
                dataset=cleaned,
                evaluation=judged.outputs["evaluation"],
            )
            # Uncached: whether the bundle is live is for the model folder to say, not for a cache.
            task(deploy, cache=False, bundle=exported.outputs["bundle"])
