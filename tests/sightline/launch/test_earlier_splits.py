"""Which splits a run that is sent to a cluster keeps."""

from pathlib import Path

import pytest

from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError
from sightline.launch.earlier_splits import find_earlier_splits
from sightline.project.settings import Project, load_project
from sightline.runs.records import RunRecord
from tests.sightline.commands.clusters import write_project
from tests.sightline.run_records import PortsRecord, artifact, finished_run, task


class Runs:
    """Stands for a cluster's service: its runs, newest first; their tasks only one by one."""

    def __init__(self, *runs: RunRecord) -> None:
        self.known = {run.id: run for run in runs}
        self.asked: list[str] = []

    def runs(self, wanted: RunFilter) -> list[RunRecord]:
        return [run.model_copy(update={"tasks": {}}) for run in self.known.values()]

    def run(self, text: str) -> RunRecord:
        self.asked.append(text)
        return self.known[text]


def project(folder: Path, target: str = "cloud", settings: str = "") -> Project:
    service = "http://127.0.0.1:9"
    file = write_project(folder, kubeflow=service, vertex=service, pushed=False)
    if settings:
        file.write_text(file.read_text().replace('"targets"', f'{settings}, "targets"', 1))
    return load_project(file, target=target)


def a_run(folder: Path, name: str, *, splits: bool, status: str = "succeeded") -> RunRecord:
    """A run whose records hold splits, or are from before."""
    place = folder / "runs" / name
    records = artifact(place, "preprocess", "records", "Dataset")
    Path(records.uri).unlink()
    Path(records.uri).mkdir()
    if splits:
        (Path(records.uri) / "assignment.parquet").write_bytes(b"splits")
    outputs = PortsRecord(artifacts={"records": records})
    made = task(place, "preprocess", outputs=outputs)
    return finished_run(folder, name, status=status, tasks={"preprocess": made})


def test_the_newest_run_that_succeeded_and_left_splits_gives_them(tmp_path: Path) -> None:
    failed = a_run(tmp_path, "d", splits=True, status="failed")
    before_splits = a_run(tmp_path, "c", splits=False)
    newest = a_run(tmp_path, "b", splits=True)
    engine = Runs(failed, before_splits, newest, a_run(tmp_path, "a", splits=True))

    found = find_earlier_splits(project(tmp_path), engine)

    file = newest.artifact_path("preprocess", "records") / "assignment.parquet"
    assert found.parameters == {"preprocess_splits_from": str(file)}
    assert found.sentence == f"Images keep the splits of {file}."
    assert engine.asked == ["c", "b"]


def test_a_first_run_has_none_and_nothing_is_said(tmp_path: Path) -> None:
    found = find_earlier_splits(project(tmp_path), Runs())

    assert (found.parameters, found.sentence) == ({}, "")


@pytest.mark.parametrize(
    ("target", "settings"),
    [("cluster", ""), ("cloud", '"preprocess": {"splits_from": "none"}')],
)
def test_nothing_is_asked_where_tasks_could_not_read_it_or_the_user_chose(
    tmp_path: Path, target: str, settings: str
) -> None:
    engine = Runs(a_run(tmp_path, "a", splits=True))

    found = find_earlier_splits(project(tmp_path, target, settings), engine)

    assert (found.parameters, engine.asked) == ({}, [])


def test_a_service_that_does_not_answer_is_told_and_stops_nothing(tmp_path: Path) -> None:
    class Silent(Runs):
        def runs(self, wanted: RunFilter) -> list[RunRecord]:
            raise UserError("the service does not answer.")

    found = find_earlier_splits(project(tmp_path), Silent())

    assert found.parameters == {}
    assert "could not be looked for (the service does not answer)" in found.sentence
