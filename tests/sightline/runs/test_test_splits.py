"""How often the same test images have judged models, among the runs that are kept."""

from datetime import timedelta
from pathlib import Path

from sightline.runs.records import RunRecord
from sightline.runs.test_splits import test_split_text as said_of
from sightline.views.render import run_view
from tests.sightline.run_records import finished_run


def judged(root: Path, number: int, *, split: str = "s", model: str = "") -> RunRecord:
    """A run that came after all with smaller numbers."""
    record = finished_run(root, f"20261121-2000{number:02d}-abc")
    told = {"test_split": split, "judged_model": model or f"m{number}"}
    record.tasks["evaluate"].outputs.artifacts["evaluation"].metadata.update(told)
    record.started += timedelta(minutes=number)
    return record


def test_models_are_counted_that_the_same_images_judged_up_to_a_run(tmp_path: Path) -> None:
    runs = [judged(tmp_path, number) for number in range(3)]
    others = [judged(tmp_path, 3, split="other"), judged(tmp_path, 4, model="m0")]

    assert said_of(runs[1], [*runs, *others]) == "2 models judged on it in the runs kept here"
    assert said_of(others[1], [*runs, *others]).startswith("3 models")
    assert "Test split: 2 models" in str(run_view(runs[1], test_split="2 models")[0])


def test_many_models_on_the_same_images_are_advised_against(tmp_path: Path) -> None:
    runs = [judged(tmp_path, number) for number in range(10)]

    assert "Choose by fresh test images" in said_of(runs[-1], runs)
    assert "fresh" not in said_of(runs[-2], runs)


def test_runs_from_before_say_nothing(tmp_path: Path) -> None:
    assert said_of(finished_run(tmp_path), []) == ""
