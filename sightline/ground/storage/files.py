"""Files and folders that appear whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sightline.ground.storage.disk import disk_error
from sightline.ground.storage.partial import partial_path


@contextmanager
def whole(path: Path, *, one_writer: bool = False) -> Iterator[Path]:
    """Give a place to write a file or folder to, which takes the place of `path` at the end.

    Readers see all of it, or the one before. Where writing fails, the one before stays, and where
    the disk is at fault, a `DiskError` says so.

    Args:
        path: what to write.
        one_writer: whether nobody else writes it at the same time: then what a killed writer left
            is written over by the next one.
    """
    partial = partial_path(path, one_writer=one_writer)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(partial)
        yield partial
        if partial.is_dir() or path.is_dir():
            remove(path)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            remove(partial)
        if (told := disk_error(error, path)) is not None:
            raise told from error
        raise
    except BaseException:
        remove(partial)
        raise


def write_whole(path: Path, text: str) -> None:
    """Replace a text file at once."""
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def remove(path: Path) -> None:
    """Remove a file or folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
