"""A disk that is full, read-only or out of reach, in one line: what, why, what to do."""

import errno
import os
import re
import shutil
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.storage.partial import final_path

REMEDIES = {
    errno.ENOSPC: "Make room there",
    errno.EDQUOT: "Make room there, or ask for a larger quota",
    errno.EFBIG: "Use a file system or a limit that allows larger files",
    errno.EROFS: "Use a place that can be written",
    errno.EACCES: "Correct the permissions, or use another place",
    errno.EPERM: "Correct the permissions, or use another place",
    errno.EIO: "Check the disk",
    errno.ENAMETOOLONG: "Use a shorter path",
}
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class DiskError(UserError, OSError):
    """The disk of a user did not take or give what it was asked for."""


def disk_error(error: OSError, place: Path | None = None) -> DiskError | None:
    """Return what to tell about an error of the user's disk; none for any other error.

    Args:
        error: what the system said.
        place: what was to be written; needed where the system does not name a file.
    """
    if isinstance(error, DiskError):
        return error
    number = error.errno or _told_number(error)
    if number not in REMEDIES:
        return None
    named = next((name for name in (error.filename2, error.filename) if name is not None), None)
    path = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else place
    what = str(final_path(path)) if path else "a file"
    free = f" ({_free(path)})" if path and number in NO_ROOM else ""
    told = DiskError(
        f"{what}: expected to read or write it; the system says: {os.strerror(number)}{free}. "
        f"{REMEDIES[number]}, then do it again; a run goes on with `sightline run --resume`."
    )
    told.errno = number
    return told


def _told_number(error: OSError) -> int:
    # HDF5, in which Keras keeps weights, names the number in its text only.
    found = re.search(r"errno = ([0-9]+)", str(error))
    return int(found[1]) if found else 0


def _free(path: Path) -> str:
    folder = path.absolute()
    while not folder.is_dir():
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free / 1e6:,.1f} MB are free in {folder}"
