"""Softmax over the classes, cross-entropy, accuracy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import DataError
from sightline.problems._costs.choice import Choice, is_right
from sightline.problems._costs.choosing import choose_by_table
from sightline.problems._costs.choosing_threshold import choose_threshold
from sightline.problems._costs.costs import COSTS, Costs
from sightline.problems._costs.threshold import REJECT_BELOW
from sightline.problems._figures.calibration import expected_error
from sightline.problems.classification.linear import LogisticRegression
from sightline.problems.linear import LinearModel
from sightline.problems.training import Array, Decided, Objective
from sightline.problems.training import Training as Questions
from sightline.stage.formats.records import RecordsInfo, Split

if TYPE_CHECKING:
    import keras


class Training(Questions):
    """One class for every image."""

    figures = ("accuracy",)
    mixes = True

    def check(self, info: RecordsInfo) -> None:
        present = [name for name, count in info.counts["train"].items() if count]
        if len(present) < 2:
            raise DataError(
                "expected training images of two classes or more; received "
                f"{info.num_images('train'):,} images of {', '.join(present) or 'none'}. "
                "Add images of another class."
            )

    def last_layers(self, num_classes: int) -> "list[keras.layers.Layer]":
        import keras

        # Random starts would stay in the directions that few images cannot correct.
        return [
            keras.layers.Dense(
                num_classes,
                activation="softmax",
                kernel_initializer="zeros",
                name="probabilities",
            )
        ]

    def objective(self, *, label_smoothing: float) -> Objective:
        import keras

        return Objective(
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        )

    def goals(self, targets: Any, num_classes: int) -> Any:
        import tensorflow as tf

        return tf.one_hot(targets, num_classes)

    def weights(self, targets: Any, class_weights: Any) -> Any:
        import tensorflow as tf

        if not self.weighs:
            return super().weights(targets, class_weights)
        return tf.gather(class_weights, targets)

    def linear_model(self) -> LinearModel:
        return LogisticRegression()

    costs: tuple[str, ...] = ("rejection_cost", "cost_table")

    def decide(
        self, answers: Array, goals: Array, classes: Sequence[str], costs: Costs, *, seed: int
    ) -> Decided:
        """Choose below which probability an answer is left to a person (Chow, 1970).

        A wrong answer costs 1, an image that is left to a person its share of that. With a table
        the class of least expected cost is named.
        """
        if costs.table is not None:
            truth = Choice().index(goals)
            return choose_by_table(truth, answers, costs.table, seed=seed)
        if not costs.rejection:
            return Decided()
        right, confidence = is_right(answers, goals), Choice().sureness(answers)
        of_answers = Costs(miss=costs.rejection, false_alarm=1 - costs.rejection)
        found = choose_threshold(right, confidence, of_answers, seed=seed)
        about = {REJECT_BELOW: found.value, COSTS: costs.document()}
        return Decided(about, [("any answer", found.value, found.reason)])

    def calibration_error(self, answers: Any, goals: Any) -> float:
        return expected_error(Choice().sureness(answers), is_right(answers, goals))

    def chance(self, info: RecordsInfo) -> dict[str, float]:
        split: Split = "validation" if info.num_images("validation") else "train"
        counts = info.counts[split].values()
        return {"accuracy": max(counts) / sum(counts)}
