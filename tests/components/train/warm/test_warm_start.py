"""A training that begins as the live model, of every kind, and what it refuses."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.ground.errors import DataError, SettingsError, UserError
from sightline.stage.formats.model import load_keras, read_info
from tests.components.train.warm.champions import (
    DIGITS,
    answers_of,
    go_live,
    places_of,
    run,
    write_records,
)

pytestmark = pytest.mark.slow

HELD_OUT = places_of((0, 1, 2), 40, 50)
OLD = {"train": places_of((0, 1), 0, 30), "validation": places_of((0, 1), 40, 50)}
SCALE = {"name": "digit", "mean": 0.5, "deviation": 0.5, "median": 0.5, "edges": [0.0, 1.0]}
KINDS: dict[str, dict[str, Any]] = {
    "binary": {"classes": ("0", "1"), "about": {"positive_class": "1"}},
    "multi_label": {"classes": ("0", "1"), "about": {}},
    "regression": {"classes": (), "about": SCALE},
}
QUICK: dict[str, Any] = {"horizontal_flip": False, "augment": "none", "epochs": 8, "batch_size": 8}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CNN that tells 0 from 1, live. Tests only read it."""
    folder = tmp_path_factory.mktemp("live")
    write_records(folder / "records", classes=("0", "1"), **OLD)
    run(folder / "records", folder, recipe="scratch", **QUICK)
    return go_live(folder / "model", folder / "models")


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives a linear model of a kind of problem, live; one for each. Tests only read it."""

    @cache
    def live_of(problem: str) -> Path:
        folder = tmp_path_factory.mktemp(problem)
        write_records(folder / "records", problem=problem, **KINDS[problem], **OLD)
        run(folder / "records", folder, recipe="linear", **QUICK)
        return go_live(folder / "model", folder / "models")

    return live_of


def warm(records: Path, out: Path, models: Path, **settings: object) -> dict[str, Any]:
    return run(
        records,
        out,
        **{
            "recipe": "warm_start",
            "champion": str(models),
            "warm_start_epochs": 1,
            "batch_size": 8,
            "horizontal_flip": False,
        }
        | settings,
    )


def test_it_begins_as_the_live_model_and_says_what_is_new(live: Path, tmp_path: Path) -> None:
    grown = places_of((0, 1), 0, 32)
    write_records(
        tmp_path / "records", classes=("0", "1"), train=grown, validation=OLD["validation"]
    )

    facts = warm(tmp_path / "records", tmp_path, live, warm_start_rate=1e-6)

    info, champion = read_info(tmp_path / "model"), read_info(live / "1")
    assert "4 of the 64 training images are new or changed since (6.7%)" in facts["model"]["reason"]
    assert info.started_from == {
        "version": 1,
        "model_sha256": champion.model_sha256,
        "recipe": "scratch",
    }
    before, after = (
        [one.numpy() for one in load_keras(folder).trainable_variables]
        for folder in (live / "1", tmp_path / "model")
    )
    assert all(np.abs(a - b).max() < 1e-5 for a, b in zip(before, after, strict=True))


def test_a_rate_that_is_looked_for_does_not_replace_the_careful_one(
    live: Path, tmp_path: Path
) -> None:
    write_records(tmp_path / "records", classes=("0", "1"), **OLD)

    warm(tmp_path / "records", tmp_path, live, warm_start_rate=1e-6, find_learning_rate=True)

    before, after = (
        [one.numpy() for one in load_keras(folder).trainable_variables]
        for folder in (live / "1", tmp_path / "model")
    )
    assert all(np.abs(a - b).max() < 1e-5 for a, b in zip(before, after, strict=True))
    assert "The learning rate" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_added_class_is_learned_and_known_ones_keep_their_rows(
    live: Path, tmp_path: Path
) -> None:
    write_records(
        tmp_path / "records",
        classes=("0", "1", "2"),
        train=places_of((0, 1, 2), 0, 30),
        validation=HELD_OUT,
    )

    facts = warm(
        tmp_path / "records",
        tmp_path,
        live,
        warm_start_epochs=12,
        warm_start_rate=1.0,
        learning_rate=0.01,
    )

    answers = answers_of(tmp_path / "model", HELD_OUT).argmax(1)
    truth = [int(DIGITS.target[place]) for place in HELD_OUT]
    assert (answers == truth).mean() >= 0.8
    assert 2 in answers
    assert "It answers 2 now" in facts["model"]["reason"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Training on from the live model" in page


def test_a_removed_class_is_answered_no_more(tmp_path: Path) -> None:
    write_records(
        tmp_path / "old",
        classes=("0", "1", "2"),
        train=places_of((0, 1, 2), 0, 20),
        validation=HELD_OUT,
    )
    run(tmp_path / "old", tmp_path / "before", recipe="scratch", **QUICK)
    models = go_live(tmp_path / "before/model", tmp_path / "models")
    write_records(
        tmp_path / "records",
        classes=("0", "2"),
        train=places_of((0, 2), 0, 20),
        validation=places_of((0, 2), 40, 50),
    )

    facts = warm(tmp_path / "records", tmp_path, models, warm_start_rate=1e-6)

    asked = places_of((0, 2), 40, 44)
    before = answers_of(models / "1", asked)[:, [0, 2]]
    assert "It answers 1 no more" in facts["model"]["reason"]
    assert answers_of(tmp_path / "model", asked).argmax(1).tolist() == before.argmax(1).tolist()


@pytest.mark.parametrize("problem", KINDS)
def test_every_kind_starts_from_its_live_model(
    linear: Callable[[str], Path], tmp_path: Path, problem: str
) -> None:
    models = linear(problem)
    # Its numbers lie otherwise by now: answers must not move with the scale.
    moved = {"mean": 4.0, "deviation": 2.5} if problem == "regression" else {}
    now = KINDS[problem] | {"about": KINDS[problem]["about"] | moved}
    write_records(tmp_path / "records", problem=problem, **now, **OLD)

    warm(tmp_path / "records", tmp_path, models, warm_start_rate=1e-6)

    before, after = (answers_of(one, HELD_OUT[:9]) for one in (models / "1", tmp_path / "model"))
    assert before.std() > 0.01
    assert np.abs(before - after).max() < 1e-3


def test_many_new_images_are_better_learned_anew(live: Path, tmp_path: Path) -> None:
    from structlog.testing import capture_logs

    grown = places_of((0, 1), 0, 36)
    write_records(
        tmp_path / "records", classes=("0", "1"), train=grown, validation=OLD["validation"]
    )

    with capture_logs() as said:
        warm(tmp_path / "records", tmp_path, live)

    (told,) = [one["event"] for one in said if "training anew is better" in one["event"]]
    assert told.startswith("12 training images are new since the live model, 20.0% of the 60 ")


def test_a_model_that_knows_what_is_held_out_is_refused(live: Path, tmp_path: Path) -> None:
    write_records(
        tmp_path / "records",
        classes=("0", "1"),
        train=OLD["validation"],
        validation=OLD["train"],
    )

    with pytest.raises(DataError, match=r"it learned from 60 of 60.*preprocess.splits_from"):
        warm(tmp_path / "records", tmp_path, live)


@pytest.mark.parametrize(
    ("changes", "settings", "said"),
    [
        ({"image_size": 16}, {}, "its image_size is 8, and that of the records is 16"),
        ({"channels": 3}, {}, "its channels is 1, and that of the records is 3"),
        ({"resize_mode": "pad"}, {}, "its resize_mode is squash, and that of the records is pad"),
        (
            {"problem": "multi_label"},
            {},
            "it is for problem classification, and ingest.problem is multi_label",
        ),
        (
            {},
            {"backbone": "EfficientNetB0"},
            "it has no backbone, and train.backbone is EfficientNetB0",
        ),
    ],
)
def test_what_differs_is_refused_by_name(
    live: Path, tmp_path: Path, changes: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    write_records(tmp_path / "records", classes=("0", "1"), **OLD, **changes)

    with pytest.raises(SettingsError, match=said) as refused:
        warm(tmp_path / "records", tmp_path, live, **settings)

    assert "Set train.recipe to auto to train anew" in str(refused.value)


def test_another_positive_class_is_refused(linear: Callable[[str], Path], tmp_path: Path) -> None:
    now = KINDS["binary"] | {"about": {"positive_class": "0"}}
    write_records(tmp_path / "records", problem="binary", **now, **OLD)

    with pytest.raises(SettingsError, match=r"positive class is '1', and ingest.positive_class"):
        warm(tmp_path / "records", tmp_path, linear("binary"))


def test_a_bundle_from_before_says_how_to_get_one(live: Path, tmp_path: Path) -> None:
    write_records(tmp_path / "records", classes=("0", "1"), **OLD)
    models = go_live(live.parent / "model", tmp_path / "models", without=("model.keras",))

    with pytest.raises(DataError, match=r"none of model\.keras: it was exported before"):
        warm(tmp_path / "records", tmp_path, models)


def test_without_a_live_model_it_is_said_before_anything_runs(tmp_path: Path) -> None:
    write_records(tmp_path / "records", classes=("0", "1"), **OLD)

    with pytest.raises(UserError, match="expected a live model to start from, received none"):
        run(tmp_path / "records", tmp_path, recipe="warm_start")
    with pytest.raises(SettingsError, match="no version is live there yet"):
        warm(tmp_path / "records", tmp_path, tmp_path / "models")
