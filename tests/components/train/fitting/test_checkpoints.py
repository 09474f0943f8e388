"""Checkpoints: what was saved comes back whole, and nothing else does."""

from pathlib import Path

import numpy as np
import pytest

from components.train.fitting.checkpoints import (
    Checkpoints,
    Progress,
    assign,
    load_arrays,
    save_arrays,
)


def progress() -> Progress:
    # Twelve arrays: by their names alone 10 would come before 2.
    return Progress(
        history=[{"loss": 0.5, "val_loss": 0.7}, {"loss": 0.25, "val_loss": 0.9}],
        best_epoch=1,
        finished=True,
        weights=[np.full((2, 3), index, np.float32) for index in range(12)],
        optimizer=[np.array(7, np.int64)],
        best=[np.full(4, -index, np.float32) for index in range(12)],
    )


def test_a_saved_phase_comes_back_as_it_was(tmp_path: Path) -> None:
    saved = progress()
    Checkpoints(tmp_path / "checkpoints", "key").save("head", saved)

    loaded = Checkpoints(tmp_path / "checkpoints", "key").load("head")

    assert (loaded.history, loaded.best_epoch, loaded.finished) == (saved.history, 1, True)
    for name in ("weights", "optimizer", "best"):
        before, after = getattr(saved, name), getattr(loaded, name)
        assert [array.dtype for array in after] == [array.dtype for array in before]
        assert [array.tolist() for array in after] == [array.tolist() for array in before]


def test_phases_do_not_share_a_checkpoint(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints", "key")
    checkpoints.save("head", progress())

    assert checkpoints.load("fine_tune") == Progress()


def test_the_best_row_is_that_of_the_best_epoch() -> None:
    assert progress().best_row == {"loss": 0.5, "val_loss": 0.7}


def test_another_key_throws_the_checkpoints_away(tmp_path: Path) -> None:
    Checkpoints(tmp_path / "checkpoints", "key").save("head", progress())

    other = Checkpoints(tmp_path / "checkpoints", "other")

    assert other.load("head") == Progress()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["key.txt"]


def test_removed_checkpoints_leave_no_folder(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints", "key")
    checkpoints.save("head", progress())

    checkpoints.remove()

    assert list(tmp_path.iterdir()) == []


def test_a_saved_file_stands_alone_under_its_name(tmp_path: Path) -> None:
    save_arrays(tmp_path / "one.npz", {"numbers": np.arange(3)})

    loaded = load_arrays(tmp_path / "one.npz")

    assert [path.name for path in tmp_path.iterdir()] == ["one.npz"]
    assert loaded is not None
    assert {name: array.tolist() for name, array in loaded.items()} == {"numbers": [0, 1, 2]}


@pytest.mark.parametrize("keep_bytes", [0, 10, 200])
def test_a_damaged_file_counts_as_none(tmp_path: Path, keep_bytes: int) -> None:
    path = tmp_path / "one.npz"
    save_arrays(path, {"numbers": np.arange(1000)})
    path.write_bytes(path.read_bytes()[:keep_bytes])

    assert load_arrays(path) is None


def test_a_missing_file_counts_as_none(tmp_path: Path) -> None:
    assert load_arrays(tmp_path / "gone.npz") is None


def test_a_file_of_pickled_objects_is_never_opened(tmp_path: Path) -> None:
    # Reading one runs what it says.
    np.savez(tmp_path / "one.npz", numbers=np.array([{"a": 1}], dtype=object))

    assert load_arrays(tmp_path / "one.npz") is None


def test_objects_are_not_written_where_arrays_are_expected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        save_arrays(tmp_path / "one.npz", {"numbers": np.array([{"a": 1}], dtype=object)})

    assert load_arrays(tmp_path / "one.npz") is None


class Variable:
    """As much of a variable of Keras as putting values back takes."""

    def __init__(self) -> None:
        self.value: object = None

    def assign(self, value: object) -> None:
        self.value = value


@pytest.mark.parametrize("num_values", [1, 3])
def test_the_weights_of_another_network_are_not_put_into_this_one(num_values: int) -> None:
    values = [np.full(2, index) for index in range(num_values)]

    with pytest.raises(ValueError, match="zip"):
        assign([Variable(), Variable()], values)


def test_each_variable_gets_its_value_back() -> None:
    variables = [Variable(), Variable()]

    assign(variables, [np.array(1), np.array(2)])

    assert [variable.value for variable in variables] == [1, 2]
