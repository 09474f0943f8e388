"""Only one at a time changes a model folder in a store: a small object says who, for how long."""

import json
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sightline.ground.models.model_folder import LOCK, LOCK_TIMEOUT_SECONDS, FolderError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LEASE_SECONDS = 90.0
"""After which a lock counts as left behind; its holder writes it anew long before."""
RENEW_SECONDS = 20.0
NAME = re.compile(rf"{re.escape(LOCK)}-([1-9][0-9]{{0,17}})")
POLL_SECONDS = 0.5


@contextmanager
def held(store: "AbstractFileSystem", root: str, shown: str) -> Iterator[None]:
    """Hold the lock of a folder.

    It is an object that is only written where there is none; one that was left behind is followed
    by the next number, which again only one can write. As long as it is held, its time is put off:
    the machines of a cloud take minutes to start.

    Raises:
        FolderError: somebody else holds it for too long.
    """
    deadline, holder = time.monotonic() + LOCK_TIMEOUT_SECONDS, uuid4().hex
    while not (mine := _acquired(store, root, holder)):
        if time.monotonic() > deadline:
            raise FolderError(
                f"{shown}: expected to change the folder alone; another command has been at work "
                f"for {LOCK_TIMEOUT_SECONDS:g} seconds. Wait for it to end, then try again; one "
                f"that was killed holds it for {LEASE_SECONDS:g} seconds."
            )
        time.sleep(POLL_SECONDS * (1 + random.random()))
    ended = Event()
    renewing = Thread(target=_renew, args=(store, mine, holder, ended), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        # After the lease it may be gone, and its number somebody else's.
        if _content(store, mine).get("holder") == holder:
            with suppress(FileNotFoundError):
                store.rm_file(mine)


def _acquired(store: "AbstractFileSystem", root: str, holder: str) -> str:
    """Return the path of the lock that is held now; nothing where somebody else holds one."""
    found = _locks(store, root)
    if any(_lives(store, path) for path in found.values()):
        return ""
    mine = f"{root}/{LOCK}-{max(found, default=0) + 1}"
    if not write_new(store, mine, _lease(holder)):
        return ""
    others = {path for path in _locks(store, root).values() if path != mine}
    if any(_lives(store, path) for path in others):
        store.rm_file(mine)  # both began at the same moment: both try again
        return ""
    for path in others:
        with suppress(FileNotFoundError):
            store.rm_file(path)
    return mine


def _lease(holder: str) -> bytes:
    return json.dumps({"holder": holder, "until": time.time() + LEASE_SECONDS}).encode()


def _renew(store: "AbstractFileSystem", mine: str, holder: str, ended: Event) -> None:
    """Put the end of a lock off until its holder is done, or has lost it."""
    while not ended.wait(RENEW_SECONDS):
        with suppress(Exception):  # what a store does not do now it may do the next time
            if _content(store, mine).get("holder") != holder:
                return
            store.pipe_file(mine, _lease(holder))


def _locks(store: "AbstractFileSystem", root: str) -> dict[int, str]:
    try:
        paths = [str(path) for path in store.ls(root, detail=False)]
    except FileNotFoundError:
        return {}
    named = ((NAME.fullmatch(path.rpartition("/")[2]), path) for path in paths)
    return {int(match[1]): path for match, path in named if match}


def _lives(store: "AbstractFileSystem", path: str) -> bool:
    until = _content(store, path).get("until")
    return isinstance(until, int | float) and time.time() < until


def _content(store: "AbstractFileSystem", path: str) -> dict[str, Any]:
    """Return what a lock says; nothing where it is gone, or is none of ours."""
    try:
        found = json.loads(store.cat_file(path))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_new(store: "AbstractFileSystem", path: str, content: bytes) -> bool:
    """Write an object where there is none; tell whether there was none, or this very one.

    Clients of stores repeat a call whose answer was lost: it finds what the first one wrote.
    """
    try:
        store.pipe_file(path, content, mode="create")
    except Exception as error:
        if is_taken(error):
            with suppress(FileNotFoundError):
                return bytes(store.cat_file(path)) == content
            return False
        if not isinstance(error, NotImplementedError) and "NotImplemented" not in str(error):
            raise
        # This store writes nothing conditionally; what keeps others out is the order of the calls.
        store.pipe_file(path, content)
    return True


def is_taken(error: BaseException) -> bool:
    """Tell whether a store refused to write because there is such an object."""
    text = str(error)
    return isinstance(error, FileExistsError) or any(
        word in text for word in ("PreconditionFailed", "pre-condition", "412", "conditionNotMet")
    )
