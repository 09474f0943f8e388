"""A disk that does not take what it is given: one line, and nothing half-written."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sightline.ground.storage.disk import DiskError, disk_error
from sightline.ground.storage.files import whole, write_whole


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_an_error_of_the_disk_names_the_file_the_reason_and_what_to_do(number: int) -> None:
    told = disk_error(OSError(number, os.strerror(number), "/data/run.json"))

    assert told is not None
    assert told.errno == number
    assert str(told).startswith("/data/run.json: expected to read or write it; the system says: ")
    assert os.strerror(number) in str(told)
    assert str(told).endswith("a run goes on with `sightline run --resume`.")
    assert "\n" not in str(told)


def test_a_full_disk_says_how_much_is_free(tmp_path: Path) -> None:
    told = disk_error(OSError(errno.ENOSPC, "full"), tmp_path / "not/yet/there")

    assert f"MB are free in {tmp_path})" in str(told)


def test_what_keras_says_of_a_full_disk_is_understood(tmp_path: Path) -> None:
    error = OSError("Can't write data (file write failed: errno = 28, error message = 'No space')")

    assert "No space left on device" in str(disk_error(error, tmp_path / "model.keras"))


def test_other_errors_are_not_the_disks() -> None:
    assert disk_error(ConnectionRefusedError(errno.ECONNREFUSED, "refused")) is None


def test_where_the_disk_is_at_fault_the_old_file_stays_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_whole(path, "old")

    with pytest.raises(DiskError, match=r"run\.json.*No space left on device"), whole(path) as part:
        part.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]


def test_a_folder_in_the_place_of_a_parent_is_no_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NotADirectoryError):
        write_whole(tmp_path / "file/inner/run.json", "text")


def test_a_real_limit_of_the_system_ends_in_one_line(tmp_path: Path) -> None:
    """Files may have 1,000 bytes only: what a full disk is, for anyone without a disk to fill."""
    code = (
        "import signal, sys; from pathlib import Path;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from sightline.ground.storage.files import write_whole;"
        "write_whole(Path(sys.argv[1]), 'x' * 5000)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "file")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )

    assert "DiskError" in done.stderr
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []
