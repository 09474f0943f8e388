import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pandas
import pytest

from components.label_check.settings import LabelCheckSettings
from components.label_check.stage import label_check
from sightline.ground.source.corrections import Correction, write_corrections
from sightline.runs.records import ArtifactRecord, PortsRecord
from tests.components.ingest.ingesting import Ingested, ingest_source
from tests.components.ingest.test_archives import packed
from tests.data import photo_folder
from tests.extractors import no_extractor
from tests.sightline.command_line import Ended, sightline
from tests.sightline.run_records import finished_run, task


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    photos = photo_folder(tmp_path / "photos", cats=3)
    shutil.copy(photos / "cats/0.jpg", photos / "cats/copy.jpg")
    (photos / "cats/2.jpg").rename(photos / "-2.jpg")
    (photos / "labels.csv").write_text(
        "image,label,split,patient,note\ncats/0.jpg,=iris,train,p1,-1\ncats/1.jpg,rose,,p2,\n"
        "-2.jpg,rose,test,p2,@b\ncats/copy.jpg,=iris,train,p1,c\n"
    )
    return tmp_path


def a_run(folder: Path, source: Path, **settings: Any) -> Ingested:
    """Ingest and check a source, and record it as a run."""
    result = ingest_source(source, folder / "made", **settings)
    out = folder / "made/ingested"
    label_check(
        dataset=out / "dataset",
        extractor=no_extractor(out / "extractor"),
        cleaned=out / "cleaned",
        features=out / "features",
        findings=out / "findings",
        report=out / "checked.html",
        settings=LabelCheckSettings(),
    )

    def outputs(name: str) -> PortsRecord:
        made = ArtifactRecord(
            name=name, kind="system.Artifact", kind_version="0.0.1", uri=str(out / name)
        )
        return PortsRecord(artifacts={name: made})

    run = folder / ".sightline/runs/20261121-200000-abc"
    tasks = [
        task(run, "ingest", outputs=outputs("dataset")),
        task(run, "label-check", outputs=outputs("findings")),
    ]
    finished_run(folder / ".sightline", tasks={one.name: one for one in tasks})
    return result


def exported(*arguments: object) -> Ended:
    ended = sightline("data", "export", *arguments)
    assert ended.code == 0, ended.err
    return ended


def rows_of(table: Path) -> list[dict[str, str]]:
    if table.suffix == ".parquet":
        return [dict(row) for row in pandas.read_parquet(table).to_dict("records")]
    return list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))


def contents(result: Ingested) -> list[tuple[Any, ...]]:
    """Return what a dataset says of its images, wherever they lie."""
    return [
        (one.id, one.labels, one.split, one.group, one.slices.items()) for one in result.examples
    ]


@pytest.mark.parametrize("name", ["photos/edited.csv", "elsewhere.parquet"])
def test_a_table_that_is_given_back_unchanged_gives_the_same_dataset(
    project: Path, name: str
) -> None:
    before = a_run(project, project / "photos/labels.csv", group_column="patient")

    ended = exported(name)
    after = ingest_source(project / name, project / "again", group_column="patient")

    assert 'group_column: "patient"' in ended.out
    assert after.refused == []
    assert contents(after) == contents(before)


def test_a_comma_in_a_label_comes_back_where_images_may_have_several(project: Path) -> None:
    table = project / "photos/labels.csv"
    table.write_text(table.read_text().replace("rose", '"rose, red"'))
    before = a_run(project, table, problem="multi_label", label_separator="none")

    ended = exported("photos/edited.csv")
    after = ingest_source(
        project / "photos/edited.csv",
        project / "again",
        problem="multi_label",
        label_separator="none",
    )

    assert 'label_separator: "none"' in ended.out
    assert contents(after) == contents(before)
    assert ("rose, red",) in {one.labels for one in after.examples}


def test_the_table_says_what_label_check_found_and_runs_nothing_in_a_spreadsheet(
    project: Path,
) -> None:
    a_run(project, project / "photos/labels.csv", group_column="patient")

    exported("photos/edited.csv")

    rows = {row["image"]: row for row in rows_of(project / "photos/edited.csv")}
    assert rows["cats/0.jpg"]["label"] == "'=iris"
    assert rows["'-2.jpg"]["note"] == "'@b"
    assert "removed: " in rows["cats/copy.jpg"]["sightline.findings"]


def test_an_edited_label_is_what_is_learned(project: Path) -> None:
    a_run(project, project / "photos/labels.csv")
    exported("edited.csv")
    table = project / "edited.csv"
    table.write_text(table.read_text().replace("1.jpg,rose", "1.jpg,tulip"))

    assert ingest_source(table, project / "again").labels["1.jpg"] == "tulip"


def test_images_inside_an_archive_are_written_where_the_table_names_them(project: Path) -> None:
    before = a_run(project, packed(photo_folder(project / "set", a=2, b=2), project / "set.zip"))

    refused = sightline("data", "export", "edited.csv")
    exported("edited.csv", "--images", "images")
    after = ingest_source(project / "edited.csv", project / "again")

    assert refused.code == 2
    assert "received 4 files inside an archive" in refused.err
    assert contents(after) == contents(before)
    assert len(list((project / "images").iterdir())) == 4


def test_suspects_inside_an_archive_are_written_beside_their_samples(project: Path) -> None:
    made = a_run(project, packed(photo_folder(project / "set", a=2, b=2), project / "set.zip"))
    one, other = made.examples[:2]
    rows = [Correction(id=one.id, uri=one.uri, given="a", suggested="b")]
    write_corrections(project / "made/ingested/findings/suspects.csv", rows)

    ended = sightline("data", "suspects", "latest", "suspects", "--for", "fiftyone")

    assert ended.code == 0, ended.err
    assert "1 sample, and 1 image from elsewhere" in ended.out
    (sample,) = json.loads((project / "suspects/samples.json").read_text())["samples"]
    assert (project / "suspects" / sample["filepath"]).read_bytes() == one.image != other.image


def test_what_cannot_be_written_is_said(project: Path) -> None:
    finished_run(project / ".sightline")
    (project / "there.csv").touch()

    assert "overwrite it with --force" in sightline("data", "export", "there.csv").err
    assert "ends in .csv or .parquet" in sightline("data", "export", "a.xlsx").err
    assert "expected a task or" in sightline("data", "export", "a.csv").err
