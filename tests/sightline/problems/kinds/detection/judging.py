"""The share of things that are found where they are."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.problems._figures.intervals import wilson
from sightline.problems.conditions import at_least, decide, shown
from sightline.problems.judging import Card, Champion, Mistake, Rules, Subject
from sightline.problems.judging import Judging as Questions
from sightline.problems.serving import Arrays
from sightline.stage.formats.evaluation import (
    Comparison,
    EvaluationInfo,
    Predictions,
)
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Cell, Page

from .serving import SAME_THING, Things, find, overlap

Boxes = np.ndarray[Any, Any]
"""Edges, class and, in answers, score: as many rows as there are things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxPredictions(Predictions):
    """What the model finds in every test image: no table, each image has its own length."""

    per_image: ClassVar[tuple[str, ...]] = (*Predictions.per_image, "truth", "found")

    truth: tuple[Boxes, ...]
    found: tuple[Boxes, ...]


class Judging(Questions[BoxPredictions]):
    """A box and a class for every thing; an answer is the things of an image."""

    def answers(self, outputs: Arrays, ids: Sequence[str]) -> list[Boxes]:
        return [find(cells) for cells in outputs["cells"]]

    def wrongness(self, truth: Sequence[Any], answers: Sequence[Any]) -> list[float | None]:
        """Return how many things are missed."""
        missed = [
            len(hits) - sum(hits)
            for hits in (hits_of(row, answer) for row, answer in zip(truth, answers, strict=True))
        ]
        return [float(number) if number else None for number in missed]

    def collect(
        self, common: Predictions, truth: Sequence[Any], answers: Sequence[Any]
    ) -> BoxPredictions:
        known = {field.name: getattr(common, field.name) for field in fields(Predictions)}
        return BoxPredictions(
            **known,
            truth=tuple(row[row[:, 4] >= 0] for row in truth),
            found=tuple(np.asarray(answer) for answer in answers),
        )

    def columns(self, predictions: BoxPredictions) -> dict[str, Any]:
        kind = pa.list_(pa.list_(pa.float32()))
        return {
            name: pa.array([rows.tolist() for rows in getattr(predictions, name)], kind)
            for name in ("truth", "found")
        }

    def from_columns(self, common: Predictions, table: pa.Table) -> BoxPredictions:
        truth, found = (
            [
                np.array(rows, np.float32).reshape(-1, width)
                for rows in table.column(name).to_pylist()
            ]
            for name, width in (("truth", 5), ("found", 6))
        )
        return self.collect(common, truth, found)

    def served(self, predictions: BoxPredictions, rows: Sequence[int]) -> list[Things]:
        return [
            Things(
                boxes=found[:, :4].tolist(),
                classes=[predictions.classes[int(index)] for index in found[:, 4]],
                scores=found[:, 5].tolist(),
            )
            for found in (predictions.found[row] for row in rows)
        ]

    def answered(
        self, predictions: BoxPredictions, rows: Sequence[int], answers: Sequence[Things]
    ) -> BoxPredictions:
        places = {name: place for place, name in enumerate(predictions.classes)}
        found = [
            np.array(
                [
                    (*box, places[name], score)
                    for box, name, score in zip(one.boxes, one.classes, one.scores, strict=True)
                ],
                np.float32,
            ).reshape(-1, 6)
            for one in answers
        ]
        some = predictions.of_rows(rows)
        return self.collect(some, some.truth, found)

    def compare(self, predictions: BoxPredictions, champion: Champion, rules: Rules) -> Comparison:
        return Comparison(outcome="failed", detail="Detectors are not compared yet.")

    def assess(
        self,
        predictions: BoxPredictions,
        *,
        subject: Subject,
        champion: Comparison,
        rules: Rules,
    ) -> EvaluationInfo:
        pairs = zip(predictions.truth, predictions.found, strict=True)
        hits = [hit for truth, found in pairs for hit in hits_of(truth, found)]
        recall = wilson(sum(hits), len(hits), level=rules.confidence_level)
        checks = (at_least("recall", recall, rules.min_accuracy, f"It is {shown(recall)}"),)
        return EvaluationInfo(
            problem="detection",
            headline=(
                HeadlineFigure(
                    name="recall_50",
                    label="Things found",
                    value=recall.value,
                    low=recall.low,
                    high=recall.high,
                ),
            ),
            decision=decide(checks),
            checks=checks,
            model_sha256=subject.model_sha256,
            dataset_fingerprint=subject.dataset_fingerprint,
            classes=predictions.classes,
            num_images=len(predictions.ids),
            confidence_level=rules.confidence_level,
            metrics={"recall_50": recall},
            champion=champion,
            notes=(),
        )

    def summary(self, info: EvaluationInfo) -> dict[str, Cell]:
        return {figure.label: figure.value for figure in info.headline}

    def show(self, page: Page, info: EvaluationInfo, mistakes: Sequence[Mistake]) -> None:
        page.thumbnails(
            [
                Thumbnail(item.pixels, f"{item.wrongness:.0f} missed", f"{len(item.answer)} found")
                for item in mistakes
            ]
        )

    def card(self, info: EvaluationInfo) -> Card:
        return Card(
            task="object-detection",
            purpose=f"Finds things of {len(info.classes)} classes in a photo.",
            figure=("recall", info.metrics["recall_50"].value),
            baseline=None,
            caveat="It finds no things of other classes.",
            limits=(),
        )


def hits_of(truth: Boxes, found: Boxes) -> list[bool]:
    """Tell for each true thing whether one of its class is found in its place."""
    return [
        any(one[4] == thing[4] and overlap(thing, one) >= SAME_THING for one in found)
        for thing in truth
        if thing[4] >= 0
    ]
