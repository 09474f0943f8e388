"""Reach the artifacts of runs wherever they lie: folders, S3, MinIO, Google Cloud Storage."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import UserError
from sightline.project.target import Target

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

ENDPOINT = "AWS_ENDPOINT_URL"
CONNECT_SECONDS = 5
READ_SECONDS = 15
LONGEST_REASON = 200
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """Where one task of a run left its artifacts."""

    uri: str
    names: frozenset[str]
    """What lies there."""


def filesystem_of(uri: str, target: Target) -> "tuple[AbstractFileSystem, str]":
    """Return the file system that holds an address, and the path in it.

    Credentials are the user's own, from the environment.

    Raises:
        UserError: the address is of another kind, or MinIO's own address is not known.
    """
    import fsspec

    scheme, separator, path = uri.partition("://")
    if not separator or scheme == "file":
        return fsspec.filesystem("file"), path or uri
    if scheme in ("s3", "minio"):
        return fsspec.filesystem("s3", **_s3_options(uri, scheme, target)), path
    if scheme == "gs":
        return _google_storage(target), path
    raise UserError(
        f"{uri}: expected an address of a store that can be read here (s3://, minio://, gs:// or a "
        f"folder); received {scheme}://. Copy the artifact with your own tools."
    )


def list_outputs(uri: str, target: Target, *, only: str = "") -> dict[str, OutputFolder]:
    """Return the folder of each task of a run; empty where the run left nothing.

    Args:
        uri: the run's folder, which holds `<task>/<maybe uuid>/<artifact>`, or Vertex AI's
            `<task>_<number>/<artifact>`.
        target: where the run ran.
        only: name of the one task to look for; all unless given.
    """
    filesystem, folder = filesystem_of(uri, target)
    root = folder.strip("/")
    times: dict[str, float] = {}
    names: dict[tuple[str, str], set[str]] = {}
    for path, info in filesystem.find(folder, detail=True, prefix=only).items():
        task, place, name = _split(path.strip("/").removeprefix(root).strip("/"))
        if only not in ("", task):
            continue
        names.setdefault((task, place), set()).add(name)
        times[place] = max(times.get(place, 0.0), _written(info))
    # A task that was run again has two folders; the later one counts.
    newest = sorted(names, key=lambda key: times[key[1]])
    return {
        task: OutputFolder(f"{uri.rstrip('/')}/{place}", frozenset(names[task, place]))
        for task, place in newest
    }


def expect_store(uri: str, target: Target) -> None:
    """Look into the bucket or folder of an address with the user's own credentials.

    Raises:
        Exception: of the store's own kind: it is not there, or may not be read.
    """
    filesystem, path = filesystem_of(uri, target)
    filesystem.ls(path.partition("/")[0] or path)


def reason_of(error: Exception) -> str:
    """Say in one line what a store has to say; each has exceptions of its own."""
    return " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__


def read_all(uris: Sequence[str], target: Target) -> dict[str, bytes]:
    """Return the content of files of one store by their addresses; a missing one is left out."""
    if not uris:
        return {}
    places = [filesystem_of(uri, target) for uri in uris]
    filesystem, _ = places[0]
    addresses = {path: uri for uri, (_, path) in zip(uris, places, strict=True)}
    contents = {}
    for path, content in filesystem.cat(list(addresses), on_error="return").items():
        if isinstance(content, bytes):
            contents[addresses[path]] = content
        elif not isinstance(content, FileNotFoundError):
            raise content
    return contents


def _google_storage(target: Target) -> "AbstractFileSystem":
    # The class that fsspec opens first asks another service about the kind of bucket, for half a
    # minute where that one does not answer. Reading needs no answer.
    from gcsfs.core import GCSFileSystem

    # It logs a traceback for each error that it raises as well.
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)
    options = target.store_options("gs")
    return GCSFileSystem(timeout=READ_SECONDS, use_listings_cache=False, **options)


def _s3_options(uri: str, scheme: str, target: Target) -> dict[str, Any]:
    endpoint = os.environ.get(ENDPOINT) or target.store_options(scheme).get("endpoint_url")
    if scheme == "minio" and not endpoint:
        raise UserError(
            f"{uri}: expected {ENDPOINT} to say where MinIO is; it is not set. For a cluster: "
            "kubectl port-forward -n kubeflow svc/minio-service 9000, then export "
            f"{ENDPOINT}=http://localhost:9000, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    limits = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"max_attempts": 2},
    }
    return {"endpoint_url": endpoint, "config_kwargs": limits, "use_listings_cache": False}


def _split(path: str) -> tuple[str, str, str]:
    """Split a path below a run into task, the folder of its outputs, and the artifact's name."""
    task, _, below = path.partition("/")
    first, _, rest = below.partition("/")
    if UUID.fullmatch(first):
        return task, f"{task}/{first}", rest.partition("/")[0]
    return re.sub(r"_-?[0-9]+$", "", task), task, first


def _written(info: Mapping[str, Any]) -> float:
    found = next((info[name] for name in ("LastModified", "mtime", "updated") if info.get(name)), 0)
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    return found.timestamp() if isinstance(found, datetime) else float(found)
