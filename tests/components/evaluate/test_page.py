"""The page of evaluate: the decision, and what it hangs on."""

import re
from pathlib import Path

from tests.sightline.problems.classification.judged import assessed, predictions, shown


def test_the_decision_stands_first_with_what_was_required_and_what_came(tmp_path: Path) -> None:
    info = assessed(predictions(), min_accuracy=0.9, min_class_recall=0.5)

    page = shown(tmp_path, info)

    assert "7 test images, 3 classes" in page
    assert "Hold: accuracy." in page and "Deploy" not in page
    assert "Not judged: class recall." in page
    assert re.search(r"accuracy failed 0\.9 0\.714 (yes|no)", page)
    assert re.search("calibration not asked – – – Nothing is required", page)


def test_a_deployed_model_says_what_it_is_not_certain_of(tmp_path: Path) -> None:
    doubtful = shown(tmp_path, assessed(predictions(), min_accuracy=0.5))
    certain = shown(tmp_path, assessed(predictions(), min_accuracy=0.01))

    assert "Deploy: every required condition is met." in doubtful
    assert "More test images would be needed to be certain of: accuracy." in doubtful
    assert "More test images would be needed" not in certain


def test_one_image_of_one_class_is_written_in_the_singular(tmp_path: Path) -> None:
    made = predictions([0], [0])

    assert "1 test image, 3 classes" in shown(tmp_path, assessed(made))
