"""Folds and seeds around a real training, of every kind of problem."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.train.settings import TrainSettings
from sightline.ground.headlines.headline import cross_validated_in
from sightline.stage.formats.model import read_info
from sightline.stage.formats.training_images import read_training_images
from tests.components.train.fitting.test_interruption import Killed
from tests.components.train.folds.pools import KINDS, write
from tests.components.train.warm.champions import run

EAGERLY = "ignore:Even though the `tf.config.experimental_run_functions_eagerly`"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(EAGERLY)]
QUICK: dict[str, Any] = {
    "recipe": "linear",
    "augment": "none",
    "horizontal_flip": False,
    "epochs": 6,
    "learning_rate": 0.05,
    "batch_size": 8,
}


@pytest.mark.parametrize("problem", KINDS)
def test_every_image_is_judged_by_a_model_that_did_not_learn_from_it(
    problem: str, tmp_path: Path
) -> None:
    write(tmp_path / "records", problem=problem)

    facts = run(tmp_path / "records", tmp_path, folds=3, **QUICK)

    found = cross_validated_in(facts["model"])
    assert found[0].label.endswith(" over 3 folds")
    assert found[0].deviation is not None
    assert found[0].low is not None
    table = pq.read_table(tmp_path / "model" / "out_of_fold.parquet").to_pandas()
    assert len(table) == table["id"].nunique() == 64
    assert (table.groupby("group")["fold"].nunique() == 1).all()
    assert sorted(table["fold"].unique()) == [1, 2, 3]
    assert {"truth", "id", "repeat"} <= set(table.columns)
    info = read_info(tmp_path / "model")
    assert len(info.cross_validation["rounds"]) == 3
    assert info.epochs == info.cross_validation["chosen"]["epochs"]["linear"]
    # The model that counts learned from the validation images, too.
    assert len(read_training_images(tmp_path / "model")) == 64
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert found[0].label in page
    assert "There is no validation split" not in page
    assert not (tmp_path / "model" / "checkpoints").exists()


def test_seeds_are_judged_by_the_validation_split_and_the_first_is_exported(tmp_path: Path) -> None:
    write(tmp_path / "records")

    alone = run(tmp_path / "records", tmp_path / "alone", **QUICK)
    facts = run(tmp_path / "records", tmp_path / "three", repeats=3, **QUICK)

    assert facts["model"]["model_sha256"] == alone["model"]["model_sha256"]
    found = cross_validated_in(facts["model"])
    assert found[0].label == "Accuracy over 3 seeds"
    info = read_info(tmp_path / "three" / "model")
    rounds = info.cross_validation["rounds"]
    assert [one["seed"] for one in rounds] == [7, 8, 9]
    assert found[0].value == pytest.approx(np.mean([one["figures"]["accuracy"] for one in rounds]))
    assert rounds[0]["figures"]["accuracy"] == alone["metrics"]["validation_accuracy"]
    assert len(read_training_images(tmp_path / "three" / "model")) == 48


def rounds(records: tuple[Path, Any], folder: Path, *, killed: bool) -> Any:
    from components.train.fitting.checkpoints import Checkpoints, Progress
    from components.train.fitting.preparing import Prepared
    from components.train.folds.run import Rounds
    from components.train.planning.plan import Plan

    class KilledAfterSaving(Checkpoints):
        def save(self, phase: str, progress: Progress, model: Any = None) -> None:
            super().save(phase, progress, model)
            raise Killed

    settings = TrainSettings.model_validate({**QUICK, "epochs": 2, "folds": 3})
    plan = Plan("linear", (), "none", {"0": 1.0, "1": 1.0}, ())
    keep = KilledAfterSaving if killed else Checkpoints
    made = Rounds(
        *records,
        settings,
        Prepared(plan, None, None, ""),
        keep(folder / "checkpoints", "key"),
        None,
    )
    made.run()
    return made


def test_killed_after_every_epoch_the_rounds_end_as_they_would_have(tmp_path: Path) -> None:
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        records = (tmp_path / "records", write(tmp_path / "records", train=5, validation=3))
        whole = rounds(records, tmp_path / "whole", killed=False)
        resumed, kills = None, 0
        while resumed is None and kills < 20:
            try:
                resumed = rounds(records, tmp_path / "resumed", killed=True)
            except Killed:
                kills += 1
    finally:
        tf.config.run_functions_eagerly(False)

    # Each of the three rounds was killed after both of its epochs, and after its end.
    assert kills == 9
    assert resumed is not None
    assert resumed.chosen == whole.chosen
    for one, two in zip(resumed.judged, whole.judged, strict=True):
        assert one.told == two.told
        assert (one.answers == two.answers).all()
