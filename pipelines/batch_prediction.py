"""Batch prediction: any number of images, answered in shards side by side."""

from kfp import dsl

from sightline.components import collect, fingerprint_batch, predict, shard
from sightline.package.pipeline import TaskFactory, pipeline

SHARDS_AT_ONCE = 8
"""Most shards that are answered at the same time; on one machine, there are as many as cores."""


@pipeline(
    name="sightline-batch-prediction",
    stages=[fingerprint_batch, shard, predict, collect],
)
def batch_prediction(task: TaskFactory) -> None:
    """Images to answers of the live model, in shards that run side by side."""
    seen = task(fingerprint_batch, cache=False)
    model = seen.outputs["model"]
    listed = task(shard, fingerprint=seen.outputs["images"])
    listing = listed.outputs["listing"]
    with dsl.ParallelFor(
        listed.outputs["shards"], name="shards", parallelism=SHARDS_AT_ONCE
    ) as number:
        answered = task(predict, listing=listing, shard=number, fingerprint=model)
    task(
        collect,
        listing=listing,
        answers=dsl.Collected(answered.outputs["answers"]),
        fingerprint=model,
    )
