"""The extractor artifact: from a square of pixels to a backbone's features, or why there is none.

`extractor.tflite` takes `pixels` float32 [1, s, s, c], values 0 to 255, and returns `embedding`
float32 [1, d]: the backbone's scaling lies before it, pooling behind. `extractor.json` says which
backbone it is and which pixels it takes.
"""

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sightline.ground.errors import DataError
from sightline.stage.formats.schema import read_document, write_document
from sightline.stage.imaging.contract import Geometry
from sightline.stage.timing import writing

SCHEMA = "sightline.extractor"
VERSION = 1
DOCUMENT = "extractor.json"
FILE = "extractor.tflite"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractorInfo:
    """What `extractor.json` says."""

    reason: str = ""
    """Why there is no extractor, in a sentence; empty where there is one."""
    backbone: str
    """Name of the keras.applications model, or the file that it comes from."""
    weights: str
    """Where its weights came from, as the setting says it."""
    weights_digest: str
    """Tells this backbone with these weights from all others; empty where there is none."""
    geometry: Geometry
    """Which pixels it takes."""
    num_features: int = 0
    sha256: str = ""
    """SHA-256 of `extractor.tflite`: features of equal ones are equal to the bit."""

    @property
    def name(self) -> str:
        """The backbone by its name, or by that of its file."""
        return self.backbone.partition("?")[0].rpartition("/")[2]


def write_extractor(folder: Path, info: ExtractorInfo, model: bytes | None) -> ExtractorInfo:
    """Write the artifact; the hash of the model is added to what is said of it."""
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = ""
    if model is not None:
        sha256 = hashlib.sha256(model).hexdigest()
        with writing():
            (folder / FILE).write_bytes(model)
    content = {**document_of(info), "sha256": sha256}
    write_document(folder / DOCUMENT, SCHEMA, VERSION, content, sealed=True)
    return info_from(content)


def read_extractor(folder: Path) -> ExtractorInfo:
    """Read `extractor.json`, and hold the model against it.

    Raises:
        DataError: there is none, it has another schema version, or a file was changed.
    """
    return read_with_model(folder)[0]


def read_with_model(folder: Path) -> tuple[ExtractorInfo, bytes]:
    """Read `extractor.json` and the bytes of `extractor.tflite`; none where there is no extractor.

    Raises:
        DataError: there is none, it has another schema version, or a file was changed.
    """
    info = info_from(read_document(folder / DOCUMENT, SCHEMA, VERSION))
    return info, b"" if info.reason else _model_of(folder, info)


def _model_of(folder: Path, info: ExtractorInfo) -> bytes:
    path = folder / FILE
    model = path.read_bytes() if path.is_file() else b""
    found = hashlib.sha256(model).hexdigest() if model else "no file"
    if found != info.sha256:
        raise DataError(
            f"{path}: expected the file with SHA-256 {info.sha256[:12]}, which {DOCUMENT} names; "
            f"received {found[:12]}. Run the task backbone again."
        )
    return model


def document_of(info: ExtractorInfo) -> dict[str, Any]:
    """Return what JSON documents hold of an extractor."""
    values = {field.name: getattr(info, field.name) for field in fields(info)}
    return {**values, "geometry": info.geometry.model_dump(mode="json")}


def info_from(document: dict[str, Any]) -> ExtractorInfo:
    """Read an extractor as JSON documents hold it."""
    values = {field.name: document[field.name] for field in fields(ExtractorInfo)}
    return ExtractorInfo(**{**values, "geometry": Geometry.model_validate(values["geometry"])})
