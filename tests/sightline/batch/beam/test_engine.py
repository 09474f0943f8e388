from pathlib import Path

import pytest
import s3fs

from sightline.batch.answering import Answerer, Prediction, version_answerer
from sightline.batch.beam.engine import BeamOptions, beam_engine
from sightline.batch.beam.errands import Errand, ready, run_errand
from sightline.batch.beam.exchange import Exchange, as_elsewhere, source_elsewhere
from sightline.batch.engine import Task
from sightline.batch.items import Item, items_of_photos
from sightline.batch.listing import shard_digest, shard_path, write_listing
from sightline.batch.rows import count_rows
from sightline.client.photos import find_photos
from sightline.ground.errors import DataError, UserError
from sightline.ground.source.settings import SourceSettings
from sightline.stage.registry.log import LOG
from tests.sightline.command_line import sightline
from tests.sightline.serving.served import grey, lay_version

ANSWERER = Answerer(identity="1", stream=lambda photos: (_ for _ in ()))


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """A shard of two photos beside a model folder."""
    lay_version(tmp_path / "models", 2)
    for level in (0, 255):
        (tmp_path / f"{level}.png").write_bytes(grey(level))
    photos = items_of_photos(find_photos([str(tmp_path / "*.png")]))
    write_listing(tmp_path / "listing", photos, per_shard=10, source="photos")
    return shard_path(tmp_path / "listing", 0)


def test_without_beam_it_is_said_where_it_can_be_had(tmp_path: Path) -> None:
    ended = sightline("predict", tmp_path, "--engine", "beam", "--csv", tmp_path / "out.csv")

    assert ended.code == 2
    assert "`make beam`" in ended.err
    assert "`sightline images build beam`" in ended.err


def test_options_of_beam_without_beam_are_refused(tmp_path: Path) -> None:
    ended = sightline("predict", tmp_path, "--beam-options", "--runner FlinkRunner")

    assert ended.code == 2
    assert "expected --engine beam" in ended.err


@pytest.mark.parametrize("source", ["", "photos.csv"])
def test_workers_elsewhere_cannot_read_files_of_this_machine(tmp_path: Path, source: str) -> None:
    settings = SourceSettings(source=source) if source else None

    with pytest.raises(UserError, match="expected a source that workers on other machines reach"):
        beam_engine(
            Prediction(folder=tmp_path, source=settings),
            ANSWERER,
            BeamOptions(folder="gs://bucket/beam"),
        )


def test_an_address_with_a_secret_is_not_told_to_workers(tmp_path: Path) -> None:
    source = SourceSettings(source="https://example.org/photos.zip?X-Amz-Signature=abc")

    with pytest.raises(UserError, match="expected an address without a secret") as caught:
        beam_engine(
            Prediction(folder=tmp_path, source=source),
            ANSWERER,
            BeamOptions(folder="gs://bucket/beam"),
        )
    assert "abc" not in str(caught.value)


def test_an_errand_goes_through_a_bucket_and_its_answers_have_the_same_mark(
    shard: Path, tmp_path: Path, s3_bucket: str
) -> None:
    models, task = tmp_path / "models", Task(shard, tmp_path / "out.parquet")
    with version_answerer(models) as answerer:
        exchange = Exchange(f"s3://{s3_bucket}/beam", answerer.mark)
    model = exchange.send_model(models, 2)
    errand = Errand.of(shard, exchange.place_of(task))

    assert not exchange.bring(task)
    with ready(Prediction(folder=models, version=2), model) as answer:
        run_errand(errand, answer)
    assert exchange.bring(task)

    assert count_rows(task.output).num_images == 2
    exchange.clear([task])
    assert not exchange.bring(task)
    assert shard_digest(shard) not in str(s3fs.S3FileSystem().find(s3_bucket))


def test_a_folder_for_workers_may_be_mounted_on_all_of_them(shard: Path, tmp_path: Path) -> None:
    task = Task(shard, tmp_path / "out.parquet")
    exchange = Exchange(str(tmp_path / "shared"), ANSWERER.mark)

    model = exchange.send_model(tmp_path / "models", 2)
    with ready(Prediction(folder=tmp_path / "models", version=2), model) as answer:
        run_errand(Errand.of(shard, exchange.place_of(task)), answer)

    assert exchange.bring(task)
    assert count_rows(task.output).num_refused == 0


def test_workers_that_start_in_another_folder_find_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photo, remote = Item(uri="a.png", path="a.png"), Item(uri="b.png", path="b.png", place="0")

    found = [item.path for item in as_elsewhere([photo, remote])]

    assert found == [str(tmp_path / "a.png"), "b.png"]
    settings = source_elsewhere(SourceSettings(source="photos.csv"))
    assert str(settings.source) == str(tmp_path / "photos.csv")
    stored = SourceSettings(source="gs://bucket/photos.csv")
    assert source_elsewhere(stored) is stored


def test_a_bucket_that_is_not_there_is_told(shard: Path, s3_bucket: str, tmp_path: Path) -> None:
    exchange = Exchange(f"s3://{s3_bucket}-none/beam", ANSWERER.mark)

    with pytest.raises(DataError, match="expected a folder for --beam-folder that can be read"):
        exchange.send_model(tmp_path / "models", 2)


def test_a_model_whose_log_was_not_sent_is_sent_again(shard: Path, tmp_path: Path) -> None:
    models, exchange = tmp_path / "models", Exchange(str(tmp_path / "shared"), ANSWERER.mark)
    sent = tmp_path / "shared" / ANSWERER.mark[:16] / "model"
    (models / LOG).write_bytes(b"")
    (sent / LOG).mkdir(parents=True)
    with pytest.raises(DataError):
        exchange.send_model(models, 2)
    (sent / LOG).rmdir()

    exchange.send_model(models, 2)

    assert (sent / LOG).is_file()
