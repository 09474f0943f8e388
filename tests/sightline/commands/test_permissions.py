"""Commands of an ordinary user in folders that are someone else's: one line, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import photo_folder
from tests.sightline.ordinary_user import SETPRIV, SOMEONE_ELSE, WITHOUT
from tests.sightline.run_records import finished_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or SETPRIV is None, reason="needs root, which gives up its rights"
    ),
]


def as_ordinary_user(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `sightline ARGUMENTS` in a folder without root's rights over others' files."""
    command = [str(SETPRIV), f"--bounding-set={WITHOUT}", sys.executable, "-m", "sightline"]
    return subprocess.run(
        [*command, *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )


def give_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, SOMEONE_ELSE, SOMEONE_ELSE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of someone else's, which others may read."""
    photo_folder(tmp_path / "photos", cats=3, dogs=3)
    (tmp_path / "sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    give_away(tmp_path)
    tmp_path.chmod(0o755)
    return tmp_path


def expect_one_line(done: subprocess.CompletedProcess[str], place: str) -> None:
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert f"{place}: expected to read or write it; " in line
    assert (
        "the system says: Permission denied. Correct the permissions, or use another place" in line
    )


def test_a_project_folder_that_may_not_be_written(project: Path) -> None:
    expect_one_line(as_ordinary_user(project, "run"), f"{project}/.sightline")
    expect_one_line(as_ordinary_user(project, "init", "photos", "--force"), "sightline.schema.json")
    expect_one_line(
        as_ordinary_user(project, "compile", "--output", "package.yaml"), "package.yaml"
    )

    assert sorted(path.name for path in project.iterdir()) == ["photos", "sightline.yaml"]


def test_runs_of_someone_else_are_neither_removed_nor_half_removed(project: Path) -> None:
    run = finished_run(project / ".sightline")
    give_away(project)
    before = sorted(run.folder.rglob("*"))

    expect_one_line(as_ordinary_user(project, "runs", "delete", run.id, "--yes"), "lock")
    expect_one_line(as_ordinary_user(project, "runs", "name", run.id, "mine"), "lock")

    assert sorted(run.folder.rglob("*")) == before


def test_images_that_may_not_be_read_are_named_and_a_run_goes_on_once_they_may(
    project: Path,
) -> None:
    (project / ".sightline").mkdir()
    (project / "photos/cats").chmod(0o700)

    looked = as_ordinary_user(project, "init", "photos", "--force")
    failed = as_ordinary_user(project, "run")
    (project / "photos/cats").chmod(0o755)
    resumed = as_ordinary_user(project, "run", "--resume", "--launcher", "process")

    for done in (looked, failed):
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert "permission denied" in (done.stdout + done.stderr).lower()
    assert "permission denied" not in (resumed.stdout + resumed.stderr).lower()
