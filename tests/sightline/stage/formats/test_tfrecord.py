from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.stage.formats.tfrecord import TFRecordWriter, damage_in

ROWS = st.lists(
    st.tuples(st.binary(max_size=300), st.integers(min_value=-(2**63), max_value=2**63 - 1)),
    max_size=10,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_tensorflow_reads_every_example_that_is_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[bytes, int]]
) -> None:
    import tensorflow as tf

    path = tmp_path_factory.mktemp("records") / "train.tfrecord"
    with TFRecordWriter(path) as writer:
        for image, label in rows:
            writer.write({"image": image, "label": label})

    found = [
        tf.train.Example.FromString(record)
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    ]

    assert [
        (
            row.features.feature["image"].bytes_list.value[0],
            row.features.feature["label"].int64_list.value[0],
        )
        for row in found
    ] == rows


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        with TFRecordWriter(tmp_path / name) as writer:
            writer.write({"label": 3, "image": b"abc", "id": b"x"})

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@settings(max_examples=200, deadline=None)
@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_any_changed_bit_of_a_file_is_found(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.tfrecord"
    with TFRecordWriter(path) as writer:
        for label in range(3):
            writer.write({"image": b"a picture", "label": label})
    whole = damage_in(path)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)

    found = damage_in(path)

    assert whole == ""
    assert found.startswith("record ")


@pytest.mark.parametrize("lost", [1, 5, 20])
def test_a_file_that_was_cut_off_is_found(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "cut.tfrecord"
    with TFRecordWriter(path) as writer:
        writer.write({"image": b"a picture", "label": 1})
    path.write_bytes(path.read_bytes()[:-lost])

    assert damage_in(path).startswith("record 1 ")
