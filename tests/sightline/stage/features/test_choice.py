from dataclasses import replace

import pytest

from sightline.stage.features.artifact import FeaturesInfo
from sightline.stage.features.choice import mismatch
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.imaging.contract import Geometry

GEOMETRY = Geometry(image_size=64, resize_mode="squash", interpolation="bilinear", channels=3)
EXTRACTOR = ExtractorInfo(
    backbone="MobileNetV2", weights="w.h5", weights_digest="abc", geometry=GEOMETRY
)


def reason(backbone: str = "MobileNetV2", digest: str = "abc", **geometry: object) -> str:
    info = FeaturesInfo(extractor=EXTRACTOR, files={})
    wanted = GEOMETRY.model_copy(update=geometry)
    return mismatch(info, backbone=backbone, weights_digest=digest, geometry=wanted)


def test_features_of_the_same_backbone_and_pixels_are_taken() -> None:
    assert reason() == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"backbone": "MobileNet", "digest": "xyz"}, "they are of MobileNetV2"),
        ({"digest": "xyz"}, "with weights abc"),
        ({"resize_mode": "pad", "image_size": 32}, "differ in image_size, resize_mode"),
        ({"value_range": (0.0, 4095.0)}, "differ in value_range"),
    ],
)
def test_other_features_are_refused_with_the_difference(given: dict[str, str], said: str) -> None:
    assert said in reason(**given)


def test_a_backbone_whose_file_was_moved_is_the_same() -> None:
    assert reason(backbone="elsewhere/own.keras") == ""


def test_where_there_are_none_their_reason_is_told() -> None:
    info = FeaturesInfo(reason="No weights.", extractor=replace(EXTRACTOR), files={})

    found = mismatch(info, backbone="MobileNetV2", weights_digest="abc", geometry=GEOMETRY)

    assert found == "No weights."
