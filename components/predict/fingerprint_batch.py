from components.predict.settings import FingerprintBatchSettings
from sightline.batch.answering import version_fingerprint
from sightline.ground.ports import Facts, OutputText
from sightline.ground.source.settings import OriginSettings
from sightline.stage import log
from sightline.stage.command import run
from sightline.stage.sources.listing import hash_listing, list_source


def fingerprint_batch(
    *, images: OutputText, model: OutputText, settings: FingerprintBatchSettings
) -> Facts:
    """List the images to answer and look which model is live, so that changes of either are seen.

    Raises:
        FolderError, DataError: the source cannot be listed, or no version is whole.
    """
    origin = OriginSettings(source=settings.source, table_hosts=settings.table_hosts)
    hashed, num_files = hash_listing(list_source(origin), during="")
    fingerprint = version_fingerprint(settings.folder, settings.version or None)
    images.write_text(hashed, encoding="utf-8")
    model.write_text(fingerprint, encoding="utf-8")
    log.event("listed", files=num_files, digest=hashed, model=fingerprint)
    return {"images": {"num_files": num_files}}


if __name__ == "__main__":
    run(fingerprint_batch)
