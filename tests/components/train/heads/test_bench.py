"""Heads trained in a graph that others were trained in before."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.problems import problem_of

pytestmark = pytest.mark.slow
QUESTIONS = problem_of("classification").training
NUM_FEATURES, NUM_CLASSES = 12, 3


class Ended(Exception):
    """Somebody saw enough."""


def train(folder: Path, run: Any = None, *, units: int, end: bool = False, **changes: Any) -> Any:
    """Train a head on noise with some sense in it; return its progress and its weights."""
    import keras

    from components.train.fitting.checkpoints import NoCheckpoints, Progress, values_of
    from components.train.fitting.examples import (
        InMemory,
        Order,
        training_batches,
        validation_batches,
    )
    from components.train.fitting.fit import Phase, fit
    from components.train.networks import HeadShape, head

    random = np.random.default_rng(0)
    labels = np.arange(90) % NUM_CLASSES
    features = random.standard_normal((90, NUM_FEATURES)).astype(np.float32)
    features[np.arange(90), labels] += 1
    known, held_out = InMemory(features[:60], labels[:60]), InMemory(features[60:], labels[60:])
    parse: Any = None
    order = Order(parse, QUESTIONS, NUM_CLASSES, batch_size=16, seed=7, class_weights=(1.0,) * 3)
    given = {"learning_rate": 0.01, "weight_decay": 0.001, "dropout": 0.2, **changes}
    dropout = given.pop("dropout")
    keras.utils.set_random_seed(7)
    shape = HeadShape(QUESTIONS, NUM_CLASSES, hidden_units=units, dropout=dropout)
    top = head((NUM_FEATURES,), shape)

    def show(progress: Progress) -> None:
        if end and len(progress.history) == 2:
            raise Ended

    progress, _ = (run or fit)(
        top,
        Phase("head", epochs=5, patience=5, label_smoothing=0.0, seed=7, **given),
        training=lambda epoch: training_batches(known, order, first_epoch=epoch),
        validation=validation_batches(held_out, order, batch_size=256),
        learning=QUESTIONS,
        checkpoints=NoCheckpoints(folder, show),
        logs=folder / "logs",
    )
    return progress, values_of(top.weights)


def test_a_head_on_the_bench_is_the_one_trained_on_its_own_bit_by_bit(tmp_path: Path) -> None:
    from components.train.heads.bench import Bench

    bench = Bench()
    train(tmp_path, bench.fit, units=0)
    with pytest.raises(Ended):
        train(tmp_path, bench.fit, units=0, end=True, dropout=0.4)
    changed: dict[str, Any] = {"learning_rate": 0.05, "weight_decay": 0.1, "dropout": 0.55}

    for units, schedule in ((0, "cosine"), (8, "cosine"), (8, "plateau")):
        asked: dict[str, Any] = {"units": units, "schedule": schedule}
        train(tmp_path, bench.fit, **asked)
        (own, weights), (reused, of_bench) = (
            train(tmp_path, run, **asked, **changed) for run in (None, bench.fit)
        )

        assert own.history == reused.history
        assert all(np.array_equal(a, b) for a, b in zip(weights, of_bench, strict=True))
