"""JSON documents that carry their own checksum, so that no changed bit passes for content."""

import json
from typing import Any

from sightline.ground.errors import one_line
from sightline.ground.storage.digests import text_digest

SEAL = "seal"


class SealError(ValueError):
    """A document is not what was written."""


def seal(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the checksum of everything else in it."""
    return {**document, SEAL: _checksum(document)}


def unseal(content: bytes, *, required: bool = True) -> Any:
    """Return a document without its checksum, if it is as it was written.

    Args:
        content: the file's bytes.
        required: whether a document without a checksum, as earlier versions wrote them, is refused.

    Raises:
        SealError: these bytes are no JSON, or not what was sealed. The text has no full stop.
    """
    try:
        document = json.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise SealError("it is no JSON (nested too deeply)") from error
    except ValueError as error:
        raise SealError(f"it is no JSON ({one_line(error)})") from error
    found = document.pop(SEAL, None) if isinstance(document, dict) else None
    if found is None and not required:
        return document
    if found is None:
        raise SealError("it carries no checksum")
    if found != _checksum(document):
        raise SealError("its content does not match its checksum")
    return document


def _checksum(document: Any) -> str:
    return text_digest(json.dumps(document, sort_keys=True))
