"""`sightline predict` without a server: what a version of a model folder says about photos."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sightline.client.answers import Answer, refused, to_answer
from sightline.client.photos import Photo, PhotoError, in_batches, photo_at, read_photo
from sightline.ground.errors import DataError
from sightline.ground.models.formats import TENSORFLOW
from sightline.ground.models.model_folder import FolderError, version_numbers, wanted_version
from sightline.ground.wording import visible
from sightline.problems import problem_of
from sightline.problems.open_version import Choice, choose
from sightline.serving.images import ImageRefusal, check_images
from sightline.serving.opening import TENSORFLOW_MEMORY, Opening
from sightline.stage import log
from sightline.stage.answering.servable import ImageError
from sightline.stage.children import ChildDiedError, Children
from sightline.stage.formats.bundle import read_golden
from sightline.stage.formats.model_folder import golden_tolerance, newest_sound, none_whole
from sightline.stage.imaging.allocation import MAX_PIXELS, memory_to_decode, seconds_to_decode
from sightline.stage.parallel import map_ordered

BATCH = 8
BATCHES_AHEAD = 2

CPU_SECONDS = seconds_to_decode(MAX_PIXELS) + 10
"""To decode a photo, and to answer it on a slow machine."""


@dataclass(frozen=True, slots=True)
class PhotoWorker:
    """Answers photos in processes that they may end, as a server's workers do."""

    opening: Opening

    def __call__(self, data: bytes) -> Any:
        """Look at an image file, then decode and answer it.

        Raises:
            ImageError: it is no image that is served, too large, or does not decode.
            DataError: the version is damaged, or does not repeat its golden answers.
        """
        try:
            check_images([data])
        except ImageRefusal as error:
            raise ImageError(error.reason) from error
        if self.opening.version is None:
            raise DataError(self.opening.failure)
        return self.opening.version.answer([data])[0]


def predict(folder: Path, photos: Sequence[Path], *, version: int | None = None) -> list[Answer]:
    """Answer photos with a version of a model folder, the live one by default.

    Raises:
        FolderError, DataError: as `stream`.
    """
    return list(stream(folder, [photo_at(str(path)) for path in photos], version=version))


def stream(
    folder: Path, photos: Iterable[Photo], *, version: int | None = None, batch: int = BATCH
) -> Iterator[Answer]:
    """Yield the answers of a version of a model folder, the live one by default, in order.

    A photo that cannot be read or decoded, or that ends its decoder, gets an answer with `error`;
    the others are answered. Where the live version is damaged, the newest whole one answers, as
    it does on a server.

    Raises:
        FolderError: the folder has no such version, or none that is whole.
        DataError: the version asked for is damaged, or does not repeat its golden answers.
    """
    with answering(choose_version(folder, version), batch=batch) as answers:
        yield from answers.stream(photos)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A version whose files are whole, before it is opened."""

    number: int
    choice: Choice
    tolerance: float

    @property
    def identity(self) -> str:
        """What tells it from others that would answer otherwise."""
        return f"{self.choice.info.digest} {self.choice.engine.name}"

    def example(self, top_k: int = 0) -> Answer:
        """Return an answer of the kind that it gives: that to its first golden request.

        Raises:
            DataError: it has no golden requests that can be read.
            NotRankedError: `top_k` of a kind that has no classes.
        """
        info = self.choice.info
        serving = problem_of(info.problem, info.about).serving
        for one in read_golden(self.choice.place):
            expected = serving.from_json(one.expected_of(self.choice.engine.name))
            return to_answer(one.id, expected, serving, info.classes, self.number, top_k=top_k)
        raise DataError(f"{self.choice.place}: expected golden requests. Run export again.")


def choose_version(folder: Path, version: int | None = None) -> Chosen:
    """Find what shall answer: a version of a model folder, the live one by default.

    Raises:
        FolderError, DataError: as `stream`.
    """
    number = find_version(folder, version)
    return Chosen(number, choose(folder / str(number)), golden_tolerance(folder, number))


@dataclass(frozen=True, slots=True)
class Answering:
    """A version in processes that wait for photos; each has loaded it once."""

    chosen: Chosen
    children: Children[Any]
    batch: int
    top_k: int = 0
    """How many of the most probable classes answers name in place of all; 0 names all."""

    def stream(self, photos: Iterable[Photo]) -> Generator[Answer]:
        """Yield the answers in order; few photos are in memory at any time."""
        number, info = self.chosen.number, self.chosen.choice.info
        serving = problem_of(info.problem, info.about).serving
        answer = partial(answer_batch, children=self.children)
        for done in map_ordered(answer, in_batches(photos, self.batch), ahead=BATCHES_AHEAD):
            for photo, result in done:
                if isinstance(result, str):
                    yield refused(photo.path, visible(result), number)
                else:
                    path, top_k = photo.path, self.top_k
                    yield to_answer(path, result, serving, info.classes, number, top_k=top_k)


@contextmanager
def answering(
    chosen: Chosen, *, workers: int = 0, batch: int = BATCH, top_k: int = 0
) -> Iterator[Answering]:
    """Open a version in processes that may die of a photo, at most one per core."""
    has_tensorflow = chosen.choice.engine.name == TENSORFLOW
    opening = Opening(chosen.choice.place, chosen.tolerance)
    with Children(
        PhotoWorker(opening),
        # TensorFlow uses all cores itself, and takes hundreds of megabytes in each process.
        workers=1 if has_tensorflow else workers,
        memory_bytes=TENSORFLOW_MEMORY if has_tensorflow else memory_to_decode(MAX_PIXELS),
        cpu_seconds=CPU_SECONDS,
        prepare=opening.prepare,
        begin=opening.begin,
    ) as children:
        yield Answering(chosen, children, batch, top_k)


def find_version(folder: Path, version: int | None) -> int:
    """Return the number of the newest version that is whole, or `version` if it is there.

    Raises:
        FolderError: there is none.
    """
    if (wanted := wanted_version(version, version_numbers(folder), folder)) is not None:
        return wanted
    sound, damaged = newest_sound(folder)
    for number, reason in damaged.items():
        log.warning("a damaged version does not answer", version=number, reason=reason)
    if sound is None:
        raise FolderError(str(none_whole(folder, damaged)))
    return sound.number


def answer_batch(
    photos: Sequence[Photo], *, children: Children[Any]
) -> list[tuple[Photo, Any | str]]:
    """Read photos, and have them answered where nothing can end this process.

    Returns an answer, or why there is none, with each.
    """
    contents = [_bytes_of(photo) for photo in photos]
    results = iter(children.call_each([data for data in contents if isinstance(data, bytes)]))
    return [
        (photo, _told(next(results)) if isinstance(data, bytes) else data)
        for photo, data in zip(photos, contents, strict=True)
    ]


def _bytes_of(photo: Photo) -> bytes | str:
    try:
        return read_photo(photo)
    except PhotoError as error:
        return str(error)


def _told(result: Any | Exception) -> Any | str:
    if isinstance(result, ChildDiedError):
        return f"expected an image file that a decoder survives; {result}"
    if isinstance(result, ImageError):
        return str(result)
    if isinstance(result, MemoryError):
        return "expected an image file that decodes within the memory of its process"
    if isinstance(result, Exception):
        raise result
    return result
