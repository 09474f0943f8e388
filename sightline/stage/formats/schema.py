"""JSON files that carry a schema name and version, and refuse to be mistaken for others."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sightline.ground.errors import DataError, shorten
from sightline.ground.storage.sealed import SealError, seal, unseal
from sightline.stage.timing import writing

Form = TypeVar("Form", bound=BaseModel)


def write_document(
    path: Path, schema: str, version: int, content: dict[str, Any], *, sealed: bool = False
) -> None:
    """Write `content` as JSON under its schema name and version; sealed: with a checksum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"schema": schema, "schema_version": version, **content}
    if sealed:
        document = seal(document)
    with writing():
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_document(path: Path, schema: str, version: int) -> dict[str, Any]:
    """Read a JSON document of exactly this schema and version.

    Raises:
        DataError: the file is missing, is no JSON, is not what was sealed, or has another schema
            or version.
    """
    try:
        document = unseal(path.read_bytes(), required=False)
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: expected a {schema} file, found none. "
            "Pass the output folder of the stage that writes it."
        ) from error
    except SealError as error:
        raise DataError(
            f"{path}: expected JSON as it was written, received something else: {error}. "
            "Run the stage that writes it again."
        ) from error
    check_version(path, document if isinstance(document, dict) else {}, schema, version)
    return dict(document)


def read_as(path: Path, schema: str, version: int, form: type[Form], *, remedy: str) -> Form:
    """Read a document in the form of a pydantic model.

    Raises:
        DataError: as of `read_document`, or fields are missing or wrong; `remedy` says what to do.
    """
    document = read_document(path, schema, version)
    content = {k: v for k, v in document.items() if k not in ("schema", "schema_version")}
    try:
        return form.model_validate(content)
    except ValidationError as error:
        wrong = [".".join(map(str, issue["loc"])) for issue in error.errors()]
        raise DataError(
            f"{path}: expected the fields of {schema} version {version}; missing or wrong: "
            f"{shorten(wrong)}. {remedy}"
        ) from error


def check_version(path: Path, document: dict[str, Any], schema: str, version: int) -> None:
    """Refuse a document of another schema or version, saying which and what to do."""
    found = document.get("schema"), document.get("schema_version")
    if found == (schema, version):
        return
    raise DataError(
        f"{path}: expected {schema} version {version}, received {found[0]} version {found[1]}. "
        "Run the stage that wrote it again with this version of Sightline, "
        "or read it with the version that wrote it."
    )
