import hashlib
from collections.abc import Iterable

from components.ingest.age import period
from components.ingest.listing import UNLISTED, list_source
from components.ingest.settings import FingerprintSettings
from sightline.ground.ports import Facts, OutputText
from sightline.ground.source.files import Entry, printable
from sightline.stage import log
from sightline.stage.clock import now
from sightline.stage.command import run

PARTIAL = "partial-"


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


def hash_listing(entries: Iterable[Entry], *, during: str) -> tuple[str, int]:
    """Return the hash and the length of a listing; another period `during` gives another hash.

    A hash that begins with `PARTIAL` stands for a part of the source only.
    """
    hashed = hashlib.sha256(during.encode())
    num_files, mark = 0, ""
    for entry in entries:
        if entry is UNLISTED:
            mark = PARTIAL
            continue
        hashed.update(f"{printable(entry.path)}\t{entry.size}\t{entry.stamp}\n".encode())
        num_files += 1
    return mark + hashed.hexdigest(), num_files


if __name__ == "__main__":
    run(fingerprint)
