"""Accuracy and what else is said about one class an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sightline.ground.errors import DataError
from sightline.ground.ports import Metadata
from sightline.problems._costs.choice import Choice
from sightline.problems._figures.named import errors_of_names
from sightline.problems._figures.viewers import classification_metadata
from sightline.problems._pages.confusion import confusion_cells
from sightline.problems.classification.evaluation import page as pages
from sightline.problems.classification.evaluation.assess import assess, measured
from sightline.problems.classification.evaluation.champion import compare
from sightline.problems.classification.evaluation.info import ClassificationInfo, ClassPredictions
from sightline.problems.classification.evaluation.metrics import figures_of
from sightline.problems.classification.evaluation.page_classes import outline
from sightline.problems.classification.serving import Prediction, Serving
from sightline.problems.conditions import shown
from sightline.problems.judging import Card, Champion, ImageCell, Measured, Mistake, Rules, Subject
from sightline.problems.judging import Judging as Questions
from sightline.problems.serving import Arrays
from sightline.stage.arrays import Floats
from sightline.stage.formats.evaluation import Comparison, EvaluationInfo, Figure, Predictions
from sightline.stage.report.page import Cell, Page

# float32 softmax sums to 1 within 1e-6; logits and sigmoids are far off.
SUM_TOLERANCE = 1e-3
WORST_CLASSES = 5


class Judging(Questions[ClassPredictions]):
    """One class for every image; an answer is its row of probabilities."""

    info = ClassificationInfo

    def answers(self, outputs: Arrays, ids: Sequence[str]) -> list[Floats]:
        probabilities = np.asarray(outputs["probabilities"], dtype=np.float64)
        sums = probabilities.sum(axis=1)
        sound = np.isfinite(sums) & (probabilities.min(axis=1) >= 0)
        sound &= np.abs(sums - 1) <= SUM_TOLERANCE
        if not sound.all():
            bad = [name for name, fine in zip(ids, sound, strict=True) if not fine]
            first = np.round(probabilities[int(np.argmin(sound))][:5], 4).tolist()
            raise DataError(
                f"expected probabilities that sum to 1 per image; received {first} for image "
                f"{bad[0]}. Train again with a lower train.learning_rate, and end the model in "
                "softmax."
            )
        return list(probabilities / sums[:, np.newaxis])

    def wrongness(self, truth: Sequence[Any], answers: Sequence[Any]) -> list[float | None]:
        """Return the probability of the named class where that is not the true one."""
        choice, rows = Choice.of(self.about), np.asarray(answers)
        wrong = choice.index(rows) != np.asarray(truth)
        return [
            float(value) if is_wrong else None
            for value, is_wrong in zip(choice.sureness(rows), wrong, strict=True)
        ]

    def collect(
        self, common: Predictions, truth: Sequence[Any], answers: Sequence[Any]
    ) -> ClassPredictions:
        return ClassPredictions(
            **common.common(),
            truth=np.asarray(truth, dtype=np.int64),
            probabilities=np.asarray(answers, dtype=np.float64),
            choice=Choice.of(self.about),
        )

    def columns(self, predictions: ClassPredictions) -> dict[str, Any]:
        rows = np.arange(len(predictions.ids))
        probabilities = predictions.probabilities
        named = np.array(predictions.classes, dtype=object)
        return {
            "truth": named[predictions.truth],
            "prediction": named[predictions.prediction],
            "truth_probability": probabilities[rows, predictions.truth],
            "prediction_probability": predictions.confidence,
            "probabilities": list(probabilities),
        }

    def from_columns(self, common: Predictions, table: pa.Table) -> ClassPredictions:
        index = {name: number for number, name in enumerate(common.classes)}
        flat = table.column("probabilities").combine_chunks().flatten().to_numpy()
        truth = [index[name] for name in table.column("truth").to_pylist()]
        return self.collect(common, truth, flat.reshape(table.num_rows, len(common.classes)))

    def served(self, predictions: ClassPredictions, rows: Sequence[int]) -> list[Prediction]:
        chosen = predictions.probabilities[list(rows)].astype(np.float32)
        return Serving(self.about).read({"probabilities": chosen}, predictions.classes)

    def answered(
        self, predictions: ClassPredictions, rows: Sequence[int], answers: Sequence[Prediction]
    ) -> ClassPredictions:
        some = predictions.of_rows(rows)
        return self.collect(some, some.truth.tolist(), [one.probabilities for one in answers])

    def errors(
        self,
        predictions: ClassPredictions,
        rows: Sequence[int],
        answers: Sequence[Prediction],
        classes: Sequence[str],
    ) -> list[float | None]:
        return errors_of_names(self.truths(predictions, rows), answers, classes)

    def cells(self, predictions: ClassPredictions) -> list[ImageCell]:
        named, sure = predictions.prediction, predictions.confidence
        return confusion_cells(predictions.truth, named, sure, predictions.classes)

    def explained(self, answer: Any, truth: Any) -> tuple[int, float]:
        return int(Choice.of(self.about).index(answer)), 1.0

    def compare(
        self, predictions: ClassPredictions, champion: Champion, rules: Rules
    ) -> Comparison:
        return compare(predictions, champion, rules)

    def assess(
        self,
        predictions: ClassPredictions,
        *,
        subject: Subject,
        champion: Comparison,
        rules: Rules,
    ) -> EvaluationInfo:
        return assess(
            predictions, subject=subject, champion=champion, rules=rules, about=self.about
        )

    def measured(self, predictions: ClassPredictions, rules: Rules) -> Measured:
        return measured(predictions, rules)

    def figures(self, predictions: ClassPredictions, rules: Rules) -> dict[str, Figure]:
        return figures_of(predictions, rules)

    def summary(self, info: ClassificationInfo) -> dict[str, Cell]:
        return pages.summary(info)

    def show(self, page: Page, info: ClassificationInfo, mistakes: Sequence[Mistake]) -> None:
        pages.show(page, info, mistakes, Choice.of(self.about))

    def outline(self, page: Page, info: ClassificationInfo) -> None:
        outline(page, info)

    def card(self, info: ClassificationInfo) -> Card:
        measured = [part for part in info.per_class if part.recall.value is not None]
        weakest = sorted(measured, key=lambda part: part.recall.value or 0.0)[:WORST_CLASSES]
        return Card(
            task="image-classification",
            purpose=f"Names one of {len(info.classes)} classes for a photo.",
            figure=("accuracy", info.metrics["accuracy"].value),
            baseline=("chance level", info.chance_level),
            caveat="It names one of its classes for every image, also for images of something "
            "else.",
            limits=[
                f"{part.name}: finds {part.recall.value:.1%} of {part.support} test images"
                for part in weakest
            ]
            + _costs_told(info),
        )

    def metrics(self, info: ClassificationInfo) -> Metadata:
        return {"chance_level": info.chance_level}

    def classification(self, info: ClassificationInfo) -> Metadata:
        return classification_metadata(info.classes, info.confusion_matrix, info.roc_curve)


def _costs_told(info: ClassificationInfo) -> list[str]:
    """Say on the card that answers hang on costs, and what they come to."""
    costs = info.table_costs
    if costs is None:
        return []
    named = "the class of least expected cost" if costs.by_cost else "the likeliest class"
    left = f", leaving {shown(costs.rejected)} of the images to a person" if costs.rejecting else ""
    told = f"names {named} by a table of costs{left}: {shown(costs.cost)} an image"
    return [f"{told}; always naming the likeliest class comes to {shown(costs.usual)}"]
