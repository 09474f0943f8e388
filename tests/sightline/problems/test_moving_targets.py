"""Boxes stay on what they mark, whatever happens to the image."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.ground.source.targets import Target
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.imaging.placement import placement
from tests.sightline.problems.kinds.detection.targets import Targets

SIDE = 32


def marked(width: int, height: int, box: tuple[int, int, int, int]) -> bytes:
    """An image file with a white box on black."""
    pixels = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = box
    pixels[top:bottom, left:right] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def bright(pixels: Pixels) -> list[float]:
    """The edges of what is bright, as shares."""
    rows, columns = np.nonzero(pixels[..., 0] > 127)
    height, width = pixels.shape[:2]
    return [
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    ]


@pytest.mark.parametrize("mode", ["squash", "pad", "crop"])
@pytest.mark.parametrize(("width", "height"), [(90, 60), (60, 90), (64, 64)])
def test_a_box_moves_with_the_resized_image(mode: str, width: int, height: int) -> None:
    contract = PreprocessingContract(
        image_size=SIDE,
        resize_mode=mode,  # type: ignore[arg-type]
        crop_scale=1.5,
        interpolation="bilinear",
        channels=3,
        mean=(),
        std=(),
    )
    box = (24, 22, 48, 50)
    shares = [at / size for at, size in zip(box, (width, height) * 2, strict=True)]
    target = Target(("cup",), [{"label": "cup", "box": shares}])

    moved = Targets().move(target, placement(height, width, contract))

    seen = bright(preprocess(marked(width, height, box), contract))
    assert moved.value[0]["box"] == pytest.approx(seen, abs=1.5 / SIDE)


def test_a_box_that_the_crop_leaves_out_is_dropped() -> None:
    contract = PreprocessingContract(
        image_size=SIDE,
        resize_mode="crop",
        crop_scale=2.0,
        interpolation="bilinear",
        channels=3,
        mean=(),
        std=(),
    )
    boxes = [
        {"label": "cup", "box": [0.0, 0.0, 0.1, 0.1]},
        {"label": "plate", "box": [0.4, 0.4, 0.6, 0.6]},
    ]

    moved = Targets().move(Target(("cup", "plate"), boxes), placement(80, 80, contract))

    assert moved.labels == ("plate",)


@pytest.mark.slow
def test_a_box_moves_with_the_augmented_image() -> None:
    import tensorflow as tf

    from components.train.augmentation.changes import Augmentation
    from components.train.augmentation.ranges import Ranges
    from tests.sightline.problems.kinds.detection.training import Training

    images = np.zeros((64, SIDE, SIDE, 3), np.uint8)
    images[:, 12:20, 6:14] = 255
    box = [6 / SIDE, 12 / SIDE, 14 / SIDE, 20 / SIDE, 0.0]
    targets = tf.constant([[box, [-1.0] * 5]] * 64)

    changed, transforms = Augmentation(Ranges.of("light", horizontal_flip=True))(images, [3, 1])
    moved = Training().move(targets, transforms).numpy()

    assert {bright(image)[0] > 0.5 for image in changed.numpy()} == {True, False}
    for image, (there, nothing) in zip(changed.numpy(), moved, strict=True):
        assert there[:4] == pytest.approx(bright(image), abs=3 / SIDE)
        assert nothing.tolist() == [-1.0] * 5


@pytest.mark.slow
def test_records_hold_any_number_of_boxes(tmp_path: Path) -> None:
    from sightline.stage.formats.records import RecordsInfo, RecordWriter, read_split, write_info

    targets, classes = Targets(), ("cup", "plate")
    boxes = [{"label": "plate", "box": [0.0, 0.25, 0.5, 1.0]}]
    image = marked(SIDE, SIDE, (2, 2, 9, 9))
    with RecordWriter(tmp_path, "train", shard_bytes=2**20) as writer:
        for number, value in enumerate((boxes, [], boxes * 3)):
            features = targets.encode(Target((), value), classes)
            writer.add(image=image, target=features, id=f"{number}")
    contract = PreprocessingContract(
        image_size=SIDE,
        resize_mode="squash",
        interpolation="bilinear",
        channels=3,
        mean=(),
        std=(),
    )
    info = RecordsInfo(
        problem="detection",
        features=targets.features,
        classes=classes,
        counts={"train": {"plate": 2, "": 1}},
        contract=contract,
        shards={"train": writer.shards},
        dataset_fingerprint="",
    )
    write_info(tmp_path, info)

    read = [target for _, target, _ in read_split(tmp_path, "train", targets).as_numpy_iterator()]

    assert [int((rows[:, 4] >= 0).sum()) for rows in read] == [1, 0, 3]
    assert read[0][0].tolist() == [0.0, 0.25, 0.5, 1.0, 1.0]
