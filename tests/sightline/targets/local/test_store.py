"""Finding and reading runs."""

import json
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.ground.errors import UserError
from sightline.ground.storage.locks import lock_run
from sightline.ground.storage.sealed import SEAL, seal, unseal
from sightline.runs.records import RunRecord, TaskRecord
from sightline.targets.local.store import (
    RunWriter,
    find_run,
    last_resumable,
    list_runs,
    new_run_folder,
)

START = datetime(2026, 11, 21, 23, 15, 2, tzinfo=UTC)


def make_run(root: Path, minutes: int = 0, **changes: object) -> RunRecord:
    """A run in its folder."""
    started = START + timedelta(minutes=minutes)
    folder = new_run_folder(root, started)
    record = RunRecord.model_validate(
        {
            "id": folder.name,
            "pipeline": "toy",
            "status": "succeeded",
            "launcher": "process",
            "parameters": {"epochs": 5},
            "started": started,
            "tasks": {"train": TaskRecord(name="train", component="train", image="t", log="l")},
            **changes,
        }
    )
    record.folder = folder
    RunWriter(record).write()
    return record


def test_ids_sort_by_time_and_can_be_typed(tmp_path: Path) -> None:
    names = [new_run_folder(tmp_path, START + timedelta(seconds=n)).name for n in range(12)]

    assert names == sorted(names)
    assert all(name.startswith("20261121-2315") and len(name) == 19 for name in names)


def test_runs_that_start_in_one_second_sort_in_the_order_of_their_starts(tmp_path: Path) -> None:
    names = [new_run_folder(tmp_path, START + timedelta(milliseconds=n)).name for n in range(12)]

    assert names == sorted(names)


def test_a_run_is_found_by_its_id_by_a_part_of_it_and_as_the_latest(tmp_path: Path) -> None:
    first, second = make_run(tmp_path), make_run(tmp_path, minutes=1)

    assert find_run(tmp_path, first.id).id == first.id
    assert find_run(tmp_path, first.id[:-1]).id == first.id
    assert find_run(tmp_path, second.id[-3:]).id == second.id
    assert find_run(tmp_path, "latest").id == second.id


def test_a_part_that_fits_several_runs_asks_for_more(tmp_path: Path) -> None:
    make_run(tmp_path)
    make_run(tmp_path, minutes=1)

    with pytest.raises(UserError, match=r"'20261121' fits 2 runs: .*Give more of the id"):
        find_run(tmp_path, "20261121")


def test_an_unknown_run_names_the_nearest_or_says_that_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are no runs yet"):
        find_run(tmp_path)
    run = make_run(tmp_path)

    with pytest.raises(UserError, match=f"Did you mean {run.id}?"):
        find_run(tmp_path, run.id.replace("2026", "2062"))


def test_runs_are_listed_newest_first_beside_those_that_cannot_be_read(tmp_path: Path) -> None:
    first, second = make_run(tmp_path), make_run(tmp_path, minutes=1)
    broken = make_run(tmp_path, minutes=2)
    (broken.folder / "run.json").write_text("{")

    listing = list_runs(tmp_path)

    assert [run.id for run in listing.runs] == [second.id, first.id]
    assert "could not read it" in listing.unreadable[broken.id]


def test_another_schema_version_says_which_and_what_to_do(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    path = run.folder / "run.json"
    path.write_text(json.dumps(seal({**unseal(path.read_bytes()), "schema_version": 2})))

    with pytest.raises(UserError) as caught:
        find_run(tmp_path)

    assert str(caught.value) == (
        f"{path}: expected sightline.run version 1, received sightline.run version 2. Read it "
        "with the version of Sightline that wrote it, or run again."
    )


def test_a_folder_without_a_record_and_a_record_with_other_fields_are_refused(
    tmp_path: Path,
) -> None:
    empty = new_run_folder(tmp_path, START)
    with pytest.raises(UserError, match=r"run\.json is missing"):
        find_run(tmp_path, empty.name)
    run = make_run(tmp_path, minutes=1)
    path = run.folder / "run.json"
    document = {**json.loads(path.read_text()), "launcher": "rocket"}
    del document[SEAL]
    path.write_text(json.dumps(document))

    with pytest.raises(UserError, match="is damaged"):
        find_run(tmp_path)


HOLD_ON = """
import os, sys, time
from pathlib import Path
from sightline.ground.storage.locks import lock_run
lock = lock_run(Path(sys.argv[1]))
if os.fork():
    os._exit(0)
time.sleep(1.5)
"""


def test_a_run_whose_killed_runner_still_has_a_task_can_be_resumed_in_a_moment(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path, status="running")
    subprocess.run([sys.executable, "-c", HOLD_ON, str(run.folder)], check=True)
    at_once = find_run(tmp_path)

    resumable = last_resumable(tmp_path)

    assert at_once.status == "running"
    assert resumable is not None
    assert (resumable.id, resumable.status) == (run.id, "interrupted")


def test_a_run_whose_runner_is_alive_is_not_waited_for(tmp_path: Path) -> None:
    run = make_run(tmp_path, status="running")

    with closing(lock_run(run.folder)):
        before = time.monotonic()
        resumable = last_resumable(tmp_path)

    assert resumable is None
    assert time.monotonic() - before < 5


def test_a_running_run_without_its_runner_was_interrupted(tmp_path: Path) -> None:
    run = make_run(tmp_path, status="running")

    assert find_run(tmp_path).status == "interrupted"
    assert json.loads((run.folder / "run.json").read_text())["status"] == "running"


def test_the_newest_run_that_did_not_end_well_is_offered_to_be_resumed(tmp_path: Path) -> None:
    assert last_resumable(tmp_path) is None
    failed = make_run(tmp_path, status="failed")
    make_run(tmp_path, minutes=1)

    assert last_resumable(tmp_path) == failed


@settings(deadline=None)
@given(
    parameters=st.dictionaries(
        st.text(),
        st.text()
        | st.integers()
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(st.text()),
    ),
    message=st.none() | st.text(),
)
def test_a_record_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, parameters: dict[str, object], message: str | None
) -> None:
    folder = tmp_path_factory.getbasetemp() / "survives"

    run = make_run(folder, parameters=parameters, failure=message)

    assert find_run(folder, run.id) == run
