import json
from pathlib import Path

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.problems import problem_of
from sightline.problems.classification.evaluation.info import ClassificationInfo, ClassPredictions
from sightline.stage.formats.evaluation import (
    Comparison,
    Figure,
    read_info,
    write_info,
)
from tests.artifacts import read_predictions


def evaluation(folder: Path, num_images: int = 3) -> tuple[ClassificationInfo, ClassPredictions]:
    """Write an evaluation with a slice column that not every image has."""
    random = np.random.default_rng(1)
    predictions = ClassPredictions(
        ids=tuple(f"{index:064x}" for index in range(num_images)),
        uris=tuple(f"photos/ünï {index}.jpg" for index in range(num_images)),
        classes=("daisy", "rose"),
        truth=random.integers(0, 2, num_images),
        probabilities=random.dirichlet([1, 1], num_images),
        slices={"camera": tuple("a" if index else None for index in range(num_images))},
    )
    info = ClassificationInfo(
        headline=(HeadlineFigure(name="accuracy", label="Test accuracy", value=1 / 3),),
        decision="hold",
        checks=(),
        model_sha256="a" * 64,
        dataset_fingerprint="b" * 64,
        classes=predictions.classes,
        num_images=num_images,
        confidence_level=0.95,
        chance_level=0.5,
        metrics={
            "accuracy": Figure(value=1 / 3, low=0.1, high=0.7),
            "roc_auc": Figure(value=None, reason="one class only"),
        },
        per_class=(),
        confusion_matrix=((1, 0), (2, 0)),
        calibration=(),
        roc_curve=(),
        slices=(),
        champion=Comparison(outcome="none", detail="There is none."),
        notes=("roc_auc could not be measured: one class only.",),
    )
    write_info(folder, info)
    problem_of("classification").judging.write_predictions(folder, predictions)
    return info, predictions


def test_an_evaluation_is_read_as_it_was_written(tmp_path: Path) -> None:
    info, predictions = evaluation(tmp_path)

    assert read_info(tmp_path, ClassificationInfo) == info
    found = read_predictions(tmp_path)
    assert (found.ids, found.uris, found.slices) == (
        predictions.ids,
        predictions.uris,
        predictions.slices,
    )
    assert found.truth.tolist() == predictions.truth.tolist()
    assert np.array_equal(found.probabilities, predictions.probabilities)


def test_predictions_name_classes_and_their_probabilities(tmp_path: Path) -> None:
    import pandas as pd

    _, predictions = evaluation(tmp_path)

    table = pd.read_parquet(tmp_path / "predictions.parquet")

    highest = predictions.probabilities.max(axis=1)
    assert table["prediction_probability"].tolist() == highest.tolist()
    assert set(table["truth"]) <= {"daisy", "rose"}
    assert table["slice.camera"].isna().tolist() == [True, False, False]


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    evaluation(tmp_path)
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))

    with pytest.raises(DataError, match=r"expected sightline.evaluation version 1, received"):
        read_info(tmp_path, ClassificationInfo)


def test_missing_fields_are_named(tmp_path: Path) -> None:
    evaluation(tmp_path)
    path = tmp_path / "evaluation.json"
    document = json.loads(path.read_text())
    del document["decision"]
    path.write_text(json.dumps(document))

    with pytest.raises(DataError, match=r"missing or wrong: decision\. Run evaluate again"):
        read_info(tmp_path, ClassificationInfo)


@pytest.mark.parametrize("content", [None, b"no parquet"])
def test_missing_or_damaged_predictions_are_refused(tmp_path: Path, content: bytes | None) -> None:
    evaluation(tmp_path)
    path = tmp_path / "predictions.parquet"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=r"predictions.parquet: expected the Parquet file"):
        read_predictions(tmp_path)
