"""Reach the artifacts of runs wherever they lie: folders, S3, MinIO, Google Cloud Storage."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sightline.ground.errors import UserError
from sightline.ground.run_folders import split_output
from sightline.ground.storage.addresses import scheme_of
from sightline.ground.storage.stores import (
    ARTIFACT_SCHEMES,
    ENDPOINT,
    knows_endpoint,
    open_store,
    path_in_store,
    written_at,
)
from sightline.project.target import Target

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


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
    scheme = scheme_of(uri)
    if scheme not in ARTIFACT_SCHEMES:
        raise UserError(
            f"{uri}: expected an address of a store that can be read here (s3://, minio://, gs:// "
            f"or a folder); received {scheme}://. Copy the artifact with your own tools."
        )
    options = target.store_options()
    if scheme == "minio" and not knows_endpoint(options):
        raise UserError(
            f"{uri}: expected {ENDPOINT} to say where MinIO is; it is not set. For a cluster: "
            "kubectl port-forward -n kubeflow svc/seaweedfs 9000 (before Kubeflow Pipelines 2.16: "
            f"svc/minio-service), then export {ENDPOINT}=http://localhost:9000, AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY."
        )
    return open_store(scheme, options), path_in_store(uri)


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
        times[place] = max(times.get(place, 0.0), written_at(info))
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


def _split(path: str) -> tuple[str, str, str]:
    """Split a path below a run into task, the folder of its outputs, and the artifact's name."""
    folder, execution, below = split_output(path)
    name = below.partition("/")[0]
    if execution:
        return folder, f"{folder}/{execution}", name
    return re.sub(r"_-?[0-9]+$", "", folder), folder, name
