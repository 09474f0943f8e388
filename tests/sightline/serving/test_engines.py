"""Which engine answers: the best that the bundle lets, or the one that was asked for."""

import sys
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import FolderError
from sightline.problems.open_version import choose_engine
from sightline.stage.answering.engine import TENSORFLOW_ALONE, Engine
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import LITERT, lay_version

INT8 = Engine(
    name="litert-int8",
    file="model_int8.tflite",
    num_images=10,
    top1_agreement=0.8,
    required_agreement=0.9,
)
TENSORFLOW = TENSORFLOW_ALONE[0]
PLACE = Path("models/1")


def test_the_first_engine_that_may_be_used_answers() -> None:
    assert choose_engine(PLACE, (INT8, LITERT, TENSORFLOW), None) is LITERT


def test_the_engine_that_was_asked_for_answers() -> None:
    assert choose_engine(PLACE, (LITERT, TENSORFLOW), "tensorflow") is TENSORFLOW


def test_an_engine_that_agrees_less_than_the_bundle_demands_is_refused() -> None:
    with pytest.raises(DataError, match=r"80\.0% of 10 test images, 90\.0% is required") as error:
        choose_engine(PLACE, (LITERT, INT8), "litert-int8")

    assert "those that may be used (litert)" in str(error.value)


def test_an_engine_that_is_not_in_the_bundle_is_refused() -> None:
    with pytest.raises(DataError, match="not in the bundle"):
        choose_engine(PLACE, TENSORFLOW_ALONE, "litert")


def test_where_tensorflow_alone_may_answer_and_is_absent_the_reason_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    absent = Engine(name="litert", file="", left_out="converting it takes 9.0 GB of memory")

    with pytest.raises(DataError, match=r"litert may not, converting it takes 9\.0 GB") as error:
        choose_engine(PLACE, (absent, TENSORFLOW), None)

    assert "deploy and serve where TensorFlow is installed" in str(error.value)


def test_a_bundle_of_an_older_version_without_tensorflow_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)

    with pytest.raises(DataError, match=r"older versions have no other engine.*export the model"):
        choose_engine(PLACE, TENSORFLOW_ALONE, None)


def test_a_version_whose_golden_answers_are_others_is_not_served(tmp_path: Path) -> None:
    lay_version(tmp_path, 1, expects_inverted=True)

    with (
        pytest.raises(FolderError, match="expected the 2 golden answers"),
        serving_folder(tmp_path),
    ):
        pass
