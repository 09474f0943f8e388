import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.targets.local.schedules.store import FILE_NAME, Store
from tests.sightline.targets.local.schedules.scheduling import request, schedules


@pytest.fixture
def file(tmp_path: Path) -> Path:
    schedules(tmp_path).create(request())
    return tmp_path / FILE_NAME


def problem(root: Path) -> str:
    with pytest.raises(UserError) as caught:
        schedules(root).list()
    text = str(caught.value)
    assert text.startswith(f"{root / FILE_NAME}: expected the file of schedules, to read and")
    assert "\n" not in text
    return text


def test_a_file_of_something_else(file: Path) -> None:
    file.write_text("nightly at half past two\n" * 100, encoding="utf-8")

    assert "holds something else, or is damaged. Move it away" in problem(file.parent)


def test_a_damaged_file(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:200] + b"\xff" * (len(content) - 200))

    assert "received: it is damaged. Move it away" in problem(file.parent)


def test_a_file_that_may_only_be_read(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[18] = 3  # a way of writing that this SQLite does not know, so that it only reads
    file.write_bytes(content)

    with pytest.raises(UserError, match=r"may only be read\. Give yourself the right"):
        schedules(file.parent).pause("nightly")


def test_a_file_that_another_process_keeps_locked(file: Path) -> None:
    store = Store(file.parent, wait_seconds=0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(UserError, match=r"keeps it locked\. Try again"):
            store.schedules()


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    assert "received: it cannot be opened. Check that it is a file" in problem(tmp_path)


def test_a_file_of_another_version(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("ALTER TABLE schedules RENAME COLUMN folder TO place")

    assert "no such column: schedules.folder" in problem(file.parent)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "project").write_text("")

    assert "Check that its folder can be made" in problem(tmp_path / "project")
