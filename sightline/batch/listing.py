"""Images listed in shards: files of JSON lines that together are as long as the source."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sightline.batch.items import Item
from sightline.ground.errors import DataError
from sightline.ground.storage.files import whole
from sightline.stage.formats.schema import read_document, write_document

SCHEMA = "sightline.listing"
VERSION = 1
DOCUMENT = "listing.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What `listing.json` says: so many images in so many shards."""

    source: str
    """Where the images are, without secrets."""
    num_images: int
    num_refused: int
    """Rows that the source already refuses, among them."""
    columns: tuple[str, ...]
    """What a table says of its images beside where they are."""
    shards: tuple[str, ...]
    """Hash of each shard's file, in their order."""

    @property
    def digest(self) -> str:
        """Hash of everything that is listed."""
        return hashlib.sha256("\n".join(self.shards).encode()).hexdigest()


def write_listing(
    folder: Path,
    items: Iterable[Item],
    *,
    per_shard: int,
    source: str,
    columns: Sequence[str] = (),
) -> Listing:
    """List images in shards of so many; one shard at a time is in memory."""
    num_images = num_refused = 0
    digests: list[str] = []
    with whole(folder) as partial:
        partial.mkdir(parents=True)
        for number, shard in enumerate(_in_shards(items, per_shard)):
            data = "".join(f"{json.dumps(item.as_json())}\n" for item in shard).encode("ascii")
            shard_path(partial, number).write_bytes(data)
            digests.append(hashlib.sha256(data).hexdigest())
            num_images += len(shard)
            num_refused += sum(bool(item.refused) for item in shard)
        listing = Listing(
            source=source,
            num_images=num_images,
            num_refused=num_refused,
            columns=tuple(columns),
            shards=tuple(digests),
        )
        write_document(partial / DOCUMENT, SCHEMA, VERSION, asdict(listing))
    return listing


def read_listing(folder: Path) -> Listing:
    """Read what a listing says of itself.

    Raises:
        DataError: it is none, or of another version.
    """
    content = read_document(folder / DOCUMENT, SCHEMA, VERSION)
    return Listing(
        source=content["source"],
        num_images=content["num_images"],
        num_refused=content["num_refused"],
        columns=tuple(content["columns"]),
        shards=tuple(content["shards"]),
    )


def read_shard(path: Path) -> list[Item]:
    """Read the images of one shard.

    Raises:
        DataError: it is none.
    """
    try:
        lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
        return [Item(**line) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: expected images listed in JSON lines, received something else ({error}). "
            "List the source again."
        ) from error


def shard_path(folder: Path, number: int) -> Path:
    """Return the file of a shard in the folder of its listing."""
    return folder / f"{number:05d}.jsonl"


def shard_digest(path: Path) -> str:
    """Return the hash of a shard's file, which stands for the images and their state."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _in_shards(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while shard := list(islice(remaining, size)):
        yield shard
