import hashlib

from components.ingest.files import printable
from components.ingest.listing import list_source
from components.ingest.settings import FingerprintSettings
from sightline.stage import log
from sightline.stage.command import run
from sightline.stage.ports import Facts, OutputText


def fingerprint(*, digest: OutputText, settings: FingerprintSettings) -> Facts:
    """List the source and hash the listing, so that new data behind an unchanged path is seen.

    Contents are not read, except for tables: those are read to list the images that they name.

    Raises:
        DataError: the source cannot be listed.
    """
    hashed = hashlib.sha256()
    num_files = 0
    for entry in list_source(settings.source):
        hashed.update(f"{printable(entry.path)}\t{entry.size}\t{entry.stamp}\n".encode())
        num_files += 1
    digest.write_text(hashed.hexdigest(), encoding="utf-8")
    log.event("listed", files=num_files, digest=hashed.hexdigest())
    return {"digest": {"num_files": num_files}}


if __name__ == "__main__":
    run(fingerprint)
