"""A run on a disk that takes no more: one line, and `--resume` once there is room."""

import subprocess
import sys
from pathlib import Path

from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import resume
from sightline.targets.local.store import last_resumable, list_runs
from tests.sightline.targets.local.toys import compiled, run_toy, states, write_and_copy

# A limit on the size of files stands for the disk: it can be set without one to fill.
RUN = """
import resource, signal, sys
from pathlib import Path
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import run
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
run(Path(sys.argv[1]), parameters={"text": sys.argv[4]}, options=RunOptions(root=Path(sys.argv[2])))
"""


def run_with_files_up_to(limit: int, folder: Path, text: str = "hello") -> str:
    """Run a small pipeline and return what it said at its end."""
    package = compiled(write_and_copy, folder)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(package), str(folder / "root"), str(limit), text],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    return done.stderr


def test_a_record_that_the_disk_does_not_take_stops_the_run_which_goes_on_later(
    tmp_path: Path,
) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    whole = run_toy(write_and_copy, elsewhere, text="a" * 5000).folder
    largest = (whole / "run.json").stat().st_size
    assert (whole / "pipeline.yaml").stat().st_size < largest - 3000

    said = run_with_files_up_to(largest - 3000, tmp_path, text="a" * 5000)

    assert "run.json: expected to read or write it; the system says: File too large" in said
    (run,) = list_runs(tmp_path / "root").runs
    assert not list(run.folder.glob(".*partial*"))

    resumable = last_resumable(tmp_path / "root")
    assert resumable is not None
    record = resume(resumable.id, options=RunOptions(root=tmp_path / "root"))

    assert record.status == "succeeded"
    assert set(states(record).values()) <= {"succeeded", "reused"}


def test_a_run_that_could_not_even_begin_leaves_no_folder(tmp_path: Path) -> None:
    run_with_files_up_to(100, tmp_path)

    assert list((tmp_path / "root/runs").iterdir()) == []
