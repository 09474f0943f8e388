from components.ingest.age import period
from components.ingest.settings import FingerprintSettings
from sightline.ground.ports import Facts, OutputText
from sightline.stage import log
from sightline.stage.clock import now
from sightline.stage.command import run
from sightline.stage.sources.listing import hash_listing, list_source


def fingerprint(*, digest: OutputText, settings: FingerprintSettings) -> Facts:
    """List the source and hash the listing, so that new data behind an unchanged path is seen.

    Contents are not read, except for tables: those are read to list the images that they name.

    Raises:
        DataError: the source cannot be listed.
    """
    age = settings.cache_max_age
    hashed, num_files = hash_listing(
        list_source(settings), during=period(age, now()) if age else ""
    )
    digest.write_text(hashed, encoding="utf-8")
    log.event("listed", files=num_files, digest=hashed)
    return {"digest": {"num_files": num_files}}


if __name__ == "__main__":
    run(fingerprint)
