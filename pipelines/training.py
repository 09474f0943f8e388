"""The training pipeline: the order of the stages, nothing else."""

from kfp import dsl

from sightline.components import (
    deploy,
    evaluate,
    export,
    fingerprint,
    ingest,
    label_check,
    notify,
    preprocess,
    train,
)
from sightline.package.pipeline import TaskFactory, pipeline


@pipeline(
    name="sightline-training",
    stages=[
        fingerprint,
        ingest,
        label_check,
        preprocess,
        train,
        evaluate,
        export,
        deploy,
        notify,
    ],
)
def training(task: TaskFactory) -> None:
    """Labelled images to a deployed model, through seven container stages, and word of the end."""
    with dsl.ExitHandler(task(notify, cache=False), name="pipeline"):
        listed = task(fingerprint, cache=False)
        ingested = task(ingest, fingerprint=listed.outputs["digest"])
        checked = task(label_check, dataset=ingested.outputs["dataset"])
        cleaned = checked.outputs["cleaned"]
        split = task(preprocess, dataset=cleaned)
        records = split.outputs["records"]
        trained = task(train, records=records)
        model = trained.outputs["model"]
        judged = task(evaluate, model=model, records=records, dataset=cleaned)

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
