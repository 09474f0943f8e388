"""Answers of every kind of problem as rows, one shard after the other."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sightline.batch.items import Item
from sightline.batch.joining import Output, join
from sightline.batch.rows import Row, write_rows
from sightline.client.answers import Answer, NotRankedError, refused, to_answer
from sightline.problems import problem_of

CLASSES = ("dark", "light")
OF_CLASSES: dict[str, Any] = {
    "class_name": "light",
    "class_index": 1,
    "probabilities": [0.25, 0.75],
}
ANSWERS: dict[str, dict[str, Any]] = {
    "classification": OF_CLASSES | {"is_rejected": True, "reject_below": 0.9},
    "binary": {
        "class_name": "light",
        "class_index": 1,
        "positive_class": "light",
        "probability": 1,
        "threshold": 0.5,
    },
    "multi_label": {
        "labels": [],
        "label_probabilities": [],
        "probabilities": [0.25, 0.5],
        "thresholds": [0.3, 0.6],
    },
    "regression": {"value": 3, "unit": "mm"},
}


def answered(kind: str, content: dict[str, Any]) -> Answer:
    serving = problem_of(kind).serving
    return to_answer("a.png", serving.from_json(content), serving, CLASSES, 1)


def joined(folder: Path, *shards: Sequence[Answer]) -> Path:
    paths = []
    for number, answers in enumerate(shards):
        rows = [Row(Item(uri=answer.photo), "", answer) for answer in answers]
        paths.append(folder / f"{number}.parquet")
        write_rows(paths[-1], rows, example={}, columns=(), mark="")
    join(paths, Output(folder / "all.jsonl", "jsonl"))
    join(paths, Output(folder / "all.parquet", "parquet"))
    return folder / "all"


@pytest.mark.parametrize("kind", ANSWERS)
def test_answers_of_every_kind_beside_refusals_are_rows(kind: str, tmp_path: Path) -> None:
    answer = answered(kind, ANSWERS[kind])

    table = joined(tmp_path, [refused("b.png", "it is no image")], [answer])

    first, second = map(json.loads, table.with_suffix(".jsonl").read_text().splitlines())
    assert (first["answer"], first["error"]) == (None, "it is no image")
    assert {name: second[name] for name in answer.cells} == answer.cells


@pytest.mark.parametrize("kind", ["classification", "binary", "multi_label"])
def test_the_most_probable_classes_are_columns_by_rank(kind: str, tmp_path: Path) -> None:
    serving = problem_of(kind).serving
    answer = to_answer("a.png", serving.from_json(ANSWERS[kind]), serving, CLASSES, 1, top_k=2)

    row = pq.read_table(joined(tmp_path, [answer]).with_suffix(".parquet")).to_pylist()[0]

    assert [row["class_names.1"], row["class_names.2"]] == ["light", "dark"]
    assert (row["class_indices.1"], row["class_indices.2"]) == (1, 0)
    assert row["class_probabilities.1"] > row["class_probabilities.2"]
    assert "probabilities.light" not in row


def test_a_model_of_numbers_names_no_most_probable_class() -> None:
    serving = problem_of("regression").serving

    with pytest.raises(NotRankedError, match=r"--top-k.*answers with value and unit. Leave it out"):
        to_answer("a.png", serving.from_json(ANSWERS["regression"]), serving, (), 1, top_k=2)


def test_a_whole_number_beside_a_fraction_keeps_the_fraction(tmp_path: Path) -> None:
    def of(probability: float) -> Answer:
        return answered("binary", ANSWERS["binary"] | {"probability": probability})

    table = joined(tmp_path, [of(1)], [of(1), of(0.75)])

    column = pq.read_table(table.with_suffix(".parquet")).column("probability")
    assert (str(column.type), column.to_pylist()) == ("double", [1.0, 1.0, 0.75])
