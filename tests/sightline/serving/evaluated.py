"""Answers of a running server beside those that evaluate noted, on the same original files."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from sightline.problems import problem_of
from sightline.problems.classification.evaluation.info import ClassificationInfo, ClassPredictions
from sightline.stage.formats import evaluation
from sightline.stage.formats.dataset import read_examples

TOGETHER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How close a server's answers to the whole test split come to evaluate's."""

    num_images: int
    same_class: float
    """Share of images of which both name the same class."""
    largest_difference: float
    """Of any probability."""


def compare_with_evaluation(address: str, name: str, dataset: Path, folder: Path) -> Compared:
    """Ask a server about every image of an evaluation's test split."""
    info = evaluation.read_info(folder, ClassificationInfo)
    expected = problem_of(info.problem).judging.read_predictions(folder, info)
    assert isinstance(expected, ClassPredictions)
    place = {id: row for row, id in enumerate(expected.ids)}
    examples = list(read_examples(dataset, ids=set(place)))
    received = ask(address, name, [example.image for example in examples])
    wanted = expected.probabilities[[place[example.id] for example in examples]]
    return Compared(
        num_images=len(examples),
        same_class=float((received.argmax(axis=1) == wanted.argmax(axis=1)).mean()),
        largest_difference=float(np.abs(received - wanted).max()),
    )


def ask(address: str, name: str, images: Sequence[bytes]) -> "np.ndarray[tuple[int, int]]":
    """The probabilities that a server answers, several images a request."""
    rows = []
    with httpx.Client(base_url=address, timeout=60) as client:
        for start in range(0, len(images), TOGETHER):
            instances = [
                {"b64": base64.b64encode(image).decode()}
                for image in images[start : start + TOGETHER]
            ]
            response = client.post(f"/v1/models/{name}:predict", json={"instances": instances})
            rows += response.raise_for_status().json()["predictions"]
    return np.array([row["probabilities"] for row in rows])
