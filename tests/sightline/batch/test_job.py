import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sightline.batch.answering import Places, open_places, predict_shard, version_answerer
from sightline.batch.engine import in_turn
from sightline.batch.items import items_of_photos
from sightline.batch.job import Job, Outcome
from sightline.batch.joining import Form, Output, join
from sightline.batch.listing import read_listing, shard_path, write_listing
from sightline.batch.rows import Row
from sightline.client.photos import find_photos
from sightline.ground.errors import UserError
from tests.data import encoded, photograph
from tests.sightline.serving.served import grey, lay_version

NUM_PHOTOS = 25
PER_SHARD = 10
FORMS: tuple[Form, ...] = ("csv", "parquet", "jsonl")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos, one of them damaged and one no image, beside a model that tells light from dark."""
    lay_version(tmp_path / "models", 1)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(NUM_PHOTOS):
        (folder / f"{number:02d}.png").write_bytes(grey(10 * number))
    (folder / "03.png").write_bytes(b"hello")
    whole = encoded(photograph(1))
    (folder / "12.png").write_bytes(whole[: len(whole) // 2])
    return folder


def outputs_in(folder: Path) -> list[Output]:
    return [Output(folder / f"out.{form}", form) for form in FORMS]


def contents(folder: Path) -> list[bytes]:
    return [output.path.read_bytes() for output in outputs_in(folder)]


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


def interrupt() -> None:
    raise KeyboardInterrupt


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def predict(
    photos: Path,
    to: Path,
    *,
    workers: int = 0,
    per_shard: int = PER_SHARD,
    version: int | None = None,
    stop_after: int = 0,
    stop: Callable[[], None] = interrupt,
) -> tuple[Outcome, int]:
    """Answer the photos into three tables; return how it ended, and how many were answered now."""
    heard: list[Row] = []

    def watched(rows: Iterable[Row], total: int) -> Iterator[Row]:
        for row in rows:
            yield row
            heard.append(row)
            if len(heard) == stop_after:
                stop()

    to.mkdir(exist_ok=True)
    models = photos.parent / "models"
    with (
        Job(outputs_in(to)) as job,
        version_answerer(models, version, workers=workers) as answerer,
    ):
        items = items_of_photos(find_photos([str(photos)]))
        listing = job.listed(items, source="photos", per_shard=per_shard)
        outcome = job.finished(listing, answerer.mark)
        outcome = outcome or job.answer(
            listing, answerer, in_turn(answerer, Places(), watched=watched)
        )
    return outcome, len(heard)


def test_every_photo_has_a_row_also_where_it_is_refused(photos: Path, tmp_path: Path) -> None:
    outcome, _ = predict(photos, tmp_path / "to")

    table = rows(tmp_path / "to/out.csv")
    assert (outcome.num_images, outcome.num_refused) == (NUM_PHOTOS, 2)
    assert [row["uri"] for row in table] == [str(path) for path in sorted(photos.iterdir())]
    assert [row["class_name"] for row in table[13:]] == ["light"] * 12
    assert [number for number, row in enumerate(table) if row["error"]] == [3, 12]
    assert "received 5 bytes that are no image" in table[3]["error"]
    assert "that do not decode" in table[12]["error"]


def test_the_tables_hold_the_same_rows_with_types_for_programs(
    photos: Path, tmp_path: Path
) -> None:
    predict(photos, tmp_path / "to")

    table = pq.read_table(tmp_path / "to/out.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert list(kinds) == list(rows(tmp_path / "to/out.csv")[0])
    assert (kinds["row"], kinds["probability"]) == ("int64", "double")
    assert table.column("error").null_count == NUM_PHOTOS - 2
    assert len(set(table.column("id").to_pylist())) == NUM_PHOTOS


@pytest.mark.parametrize("stop_after", [1, 15, NUM_PHOTOS])
def test_a_stopped_job_goes_on_to_the_same_bytes(
    photos: Path, tmp_path: Path, stop_after: int
) -> None:
    predict(photos, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        predict(photos, tmp_path / "to", stop_after=stop_after)
    assert not (tmp_path / "to/out.csv").exists()

    _, num_now = predict(photos, tmp_path / "to")

    assert num_now == NUM_PHOTOS - stop_after // PER_SHARD * PER_SHARD or stop_after == NUM_PHOTOS
    assert contents(tmp_path / "to") == contents(tmp_path / "whole")


@pytest.mark.slow  # a process of its own, which imports everything
def test_a_killed_job_goes_on_to_the_same_bytes(photos: Path, tmp_path: Path) -> None:
    predict(photos, tmp_path / "whole")
    program = (
        "import sys; from pathlib import Path;"
        "from tests.sightline.batch.test_job import kill, predict;"
        "predict(Path(sys.argv[1]), Path(sys.argv[2]), stop_after=15, stop=kill)"
    )
    command: list[str | Path] = [sys.executable, "-c", program, photos, tmp_path / "to"]
    killed = subprocess.run(command, check=False, capture_output=True)

    _, num_now = predict(photos, tmp_path / "to")

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert num_now == NUM_PHOTOS - PER_SHARD
    assert contents(tmp_path / "to") == contents(tmp_path / "whole")


def test_neither_workers_nor_shards_change_a_byte(photos: Path, tmp_path: Path) -> None:
    predict(photos, tmp_path / "one", workers=1)
    predict(photos, tmp_path / "more", workers=2)
    predict(photos, tmp_path / "other", per_shard=7)

    assert contents(tmp_path / "one") == contents(tmp_path / "more") == contents(tmp_path / "other")


def test_a_job_that_is_done_asks_nobody_and_leaves_no_shards(photos: Path, tmp_path: Path) -> None:
    first, _ = predict(photos, tmp_path / "to")

    again, num_now = predict(photos, tmp_path / "to")

    assert (again.num_images, again.num_refused) == (first.num_images, first.num_refused)
    assert num_now == 0
    assert sorted(path.name for path in (tmp_path / "to/.out.csv.predicting").iterdir()) == [
        *("done.json", "lock"),
    ]


def test_an_output_that_was_removed_is_written_again(photos: Path, tmp_path: Path) -> None:
    predict(photos, tmp_path / "to")
    before = contents(tmp_path / "to")
    (tmp_path / "to/out.parquet").unlink()

    predict(photos, tmp_path / "to")

    assert contents(tmp_path / "to") == before


def test_a_job_that_wrote_one_table_and_not_the_next_goes_on(photos: Path, tmp_path: Path) -> None:
    predict(photos, tmp_path / "whole")
    (tmp_path / "to").mkdir()
    models = tmp_path / "models"
    blocked = Output(tmp_path / "to/not/out.parquet", "parquet")
    outputs = [Output(tmp_path / "to/out.csv", "csv"), blocked]

    def answer() -> int:
        heard: list[Row] = []

        def watched(rows: Iterable[Row], total: int) -> Iterator[Row]:
            for row in rows:
                heard.append(row)
                yield row

        with Job(outputs) as job, version_answerer(models) as answerer:
            listing = job.listed(
                items_of_photos(find_photos([str(photos)])), source="photos", per_shard=PER_SHARD
            )
            if job.finished(listing, answerer.mark) is None:
                job.answer(listing, answerer, in_turn(answerer, Places(), watched=watched))
        return len(heard)

    (tmp_path / "to/not").touch()  # no folder can be made here
    with pytest.raises(UserError, match="can be written; the system says: "):
        answer()
    assert (tmp_path / "to/out.csv").exists()
    (tmp_path / "to/not").unlink()

    assert answer() == 0
    assert blocked.path.read_bytes() == (tmp_path / "whole/out.parquet").read_bytes()


def test_two_tables_are_two_files(tmp_path: Path) -> None:
    place = tmp_path / "out"

    with pytest.raises(UserError, match="a file of its own for each table"):
        Job([Output(place, "csv"), Output(place, "parquet")])


@pytest.mark.parametrize("change", ["added", "removed", "changed", "another model"])
def test_other_photos_or_models_than_before_are_never_mixed_in(
    photos: Path, tmp_path: Path, change: str
) -> None:
    predict(photos, tmp_path / "to")
    before = contents(tmp_path / "to")
    if change == "added":
        (photos / "99.png").write_bytes(grey(1))
    elif change == "removed":
        (photos / "05.png").unlink()
    elif change == "changed":
        (photos / "05.png").write_bytes(grey(255))
    else:
        lay_version(tmp_path / "models", 2)

    with pytest.raises(UserError, match="expected answers to the same images by the same model"):
        predict(photos, tmp_path / "to")
    assert contents(tmp_path / "to") == before


def test_a_photo_that_changed_while_a_job_was_stopped_is_answered_anew(
    photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        predict(photos, tmp_path / "to", stop_after=15)
    (photos / "00.png").write_bytes(grey(255))

    _, num_now = predict(photos, tmp_path / "to")

    assert num_now == NUM_PHOTOS
    assert rows(tmp_path / "to/out.csv")[0]["class_name"] == "light"


@pytest.mark.parametrize("content", [b"my thesis", b""])
def test_a_file_of_something_else_stays_as_it_is(
    photos: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "out.parquet").write_bytes(content)

    with pytest.raises(UserError, match="expected a new file, or answers"):
        predict(photos, tmp_path)
    assert (tmp_path / "out.parquet").read_bytes() == content


def test_two_commands_never_write_one_table(tmp_path: Path) -> None:
    outputs = outputs_in(tmp_path)

    with Job(outputs), pytest.raises(UserError, match="another one is writing it"):
        Job(outputs)


def test_a_table_is_no_folder_and_no_device(tmp_path: Path) -> None:
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(UserError, match="expected a file for the answers"):
            Job([Output(place, "csv")])


def test_a_file_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UserError, match="can be written; the system says: "):
        Job([Output(tmp_path / "file/folder/answers.csv", "csv")])


@pytest.mark.parametrize("name", ["=1+1.png", "a\nb.png", "a\x1b]0;x\x07.png", 'a,"b".png'])
def test_any_name_of_a_file_is_one_line_and_runs_nowhere(
    photos: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = tmp_path / "only"
    only.mkdir()
    (only / name).write_bytes(grey(0))
    monkeypatch.chdir(only)

    with Job(outputs_in(tmp_path)) as job, version_answerer(tmp_path / "models") as answerer:
        listing = job.listed(
            items_of_photos(find_photos([name])), source="only", per_shard=PER_SHARD
        )
        job.answer(listing, answerer, in_turn(answerer, Places()))

    table = (tmp_path / "out.csv").read_bytes()
    assert table.count(b"\n") == 2
    assert b"\x1b" not in table
    assert b",=" not in table


def test_a_name_that_is_no_text_has_its_row(photos: Path, tmp_path: Path) -> None:
    only = tmp_path / "only"
    only.mkdir()
    Path(os.fsdecode(os.fsencode(only) + b"/a\xff.png")).write_bytes(grey(0))
    (only / "b.png").write_bytes(grey(0))

    with Job(outputs_in(tmp_path)) as job, version_answerer(tmp_path / "models") as answerer:
        listing = job.listed(
            items_of_photos(find_photos([str(only)])), source="only", per_shard=PER_SHARD
        )
        job.answer(listing, answerer, in_turn(answerer, Places()))

    assert [row["class_name"] for row in rows(tmp_path / "out.csv")] == ["dark", "dark"]


def test_one_shard_is_a_plain_function_of_paths(photos: Path, tmp_path: Path) -> None:
    predict(photos, tmp_path / "whole", per_shard=NUM_PHOTOS)
    items: Any = items_of_photos(find_photos([str(photos)]))
    write_listing(tmp_path / "listing", items, per_shard=20, source="photos")
    answers = [tmp_path / "0.parquet", tmp_path / "1.parquet"]

    for number, answer in enumerate(answers):
        shard = shard_path(tmp_path / "listing", number)
        predict_shard(shard, answer, folder=tmp_path / "models")
    join(answers, Output(tmp_path / "out.csv", "csv"))

    assert read_listing(tmp_path / "listing").num_images == NUM_PHOTOS
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole/out.csv").read_bytes()


def test_files_of_this_machine_need_no_source() -> None:
    with open_places(None) as places:
        assert places == Places()
