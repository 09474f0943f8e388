"""Which run's splits the next run is given."""

from pathlib import Path

from sightline.project.settings import Project, load_project
from sightline.runs.records import ArtifactRecord, PortsRecord, RunRecord, TaskRecord
from sightline.targets.local.earlier_splits import earlier_splits, unread_splits
from sightline.targets.local.store import list_runs
from tests.sightline.targets.local.test_store import make_run


def earlier(pets: Project) -> dict[str, str]:
    return earlier_splits(pets, list_runs(pets.root))


def unread(pets: Project) -> tuple[str, ...]:
    return unread_splits(pets, list_runs(pets.root))


def project(folder: Path, settings: str = "") -> Project:
    file = folder / "sightline.yaml"
    file.write_text(f"pipeline: {{name: pets}}\ningest: {{source: photos}}\n{settings}")
    return load_project(file)


def run_with_splits(root: Path, minutes: int, *, status: str = "succeeded") -> Path:
    """A run whose preprocess left splits; returns where."""
    record: RunRecord = make_run(root, minutes, status=status, tasks={"preprocess": task(root)})
    file = record.artifact_path("preprocess", "records") / "assignment.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"splits")
    return file


def task(root: Path) -> TaskRecord:
    records = ArtifactRecord(
        name="records", kind="system.Dataset", kind_version="0.0.1", uri=str(root), metadata={}
    )
    return TaskRecord(
        name="preprocess",
        component="preprocess",
        image="p",
        log="l",
        outputs=PortsRecord(artifacts={"records": records}),
    )


def test_the_newest_run_that_succeeded_gives_its_splits(tmp_path: Path) -> None:
    pets = project(tmp_path)
    run_with_splits(pets.root, 0)
    newest = run_with_splits(pets.root, 1)
    run_with_splits(pets.root, 2, status="failed")
    make_run(pets.root, 3)

    assert {k: Path(v).resolve() for k, v in earlier(pets).items()} == {
        "preprocess_splits_from": newest.resolve()
    }


def test_a_run_that_cannot_be_read_is_named_since_its_splits_are_not_kept(tmp_path: Path) -> None:
    pets = project(tmp_path)
    run_with_splits(pets.root, 0)
    damaged = run_with_splits(pets.root, 1).parents[3] / "run.json"
    damaged.write_text(damaged.read_text().replace("preprocess", "preprocesr", 1))

    (warning,) = unread(pets)

    name = damaged.parent.name
    assert warning.startswith(f"The splits of run {name} are not kept, since it cannot be read: ")
    assert warning.endswith(f"Remove the run: sightline runs delete {name}")
    assert unread(project(tmp_path, "preprocess: {splits_from: none}\n")) == ()


def test_a_first_run_has_none(tmp_path: Path) -> None:
    assert earlier(project(tmp_path)) == {}


def test_what_the_user_chose_stays(tmp_path: Path) -> None:
    pets = project(tmp_path, "preprocess: {splits_from: none}\n")
    run_with_splits(pets.root, 0)

    assert earlier(pets) == {}
