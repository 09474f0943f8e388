"""Whole sets that are right, and F1 per label."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from sightline.ground.errors import DataError
from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.problems.conditions import at_least, decide, shown
from sightline.problems.intervals import paired, wilson
from sightline.problems.judging import Card, Champion, Mistake, Rules, Subject
from sightline.problems.judging import Judging as Questions
from sightline.problems.serving import Arrays
from sightline.stage.formats.evaluation import (
    Booleans,
    Comparison,
    EvaluationInfo,
    Figure,
    Floats,
    Predictions,
)
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Cell, Page

from .serving import THRESHOLD, LabelSet, Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPredictions(Predictions):
    """What the model says about every test image."""

    truth: Booleans
    """Which labels an image has [n, classes]."""
    probabilities: Floats

    @property
    def prediction(self) -> Booleans:
        return np.asarray(self.probabilities >= THRESHOLD)

    @property
    def correct(self) -> Booleans:
        return np.asarray((self.prediction == self.truth).all(axis=1))


class Judging(Questions[SetPredictions]):
    """Any number of classes for every image; an answer is its row of probabilities."""

    def answers(self, outputs: Arrays, ids: Sequence[str]) -> list[Floats]:
        rows = outputs["probabilities"].astype(np.float64)
        if not ((rows >= 0) & (rows <= 1)).all():
            raise DataError("expected probabilities between 0 and 1. Train again.")
        return list(rows)

    def wrongness(self, truth: Sequence[Any], answers: Sequence[Any]) -> list[float | None]:
        """Return how far the farthest label is from what is true, where a label is wrong."""
        gaps = [np.abs(row - answer).max() for row, answer in zip(truth, answers, strict=True)]
        return [float(gap) if gap > THRESHOLD else None for gap in gaps]

    def collect(
        self, common: Predictions, truth: Sequence[Any], answers: Sequence[Any]
    ) -> SetPredictions:
        known = {field.name: getattr(common, field.name) for field in fields(Predictions)}
        return SetPredictions(
            **known, truth=np.asarray(truth, bool), probabilities=np.asarray(answers, np.float64)
        )

    def columns(self, predictions: SetPredictions) -> dict[str, Any]:
        return {
            "truth": list(predictions.truth),
            "probabilities": list(predictions.probabilities),
        }

    def from_columns(self, common: Predictions, table: pa.Table) -> SetPredictions:
        columns = (table.column(name).to_pylist() for name in ("truth", "probabilities"))
        return self.collect(common, *columns)

    def served(self, predictions: SetPredictions, rows: Sequence[int]) -> list[LabelSet]:
        chosen = predictions.probabilities[list(rows)].astype(np.float32)
        return Serving().read({"probabilities": chosen}, predictions.classes)

    def compare(self, predictions: SetPredictions, champion: Champion, rules: Rules) -> Comparison:
        rows = [row for row, id in enumerate(predictions.ids) if id in champion.answers]
        named = [
            {predictions.classes[at] for at in np.flatnonzero(predictions.truth[row])}
            for row in rows
        ]
        theirs = [set(champion.answers[predictions.ids[row]].labels) for row in rows]
        second = np.array([one == other for one, other in zip(named, theirs, strict=True)])
        result = paired(
            predictions.correct[rows],
            second,
            level=rules.confidence_level,
            samples=rules.bootstrap_samples,
            seed=rules.seed,
        )
        return Comparison(
            outcome="compared",
            detail="All test images.",
            version=champion.version,
            num_images=len(rows),
            difference=result.difference,
            verdict=result.verdict,
        )

    def assess(
        self,
        predictions: SetPredictions,
        *,
        subject: Subject,
        champion: Comparison,
        rules: Rules,
    ) -> EvaluationInfo:
        count = len(predictions.ids)
        exact = wilson(int(predictions.correct.sum()), count, level=rules.confidence_level)
        hits = (predictions.truth & predictions.prediction).sum(axis=0)
        total = predictions.truth.sum(axis=0) + predictions.prediction.sum(axis=0)
        macro = Figure(value=float(np.mean(2 * hits / np.maximum(total, 1))))
        checks = (at_least("exact match", exact, rules.min_accuracy, f"It is {shown(exact)}"),)
        return EvaluationInfo(
            problem="multi_label",
            headline=(
                HeadlineFigure(name="macro_f1", label="Macro F1", value=macro.value),
                HeadlineFigure(
                    name="exact_match",
                    label="Sets wholly right",
                    value=exact.value,
                    low=exact.low,
                    high=exact.high,
                ),
            ),
            decision=decide(checks),
            checks=checks,
            model_sha256=subject.model_sha256,
            dataset_fingerprint=subject.dataset_fingerprint,
            classes=predictions.classes,
            num_images=count,
            confidence_level=rules.confidence_level,
            metrics={"macro_f1": macro, "exact_match": exact},
            champion=champion,
            notes=(),
        )

    def summary(self, info: EvaluationInfo) -> dict[str, Cell]:
        return {figure.label: figure.value for figure in info.headline}

    def show(self, page: Page, info: EvaluationInfo, mistakes: Sequence[Mistake]) -> None:
        page.thumbnails(
            [Thumbnail(item.pixels, f"{item.wrongness:.2f}", str(item.truth)) for item in mistakes]
        )

    def card(self, info: EvaluationInfo) -> Card:
        return Card(
            task="image-classification",
            purpose=f"Names any of {len(info.classes)} classes for a photo.",
            figure=("f1", info.metrics["macro_f1"].value),
            baseline=None,
            caveat="It knows no other classes.",
            limits=(),
        )
