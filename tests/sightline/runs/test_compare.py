from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from sightline.ground.errors import UserError
from sightline.runs.artifacts import choose_artifacts, download_artifacts, file_reader
from sightline.runs.compare import Comparison, compare
from sightline.runs.records import RunRecord
from sightline.targets.local.settings import LocalTarget
from sightline.views.comparison import comparison_view
from tests.sightline.command_line import sightline
from tests.sightline.run_records import ACCURACY, artifact, finished_run

TRUTH = {"a": "cat", "b": "cat", "c": "dog", "d": "dog"}


def run_with_predictions(root: Path, run_id: str, answers: dict[str, str]) -> RunRecord:
    record = finished_run(root, run_id)
    place = Path(record.tasks["evaluate"].outputs.artifacts["evaluation"].uri)
    place.unlink()
    place.mkdir()
    columns = {
        "id": list(answers),
        "uri": [f"photos/{image}.jpg" for image in answers],
        "truth": [TRUTH[image] for image in answers],
        "prediction": list(answers.values()),
    }
    parquet.write_table(pa.table(columns), place / "predictions.parquet")
    return record


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    before = run_with_predictions(
        tmp_path, "20261121-200000-abc", {"a": "cat", "b": "cat", "c": "cat", "d": "cat"}
    )
    after = run_with_predictions(
        tmp_path, "20261122-200000-xyd", {"a": "cat", "b": "dog", "c": "dog"}
    )
    after.parameters["train_epochs"] = 12
    made = after.tasks["evaluate"].outputs.artifacts
    made["metrics"].metadata["accuracy"] = 0.95
    made["evaluation"].metadata["headline"] = [{**ACCURACY, "value": 0.95, "high": 0.96}]
    return compare(before, after, file_reader(LocalTarget()))


def test_changed_settings_and_figures_stand_side_by_side(found: Comparison) -> None:
    settings = [(one.name, one.before, one.after) for one in found.settings]
    accuracy = next(one for one in found.metrics if one.name == "evaluate.accuracy")

    assert settings == [("train_epochs", 6, 12)]
    assert accuracy.change == pytest.approx(-0.025)


def test_the_headline_figures_of_both_are_compared_in_their_direction(found: Comparison) -> None:
    (pair,) = found.figures

    assert (pair.label, pair.change) == ("Test accuracy", "-0.025, worse")


def test_predictions_are_found_in_the_artifact_that_has_them(tmp_path: Path) -> None:
    answers = {"a": "cat", "b": "cat"}
    record = run_with_predictions(tmp_path, "20261121-200000-abc", answers)
    task = record.tasks.pop("evaluate")
    made = task.outputs.artifacts
    # A cluster's API gives no metadata, and another pipeline may call its stage and artifact so.
    other = artifact(record.folder, "assess", "notes", "Artifact")
    silent = made["evaluation"].model_copy(update={"name": "judgement", "metadata": {}})
    task.outputs.artifacts = {"notes": other, "judgement": silent}
    record.tasks["assess"] = task

    found = compare(record, record, file_reader(LocalTarget()))

    assert found.flips is not None, found.note
    assert found.flips.both_right == 2


def test_test_images_that_changed_sides_are_counted(found: Comparison) -> None:
    flips = found.flips

    assert flips is not None
    assert (flips.num_common, flips.both_right, flips.both_wrong) == (3, 1, 0)
    assert (flips.only_before_right, flips.only_after_right) == (1, 1)
    assert flips.lost_classes == (("cat", 1),)
    assert flips.lost_images == ("photos/b.jpg",)


def test_runs_without_predictions_are_compared_in_the_rest(tmp_path: Path) -> None:
    record = finished_run(tmp_path)

    found = compare(record, record, file_reader(LocalTarget()))

    assert found.flips is None
    assert found.note.startswith("Test images were not compared")
    assert not found.settings
    assert comparison_view(found)


def test_artifacts_are_chosen_by_task_and_name(tmp_path: Path) -> None:
    record = finished_run(tmp_path)

    names = [one.artifact.name for one in choose_artifacts(record, "train")]
    reports = choose_artifacts(record, None, only_reports=True)

    assert names == ["model", "report"]
    assert [one.task for one in reports] == ["train", "evaluate"]


def test_an_unknown_artifact_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Did you mean `train/model`"):
        choose_artifacts(finished_run(tmp_path), "train/modelx")


def test_a_task_that_made_nothing_says_so(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    record.tasks["train"].outputs.artifacts.clear()

    with pytest.raises(UserError, match="expected artifacts of train; it made none"):
        choose_artifacts(record, "train")


def test_downloaded_pages_have_a_name_that_browsers_open(tmp_path: Path) -> None:
    record = finished_run(tmp_path)

    paths = list(
        download_artifacts(choose_artifacts(record, "train"), tmp_path / "copy", LocalTarget())
    )

    assert paths == [
        tmp_path / "copy" / record.id / "train" / "model",
        tmp_path / "copy" / record.id / "train" / "report.html",
    ]
    assert "train report" in paths[1].read_text(encoding="utf-8")


def test_a_download_that_breaks_leaves_nothing_that_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = finished_run(tmp_path)
    model = Path(record.tasks["train"].outputs.artifacts["model"].uri)
    model.unlink()
    for name in ("a", "b", "c"):
        model.mkdir(exist_ok=True)
        (model / name).write_text(name, encoding="utf-8")
    chosen = choose_artifacts(record, "train/model")
    (whole,) = download_artifacts(chosen, tmp_path / "copy", LocalTarget())
    (model / "b").unlink()
    (model / "b").symlink_to("nowhere")

    with pytest.raises(UserError, match="expected an artifact that can be read"):
        list(download_artifacts(chosen, tmp_path / "copy", LocalTarget()))
    with pytest.raises(UserError, match="expected an artifact that can be read"):
        list(download_artifacts(chosen, tmp_path / "fresh", LocalTarget()))

    assert sorted(path.name for path in whole.iterdir()) == ["a", "b", "c"]
    assert list((tmp_path / "fresh" / record.id / "train").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named_and_not_the_artifact(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    (tmp_path / "copy").write_text("a file in the way", encoding="utf-8")

    with pytest.raises(UserError, match=r"expected a place to write to; .*--download"):
        list(
            download_artifacts(choose_artifacts(record, "train"), tmp_path / "copy", LocalTarget())
        )


def test_an_artifact_that_is_gone_says_so(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    chosen = choose_artifacts(record, "train/model")
    Path(chosen[0].artifact.uri).unlink()

    with pytest.raises(UserError, match="expected an artifact that can be read"):
        list(download_artifacts(chosen, tmp_path / "copy", LocalTarget()))


def test_the_commands_work_on_local_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    for run_id in ("20261121-200000-abc", "20261122-200000-xyd"):
        finished_run(tmp_path / ".sightline", run_id)

    compared = sightline("compare", "abc", "xyd")
    listed = sightline("artifacts", "abc")
    downloaded = sightline("artifacts", "abc", "--reports", "--download", "copy")

    assert compared.code == listed.code == downloaded.code == 0
    assert "The settings are the same." in compared.out
    assert "evaluation" in listed.out
    assert Path("copy/20261121-200000-abc/train/report.html").is_file()
