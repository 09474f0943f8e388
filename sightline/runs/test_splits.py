"""How often the test images of a run have judged models: who chooses by them wears them out."""

from collections.abc import Iterable

from sightline.ground.outcome import JUDGED_MODEL, TEST_SPLIT
from sightline.ground.wording import counted
from sightline.runs.outcome import artifacts_of
from sightline.runs.records import RunRecord

MANY = 10
"""From so many models on, the best may be the luckiest: of ten equal ones that are right on 87 of
100 images on average, independently, the best is right on 92."""
ADVICE = "Choose by fresh test images before you trust a small gain: the best of many is lucky."


def test_split_text(record: RunRecord, runs: Iterable[RunRecord]) -> str:
    """Say how many models the test images of a run have judged, up to it; nothing if unknown.

    `runs` are those that are kept here: what was deleted, or ran elsewhere, is not counted.
    """
    split, own = _judged(record)
    if not split:
        return ""
    earlier = (run for run in runs if run.started <= record.started)
    models = {model for at, model in map(_judged, earlier) if at == split} | {own}
    said = f"{counted(len(models), 'model')} judged on it in the runs kept here"
    return f"{said}. {ADVICE}" if len(models) >= MANY else said


def _judged(record: RunRecord) -> tuple[str, str]:
    """Return the digests of the test images and of the model; empty where nothing says so."""
    for artifact in artifacts_of(record):
        if split := artifact.metadata.get(TEST_SPLIT):
            return str(split), str(artifact.metadata.get(JUDGED_MODEL, ""))
    return "", ""
