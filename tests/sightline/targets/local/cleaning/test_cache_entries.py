"""What becomes of cached results when the runs that hold them go."""

from datetime import UTC, datetime
from pathlib import Path

from sightline.project.settings import Project, load_project
from sightline.targets.local.cleaning.plan import plan_delete, plan_gc
from sightline.targets.local.cleaning.removal import clean
from sightline.targets.local.store import RunWriter, list_runs
from tests.sightline.targets.local.toys import run_toy, states, write_and_copy


def project(folder: Path) -> Project:
    file = folder / "sightline.yaml"
    file.write_text("pipeline: {name: pets, root: root}\ningest: {source: photos}\n")
    return load_project(file)


def test_a_result_that_another_run_holds_is_still_reused(tmp_path: Path) -> None:
    first, second = run_toy(write_and_copy, tmp_path), run_toy(write_and_copy, tmp_path)

    assert list(clean(plan_delete(project(tmp_path), [first.id]))) == []
    third = run_toy(write_and_copy, tmp_path)

    assert {run.id for run in list_runs(tmp_path / "root").runs} == {third.id, second.id}
    assert states(third)["write"] == "reused"


def test_a_result_that_no_run_holds_any_more_goes_with_the_last(tmp_path: Path) -> None:
    run_toy(write_and_copy, tmp_path)
    entries = list((tmp_path / "root/cache").glob("*/*.json"))

    planned = plan_gc(project(tmp_path), now=datetime.now(UTC), keep=0, older_than=None)
    list(clean(planned))

    assert entries
    assert sorted(planned.entries) == sorted(entries)
    assert not any(entry.exists() for entry in entries)
    assert set(states(run_toy(write_and_copy, tmp_path)).values()) == {"succeeded"}


def test_a_run_that_was_resumed_since_the_plan_stays(tmp_path: Path) -> None:
    run = run_toy(write_and_copy, tmp_path)
    planned = plan_delete(project(tmp_path), [run.id])
    run.finished = datetime.now(UTC)
    RunWriter(run).write()

    assert list(clean(planned)) == [f"{run.id} stays: it was changed or resumed meanwhile."]
    assert run.folder.exists()
