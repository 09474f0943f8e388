"""The bundle artifact: a servable model, its golden requests and what it was measured to do."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from sightline.ground.errors import DataError, shorten
from sightline.ground.models.model_folder import INFO_FILE
from sightline.ground.models.signatures import NUM_BEST
from sightline.ground.problems import FIRST_KIND
from sightline.ground.storage.digests import content_digest
from sightline.stage.answering.engine import (
    SAVED_MODEL,
    TENSORFLOW_ALONE,
    Engine,
    engine_document,
    engine_from,
)
from sightline.stage.formats.schema import read_document, write_document
from sightline.stage.imaging.contract import PreprocessingContract

SCHEMA = "sightline.bundle"
GOLDEN_SCHEMA = "sightline.golden"
VERSION = 1
GOLDEN_FILE = "golden.json"
LABELS_FILE = "labels.txt"
SERVED_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "WEBP")
"""Pillow's names of the image formats that the serving graph decodes; MPO is JPEG with extras."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInfo:
    """What `bundle.json` says about a bundle."""

    problem: str = FIRST_KIND
    """The kind of problem that the model answers."""
    model_name: str
    classes: tuple[str, ...]
    """Class names in their one order."""
    contract: PreprocessingContract
    model_sha256: str
    """SHA-256 of the trained model that the bundle was made from."""
    digest: str
    """Equal for two bundles of the same model, made with the same settings and versions."""
    created: str
    """Time of the export, ISO 8601 in UTC."""
    versions: dict[str, str]
    """Versions of the libraries that wrote the bundle."""
    files: dict[str, str]
    """SHA-256 of every other file, by its path inside the bundle."""
    engines: tuple[Engine, ...] = TENSORFLOW_ALONE
    """What can answer with it, best first for a server: those that answer as evaluated, the fastest
    of them at the front; int8, which answers otherwise, last."""
    about: dict[str, Any] = field(default_factory=dict)
    """What the kind of problem knows of its images together, such as the unit of its numbers."""
    top_k: int = NUM_BEST
    """Classes that an answer with the most probable ones names, where a request does not say."""
    lineage: dict[str, Any] = field(default_factory=dict)
    """Where the model comes from: run, data, settings, figures; nothing in older bundles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRequest:
    """A real image and what the bundle answered when it was exported."""

    id: str
    image: bytes
    expected: dict[str, Any]
    """The SavedModel's answer, as the kind of problem writes it in JSON."""
    engines: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The answers of the other engines, by their names."""

    def expected_of(self, engine: str) -> dict[str, Any]:
        """Return what an engine has to answer."""
        return self.engines.get(engine, self.expected)


def write_info(folder: Path, info: BundleInfo) -> None:
    """Write `bundle.json`."""
    content: dict[str, Any] = {name: getattr(info, name) for name in info.__dataclass_fields__}
    content["contract"] = info.contract.model_dump(mode="json")
    content["engines"] = [engine_document(engine) for engine in info.engines]
    content["served_formats"] = list(SERVED_FORMATS)
    write_document(folder / INFO_FILE, SCHEMA, VERSION, content, sealed=True)


def read_info(folder: Path) -> BundleInfo:
    """Read `bundle.json` of a bundle or of a version in a model folder.

    Raises:
        DataError: there is none, or it has another schema version.
    """
    document = read_document(folder / INFO_FILE, SCHEMA, VERSION)
    document.setdefault("problem", FIRST_KIND)
    document.setdefault("about", {})
    document.setdefault("top_k", NUM_BEST)
    document.setdefault("lineage", {})
    engines = document.pop("engines", None)
    document["engines"] = tuple(map(engine_from, engines)) if engines else TENSORFLOW_ALONE
    try:
        fields = {name: document[name] for name in BundleInfo.__dataclass_fields__}
    except KeyError as error:
        raise DataError(
            f"{folder / INFO_FILE}: expected the field {error}, received none. Run export again."
        ) from error
    fields["classes"] = tuple(fields["classes"])
    fields["contract"] = PreprocessingContract.model_validate(fields["contract"])
    return BundleInfo(**fields)


def files_of(info: BundleInfo, shown: object) -> list[str]:
    """Return the files of a bundle by their paths inside it, `bundle.json` first.

    Raises:
        DataError: one would lie elsewhere.
    """
    names = [INFO_FILE, *info.files]
    odd = [name for name in names if name.startswith("/") or ".." in PurePosixPath(name).parts]
    if odd:
        raise DataError(
            f"{shown}: expected files inside the bundle, received {shorten(odd)}. Run export again."
        )
    return names


def digest_of(**parts: Any) -> str:
    """Return a hash over JSON values, the same on every machine."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below `folder`, by relative path, without `bundle.json`."""
    return {
        path.relative_to(folder).as_posix(): content_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / INFO_FILE
    }


def read_sound(version: Path) -> BundleInfo:
    """Read `bundle.json` of a version in a model folder whose every file is as export wrote it.

    Raises:
        DataError: one is missing or has changed since, or `bundle.json` is not what was written.
    """
    info = read_info(version)
    # In a version, the files of the SavedModel lie beside the others.
    files = {name.removeprefix(f"{SAVED_MODEL}/"): sha256 for name, sha256 in info.files.items()}
    _compare(version, files, info.classes, remedy="Deploy the model again: sightline run.")
    return info


def check_files(folder: Path, info: BundleInfo) -> None:
    """Compare the files of a bundle with the hashes that export noted.

    Raises:
        DataError: a file is missing or has changed since.
    """
    _compare(folder, info.files, info.classes, remedy="Run export again.")


def _compare(folder: Path, files: dict[str, str], classes: tuple[str, ...], remedy: str) -> None:
    found = hash_files(folder)
    wrong = [name for name, sha256 in files.items() if found.get(name) != sha256]
    if wrong:
        raise DataError(
            f"{folder}: expected the {len(files)} files that export wrote; missing or "
            f"changed: {shorten(wrong)}. {remedy}"
        )
    if LABELS_FILE not in files:
        return
    text = (folder / LABELS_FILE).read_text(encoding="utf-8")
    labels = text.removesuffix("\n").split("\n") if text else []
    if tuple(labels) != classes:
        raise DataError(
            f"{folder / INFO_FILE}: expected the classes of {LABELS_FILE} ({shorten(labels)}); "
            f"received {shorten(classes)}. {remedy}"
        )


def write_golden(folder: Path, requests: Sequence[GoldenRequest]) -> None:
    """Write `golden.json`: instances as TensorFlow Serving takes them, with expected answers."""
    listed = [
        {
            "id": request.id,
            "instance": {"b64": base64.b64encode(request.image).decode("ascii")},
            "expected": request.expected,
            "engines": request.engines,
        }
        for request in requests
    ]
    write_document(folder / GOLDEN_FILE, GOLDEN_SCHEMA, VERSION, {"requests": listed})


def read_golden(folder: Path) -> list[GoldenRequest]:
    """Read `golden.json`.

    Raises:
        DataError: there is none, or it has another schema version.
    """
    document = read_document(folder / GOLDEN_FILE, GOLDEN_SCHEMA, VERSION)
    return [
        GoldenRequest(
            id=entry["id"],
            image=base64.b64decode(entry["instance"]["b64"]),
            expected=entry["expected"],
            engines=entry.get("engines", {}),
        )
        for entry in document["requests"]
    ]
