"""Precision, recall and what else is said about yes and no."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sightline.ground.errors import DataError
from sightline.ground.ports import Metadata
from sightline.problems._costs.costs import Costs
from sightline.problems._costs.threshold import threshold_of
from sightline.problems._figures.named import errors_of_names
from sightline.problems._figures.viewers import classification_metadata
from sightline.problems._pages.confusion import confusion_cells
from sightline.problems.binary import page as pages
from sightline.problems.binary.assess import assess, figures_of, measured
from sightline.problems.binary.champion import compare
from sightline.problems.binary.info import BinaryInfo, BinaryPredictions
from sightline.problems.binary.serving import Decided, Serving
from sightline.problems.binary.targets import SETTING
from sightline.problems.judging import Card, Champion, ImageCell, Measured, Mistake, Rules, Subject
from sightline.problems.judging import Judging as Questions
from sightline.problems.serving import Arrays
from sightline.stage.formats.evaluation import (
    Comparison,
    EvaluationInfo,
    Figure,
    Predictions,
)
from sightline.stage.report.page import Cell, Page


class Judging(Questions[BinaryPredictions]):
    """Yes or no for every image; an answer is the probability of the positive class."""

    info = BinaryInfo

    def answers(self, outputs: Arrays, ids: Sequence[str]) -> list[Any]:
        values = np.asarray(outputs["probabilities"], dtype=np.float64).ravel()
        sound = (values >= 0) & (values <= 1)
        if not sound.all():
            at = int(np.argmin(sound))
            raise DataError(
                f"expected a probability from 0 to 1; received {values[at]:.4g} for image "
                f"{ids[at]}. Train again with a lower train.learning_rate, and end the model in a "
                "sigmoid."
            )
        return list(values)

    def wrongness(self, truth: Sequence[Any], answers: Sequence[Any]) -> list[float | None]:
        """Return how far the probability is from the truth, where the answer is wrong."""
        threshold = threshold_of(self.about)
        return [
            abs(float(value) - float(true)) if (value >= threshold) != bool(true) else None
            for true, value in zip(truth, answers, strict=True)
        ]

    def collect(
        self, common: Predictions, truth: Sequence[Any], answers: Sequence[Any]
    ) -> BinaryPredictions:
        positive = common.classes.index(self.about[SETTING])
        chances = np.asarray(answers, dtype=np.float64)
        columns = [1 - chances, chances] if positive else [chances, 1 - chances]
        return BinaryPredictions(
            **common.common(),
            truth=np.where(np.asarray(truth, dtype=bool), positive, 1 - positive),
            probabilities=np.stack(columns, axis=1),
            positive=positive,
            threshold=threshold_of(self.about),
        )

    def columns(self, predictions: BinaryPredictions) -> dict[str, Any]:
        named = np.array(predictions.classes, dtype=object)
        return {
            "truth": named[predictions.truth],
            "prediction": named[predictions.prediction],
            "probability": predictions.scores,
        }

    def from_columns(self, common: Predictions, table: pa.Table) -> BinaryPredictions:
        truth = [name == self.about[SETTING] for name in table.column("truth").to_pylist()]
        return self.collect(common, truth, table.column("probability").to_pylist())

    def served(self, predictions: BinaryPredictions, rows: Sequence[int]) -> list[Decided]:
        chosen = predictions.scores[list(rows)].astype(np.float32)
        return Serving(self.about).read({"probabilities": chosen}, predictions.classes)

    def answered(
        self, predictions: BinaryPredictions, rows: Sequence[int], answers: Sequence[Decided]
    ) -> BinaryPredictions:
        some = predictions.of_rows(rows)
        return self.collect(some, some.is_positive.tolist(), [one.probability for one in answers])

    def errors(
        self,
        predictions: BinaryPredictions,
        rows: Sequence[int],
        answers: Sequence[Decided],
        classes: Sequence[str],
    ) -> list[float | None]:
        return errors_of_names(self.truths(predictions, rows), answers, classes)

    def explained(self, answer: Any, truth: Any) -> tuple[int, float]:
        return 0, 1.0 if float(answer) >= threshold_of(self.about) else -1.0

    def cells(self, predictions: BinaryPredictions) -> list[ImageCell]:
        named = predictions.prediction
        sure = predictions.probabilities[np.arange(len(named)), named]
        return confusion_cells(predictions.truth, named, sure, predictions.classes)

    def compare(
        self, predictions: BinaryPredictions, champion: Champion, rules: Rules
    ) -> Comparison:
        return compare(predictions, champion, rules)

    def assess(
        self,
        predictions: BinaryPredictions,
        *,
        subject: Subject,
        champion: Comparison,
        rules: Rules,
    ) -> EvaluationInfo:
        return assess(
            predictions,
            subject=subject,
            champion=champion,
            rules=rules,
            costs=Costs.of(self.about),
        )

    def measured(self, predictions: BinaryPredictions, rules: Rules) -> Measured:
        return measured(predictions, rules)

    def figures(self, predictions: BinaryPredictions, rules: Rules) -> dict[str, Figure]:
        return figures_of(predictions, rules)

    def summary(self, info: BinaryInfo) -> dict[str, Cell]:
        return pages.summary(info)

    def show(self, page: Page, info: BinaryInfo, mistakes: Sequence[Mistake]) -> None:
        pages.show(page, info, mistakes)

    def outline(self, page: Page, info: BinaryInfo) -> None:
        pages.outline(page, info)

    def card(self, info: BinaryInfo) -> Card:
        share = next(one for one in info.per_class if one.name == info.positive_class)
        others = info.num_images - share.support
        figures = info.metrics
        return Card(
            task="image-classification",
            purpose=f"Says how likely a photo is of '{info.positive_class}' rather than the other "
            f"class; from {info.threshold:g} on it names it.",
            figure=("f1", figures["f1"].value),
            baseline=("share of the positive class", share.support / info.num_images),
            caveat="It names one of its two classes for every image, also for images of something "
            "else.",
            limits=[
                f"finds {recall:.1%} of {share.support:,} test images of '{info.positive_class}'"
                for recall in [figures["recall"].value]
                if recall is not None
            ]
            + [
                f"takes {1 - kept:.1%} of {others:,} others for it"
                for kept in [figures["specificity"].value]
                if kept is not None
            ],
        )

    def metrics(self, info: BinaryInfo) -> Metadata:
        return {"chance_level": info.chance_level, "threshold": info.threshold}

    def classification(self, info: BinaryInfo) -> Metadata:
        return classification_metadata(info.classes, info.confusion_matrix, info.roc_curve)
