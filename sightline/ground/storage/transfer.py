"""Files to and from a store, one by one, again while it is busy."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sightline.ground.patience import Patience
from sightline.ground.storage.disk import disk_error
from sightline.ground.storage.store_errors import Cause, cause_of

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Answer = TypeVar("Answer")


def bring_file(
    store: "AbstractFileSystem", source: str, target: Path, patience: Patience | None = None
) -> None:
    """Bring a file here, into folders that need not be there.

    The clients of stores repeat by themselves what may pass: patience comes on top of theirs.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    patiently(partial(store.get_file, source, str(target)), patience)


def send_file(
    store: "AbstractFileSystem", source: Path, target: str, patience: Patience | None = None
) -> None:
    """Bring a file of this machine to a store."""
    patiently(partial(store.put_file, str(source), target), patience)


def patiently(call: Callable[[], Answer], patience: Patience | None) -> Answer:
    """Make a call to a store that may be made twice; wait and repeat while it is busy."""
    return patience.retrying(_may_pass, lambda _: None)(call) if patience else call()


def _may_pass(error: BaseException) -> bool:
    of_disk = isinstance(error, OSError) and disk_error(error) is not None
    return cause_of(error) is Cause.BROKEN and not of_disk
