"""Read the artifact store of a run: folders of this machine, S3, MinIO or Google Cloud Storage."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from components.notify.place import Place, stage_of
from sightline.ground.errors import one_line
from sightline.ground.run_folders import split_output
from sightline.ground.storage.addresses import scheme_of
from sightline.ground.storage.stores import (
    ARTIFACT_SCHEMES,
    ENDPOINT,
    StoreOptions,
    knows_endpoint,
    open_store,
    path_in_store,
    written_at,
)

Result = TypeVar("Result")

DEEPEST = 5
"""Folders below a run to look into on this machine: task, uuid, artifact, and what is in it."""
MOST_BYTES = 20 * 2**20
PATIENCE = StoreOptions(silence_seconds=10)


class StoreError(Exception):
    """The store cannot be read; the text says why in words for people."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of an artifact: its address in the store, and when it was written (seconds)."""

    address: str
    written: float


Files = Mapping[tuple[str, str], File]
"""Stage and path from the artifact on, such as `("ingest", "dataset/dataset.json")` -> file."""


class Store:
    """The artifacts of all runs that lie beside each other."""

    def __init__(self, place: Place, mounts: Path = Path("/gcs")) -> None:
        self.place = place
        # Vertex AI mounts every bucket: its files need no credentials and no other client.
        mounted = place.scheme == "gs" and (mounts / place.runs.split("/")[0]).is_dir()
        self._mount = f"{mounts}/" if mounted else ""
        self._filesystem = open_filesystem("" if mounted else place.scheme)

    def runs(self) -> list[str]:
        """Name the other runs."""
        folders = self._filesystem.ls(self._mount + self.place.runs, detail=True)
        names = [str(f["name"]).rstrip("/").rpartition("/")[2] for f in folders if is_folder(f)]
        return sorted(name for name in names if name and name != self.place.run)

    def files(self, run: str) -> Files:
        """List the files of a run; of two with the same name, the later one counts."""
        folder = self._mount + self.place.folder(run)
        # One listing of everything is one request to an object store, and a walk on a disk.
        depth = None if self.place.scheme and not self._mount else DEEPEST
        found = self._filesystem.find(folder, maxdepth=depth, detail=True)
        listed = [(File(str(path), written_at(info)), str(path)) for path, info in found.items()]
        root = f"{folder.strip('/')}/"
        return {
            key: file
            for file, path in sorted(listed, key=lambda item: item[0].written)
            if (key := key_of(path.strip("/").removeprefix(root)))
        }

    def read(self, file: File) -> bytes:
        """Return the content of a small file."""
        with self._filesystem.open(file.address, "rb") as stream:
            data = bytes(stream.read(MOST_BYTES + 1))
        if len(data) > MOST_BYTES:
            raise StoreError(f"it has more than {MOST_BYTES // 2**20} MB")
        return data

    def holds(self, uri: str) -> bool:
        """Tell whether an artifact lies in this store."""
        return bool(uri) and scheme_of(uri) == self.place.scheme

    def inside(self, uri: str) -> str:
        """Return what the store itself calls an artifact."""
        return self._mount + path_in_store(uri).rstrip("/")

    def run_of(self, uri: str) -> str:
        """Return the run beside this one that an artifact lies in; empty where it is in none."""
        below = path_in_store(uri).strip("/").removeprefix(self.place.runs.strip("/"))
        return below.strip("/").partition("/")[0] if below.startswith("/") else ""

    def read_start(self, address: str, num_bytes: int) -> bytes:
        """Return the first bytes of what lies at an address as people write it."""
        with self._filesystem.open(self.inside(address), "rb") as stream:
            return bytes(stream.read(num_bytes))

    def address(self, file: File) -> str:
        """Return the address of a file as people write it."""
        path = file.address.removeprefix(self._mount)
        return f"{self.place.scheme}://{path}" if self.place.scheme else path


def open_filesystem(scheme: str) -> Any:
    """Open fsspec's file system with short time limits; credentials are the environment's.

    Raises:
        StoreError: the scheme is unknown, or MinIO's address is not given.
    """
    if scheme not in ARTIFACT_SCHEMES:
        raise StoreError(f"{scheme}:// is no store that can be read here; expected s3, minio or gs")
    if scheme == "minio" and not knows_endpoint():
        raise StoreError(
            f"the task does not know where MinIO is: set {ENDPOINT}, AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY for it"
        )
    return open_store(scheme, PATIENCE)


def key_of(path: str) -> tuple[str, str] | None:
    """Split `<task>/<maybe uuid>/<artifact>/...` into the stage and the path from the artifact."""
    task, _, name = split_output(path)
    return (stage_of(task), name) if name else None


def is_folder(info: Mapping[str, Any]) -> bool:
    """Tell whether an entry of a listing is a folder."""
    return info.get("type") == "directory"


def words_of(error: Exception) -> str:
    """Say in a few words why reading failed."""
    if isinstance(error, StoreError):
        return str(error)
    name, text = type(error).__name__, one_line(error)
    return text if text == name else f"{name}: {text}"


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Return what a call returns, but wait no longer than this for it.

    Raises:
        StoreError: the time is over; the call is left behind.
    """
    results: list[Result] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True, name="within")
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise StoreError(f"it did not answer within {seconds:g} s")
    return results[0]
