import math
from pathlib import Path

import pytest

from sightline.stage.answering.engine import Engine, engine_document, engine_from

FLOAT = Engine(
    name="litert",
    file="model.tflite",
    num_images=100,
    top1_agreement=0.99,
    max_difference=0.001,
    tolerance=0.02,
)
INT8 = Engine(
    name="litert-int8",
    file="model_int8.tflite",
    num_images=100,
    top1_agreement=0.85,
    max_difference=0.4,
    required_agreement=0.9,
)


def test_an_engine_within_the_tolerance_is_usable_whatever_changed_places() -> None:
    assert FLOAT.usable
    assert FLOAT.reason == ""


def test_an_engine_that_agrees_too_seldom_says_how_often_it_does() -> None:
    assert not INT8.usable
    assert INT8.reason == (
        "it gives the same answer on 85.0% of 100 test images, 90.0% is required"
    )


@pytest.mark.parametrize("difference", [0.021, math.inf, math.nan, None])
def test_an_engine_that_differs_by_more_than_is_allowed_is_not_usable(
    difference: float | None,
) -> None:
    engine = Engine(name="litert", file="model.tflite", max_difference=difference, tolerance=0.02)

    assert not engine.usable
    assert "0.02 is allowed" in engine.reason


def test_an_engine_that_was_left_out_keeps_its_reason() -> None:
    assert Engine(name="litert", file="", left_out="no memory").reason == "no memory"
    assert not Engine(name="litert", file="").usable


def test_what_is_written_of_an_engine_is_read_again() -> None:
    assert engine_from(engine_document(INT8)) == INT8


def test_the_saved_model_of_a_version_is_the_version_itself() -> None:
    saved = Engine(name="tensorflow", file="saved_model")

    assert saved.in_version(Path("models/3")) == Path("models/3")
    assert FLOAT.in_version(Path("models/3")) == Path("models/3/model.tflite")
