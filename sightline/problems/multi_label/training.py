"""A sigmoid per class: each name is a question of its own, answered yes or no."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import DataError
from sightline.problems._costs.choosing_threshold import choose_threshold
from sightline.problems._costs.costs import COSTS, Costs
from sightline.problems._costs.threshold import OF_EACH, THRESHOLD, is_true
from sightline.problems._figures.calibration import expected_error
from sightline.problems.binary.linear import OneVersusRest
from sightline.problems.training import Array, Decided, Objective
from sightline.problems.training import Training as Questions
from sightline.stage.formats.records import RecordsInfo

if TYPE_CHECKING:
    import keras


class Training(Questions):
    """Any number of names for every image."""

    figures = ("macro_f1",)
    mixes = True
    # An image stands for all of its labels, rare and common: its weight would raise the
    # probabilities of both, which the threshold takes as they are.
    weighs = False

    def check(self, info: RecordsInfo) -> None:
        present = info.occurrences("train")
        if not any(present[name] for name in info.classes):
            raise DataError(
                "expected training images with a label; received "
                f"{info.num_images('train'):,} images without one. Add images with labels."
            )

    def last_layers(self, num_classes: int) -> "list[keras.layers.Layer]":
        import keras

        # Softmax would have the names compete: two true ones could reach 0.5 each at most.
        return [
            keras.layers.Dense(
                num_classes,
                activation="sigmoid",
                kernel_initializer="zeros",
                name="probabilities",
            )
        ]

    def objective(self, *, label_smoothing: float) -> Objective:
        import keras

        return Objective(
            loss=keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing),
            metrics=[keras.metrics.F1Score(average="macro", threshold=THRESHOLD, name="macro_f1")],
        )

    def goals(self, targets: Any, num_classes: int) -> Any:
        return targets

    def linear_model(self) -> OneVersusRest:
        return OneVersusRest()

    costs = ("miss_cost", "false_alarm_cost")

    def decide(
        self, answers: Array, goals: Array, classes: Sequence[str], costs: Costs, *, seed: int
    ) -> Decided:
        if costs.miss == costs.false_alarm:
            return Decided()
        found = [
            choose_threshold(is_true(goals[:, at]), answers[:, at], costs, seed=seed)
            for at in range(len(classes))
        ]
        about = {OF_EACH: [one.value for one in found], COSTS: costs.document()}
        rows = [(name, one.value, one.reason) for name, one in zip(classes, found, strict=True)]
        return Decided(about, rows)

    def calibration_error(self, answers: Any, goals: Any) -> float:
        """Return it over all pairs of an image and a label."""
        return expected_error(answers.ravel(), is_true(goals.ravel()))
