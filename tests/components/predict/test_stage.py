import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from components.predict.collect import collect
from components.predict.fingerprint_batch import fingerprint_batch
from components.predict.settings import (
    CollectSettings,
    FingerprintBatchSettings,
    PredictSettings,
    ShardSettings,
)
from components.predict.shard import shard
from components.predict.stage import predict
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import FolderError
from tests.sightline.serving.served import grey, lay_version

pytestmark = pytest.mark.slow  # each batch loads a model in processes, and draws charts

LEVELS = (0, 40, 250, 255, 130, 10, 200)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Seven photos, one of them no image, beside a model that tells light from dark."""
    lay_version(tmp_path / "models", 1)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, level in enumerate(LEVELS):
        (folder / f"{number}.png").write_bytes(grey(level))
    (folder / "1.png").write_bytes(b"hello")
    return folder


class Batch:
    """The tasks of a batch, one after the other, as a pipeline calls them."""

    def __init__(self, source: Path, *, per_shard: int = 3) -> None:
        self.folder = source.parent
        self.source, self.models = str(source), str(self.folder / "models")
        self.per_shard = per_shard
        self.listing = self.folder / "listing"

    def fingerprints(self) -> tuple[str, str]:
        images, model = self.folder / "images", self.folder / "model"
        settings = FingerprintBatchSettings(source=self.source, folder=self.models)
        fingerprint_batch(images=images, model=model, settings=settings)
        return images.read_text(), model.read_text()

    def shard(self) -> list[str]:
        settings = ShardSettings(source=self.source, images_per_shard=self.per_shard)
        shards = self.folder / "shards.json"
        shard(listing=self.listing, shards=shards, fingerprint="", settings=settings)
        found: list[str] = json.loads(shards.read_text())
        return found

    def predict(self, number: str, model: str) -> Path:
        settings = PredictSettings(source=self.source, folder=self.models)
        answers = self.folder / f"answers-{number}"
        predict(
            listing=self.listing,
            answers=answers,
            shard=number,
            fingerprint=model,
            settings=settings,
        )
        return answers

    def collect(self, answers: list[Path], model: str, **settings: Any) -> dict[str, Any]:
        return collect(
            listing=self.listing,
            answers=answers,
            predictions=self.folder / "predictions",
            metrics=self.folder / "metrics",
            report=self.folder / "report.html",
            fingerprint=model,
            settings=CollectSettings(source=self.source, **settings),
        )

    def all(self) -> dict[str, Any]:
        _, model = self.fingerprints()
        return self.collect([self.predict(number, model) for number in self.shard()], model)


def test_all_images_are_answered_in_shards_and_put_together(photos: Path, tmp_path: Path) -> None:
    batch = Batch(photos)

    facts = batch.all()

    table = (tmp_path / "predictions/predictions.csv").read_text("utf-8-sig").splitlines()
    rows = list(csv.DictReader(table))
    assert facts["metrics"] == {"num_images": 7, "num_answered": 6, "num_refused": 1}
    assert [row["class_name"] for row in rows] == [
        *("dark", "", "light", "light", "light", "dark", "light"),
    ]
    assert "no image" in rows[1]["error"]
    assert pq.read_table(tmp_path / "predictions/predictions.parquet").num_rows == 7


def test_the_size_of_shards_changes_no_byte(photos: Path, tmp_path: Path) -> None:
    found = []
    for per_shard in (1, 100):
        Batch(photos, per_shard=per_shard).all()
        names = ("predictions.csv", "predictions.parquet")
        found.append([(tmp_path / "predictions" / name).read_bytes() for name in names])

    assert found[0] == found[1]


def test_the_page_says_what_was_answered_and_what_was_refused(photos: Path, tmp_path: Path) -> None:
    Batch(photos).all()

    page = (tmp_path / "report.html").read_text()
    for text in (
        "1 of 7 images have no answer",
        "answered by version 1",
        "Least sure",
        "4.png",
        "1.png",
        "received 5 bytes that are no image",
    ):
        assert text in page


def test_new_images_and_another_model_are_seen(photos: Path, tmp_path: Path) -> None:
    before = Batch(photos).fingerprints()
    (photos / "new.png").write_bytes(grey(3))
    lay_version(tmp_path / "models", 2)

    after = Batch(photos).fingerprints()

    assert before[0] != after[0]
    assert (before[1], after[1]) == ("1 bundle-1", "2 bundle-2")


def test_all_shards_are_answered_by_the_version_of_the_beginning(
    photos: Path, tmp_path: Path
) -> None:
    batch = Batch(photos)
    _, model = batch.fingerprints()
    numbers = batch.shard()
    first = batch.predict(numbers[0], model)
    lay_version(tmp_path / "models", 2, inverted=True)

    facts = batch.collect([first, *(batch.predict(one, model) for one in numbers[1:])], model)

    table = pq.read_table(tmp_path / "predictions/predictions.parquet")
    assert set(table.column("version").to_pylist()) == {"1", None}
    assert facts["predictions"]["model"] == "1 bundle-1"


def test_a_version_that_was_replaced_meanwhile_ends_the_run(photos: Path) -> None:
    batch = Batch(photos)
    batch.shard()

    with pytest.raises(DataError, match="expected version 1 with the bundle other, found another"):
        batch.predict("0", "1 other")


def test_a_shard_that_is_not_there_is_said(photos: Path) -> None:
    batch = Batch(photos)
    batch.shard()

    with pytest.raises(DataError, match="expected the number of a shard, below 3; received '9'"):
        batch.predict("9", batch.fingerprints()[1])


def test_a_source_without_images_is_said(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError, match=r"found none. Correct predict\.source"):
        Batch(tmp_path / "empty").shard()


def test_a_folder_without_a_model_is_said(photos: Path, tmp_path: Path) -> None:
    batch = Batch(photos)
    batch.models = str(tmp_path / "nothing")

    with pytest.raises(FolderError, match="expected a model folder with a version in it"):
        batch.fingerprints()


def test_an_address_with_a_secret_is_not_passed_on(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "image\nphotos/0.png\nhttps://host.example/a.png?X-Goog-Signature=abcdef\n"
    )
    batch = Batch(tmp_path / "list.csv")

    facts = batch.all()

    assert facts["metrics"]["num_refused"] == 1
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "list.csv"]
    assert [path for path in written if b"abcdef" in path.read_bytes()] == []


def test_no_csv_is_written_where_none_is_wanted(photos: Path, tmp_path: Path) -> None:
    batch = Batch(photos)
    _, model = batch.fingerprints()
    answers = [batch.predict(number, model) for number in batch.shard()]

    batch.collect(answers, model, csv=False)

    assert sorted(path.name for path in (tmp_path / "predictions").iterdir()) == [
        *("predictions.json", "predictions.parquet"),
    ]
