from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.stage.features.artifact import (
    Features,
    read_info,
    write_features,
    write_no_features,
)
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.imaging.contract import Geometry

GEOMETRY = Geometry(image_size=64, resize_mode="squash", interpolation="bilinear", channels=3)
EXTRACTOR = ExtractorInfo(
    backbone="MobileNetV2",
    weights="weights.h5",
    weights_digest="a" * 64,
    geometry=GEOMETRY,
    num_features=3,
    sha256="b" * 64,
)


def write(folder: Path, count: int = 5, **how: Any) -> Any:
    matrix = np.arange(3 * count, dtype=np.float32).reshape(count, 3)
    ids = [f"{row:04d}" for row in range(count)]
    write_features(folder, EXTRACTOR, geometry=GEOMETRY, ids=ids, features=matrix, **how)
    return matrix


def test_features_are_found_by_the_ids_of_images_in_any_order(tmp_path: Path) -> None:
    matrix = write(tmp_path)

    found = Features(tmp_path)

    assert found.ids == ("0000", "0001", "0002", "0003", "0004")
    assert found.of(["0003", "0000", "0003"]).tolist() == matrix[[3, 0, 3]].tolist()
    assert found.info == read_info(tmp_path)
    assert found.info.sha256 == EXTRACTOR.sha256


def test_features_of_many_images_lie_in_several_files(tmp_path: Path) -> None:
    matrix = write(tmp_path, shard_bytes=24)

    found = Features(tmp_path)

    assert len(list(tmp_path.glob("features-*.npy"))) == 3
    assert found.of(found.ids).tolist() == matrix.tolist()


def test_an_image_without_features_is_named(tmp_path: Path) -> None:
    write(tmp_path)

    with pytest.raises(DataError, match=r"1 have none \(beef\).*label_check"):
        Features(tmp_path).of(["0001", "beef"])


def test_features_say_of_which_pixels_they_are(tmp_path: Path) -> None:
    deep = GEOMETRY.model_copy(update={"value_range": (0.0, 4095.0)})
    write_features(tmp_path, EXTRACTOR, geometry=deep, ids=["a"], features=[np.zeros(3)])

    assert read_info(tmp_path).extractor.geometry == deep


@pytest.mark.parametrize("name", ["features-00000.npy", "ids.npy"])
def test_a_changed_file_is_noticed(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)

    with pytest.raises(DataError, match=f"{name}.*Run label_check again"):
        Features(tmp_path).of(["0000"])


def test_a_missing_file_is_noticed(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "features-00000.npy").unlink()

    with pytest.raises(DataError, match="received no file"):
        Features(tmp_path).of(["0000"])


def test_the_reason_why_there_are_no_features_is_told(tmp_path: Path) -> None:
    write_no_features(tmp_path, EXTRACTOR, "Images of 16 px are too small.")

    assert read_info(tmp_path).reason == "Images of 16 px are too small."
    with pytest.raises(DataError, match="Images of 16 px are too small"):
        Features(tmp_path)
