"""One shard in, one shard out: the images that a file lists, answered into a Parquet file."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import sightline
from sightline.batch.items import HERE, Item, opened, refusal
from sightline.batch.listing import read_shard, shard_digest
from sightline.batch.rows import Row, read_mark, write_rows
from sightline.client.answers import Answer, refused
from sightline.client.photos import MOST_MB, Photo, PhotoError, photo_at, read_photo
from sightline.ground.errors import DataError
from sightline.ground.source.files import Files
from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.settings import SourceSettings
from sightline.serving.predict import BATCH, Answering, answering, choose_version
from sightline.stage.parallel import map_ordered
from sightline.stage.registry.bringing import version_here

READERS = 8
READ_AHEAD = 4

Stream = Callable[[Iterable[Photo]], Generator[Answer]]
"""Answers photos in their order; each photo brings its bytes."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the images of a listing are read."""

    files: Mapping[str, Files] = field(default_factory=dict)
    sequential: bool = False

    def read(self, item: Item) -> bytes:
        """Return the bytes of an image.

        Raises:
            RefusedError, PhotoError: they cannot be read.
        """
        if item.place == HERE:
            return read_photo(photo_at(item.path))
        data = self.files[item.place].read(item.path, max_bytes=MOST_MB << 20)
        return read_photo(Photo(item.uri, len(data), content=data))


@contextmanager
def open_places(settings: SourceSettings | None) -> Iterator[Places]:
    """Open the source of a listing; None where it lists files of this machine.

    Raises:
        DataError: it cannot be read.
    """
    with ExitStack() as stack:
        if settings is None:
            yield Places()
            return
        images = stack.enter_context(opened(settings))
        yield Places(images.places, images.sequential)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """What answers: a version of a model here, or a server."""

    identity: str
    """Changes with whatever could change an answer."""
    stream: Stream
    example: Answer | None = None
    """An answer of the kind that it gives, where that can be told before: names the columns."""
    version: int | None = None
    """The version of a model folder that it is."""

    @property
    def mark(self) -> str:
        """What stands in every file of answers that it gave."""
        told = json.dumps([sightline.__version__, self.identity])
        return hashlib.sha256(told.encode()).hexdigest()


@contextmanager
def version_answerer(
    folder: Path,
    version: int | None = None,
    *,
    workers: int = 0,
    batch: int = BATCH,
    top_k: int = 0,
) -> Iterator[Answerer]:
    """Open a version of a model folder, the live one by default; each process loads it once.

    Raises:
        FolderError, DataError: there is none, or it is damaged.
        NotRankedError: `top_k` of a model that has no classes.
    """
    chosen = choose_version(folder, version)
    with ExitStack() as stack:

        @cache
        def begun() -> Answering:
            """Load the model once there is something to answer."""
            opening = answering(chosen, workers=workers, batch=batch, top_k=top_k)
            return stack.enter_context(opening)

        yield Answerer(
            identity=f"{chosen.number} {chosen.identity} {batch} {top_k}",
            stream=lambda photos: begun().stream(photos),
            example=chosen.example(top_k),
            version=chosen.number,
        )


Watched = Callable[[Iterable[Row], int], Iterable[Row]]
"""Passes the rows of a shard through and says how far they are, of so many."""


def pass_through(rows: Iterable[Row], total: int) -> Iterable[Row]:
    """Say nothing."""
    return rows


def answer_shard(
    shard: Path,
    output: Path,
    *,
    answerer: Answerer,
    places: Places,
    columns: Sequence[str] = (),
    watched: Watched = pass_through,
) -> None:
    """Answer the images that `shard` lists into `output`, which is there whole or not at all.

    A row for each image, in their order, also for those that are refused. The same shard, model
    and settings give the same bytes, whoever else works beside it.

    Raises:
        DataError: the shard is none.
        ServerError: a server that is asked goes away.
    """
    items = read_shard(shard)
    # Closed before the model is: a call that is under way would keep its process alive for ever.
    with closing(answer_items(items, answerer.stream, places)) as answered:
        rows = list(watched(answered, len(items)))
    example = answerer.example.cells if answerer.example else {}
    mark = f"{answerer.mark} {shard_digest(shard)}"
    write_rows(output, rows, example=example, columns=columns, mark=mark)


def version_fingerprint(folder: str | Path, version: int | None = None) -> str:
    """Name a version of a model folder, the live one by default, and what its files are.

    Raises:
        FolderError, DataError: there is none, or it is damaged.
    """
    chosen = choose_version(version_here(str(folder), version), version)
    return f"{chosen.number} {chosen.choice.info.digest}"


def version_of(fingerprint: str, folder: str) -> tuple[Path, int]:
    """Return the version that a fingerprint names, and a folder of this machine that has it.

    Raises:
        DataError: it is not what the folder holds under this number.
    """
    number, _, digest = fingerprint.partition(" ")
    if number.isdecimal():
        here, version = version_here(folder, int(number)), int(number)
        if version_fingerprint(here, version) == fingerprint:
            return here, version
    raise DataError(
        f"{folder}: expected version {number} with the bundle {digest[:12]}, found another. Look "
        "again which model is live: run the pipeline anew."
    )


def is_answered(shard_hash: str, output: Path, answerer: Answerer) -> bool:
    """Tell whether `output` holds this very shard's answers by this very model."""
    return read_mark(output) == f"{answerer.mark} {shard_hash}"


ShardFunction = Callable[[Path, Path], None]
"""Answers a shard into a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """All that answers to shards depend on, for whoever answers them elsewhere: it pickles."""

    folder: Path
    version: int | None = None
    source: SourceSettings | None = None
    columns: tuple[str, ...] = ()
    workers: int = 0
    batch: int = BATCH
    top_k: int = 0

    @contextmanager
    def opened(self, watched: Watched = pass_through) -> Iterator[ShardFunction]:
        """Load the model and open the source once, for any number of shards.

        Raises:
            FolderError, DataError: the model or the source cannot be opened.
        """
        with (
            open_places(self.source) as places,
            version_answerer(
                self.folder,
                self.version,
                workers=self.workers,
                batch=self.batch,
                top_k=self.top_k,
            ) as answerer,
        ):
            yield partial(
                answer_shard,
                answerer=answerer,
                places=places,
                columns=self.columns,
                watched=watched,
            )


def predict_shard(
    shard: Path,
    output: Path,
    *,
    folder: Path,
    version: int | None = None,
    source: SourceSettings | None = None,
    columns: Sequence[str] = (),
    workers: int = 0,
    top_k: int = 0,
    watched: Watched = pass_through,
) -> None:
    """Answer one shard with a version of a model folder; all that it needs, it opens itself.

    Raises:
        FolderError, DataError: the model, the source or the shard cannot be opened.
    """
    prediction = Prediction(
        folder=folder,
        version=version,
        source=source,
        columns=tuple(columns),
        workers=workers,
        top_k=top_k,
    )
    with prediction.opened(watched) as answer:
        answer(shard, output)


def answer_items(items: Iterable[Item], stream: Stream, places: Places) -> Generator[Row]:
    """Yield a row for each image in their order; few are in memory at any time.

    Whoever stops before the end closes it before the model.
    """
    waiting: deque[tuple[Item, str, str]] = deque()

    def readable() -> Iterator[Photo]:
        workers = 1 if places.sequential else READERS
        read = partial(_read, places=places)
        for item, data in map_ordered(read, items, workers=workers, ahead=READ_AHEAD):
            if isinstance(data, str):
                waiting.append((item, "", data))
            else:
                waiting.append((item, hashlib.sha256(data).hexdigest(), ""))
                yield Photo(item.uri, len(data), content=data)

    with closing(stream(readable())) as answers:
        for answer in answers:
            yield from _refused(waiting)
            item, digest, _ = waiting.popleft()
            yield Row(item, digest, answer)
    yield from _refused(waiting)


def _refused(waiting: deque[tuple[Item, str, str]]) -> Iterator[Row]:
    """Take the refused images from the front of those that wait."""
    while waiting and waiting[0][2]:
        item, digest, reason = waiting.popleft()
        yield Row(item, digest, refused(item.uri, reason))


def _read(item: Item, *, places: Places) -> tuple[Item, bytes | str]:
    if item.refused:
        return item, item.refused
    try:
        return item, places.read(item)
    except RefusedError as error:
        return item, refusal(error)
    except PhotoError as error:
        return item, str(error)
