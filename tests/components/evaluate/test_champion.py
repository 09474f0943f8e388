"""What the live model answers about test images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.evaluate.champion import answers_of
from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.problems.open_version import OpenVersion
from sightline.stage.answering.servable import Given
from sightline.stage.formats.dataset import Example
from tests.bundles import bundle_info

EXAMPLE = Example(
    id="ab" * 32, uri="a.jpg", image=b"", labels=("daisy",), split=None,
    group="ab", width=1, height=1, mode="RGB", format="JPEG",
)  # fmt: skip


def live(tmp_path: Path, probabilities: Sequence[float]) -> OpenVersion:
    problem = problem_of("classification", {})

    def ask(images: Sequence[bytes], threads: int) -> list[Given[Any]]:
        outputs = {"probabilities": np.array([probabilities] * len(images), np.float32)}
        return [Given(one) for one in problem.serving.read(outputs, ("daisy", "rose"))]

    return OpenVersion(
        place=tmp_path, info=bundle_info("d"), problem=problem, engine="tensorflow", golden=(),
        tolerance=0.0, ask=ask,
    )  # fmt: skip


def test_answers_are_kept_by_image(tmp_path: Path) -> None:
    answers = answers_of(live(tmp_path, [0.2, 0.8]), [EXAMPLE])

    assert answers[EXAMPLE.id].class_name == "rose"


def test_an_answer_that_is_no_number_is_refused_with_its_image(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected finite numbers as answers.*abab"):
        answers_of(live(tmp_path, [float("nan"), 0.5]), [EXAMPLE])
