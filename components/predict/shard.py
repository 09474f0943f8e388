import json

from components.predict.settings import ShardSettings
from sightline.batch.items import items_of, opened, without_secrets
from sightline.batch.listing import write_listing
from sightline.ground.errors import DataError
from sightline.ground.ports import Facts, OutputDataset, OutputList
from sightline.stage import log
from sightline.stage.command import run
from sightline.stage.sources.listing import PARTIAL

NOT_LISTED = (
    "Whether images behind the source's addresses have changed is not seen: list them in one "
    "folder, or turn the cache off for this run."
)


def shard(
    *, listing: OutputDataset, shards: OutputList, fingerprint: str, settings: ShardSettings
) -> Facts:
    """List the images to answer in shards.

    Raises:
        DataError: the source cannot be read, or holds no images.
    """
    with opened(settings.of_source()) as images:
        items = log.progress(without_secrets(items_of(images)), what="images")
        written = write_listing(
            listing,
            items,
            per_shard=settings.images_per_shard,
            source=str(settings.source),
            columns=images.columns,
        )
    if not written.num_images:
        raise DataError(
            f"{settings.source}: expected image files, found none. Correct predict.source."
        )
    shards.write_text(json.dumps([str(number) for number in range(len(written.shards))]))
    if fingerprint.startswith(PARTIAL):
        log.warning(NOT_LISTED)
    log.event("listed", images=written.num_images, shards=len(written.shards))
    return {
        "listing": {
            "num_listed": written.num_images,
            "num_shards": len(written.shards),
            "digest": written.digest,
            "source": written.source,
            "source_fingerprint": fingerprint,
        }
    }


if __name__ == "__main__":
    run(shard)
