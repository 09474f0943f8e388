"""Decode an image once: is it whole, how large is it, what is it?"""

import io
from dataclasses import dataclass

from PIL import Image, ImageFile, UnidentifiedImageError

from components.ingest.whole.expected_size import expected_size
from components.ingest.whole.jpeg_end import EIGHTH, lacks_scans, last_row_is_flat, reads_beyond
from sightline.ground.source.file_kinds import FORMATS, other_kind, remedy_for
from sightline.ground.source.files import counted_bytes
from sightline.ground.source.png_chunks import damage_of, without_extras
from sightline.ground.source.refusals import (
    DAMAGED,
    EMPTY,
    NOT_AN_IMAGE,
    TOO_MANY_PIXELS,
    TRUNCATED,
    RefusedError,
)
from sightline.stage.imaging.allocation import too_large
from sightline.stage.imaging.exif import turn_of
from sightline.stage.imaging.kinds.rule import judge
from sightline.stage.imaging.kinds.verdict import Verdict

# The processes that decode are copies of one that has the usual readers.
Image.preinit()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What decoding an image told about it, as received: before rotation by EXIF."""

    width: int
    height: int
    mode: str
    format: str
    is_animated: bool
    is_rotated: bool
    verdict: Verdict
    """Its kind, and whether servers that decode by themselves see the same pixels."""


def inspect(data: bytes, *, max_pixels: float, has_range: bool = False) -> ImageFacts:
    """Decode all of an image and return what it is.

    Runs in processes that may die: imports little, for their sake. `has_range` tells whether
    `ingest.value_range` is set, which other servers do not apply.

    Raises:
        RefusedError: the bytes are no whole image that we accept.
    """
    if not data:
        raise RefusedError(EMPTY)
    if problem := damage_of(data):
        raise _damaged(data, ValueError(problem))
    try:
        with Image.open(io.BytesIO(without_extras(data)), formats=FORMATS) as image:
            facts = _decode(image, data, max_pixels, has_range)
            if facts.format == "JPEG" and ("progressive" in image.info or last_row_is_flat(image)):
                _check_end(data, image)
            return facts
    except RefusedError:
        raise
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except MemoryError as error:
        detail = "decoding it takes more memory than an image of that size may"
        raise RefusedError(TOO_MANY_PIXELS, detail) from error
    # Pillow's decoders raise almost anything on damaged bytes, struct.error and IndexError too.
    except Exception as error:
        raise _damaged(data, error) from error


def _decode(image: Image.Image, data: bytes, max_pixels: float, has_range: bool) -> ImageFacts:
    width, height = image.size
    mode, image_format = image.mode, str(image.format)
    if excess := too_large(image, max_pixels):
        raise RefusedError(TOO_MANY_PIXELS, excess)
    if isinstance(image, ImageFile.ImageFile):
        # Every byte is read at any scale, so cuts are found.
        image.draft(*EIGHTH)
        image.decodermaxblock = max(image.decodermaxblock, len(data))
    image.load()
    return ImageFacts(
        width=width,
        height=height,
        mode=mode,
        format=image_format,
        is_animated=image_format != "MPO" and bool(getattr(image, "is_animated", False)),
        is_rotated=turn_of(image) > 1,
        verdict=judge(data, format=image_format, has_range=has_range),
    )


def _check_end(data: bytes, eighth: Image.Image) -> None:
    if lacks_scans(data):
        raise RefusedError(TRUNCATED, "its last scans are missing, though it has an end")
    if reads_beyond(data, eighth):
        raise RefusedError(TRUNCATED, "its data ends early, though it has an end")


def _unidentified(data: bytes) -> RefusedError:
    if name := other_kind(data):
        detail = f"{name}, {counted_bytes(len(data))}"
        return RefusedError(NOT_AN_IMAGE, detail, remedy=remedy_for(name))
    whole = expected_size(data)
    if whole is not None and whole > len(data):
        return RefusedError(TRUNCATED, f"{len(data):,} of {counted_bytes(whole)}")
    return RefusedError(NOT_AN_IMAGE, f"{counted_bytes(len(data))} of something else")


def _damaged(data: bytes, error: Exception) -> RefusedError:
    whole = expected_size(data)
    if whole is not None and whole > len(data):
        return RefusedError(TRUNCATED, f"{len(data):,} of {counted_bytes(whole)}")
    words = str(error) or type(error).__name__
    if "truncated" in words.lower() or "end is missing" in words or isinstance(error, EOFError):
        return RefusedError(TRUNCATED, f"the end is missing after {counted_bytes(len(data))}")
    return RefusedError(DAMAGED, words.splitlines()[0])
