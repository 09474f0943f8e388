"""Which images were pushed where: `sightline.images.json`, beside the settings, to be committed."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sightline.ground.errors import UserError
from sightline.ground.storage.files import write_whole

FILE_NAME = "sightline.images.json"
SCHEMA = "sightline.images"
SCHEMA_VERSION = 1


class PushedImage(BaseModel):
    """One image in a registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str = Field(pattern=r"^[^@\s]+@sha256:[0-9a-f]{64}$")
    """Name and digest: it can never mean another image."""
    content: str = Field(pattern=r"^[0-9a-f]{12}$")
    """What it was made from, and its tag in the registry."""
    python_image: str
    """What the bases stand on, a part of the content that the sources do not hold."""
    platform: str
    """Such as `linux/amd64`."""
    gpu: bool = False
    """Whether it holds CUDA."""
    version: str
    pushed: datetime

    def is_same(self, other: "PushedImage") -> bool:
        """Tell whether both are the same image, whenever it was pushed."""
        return self.model_copy(update={"pushed": other.pushed}) == other


class ImageRecord(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_name: Literal["sightline.images"] = Field(default="sightline.images", alias="schema")
    schema_version: Literal[1] = 1
    registries: Mapping[str, Mapping[str, PushedImage]] = Field(default_factory=dict)
    """Registry -> stage -> image."""

    def pinned(self, registry: str, stage: str) -> PushedImage | None:
        """Return the image of a stage that was last pushed to a registry."""
        images = self.registries.get(registry.rstrip("/"), {})
        return images.get(stage.replace("-", "_"))

    def with_image(self, registry: str, stage: str, image: PushedImage) -> "ImageRecord":
        """Return a record that has one image more, or in another's place."""
        known = self.pinned(registry, stage)
        if known and known.is_same(image):
            return self
        images = {**self.registries.get(registry, {}), stage: image}
        registries = {**self.registries, registry: dict(sorted(images.items()))}
        return self.model_copy(update={"registries": dict(sorted(registries.items()))})


def images_file(settings: Path) -> Path:
    """Return the path of the record that belongs to a settings file."""
    return settings.with_name(FILE_NAME)


def read_images(path: Path) -> ImageRecord:
    """Read the record; where there is none, nothing was pushed.

    Raises:
        UserError: the file is damaged or of another version.
    """
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ImageRecord()
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: expected the JSON that `sightline images build --push` writes; could not "
            f"read it ({error}). {_remedy(path)}"
        ) from error
    _check_schema(path, document)
    try:
        return ImageRecord.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: {place}: {first['msg']}. {_remedy(path)}") from error


def write_images(path: Path, record: ImageRecord) -> None:
    """Replace the record at once."""
    document = record.model_dump(mode="json", by_alias=True)
    write_whole(path, json.dumps(document, indent=2) + "\n")


def _check_schema(path: Path, document: object) -> None:
    fields = document if isinstance(document, dict) else {}
    found = (fields.get("schema"), fields.get("schema_version"))
    if found != (SCHEMA, SCHEMA_VERSION):
        raise UserError(
            f"{path}: expected {SCHEMA} version {SCHEMA_VERSION}; received {found[0]} version "
            f"{found[1]}. Use the version of Sightline that wrote it, or: {_remedy(path)}"
        )


def _remedy(path: Path) -> str:
    return (
        f"Restore {path.name} from version control, or remove it and push again: images that are "
        "in the registry already are only recorded."
    )
