"""Samples on their way from a worker to the process that writes them, without a copy of Arrow."""

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

HEAD = struct.Struct(">I")
FLOAT = np.dtype("<f4")
EMBEDDING = "embedding"
Floats = np.ndarray[Any, np.dtype[np.float32]]


class FrameError(ValueError):
    """Bytes that are no samples."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a worker knows of a sample."""

    id: str
    embedding: Floats | None
    outputs: Mapping[str, Floats]
    image: bytes | None


def pack(image: bytes, outputs: Mapping[str, Floats], *, with_image: bool) -> bytes:
    """Return the bytes of one sample; the output `embedding` is no output of the problem."""
    kept = image if with_image else b""
    head = {
        "id": hashlib.sha256(image).hexdigest(),
        "outputs": [[name, list(values.shape)] for name, values in outputs.items()],
        "image": len(kept) if with_image else None,
    }
    text = json.dumps(head).encode()
    arrays = [values.astype(FLOAT).tobytes() for values in outputs.values()]
    return b"".join([HEAD.pack(len(text)), text, *arrays, kept])


def unpack(data: bytes) -> Iterator[Frame]:
    """Yield the samples in there.

    Raises:
        FrameError: they are none.
    """
    place = 0

    def take(size: int) -> bytes:
        nonlocal place
        place += size
        if size < 0 or place > len(data):
            raise FrameError("they end too early")
        return data[place - size : place]

    while place < len(data):
        try:
            head = json.loads(take(*HEAD.unpack(take(HEAD.size))))
            outputs = {}
            for name, shape in head["outputs"]:
                count = int(np.prod(shape, dtype=np.int64))
                outputs[str(name)] = np.frombuffer(take(FLOAT.itemsize * count), FLOAT).reshape(
                    shape
                )
            image = None if head["image"] is None else take(int(head["image"]))
            yield Frame(str(head["id"]), outputs.pop(EMBEDDING, None), outputs, image)
        except (KeyError, TypeError, ValueError) as error:
            raise FrameError(str(error)) from error
