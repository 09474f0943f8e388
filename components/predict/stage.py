"""The predict stage: the images of one shard, answered by a model that is live."""

from components.predict.settings import PredictSettings
from sightline.batch.answering import predict_shard, version_of
from sightline.batch.listing import read_listing, shard_path
from sightline.batch.rows import count_rows
from sightline.ground.errors import DataError
from sightline.ground.ports import Facts, InputDataset, OutputDataset
from sightline.stage import log

ANSWERS = "answers.parquet"


def predict(
    *,
    listing: InputDataset,
    answers: OutputDataset,
    shard: str,
    fingerprint: str,
    settings: PredictSettings,
) -> Facts:
    """Answer the images of one shard with a model that is live.

    Raises:
        FolderError, DataError: the model, the source or the shard cannot be opened.
    """
    folder, version = version_of(fingerprint, settings.folder)
    listed, output = read_listing(listing), answers / ANSWERS
    if not (shard.isdecimal() and int(shard) < len(listed.shards)):
        raise DataError(
            f"{listing}: expected the number of a shard, below {len(listed.shards)}; received "
            f"{shard!r}. Give one of those that the task shard wrote."
        )
    predict_shard(
        shard_path(listing, int(shard)),
        output,
        folder=folder,
        version=version,
        source=settings.of_source(),
        columns=listed.columns,
        workers=settings.workers,
        top_k=settings.top_k,
        watched=lambda answers, total: log.progress(answers, what="images", total=total),
    )
    counts = count_rows(output)
    log.event("answered", images=counts.num_images, refused=counts.num_refused)
    return {
        "answers": {
            "num_rows": counts.num_images,
            "num_unanswered": counts.num_refused,
            "versions": ", ".join(sorted(counts.versions)),
            "shard": int(shard),
        }
    }
