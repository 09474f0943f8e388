"""One sigmoid, binary cross-entropy, accuracy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import DataError, shorten
from sightline.problems._costs.choosing_threshold import choose_threshold
from sightline.problems._costs.costs import COSTS, Costs
from sightline.problems._costs.threshold import OF_ONE, THRESHOLD, is_true
from sightline.problems._figures.calibration import expected_error
from sightline.problems.about import About
from sightline.problems.binary.linear import OneVersusRest
from sightline.problems.binary.targets import SETTING
from sightline.problems.classification.training import Training as OneClass
from sightline.problems.training import Array, Decided, Objective
from sightline.stage.formats.records import RecordsInfo

if TYPE_CHECKING:
    import keras


class Training(OneClass):
    """Whether an image is of the positive class."""

    # A weight for the rarer class would raise its probability above its share, and whoever asks
    # for a probability takes it for one.
    weighs = False

    def check(self, info: RecordsInfo) -> None:
        super().check(info)
        positive = info.about.get(SETTING, "")
        if len(info.classes) != 2 or positive not in info.classes:
            raise DataError(
                "expected two classes, one of them the positive one; received "
                f"{shorten(list(info.classes))} and '{positive}'. Set ingest.positive_class to one "
                "of two classes, or ingest.problem to classification."
            )

    def last_layers(self, num_classes: int) -> "list[keras.layers.Layer]":
        import keras

        return [
            keras.layers.Dense(
                1, activation="sigmoid", kernel_initializer="zeros", name="probabilities"
            )
        ]

    def differs(self, earlier: About) -> str:
        positive, before = self.about.get(SETTING, ""), earlier.get(SETTING, "")
        if positive == before:
            return ""
        return f"its positive class is '{before}', and ingest.positive_class is '{positive}'"

    def inherited(
        self,
        weights: Sequence[Array],
        *,
        classes: Sequence[str],
        earlier_classes: Sequence[str],
        earlier: About,
    ) -> list[Array]:
        """One answer, to the same positive class: it stays."""
        return list(weights)

    def objective(self, *, label_smoothing: float) -> Objective:
        import keras

        return Objective(
            loss=keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing),
            metrics=[keras.metrics.MeanMetricWrapper(agreement, name="accuracy")],
        )

    def goals(self, targets: Any, num_classes: int) -> Any:
        import tensorflow as tf

        return tf.cast(targets, tf.float32)[:, tf.newaxis]

    def linear_model(self) -> OneVersusRest:
        return OneVersusRest()

    costs = ("miss_cost", "false_alarm_cost", "cost_table")

    def decide(
        self, answers: Array, goals: Array, classes: Sequence[str], costs: Costs, *, seed: int
    ) -> Decided:
        if costs.table is not None:
            costs = costs.table.as_two(list(classes).index(str(self.about.get(SETTING))))
        if costs.miss == costs.false_alarm:
            return Decided()
        found = choose_threshold(is_true(goals.ravel()), answers.ravel(), costs, seed=seed)
        about = {OF_ONE: found.value, COSTS: costs.document()}
        return Decided(about, [(str(self.about.get(SETTING)), found.value, found.reason)])

    def calibration_error(self, answers: Any, goals: Any) -> float:
        return expected_error(answers.ravel(), is_true(goals.ravel()))


def agreement(truth: Any, answer: Any) -> Any:
    """Return 1.0 where answer and truth are of one side; truth is blended by mixup, too."""
    import keras

    same = (truth > THRESHOLD) == (answer > THRESHOLD)
    return keras.ops.mean(keras.ops.cast(same, "float32"), axis=-1)
