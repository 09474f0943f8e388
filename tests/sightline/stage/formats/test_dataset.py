import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.ground.errors import DataError
from sightline.stage.formats import dataset as dataset_module
from sightline.stage.formats.dataset import (
    DatasetWriter,
    Example,
    read_columns,
    read_examples,
    read_info,
)


def example(image: bytes, label: str = "cat", **changes: object) -> Example:
    fields = {
        "id": hashlib.sha256(image).hexdigest(),
        "uri": f"photos/{len(image)}.jpg",
        "image": image,
        "labels": (label,),
        "split": None,
        "width": 4,
        "height": 3,
        "mode": "RGB",
        "format": "JPEG",
        "group": "g",
        "slices": {"camera": "north"},
    }
    return Example(**{**fields, **changes})


def write(folder: Path, examples: list[Example]) -> dataset_module.DatasetInfo:
    with DatasetWriter(folder, slices=["camera"]) as writer:
        for item in examples:
            writer.add(item)
        return writer.finish(classes=["cat", "dog"], source="photos")


@settings(max_examples=25, deadline=None)
@given(images=st.lists(st.binary(min_size=1, max_size=50), max_size=20))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, images: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("dataset")
    examples = [example(image, "cat" if len(image) % 2 else "dog") for image in images]

    info = write(folder, examples)

    assert list(read_examples(folder)) == examples
    assert read_info(folder) == info
    assert read_columns(folder, ["id"])["id"] == [item.id for item in examples]


def test_many_images_become_several_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_module, "BATCH_BYTES", 100)
    monkeypatch.setattr(dataset_module, "SHARD_BYTES", 300)
    examples = [example(bytes([index]) * 60) for index in range(20)]

    write(tmp_path, examples)

    assert len(list(tmp_path.glob("part-*.parquet"))) > 1
    assert list(read_examples(tmp_path)) == examples


def test_chosen_ids_are_read_alone(tmp_path: Path) -> None:
    examples = [example(bytes([index])) for index in range(5)]
    write(tmp_path, examples)

    found = list(read_examples(tmp_path, ids={examples[3].id}))

    assert found == [examples[3]]


def test_the_fingerprint_does_not_depend_on_the_order(tmp_path: Path) -> None:
    examples = [example(bytes([index])) for index in range(5)]

    one = write(tmp_path / "one", examples)
    other = write(tmp_path / "other", examples[::-1])
    relabelled = write(tmp_path / "new", [*examples[:4], example(b"\4", "dog")])

    assert one.fingerprint == other.fingerprint != relabelled.fingerprint


def test_a_dataset_from_before_the_hash_of_pixels_is_read(tmp_path: Path) -> None:
    examples = [example(bytes([index]), pixels="ab") for index in range(3)]
    write(tmp_path, examples)
    shard = next(tmp_path.glob("part-*.parquet"))
    pq.write_table(pq.read_table(shard).drop_columns(["pixels"]), shard)

    columns = read_columns(tmp_path, ["id", "pixels"])

    assert columns == {"id": [one.id for one in examples], "pixels": [None] * 3}
    assert [one.pixels for one in read_examples(tmp_path)] == [None] * 3


def test_the_hash_of_pixels_is_read_back(tmp_path: Path) -> None:
    write(tmp_path, [example(b"a", pixels="ab"), example(b"b")])

    assert read_columns(tmp_path, ["pixels"]) == {"pixels": ["ab", None]}
    assert [one.pixels for one in read_examples(tmp_path)] == ["ab", None]


@pytest.mark.parametrize(
    "changes",
    [
        {"split": "test"},
        {"group": "h"},
        {"slices": {"camera": "south"}},
        {"slices": {}},
        {"group": hashlib.sha256(b"a").hexdigest(), "slices": {"camera": "g"}},
    ],
)
def test_the_fingerprint_covers_split_group_and_slices(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    one = write(tmp_path / "one", [example(b"a"), example(b"b")])

    other = write(tmp_path / "other", [example(b"a", **changes), example(b"b")])

    assert other.fingerprint != one.fingerprint


def test_the_fingerprint_of_images_without_groups_and_slices_is_that_of_earlier_versions(
    tmp_path: Path,
) -> None:
    image = hashlib.sha256(b"a").hexdigest()

    info = write(tmp_path, [example(b"a", group=image, slices={})])

    assert info.fingerprint == hashlib.sha256(f"{image}\tcat\t".encode()).hexdigest()


def test_a_dataset_of_another_version_is_refused_by_number(tmp_path: Path) -> None:
    write(tmp_path, [example(b"a")])
    document = json.loads((tmp_path / "dataset.json").read_text())
    (tmp_path / "dataset.json").write_text(json.dumps({**document, "schema_version": 99}))

    with pytest.raises(DataError, match=r"expected sightline.dataset version 1.*version 99.*Run"):
        read_info(tmp_path)


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    write(tmp_path, [example(b"a")])
    shard = next(tmp_path.glob("part-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:50])

    with pytest.raises(DataError, match=r"part-00000.parquet: expected a Parquet shard"):
        list(read_examples(tmp_path))


def test_a_changed_bit_in_an_image_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    write(tmp_path, [example(b"a picture of a cat")])
    shard = next(tmp_path.glob("part-*.parquet"))
    shard.write_bytes(shard.read_bytes().replace(b"picture", b"pictuse"))

    with pytest.raises(DataError, match=r"part-00000\.parquet: .*damaged one .*(CRC|integrity)"):
        list(read_examples(tmp_path))


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dataset.json: expected a sightline.dataset file"):
        read_info(tmp_path)
