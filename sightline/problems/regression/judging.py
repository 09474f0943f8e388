"""How far numbers are off, and what else is said about one number an image."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from sightline.ground.errors import DataError, shorten
from sightline.ground.ports import Metadata
from sightline.problems.judging import Card, Champion, Measured, Mistake, Rules, Subject
from sightline.problems.judging import Judging as Questions
from sightline.problems.regression.evaluation import page as pages
from sightline.problems.regression.evaluation.assess import assess, measured
from sightline.problems.regression.evaluation.champion import compare
from sightline.problems.regression.evaluation.figures import measure
from sightline.problems.regression.evaluation.info import NumberPredictions, RegressionInfo
from sightline.problems.regression.scale import Scale
from sightline.problems.regression.serving import Number
from sightline.problems.serving import Arrays
from sightline.stage.formats.evaluation import Comparison, EvaluationInfo, Figure, Predictions
from sightline.stage.report.page import Cell, Page

WORST_RANGES = 3


class Judging(Questions[NumberPredictions]):
    """One number for every image; an answer is a number in the user's unit."""

    info = RegressionInfo
    graded = True

    @cached_property
    def scale(self) -> Scale:
        """What is known of the training images' numbers."""
        return Scale.of(self.about)

    def answers(self, outputs: Arrays, ids: Sequence[str]) -> list[float]:
        values = np.asarray(outputs["value"], np.float64).reshape(-1)
        wrong = [id for id, value in zip(ids, values, strict=True) if not np.isfinite(value)]
        if wrong:
            raise DataError(
                f"expected a finite number per image, received none for {shorten(wrong)}. Train "
                "again with a lower train.learning_rate."
            )
        found: list[float] = values.tolist()
        return found

    def wrongness(self, truth: Sequence[Any], answers: Sequence[Any]) -> list[float | None]:
        """Return how far an answer is off where that is beyond the tolerance."""
        tolerance = self.scale.tolerance
        sizes = np.abs(np.asarray(answers, np.float64) - np.asarray(truth, np.float64))
        return [float(size) if size > tolerance else None for size in sizes]

    def collect(
        self, common: Predictions, truth: Sequence[Any], answers: Sequence[Any]
    ) -> NumberPredictions:
        return NumberPredictions(
            **common.common(),
            truth=np.asarray(truth, np.float64),
            values=np.asarray(answers, np.float64),
        )

    def columns(self, predictions: NumberPredictions) -> dict[str, Any]:
        return {
            "truth": predictions.truth,
            "answer": predictions.values,
            "error": predictions.errors,
        }

    def from_columns(self, common: Predictions, table: pa.Table) -> NumberPredictions:
        truth, answers = (table.column(name).to_numpy() for name in ("truth", "answer"))
        return self.collect(common, truth, answers)

    def served(self, predictions: NumberPredictions, rows: Sequence[int]) -> list[Number]:
        unit = self.scale.unit
        return [Number(value=float(predictions.values[row]), unit=unit) for row in rows]

    def answered(
        self, predictions: NumberPredictions, rows: Sequence[int], answers: Sequence[Number]
    ) -> NumberPredictions:
        some = predictions.of_rows(rows)
        return self.collect(some, some.truth.tolist(), [one.value for one in answers])

    def truths(self, predictions: NumberPredictions, rows: Sequence[int]) -> list[str]:
        return [self.scale.exact(float(predictions.truth[row])) for row in rows]

    def errors(
        self,
        predictions: NumberPredictions,
        rows: Sequence[int],
        answers: Sequence[Number],
        classes: Sequence[str],
    ) -> list[float | None]:
        return [
            abs(answer.value - float(predictions.truth[row]))
            if answer.unit == self.scale.unit
            else None
            for row, answer in zip(rows, answers, strict=True)
        ]

    def explained(self, answer: Any, truth: Any) -> tuple[int, float]:
        return 0, 1.0

    def compare(
        self, predictions: NumberPredictions, champion: Champion, rules: Rules
    ) -> Comparison:
        return compare(predictions, champion, self.scale, rules)

    def assess(
        self,
        predictions: NumberPredictions,
        *,
        subject: Subject,
        champion: Comparison,
        rules: Rules,
    ) -> EvaluationInfo:
        return assess(predictions, self.scale, subject=subject, champion=champion, rules=rules)

    def measured(self, predictions: NumberPredictions, rules: Rules) -> Measured:
        return measured(predictions, self.scale, rules)

    def figures(self, predictions: NumberPredictions, rules: Rules) -> dict[str, Figure]:
        return measure(predictions, self.scale, rules)

    def summary(self, info: RegressionInfo) -> dict[str, Cell]:
        return pages.summary(info, self.scale)

    def show(self, page: Page, info: RegressionInfo, mistakes: Sequence[Mistake]) -> None:
        pages.show(page, info, self.scale, mistakes)

    def outline(self, page: Page, info: RegressionInfo) -> None:
        pages.show_answers(page, info, front=False)

    def card(self, info: RegressionInfo) -> Card:
        scale = self.scale
        measured = [one for one in info.ranges if one.mean_absolute_error.value is not None]
        worst = sorted(measured, key=lambda one: -(one.mean_absolute_error.value or 0.0))
        return Card(
            task="image-regression",
            purpose=f"Says one number for a photo: {scale.titled}.",
            figure=("mae", info.metrics["mean_absolute_error"].value),
            baseline=(
                f"mean absolute error of always {scale.exact(info.baseline)}",
                info.baseline_error,
            ),
            caveat="It says a number for every image, also for images of something else. It was "
            f"trained on numbers from {scale.exact(info.lowest)} to "
            f"{scale.exact(info.highest)} and guesses beyond.",
            limits=[
                f"{one.value}: off by {scale.text(one.mean_absolute_error.value or 0.0)} on "
                f"average, {one.num_images} test images"
                for one in worst[:WORST_RANGES]
            ],
        )

    def metrics(self, info: RegressionInfo) -> Metadata:
        return {"baseline_error": info.baseline_error}
