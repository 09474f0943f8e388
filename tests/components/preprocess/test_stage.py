"""preprocess: records that hold the pixels of the contract."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from components.preprocess.pixel_statistics import PixelStatistics, channel_sums
from components.preprocess.png import encode_png
from components.preprocess.settings import PreprocessSettings
from components.preprocess.stage import group_of
from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.stage.formats.records import SPLITS, Split, read_info, read_split
from sightline.stage.imaging.arrays import preprocess as to_contract
from tests.components.preprocess.preprocessing import example, photos, run_preprocess, write_dataset
from tests.data import encoded, photograph

PIXELS = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
)


def read_records(folder: Path, split: Split) -> list[tuple[np.ndarray, int, str]]:
    rows = read_split(folder, split, problem_of("classification").targets).as_numpy_iterator()
    return [(image, int(label), identity.decode()) for image, label, identity in rows]


@pytest.mark.slow
def test_records_hold_each_image_once_as_the_contract_wants_it(tmp_path: Path) -> None:
    examples = photos({"cats": 20, "dogs": 20})
    dataset = write_dataset(tmp_path / "dataset", examples)

    folder, _, facts = run_preprocess(dataset, tmp_path, image_size=32, stratify="exact")

    records, info = {split: read_records(folder, split) for split in SPLITS}, read_info(folder)
    found = [identity for split in SPLITS for _, _, identity in records[split]]
    assert sorted(found) == sorted(one.id for one in examples)
    assert facts["records"]["num_train"] == 32
    by_id = {one.id: one for one in examples}
    for image, label, identity in records["test"]:
        assert np.array_equal(image, to_contract(by_id[identity].image, info.contract))
        assert info.classes[label] == by_id[identity].labels[0]


def test_the_order_of_the_dataset_does_not_matter(tmp_path: Path) -> None:
    examples = photos({"cats": 12, "dogs": 12})
    shuffled = random.Random(1).sample(examples, len(examples))
    first = write_dataset(tmp_path / "first", examples)
    second = write_dataset(tmp_path / "second", shuffled)

    one, _, _ = run_preprocess(first, tmp_path / "one", image_size=16, stratify="exact")
    two, _, _ = run_preprocess(second, tmp_path / "two", image_size=16, stratify="exact")

    for name in ("train-00000.tfrecord", "test-00000.tfrecord", "records.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


@pytest.mark.slow
def test_what_exceeds_a_shard_is_shuffled_through_buckets(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 10, "dogs": 10}))

    folder, _, _ = run_preprocess(
        dataset, tmp_path, image_size=256, stratify="exact", shard_megabytes=1
    )

    found = [identity for _, _, identity in read_records(folder, "train")]
    assert len(read_info(folder).shards["train"]) > 2
    assert found == sorted(found)
    assert not list(folder.glob(".*.bucket"))


@pytest.mark.slow
def test_mean_and_deviation_are_those_of_the_training_pixels(tmp_path: Path) -> None:
    examples = photos({"cats": 10, "dogs": 10})
    dataset = write_dataset(tmp_path / "dataset", examples)

    folder, _, _ = run_preprocess(dataset, tmp_path, image_size=24, stratify="exact")

    info = read_info(folder)
    pixels = np.stack([image for image, _, _ in read_records(folder, "train")])
    assert info.contract.mean == pytest.approx(pixels.mean(axis=(0, 1, 2)), abs=1e-3)
    assert info.contract.std == pytest.approx(pixels.std(axis=(0, 1, 2)), abs=1e-3)


def test_an_image_with_two_labels_is_refused_with_the_remedy(tmp_path: Path) -> None:
    image = encoded(photograph())
    dataset = write_dataset(
        tmp_path / "dataset", [example(image, labels=["cat", "dog"], uri="pets/1.jpg")]
    )

    with pytest.raises(DataError, match=r"received 1 images .*pets/1.jpg \(cat, dog\).*one label"):
        run_preprocess(dataset, tmp_path)


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    examples = photos({"cats": 4})
    damaged = example(b"no image", labels=["cats"], uri="cats/bad.jpg")
    dataset = write_dataset(tmp_path / "dataset", [*examples, damaged])

    with pytest.raises(DataError, match=r"cats/bad.jpg: Expected an image file"):
        run_preprocess(dataset, tmp_path, stratify="exact")


def test_the_report_warns_of_a_class_without_test_images(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 10, "rare": 2}))

    _, report, facts = run_preprocess(dataset, tmp_path, image_size=16, stratify="exact")

    assert "rare has no image in the test split" in report.read_text()
    assert facts["report"]["num_findings"] == 2


def test_the_report_shows_each_split_the_contract_and_a_pair_of_pictures(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 10, "dogs": 10}))

    folder, report, facts = run_preprocess(dataset, tmp_path, image_size=16, stratify="exact")

    page, mean = report.read_text(), read_info(folder).contract.mean
    assert "20 images, 2 classes, 16 px" in page
    assert "Every class has images in every split." in page
    assert ", ".join(f"{value:.2f}" for value in mean) in page
    assert page.count("as the model sees it") == page.count("as received") == 2
    assert facts["report"]["num_findings"] == 0


def test_the_facts_say_what_was_written(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 10, "dogs": 10}))

    folder, _, facts = run_preprocess(
        dataset, tmp_path, image_size=16, stratify="exact", resize_mode="pad", channels=1
    )

    info = read_info(folder)
    assert facts["records"] == {
        "num_train": 16,
        "num_validation": 2,
        "num_test": 2,
        "num_classes": 2,
        "image_size": 16,
        "channels": 1,
        "resize_mode": "pad",
    }
    assert (info.contract.channels, info.contract.resize_mode) == (1, "pad")
    assert info.shards == {split: [f"{split}-00000.tfrecord"] for split in SPLITS}
    assert info.counts["train"] == {"cats": 8, "dogs": 8}


def test_the_report_pictures_one_training_image_of_ten_classes_at_most(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({f"c{n:02d}": 4 for n in range(12)}))

    _, report, _ = run_preprocess(dataset, tmp_path, image_size=8, stratify="exact")

    assert report.read_text().count("as the model sees it") == 10


def test_shards_are_about_as_large_as_the_setting(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 12}))

    folder, _, _ = run_preprocess(
        dataset, tmp_path, image_size=512, stratify="exact", shard_megabytes=2
    )

    shards = sorted(folder.glob("train-*.tfrecord"))
    assert [path.name for path in shards] == read_info(folder).shards["train"]
    # Ten images of 768 kB in four buckets: a shard ends with its bucket or once it is full.
    assert 4 <= len(shards) <= 6
    assert all(path.stat().st_size < 3 * 2**20 for path in shards)


def test_images_without_a_label_are_counted_and_named(tmp_path: Path) -> None:
    unlabelled = [
        example(encoded(photograph(seed)), labels=[], uri=f"pets/{seed}.jpg") for seed in range(7)
    ]
    labelled = example(encoded(photograph(9)), labels=["cat"])
    dataset = write_dataset(tmp_path / "dataset", [*unlabelled, labelled])

    with pytest.raises(DataError, match=r"received 7 images .*\(no label\).*and 2 more"):
        run_preprocess(dataset, tmp_path)


def test_a_split_hangs_on_the_group_else_the_pixels_else_the_file() -> None:
    assert group_of("id", "burst 1", "hash of pixels") == "burst 1"
    assert group_of("id", "id", "hash of pixels") == "hash of pixels"
    assert group_of("id", "id", None) == "id"


@given(image=PIXELS, compress=st.booleans())
def test_png_is_lossless(image: np.ndarray, compress: bool) -> None:
    data = encode_png(image, compress=compress)

    with Image.open(io.BytesIO(data)) as opened:
        assert np.array_equal(
            np.asarray(opened), np.squeeze(image, -1) if image.shape[2] == 1 else image
        )


@given(image=PIXELS)
def test_sums_are_exact(image: np.ndarray) -> None:
    statistics = PixelStatistics(image.shape[2])
    statistics.add(channel_sums(image))

    assert statistics.mean() == pytest.approx(image.mean(axis=(0, 1)), abs=1e-3)
    assert statistics.std() == pytest.approx(image.std(axis=(0, 1)), abs=1e-3)


def test_channels_may_come_as_text_from_the_command_line() -> None:
    assert PreprocessSettings.model_validate({"channels": "1"}).channels == 1
