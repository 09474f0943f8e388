from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.stage.formats.tfrecord import TFRecordWriter

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
