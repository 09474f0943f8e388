"""Which images a model learned from: `training_images.npy`, beside it and in its bundle.

Half of each id, 16 bytes of SHA-256, sorted: 1.6 MB for 100,000 images, and exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sightline.ground.errors import DataError
from sightline.stage.timing import writing

FILE = "training_images.npy"
KEY_BYTES = 16
# The book: fine-tune while new images are few, anew "once they approach about 10 %" of the old.
NEAR_TEN_PERCENT = 0.09
Keys = np.ndarray[Any, Any]
"""Images by half of their ids, sorted: pairs of uint64 [n]."""
# NumPy's strings of bytes lose zeros at their ends, and it sorts no raw bytes.
PAIR = np.dtype([("high", ">u8"), ("low", ">u8")])


@dataclass(frozen=True, slots=True)
class Growth:
    """How the images of a training differ from those of an earlier model."""

    now: int
    before: int
    new: int
    """Those that the earlier model did not learn from; an image that was changed is another."""
    gone: int

    @property
    def share(self) -> float:
        """New images as a share of those that the earlier model learned from."""
        return self.new / max(self.before, 1)

    @property
    def is_small(self) -> bool:
        """Whether an earlier model is better trained on than trained anew."""
        return self.share < NEAR_TEN_PERCENT


def keys_of(ids: Iterable[str]) -> Keys:
    """Return what stands for images: half of each id, sorted."""
    halves = b"".join(bytes.fromhex(one)[:KEY_BYTES] for one in ids)
    return np.sort(np.frombuffer(halves, PAIR))


def write_training_images(folder: Path, keys: Keys) -> None:
    """Write `training_images.npy`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = keys.view(np.uint8).reshape(-1, KEY_BYTES)
    with writing(), (folder / FILE).open("wb") as file:
        np.save(file, rows, allow_pickle=False)


def read_training_images(folder: Path) -> Keys:
    """Read `training_images.npy`.

    Raises:
        DataError: there is none, or it holds something else.
    """
    path = folder / FILE
    try:
        rows = np.load(path, allow_pickle=False)
        return np.ascontiguousarray(rows, np.uint8).reshape(-1).view(PAIR)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: expected the ids of the images that the model learned from; received "
            f"{'no file' if not path.exists() else 'something else'}. Train and export it again."
        ) from error


def growth(now: Keys, before: Keys) -> Growth:
    """Compare the images of a training with those of an earlier model."""
    shared = num_shared(now, before)
    return Growth(
        now=len(now), before=len(before), new=len(now) - shared, gone=len(before) - shared
    )


def num_shared(some: Keys, others: Keys) -> int:
    """Return how many images are among both."""
    return len(np.intersect1d(some, others))


def learned_from(ids: Iterable[str], keys: Keys) -> frozenset[str]:
    """Return those of the images that a model with these keys learned from."""
    known = {key.tobytes() for key in keys}
    return frozenset(one for one in ids if bytes.fromhex(one)[:KEY_BYTES] in known)
