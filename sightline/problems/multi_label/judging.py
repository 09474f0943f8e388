"""Whether the right names are given to an image, each and all of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sightline.ground.errors import DataError
from sightline.ground.ports import Metadata
from sightline.ground.source.words import BETWEEN_LABELS
from sightline.problems._costs.costs import Costs
from sightline.problems._costs.threshold import is_true, thresholds_of
from sightline.problems.judging import Card, Champion, ImageCell, Measured, Mistake, Rules, Subject
from sightline.problems.judging import Judging as Questions
from sightline.problems.multi_label.evaluation import page as pages
from sightline.problems.multi_label.evaluation.assess import assess, figures_of, measured
from sightline.problems.multi_label.evaluation.cells import label_cells
from sightline.problems.multi_label.evaluation.champion import compare
from sightline.problems.multi_label.evaluation.info import SetInfo, SetPredictions
from sightline.problems.multi_label.evaluation.metrics import worst_label
from sightline.problems.multi_label.serving import LabelSet, Serving
from sightline.problems.serving import Arrays
from sightline.stage.arrays import Floats
from sightline.stage.formats.evaluation import Comparison, EvaluationInfo, Figure, Predictions
from sightline.stage.report.page import Cell, Page

WORST_LABELS = 5


class Judging(Questions[SetPredictions]):
    """Any number of names for every image; an answer is its row of probabilities."""

    info = SetInfo

    def answers(self, outputs: Arrays, ids: Sequence[str]) -> list[Floats]:
        rows = np.asarray(outputs["probabilities"], dtype=np.float64)
        sound = ((rows >= 0) & (rows <= 1)).all(axis=1)
        if not sound.all():
            at = int(np.argmin(sound))
            raise DataError(
                "expected a probability from 0 to 1 for every label; received "
                f"{np.round(rows[at][:5], 4).tolist()} for image {ids[at]}. Train again with a "
                "lower train.learning_rate, and end the model in a sigmoid per label."
            )
        return list(rows)

    def wrongness(self, truth: Sequence[Any], answers: Sequence[Any]) -> list[float | None]:
        """Return how far the worst label is from the truth, where a label is wrong."""
        true, given = is_true(truth), np.asarray(answers)
        wrong = (given >= np.array(thresholds_of(self.about, given.shape[1]))) != true
        gaps = np.where(wrong, np.abs(given - true), 0.0).max(axis=1)
        return [
            float(gap) if any_wrong else None
            for gap, any_wrong in zip(gaps, wrong.any(axis=1), strict=True)
        ]

    def collect(
        self, common: Predictions, truth: Sequence[Any], answers: Sequence[Any]
    ) -> SetPredictions:
        return SetPredictions(
            **common.common(),
            truth=is_true(truth),
            probabilities=np.asarray(answers, dtype=np.float64),
            thresholds=np.array(thresholds_of(self.about, len(common.classes))),
        )

    def columns(self, predictions: SetPredictions) -> dict[str, Any]:
        truth, given = predictions.truth, predictions.prediction
        return {
            "truth": self._texts(predictions, truth),
            "prediction": self._texts(predictions, given),
            "missed": self._texts(predictions, truth & ~given),
            "wrongly_named": self._texts(predictions, given & ~truth),
            "true_labels": pa.array(self._names(predictions, truth), pa.list_(pa.string())),
            "probabilities": list(predictions.probabilities),
        }

    def from_columns(self, common: Predictions, table: pa.Table) -> SetPredictions:
        flat = table.column("probabilities").combine_chunks().flatten().to_numpy()
        sets = table.column("true_labels").to_pylist()
        truth = [[name in names for name in common.classes] for names in map(set, sets)]
        return self.collect(common, truth, flat.reshape(table.num_rows, len(common.classes)))

    def served(self, predictions: SetPredictions, rows: Sequence[int]) -> list[LabelSet]:
        chosen = predictions.probabilities[list(rows)].astype(np.float32)
        return Serving(self.about).read({"probabilities": chosen}, predictions.classes)

    def answered(
        self, predictions: SetPredictions, rows: Sequence[int], answers: Sequence[LabelSet]
    ) -> SetPredictions:
        some = predictions.of_rows(rows)
        return self.collect(some, some.truth.tolist(), [one.probabilities for one in answers])

    def errors(
        self,
        predictions: SetPredictions,
        rows: Sequence[int],
        answers: Sequence[LabelSet],
        classes: Sequence[str],
    ) -> list[float | None]:
        """Return how many labels are wrong, of those that both know."""
        shared = set(classes) & set(predictions.classes)
        sets = self._names(predictions, predictions.truth[list(rows)])
        return [
            float(len((set(truth) ^ set(answer.labels)) & shared))
            for truth, answer in zip(sets, answers, strict=True)
        ]

    def cells(self, predictions: SetPredictions) -> list[ImageCell]:
        return label_cells(predictions)

    def explained(self, answer: Any, truth: Any) -> tuple[int, float]:
        """Return the worst label: why it is named wrongly, or missed."""
        true = is_true(truth)
        at = worst_label(answer, true, np.array(thresholds_of(self.about, len(true))))
        return at, -1.0 if true[at] else 1.0

    def compare(self, predictions: SetPredictions, champion: Champion, rules: Rules) -> Comparison:
        return compare(predictions, champion, rules)

    def assess(
        self,
        predictions: SetPredictions,
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

    def measured(self, predictions: SetPredictions, rules: Rules) -> Measured:
        return measured(predictions, rules)

    def figures(self, predictions: SetPredictions, rules: Rules) -> dict[str, Figure]:
        return figures_of(predictions, rules)

    def summary(self, info: SetInfo) -> dict[str, Cell]:
        return pages.summary(info)

    def show(self, page: Page, info: SetInfo, mistakes: Sequence[Mistake]) -> None:
        pages.show(page, info, mistakes)

    def outline(self, page: Page, info: SetInfo) -> None:
        pages.show_labels(page, info)

    def card(self, info: SetInfo) -> Card:
        measured = [part for part in info.per_class if part.f1.value is not None]
        weakest = sorted(measured, key=lambda part: part.f1.value or 0.0)[:WORST_LABELS]
        return Card(
            task="image-classification",
            purpose=f"Gives a photo any number of {len(info.classes)} names, those with a "
            f"probability of {_said(info)} or more.",
            figure=("f1", info.metrics["macro_f1"].value),
            baseline=("chance level of mean average precision", info.chance_level),
            caveat="It knows no other names, and an image without any of them gets none or a "
            "wrong one.",
            limits=[
                f"{part.name}: finds {part.found:,} of {part.support:,} test images, names "
                f"{part.wrongly_named:,} wrongly"
                for part in weakest
            ],
        )

    def metrics(self, info: SetInfo) -> Metadata:
        return {"chance_level": info.chance_level, "threshold": info.threshold}

    def _names(self, predictions: SetPredictions, sets: Any) -> list[list[str]]:
        return [[predictions.classes[at] for at in np.flatnonzero(row)] for row in sets]

    def _texts(self, predictions: SetPredictions, sets: Any) -> list[str]:
        return [BETWEEN_LABELS.join(names) for names in self._names(predictions, sets)]


def _said(info: SetInfo) -> str:
    return "their own threshold" if info.thresholds else f"{info.threshold:g}"
