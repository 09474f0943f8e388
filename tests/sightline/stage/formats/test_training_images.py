"""Which images a model learned from: exact, small, and compared with those of today."""

import hashlib
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.stage.formats.training_images import (
    FILE,
    growth,
    keys_of,
    num_shared,
    read_training_images,
    write_training_images,
)


def ids(start: int, stop: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(start, stop)]


def test_what_is_new_and_what_is_gone_is_counted_over_a_file(tmp_path: Path) -> None:
    write_training_images(tmp_path, keys_of(ids(0, 1000)))

    found = growth(keys_of(ids(950, 1040)), read_training_images(tmp_path))

    assert (found.now, found.before, found.new, found.gone) == (90, 1000, 40, 950)
    assert found.share == 0.04
    assert (tmp_path / FILE).stat().st_size < 1000 * 16 + 200


def test_ids_that_end_in_zeros_are_told_apart() -> None:
    some, others = keys_of(["ab" + "00" * 31]), keys_of(["ab" + "00" * 14 + "01" + "00" * 16])

    assert num_shared(some, some) == 1
    assert num_shared(some, others) == 0


def test_the_order_of_images_does_not_matter() -> None:
    assert keys_of(ids(0, 9)).tolist() == keys_of(reversed(ids(0, 9))).tolist()


def test_no_images_are_new_for_nobody(tmp_path: Path) -> None:
    write_training_images(tmp_path, keys_of([]))

    assert growth(keys_of(ids(0, 2)), read_training_images(tmp_path)).new == 2


@pytest.mark.parametrize(
    ("content", "said"), [(None, "received no file"), (b"text", "received something else")]
)
def test_a_list_that_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)

    with pytest.raises(DataError, match=said):
        read_training_images(tmp_path)
