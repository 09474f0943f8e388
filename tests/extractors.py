"""Extractors and features for tests of stages that take them."""

from pathlib import Path

from sightline.stage.features.artifact import write_no_features
from sightline.stage.features.extractor import ExtractorInfo, write_extractor
from sightline.stage.imaging.contract import Geometry

REASON = "This test needs none."


def no_backbone() -> ExtractorInfo:
    """What is said where there is no backbone."""
    return ExtractorInfo(
        reason=REASON,
        backbone="MobileNetV2",
        weights="none",
        weights_digest="",
        geometry=Geometry(
            image_size=64, resize_mode="squash", interpolation="bilinear", channels=3
        ),
    )


def no_extractor(folder: Path) -> Path:
    """Write the artifact of the task backbone where there is no backbone."""
    write_extractor(folder, no_backbone(), None)
    return folder


def no_features(folder: Path) -> Path:
    """Write label_check's features where there are none."""
    write_no_features(folder, no_backbone(), REASON)
    return folder
