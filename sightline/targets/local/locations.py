"""What is at a path or URI that a task reads, so that the cache sees it change."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from sightline.ground.backbones.choice import version_here
from sightline.ground.models.model_folder import INFO_FILE, live_number, versions_in_store
from sightline.ground.storage.addresses import is_local, revealed, scheme_of
from sightline.ground.storage.digests import content_digest, listing_digest
from sightline.ground.storage.stores import ARTIFACT_SCHEMES, open_store, path_in_store
from sightline.package.reading.plan import PlannedTask
from sightline.project.stages import Location
from sightline.runs.records import PortsRecord

Locations = Mapping[tuple[str, str], Location]
"""Component and parameter -> what the parameter's text names."""

VARIABLE = "env:"
"""Begins a setting that names an environment variable with a secret in it."""

MODEL = "model "
"""Begins the version of a model folder: the hash of its live model follows."""


def location_version(value: str, location: Location) -> str:
    """Return what stands in the cache key for a location that a task reads.

    A model folder counts by its live model, so that deploying the same model again changes
    nothing, also in a store; another folder by names, sizes and times; a file by its bytes;
    another URI by its text.
    """
    items = location.items(value)
    if len(items) > 1:
        return ", ".join(location_version(item, location) for item in items)
    if location.folder and scheme_of(value) in ARTIFACT_SCHEMES[2:]:
        stored = live_model_in_store(value)
        return f"{MODEL}{stored}" if stored else value
    if not location.is_place(value) or not is_local(value):
        return version_here(value, os.environ) if location.backbones else value
    path = Path(value)
    if path.is_file():
        return file_version(path)
    if not path.is_dir():
        return f"nothing at {value}"
    live = live_model(path)
    return f"{MODEL}{live}" if live else f"folder {listing_digest(path)}"


def file_version(path: Path) -> str:
    """Return what stands for a file: the digest of its bytes."""
    return f"file {content_digest(path)}"


def live_model(folder: Path) -> str | None:
    """Return the hash of the live model in a model folder, or None when it is no such folder."""
    number = live_number(folder)
    if number is None:
        return None
    try:
        bundle = json.loads((folder / str(number) / INFO_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = bundle.get("model_sha256") if isinstance(bundle, dict) else None
    return found if isinstance(found, str) else None


def live_model_in_store(address: str) -> str | None:
    """Return the hash of the live model in a folder of a store; None where none can be read.

    The stage that reads it says why.
    """
    store, root = open_store(scheme_of(address)), path_in_store(revealed(address)).rstrip("/")
    try:
        live = next(iter(versions_in_store(store, root)))
        found = json.loads(store.cat_file(f"{root}/{live}/{INFO_FILE}"))["model_sha256"]
    except Exception:  # the clients of stores raise what they like
        return None
    return found if isinstance(found, str) else None


def local_locations(
    task: PlannedTask, inputs: PortsRecord, locations: Locations, access: str
) -> Iterator[Path]:
    """Yield the paths of this machine that a task reads or writes beside its artifacts."""
    for name, value in inputs.parameters.items():
        location = locations.get((task.component, name))
        if location is None or location.access != access or not isinstance(value, str):
            continue
        for item in location.items(value):
            if location.is_place(item) and is_local(item):
                yield Path(item)


def named_variables(task: PlannedTask, inputs: PortsRecord, locations: Locations) -> dict[str, str]:
    """Return the environment variables of this process that a task's settings name: `env:NAME`."""
    names = [
        value.removeprefix(VARIABLE)
        for name, value in inputs.parameters.items()
        if isinstance(value, str)
        and value.startswith(VARIABLE)
        and (location := locations.get((task.component, name)))
        and VARIABLE in location.prefixes
    ]
    return {name: os.environ[name] for name in names if name in os.environ}
