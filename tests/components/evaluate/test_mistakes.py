from dataclasses import dataclass

import numpy as np

from components.evaluate.mistakes import MistakeGallery


@dataclass(frozen=True)
class Picture:
    """Pixels that are handed out as a tensor does."""

    pixels: np.ndarray

    def numpy(self) -> np.ndarray:
        return self.pixels


def test_copies_of_one_image_may_be_wrong_alike() -> None:
    gallery = MistakeGallery(2)
    pictures = [Picture(np.full((2, 2, 3), value)) for value in range(3)]

    gallery.add(["same"] * 3, ["cat"] * 3, ["dog"] * 3, [0.5] * 3, pictures)

    assert [one.id for one in gallery.mistakes()] == ["same", "same"]
