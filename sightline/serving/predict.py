"""`sightline predict` without a server: what a version of a model folder says about photos."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sightline.client.answers import Answer, refused, to_answer
from sightline.client.photos import Photo, PhotoError, in_batches, photo_at, read_photo
from sightline.ground.errors import DataError
from sightline.ground.model_folder import FolderError, version_numbers
from sightline.ground.wording import visible
from sightline.problems import problem_of
from sightline.problems.open_version import open_version
from sightline.serving.batching import answer_each
from sightline.serving.images import ImageRefusal, check_images
from sightline.stage import log
from sightline.stage.children import ChildDiedError, Children
from sightline.stage.formats.bundle import read_sound
from sightline.stage.formats.model_folder import golden_tolerance, newest_sound
from sightline.stage.formats.servable import FROM_PIXELS, ImageError, Servable
from sightline.stage.imaging.allocation import MAX_PIXELS, memory_to_decode, seconds_to_decode
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.parallel import map_ordered

BATCH = 8
BATCHES_AHEAD = 2

Read = tuple[Photo, bytes, Pixels | str]
"""A photo, its bytes, and its pixels or why there are none."""


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
    number = find_version(folder, version)
    place = folder / str(number)
    info = read_sound(place)
    serving = problem_of(info.problem).serving
    model: Servable[Any] | None = None
    with Children(
        partial(prepare, contract=info.contract),
        memory_bytes=memory_to_decode(MAX_PIXELS),
        cpu_seconds=seconds_to_decode(MAX_PIXELS),
    ) as children:
        read = partial(read_batch, children=children)
        for done in map_ordered(read, in_batches(photos, batch), ahead=BATCHES_AHEAD):
            readable = [(data, pixels) for _, data, pixels in done if not isinstance(pixels, str)]
            # Loading TensorFlow for photos that nobody can open would be waiting for nothing.
            if readable and model is None:
                model = open_version(place, golden_tolerance(folder, number)).model
            results = iter(_answer(model, readable) if model else [])
            for photo, _, pixels in done:
                result = pixels if isinstance(pixels, str) else next(results)
                if isinstance(result, str | ImageError):
                    yield refused(photo.path, visible(str(result)), number)
                else:
                    yield to_answer(photo.path, result, serving, info.classes, number)


def find_version(folder: Path, version: int | None) -> int:
    """Return the number of the newest version that is whole, or `version` if it is there.

    Raises:
        FolderError: there is none.
    """
    numbers = version_numbers(folder)
    if not numbers:
        raise FolderError(
            f"{folder}: expected a model folder with a version in it, found none. "
            "Run the pipeline first, or name the folder that deploy wrote."
        )
    if version is not None and version not in numbers:
        listed = ", ".join(map(str, numbers))
        raise FolderError(f"{folder}: expected one of the versions {listed}; received {version}.")
    if version is not None:
        return version
    sound, damaged = newest_sound(folder)
    for number, reason in damaged.items():
        log.warning("a damaged version does not answer", version=number, reason=reason)
    if sound is None:
        raise FolderError(f"{folder}: expected a version that is whole. {damaged[numbers[0]]}")
    return sound.number


def prepare(data: bytes, contract: PreprocessingContract) -> Pixels:
    """Look at an image file and decode it, in a process that it may end.

    Raises:
        DataError: it is no image that is served, too large, or does not decode.
    """
    try:
        check_images([data])
    except ImageRefusal as error:
        raise DataError(error.reason) from error
    return preprocess(data, contract)


def read_batch(photos: Sequence[Photo], *, children: Children[Pixels]) -> list[Read]:
    """Read photos, and have them decoded where nothing can end this process."""
    contents = [_bytes_of(photo) for photo in photos]
    prepared = iter(children.call_each([data for data in contents if isinstance(data, bytes)]))
    return [
        (photo, data, _pixels_of(next(prepared))) if isinstance(data, bytes) else (photo, b"", data)
        for photo, data in zip(photos, contents, strict=True)
    ]


def _bytes_of(photo: Photo) -> bytes | str:
    try:
        return read_photo(photo)
    except PhotoError as error:
        return str(error)


def _pixels_of(prepared: Pixels | Exception) -> Pixels | str:
    if isinstance(prepared, ChildDiedError):
        return f"expected an image file that a decoder survives; {prepared}"
    if isinstance(prepared, DataError):
        return str(prepared)
    if isinstance(prepared, MemoryError):
        return "expected an image file that decodes within the memory of its process"
    if isinstance(prepared, Exception):
        raise prepared
    return prepared


def _answer(model: Servable[Any], images: Sequence[tuple[bytes, Pixels]]) -> list[Any]:
    """Return a result for each image, given as its bytes and its pixels."""
    if FROM_PIXELS in model.signatures:
        return model.answer_pixels([pixels for _, pixels in images]) if images else []
    return answer_each(model, [data for data, _ in images])
