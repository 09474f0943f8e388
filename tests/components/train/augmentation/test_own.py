"""Random changes that packages bring: after ours, by the seed, told apart by settings and code."""

from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import Field, ValidationError

from components.train.augmentation.own import OwnChange
from components.train.augmentation.ranges import Ranges
from components.train.settings import TrainSettings
from sightline.ground.errors import SettingsError
from sightline.ground.plugins.augmentation import PackageAugmentation

pytestmark = pytest.mark.slow  # TensorFlow

GREY = np.full((2, 4, 4, 3), 100, np.uint8)


class Noise(PackageAugmentation):
    """Adds noise."""

    sentence: ClassVar[str] = "noise"
    size: float = Field(default=20, ge=0)
    """Largest step."""

    def change(self, images: Any, seed: Any) -> Any:
        import tensorflow as tf

        return images + tf.random.stateless_uniform(tf.shape(images), seed, 0, self.size)


class Halved(Noise):
    """Gives another size."""

    def change(self, images: Any, seed: Any) -> Any:
        return images[:, ::2]


def own(change: PackageAugmentation) -> Ranges:
    return Ranges(own=(OwnChange("noise", "acme 1.0", "numpy.ma", change),))


def changed(change: PackageAugmentation, seed: list[int]) -> Any:
    from components.train.augmentation.changes import Augmentation

    return Augmentation(own(change))(GREY, seed)[0].numpy()


def test_equal_seeds_change_images_alike_and_others_do_not() -> None:
    first = changed(Noise(), [1, 2])

    assert np.array_equal(first, changed(Noise(), [1, 2]))
    assert not np.array_equal(first, changed(Noise(), [1, 3]))
    assert 100 <= first.min() < first.max() <= 120


def test_what_lies_outside_the_range_is_clipped() -> None:
    assert changed(Noise(size=1000), [1, 2]).max() == 255


def test_another_size_is_refused_with_the_name_of_the_package() -> None:
    with pytest.raises(SettingsError, match=r"expected noise of package acme 1.0 to change images"):
        changed(Halved(), [1, 2])


def test_features_of_views_are_told_apart_by_its_settings() -> None:
    from components.train.augmentation.views import View

    names = {View(own(Noise(size=size)), 7, 1).name for size in (10, 20)}

    assert len(names) == 2
    assert own(Noise(size=5.0)).described() == "noise (size 5.0)"
    assert View(Ranges(shift=0.1), 7, 1).name.count("own") == 0


def test_one_that_no_package_brings_is_refused() -> None:
    with pytest.raises(ValidationError, match="of which no installed package brings any; received"):
        TrainSettings.model_validate({"augmentations": ["rain strength=0.4"]})
