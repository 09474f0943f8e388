import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sightline.commands.options import load
from sightline.ground.history.feature_figures import FeatureFigures
from sightline.ground.history.measurements import MEASUREMENTS
from sightline.ground.source.corrections import Correction, write_corrections
from sightline.runs.records import ArtifactRecord, PortsRecord
from sightline.stage.formats.assignment import Assignment, write_assignment
from sightline.stage.formats.dataset import DatasetWriter
from sightline.targets.local.data_changes import data_changes
from sightline.targets.local.store import find_run
from tests.components.ingest.ingesting import Ingested, ingest_source
from tests.data import encoded, photo_folder, photograph
from tests.sightline.command_line import sightline
from tests.sightline.run_records import STARTED, finished_run, task


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    return photo_folder(tmp_path / "photos", daisy=4, rose=3)


def dataset(photos: Path, name: str, **settings: Any) -> Ingested:
    result = ingest_source(photos, Path(name), **settings)
    shutil.move(f"{name}/ingested/dataset", f"{name}/dataset")
    return result


def difference(*arguments: str) -> dict[str, Any]:
    ended = sightline("data", "diff", *arguments, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_images_that_came_went_and_changed_are_told(photos: Path) -> None:
    dataset(photos, "one")
    (photos / "daisy/0.jpg").unlink()
    (photos / "daisy/1.jpg").rename(photos / "rose/1-was-daisy.jpg")
    (photos / "daisy/2.jpg").rename(photos / "daisy/another-name.jpg")
    (photos / "rose/new.jpg").write_bytes(encoded(photograph(99, width=300)))
    dataset(photos, "two")

    found = difference("one/dataset", "two/dataset")

    def named(what: str) -> list[tuple[str, str, str]]:
        return [(Path(one["uri"]).name, one["before"], one["after"]) for one in found[what]]

    assert named("added") == [("new.jpg", "", "rose")]
    assert named("removed") == [("0.jpg", "daisy", "")]
    assert named("relabelled") == [("1-was-daisy.jpg", "daisy", "rose")]
    assert named("resplit") == []
    assert found["num_unchanged"] == 5
    assert {one["name"]: (one["before"], one["after"]) for one in found["classes"]} == {
        "daisy": (4, 2),
        "rose": (3, 5),
    }


def test_a_dataset_differs_from_itself_in_nothing(photos: Path) -> None:
    dataset(photos, "one")

    found = difference("one/dataset", "one/dataset")

    assert found["num_unchanged"] == 7
    assert [one["shift"] for one in found["moved"]] == [{"distance": 0.0, "p": 1.0}] * 4


def test_people_read_it_in_lines(photos: Path) -> None:
    dataset(photos, "one")
    for number in range(12):
        (photos / f"rose/new{number}.jpg").write_bytes(encoded(photograph(50 + number)))
    write_corrections(Path("s.csv"), [Correction(id=dataset(photos, "x").examples[0].id,
                                                 decision="drop")])  # fmt: skip
    dataset(photos, "two", corrections="s.csv")

    ended = sightline("data", "diff", "one/dataset", "two/dataset")

    assert ended.code == 0
    assert "12 added\n    rose (12)\n" in ended.out
    assert "    and 2 more images\n" in ended.out
    assert "1 removed\n    daisy (1)\n" in ended.out
    assert "Corrections of two/dataset: 1 dropped" in ended.out
    assert "aspect: median 1.333 to 1.333" in ended.out
    assert "not compared: brightness, contrast, sharpness, information" in ended.out


def a_run(run_id: str, hours: int, split: str, photos: Path, *, digest: str | None = None) -> None:
    result = dataset(photos, run_id)
    with DatasetWriter(Path(run_id) / "cleaned") as writer:
        for one in result.examples:
            writer.add(one)
        writer.finish(classes=result.info.classes, source="photos")
    records = Path(run_id) / "records"
    records.mkdir()
    rows = {one.id: (one.group, split) for one in result.examples}
    write_assignment(records, Assignment(rows=rows))  # type: ignore[arg-type]  # a split's name

    def outputs(name: str) -> PortsRecord:
        uri = str((Path(run_id) / name).absolute())
        made = ArtifactRecord(
            name=name, kind="system.Artifact", kind_version="0.0.1", uri=uri, digest=digest
        )
        return PortsRecord(artifacts={name: made})

    folder = Path(".sightline/runs") / run_id
    label_check_made = PortsRecord(
        artifacts={**outputs("cleaned").artifacts, **outputs("findings").artifacts}
    )
    tasks = [
        task(folder, "ingest", outputs=outputs("dataset")),
        task(folder, "label-check", outputs=label_check_made),
        task(folder, "preprocess", outputs=outputs("records")),
    ]
    started = STARTED.replace(hour=hours)
    finished_run(
        Path(".sightline"), run_id, tasks={one.name: one for one in tasks}, started=started
    )


def looks(sha256: str, mean: float) -> dict[str, Any]:
    """What label check writes of images."""
    measurements = {name: [mean + step / 200 for step in range(201)] for name in MEASUREMENTS}
    features = FeatureFigures(
        backbone="Net",
        sha256=sha256,
        geometry={},
        num_images=300,
        mean=(mean, 1.0),
        spread=(1.0, 0.0),
    )
    return {"measurements": measurements, "features": features.document()}


def test_looks_and_features_of_runs_are_compared_where_both_have_them(photos: Path) -> None:
    for hours, run_id in enumerate(("20261121-010000-a", "20261121-020000-b"), start=1):
        a_run(run_id, hours, "train", photos)
        content = looks("same", hours)
        (Path(run_id) / "findings").mkdir()
        (Path(run_id) / "findings/findings.json").write_text(json.dumps(content))
    runs = ("20261121-010000-a", "20261121-020000-b")

    found = difference(*runs)
    other = Path(runs[1]) / "findings/findings.json"
    other.write_text(json.dumps(looks("other", 2)))
    apart = difference(*runs)

    moved = {one["name"]: one for one in found["moved"]}
    assert (moved["brightness"]["before"], moved["brightness"]["after"]) == (1.5, 2.5)
    assert moved["brightness"]["shift"]["p"] < 0.01
    assert moved["what a backbone sees"]["shift"]["p"] < 0.01
    assert found["not_compared"] == {}
    assert "different backbones" in apart["not_compared"]["what a backbone sees"]


def test_a_run_is_held_against_the_run_before(photos: Path) -> None:
    a_run("20261121-100000-aaa", 10, "train", photos)
    a_run("20261121-110000-bbb", 11, "test", photos)

    found = difference("latest")

    assert (found["before"], found["after"]) == (
        "run 20261121-100000-aaa",
        "run 20261121-110000-bbb",
    )
    assert [(one["before"], one["after"]) for one in found["resplit"]] == [("train", "test")] * 7


def changes_of_newest() -> list[str]:
    """What the page of the newest run says of its data."""
    project = load(Path("sightline.yaml"))
    return data_changes(project, find_run(project.root))


def test_the_page_of_a_run_says_what_changed_since_the_run_before(photos: Path) -> None:
    a_run("20261121-100000-aaa", 10, "train", photos)
    (photos / "daisy/1.jpg").rename(photos / "rose/1-was-daisy.jpg")
    a_run("20261121-110000-bbb", 11, "train", photos)

    since, *changes = changes_of_newest()

    assert since == "Since run 20261121-100000-aaa;"
    assert changes[1:3] == ["1 relabelled", "    daisy to rose (1)"]
    assert not any(line.startswith("0 ") for line in changes)


def test_the_page_of_a_run_says_where_its_images_are_those_of_the_run_before(photos: Path) -> None:
    a_run("20261121-100000-aaa", 10, "train", photos, digest="d" * 64)
    a_run("20261121-110000-bbb", 11, "train", photos, digest="d" * 64)

    assert changes_of_newest() == [
        "Since run 20261121-100000-aaa;",
        "the same dataset, with the same splits",
    ]


def test_the_page_of_the_first_run_says_nothing_of_changes(photos: Path) -> None:
    a_run("20261121-100000-aaa", 10, "train", photos)

    assert changes_of_newest() == []


def test_a_dataset_that_was_removed_is_no_reason_to_have_no_page(photos: Path) -> None:
    a_run("20261121-100000-aaa", 10, "train", photos)
    a_run("20261121-110000-bbb", 11, "train", photos)
    shutil.rmtree("20261121-100000-aaa")

    assert changes_of_newest() == []


def test_a_run_that_gave_no_splits_put_no_image_into_another(photos: Path) -> None:
    dataset(photos, "one")
    a_run("20261121-110000-bbb", 11, "test", photos)

    found = difference("one/dataset", "latest")

    assert (found["resplit"], found["num_unchanged"]) == ([], 7)


def test_the_first_run_has_none_before(photos: Path) -> None:
    a_run("20261121-100000-aaa", 10, "train", photos)

    ended = sightline("data", "diff")

    assert ended.code == 2
    assert "expected an earlier run with a dataset to hold it against" in ended.err


def test_copies_are_counted_and_are_no_change(photos: Path) -> None:
    dataset(photos, "one")
    shutil.copy(photos / "rose/0.jpg", photos / "rose/copy.jpg")
    dataset(photos, "two")

    found = difference("one/dataset", "two/dataset")

    assert (found["num_copies_before"], found["num_copies_after"]) == (0, 1)
    assert found["added"] == found["relabelled"] == []
