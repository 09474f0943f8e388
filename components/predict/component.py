from kfp import dsl

from sightline.package.component import stage_component

from .settings import (
    CollectSettings,
    FingerprintBatchSettings,
    PredictSettings,
    ShardSettings,
)


@stage_component(FingerprintBatchSettings)
def fingerprint_batch(
    images: dsl.OutputPath(str),
    model: dsl.OutputPath(str),
) -> None:
    """List the images to answer and look which model is live, so that changes of either are seen.

    Args:
        images: Hash of paths, sizes, generation numbers or times.
        model: The version that answers, and the hash of its bundle.
    """


@stage_component(ShardSettings)
def shard(
    listing: dsl.Output[dsl.Dataset],
    shards: dsl.OutputPath(list[str]),
    fingerprint: str,
) -> None:
    """List the images to answer in shards.

    Args:
        listing: The images of each shard as JSON lines, without their bytes.
        shards: The number of each shard, for a loop over them.
        fingerprint: Hash of the source's listing, from the task fingerprint_batch.
    """


@stage_component(PredictSettings)
def predict(
    listing: dsl.Input[dsl.Dataset],
    answers: dsl.Output[dsl.Dataset],
    shard: str,
    fingerprint: str,
) -> None:
    """Answer the images of one shard with a model that is live.

    Args:
        listing: What shard wrote.
        answers: A row for each image as Parquet: its answer, or why it has none.
        shard: The number of the shard.
        fingerprint: The version that answers and the hash of its bundle, from the task
            fingerprint_batch.
    """


@stage_component(CollectSettings)
def collect(
    listing: dsl.Input[dsl.Dataset],
    answers: dsl.Input[list[dsl.Dataset]],
    predictions: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
    fingerprint: str,
) -> None:
    """Put the answers to all shards together.

    Args:
        listing: What shard wrote.
        answers: What predict wrote for each shard, in their order.
        predictions: One table of all images: Parquet, and CSV for people.
        metrics: How many images were answered and refused.
        report: What was answered, how sure the model is, what was refused.
        fingerprint: The version that answers and the hash of its bundle, from the task
            fingerprint_batch.
    """
