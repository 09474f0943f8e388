"""Google's messages as plain Python."""

from datetime import datetime
from typing import Any

from sightline.runs.records import Value


def as_json(message: Any) -> dict[str, Any]:
    """Return a message as JSON has it, with whole numbers as integers.

    A protobuf Struct has no integers: 180 comes back as 180.0.
    """
    from google.protobuf.json_format import MessageToDict

    found: dict[str, Any] = plain(MessageToDict(getattr(message, "_pb", message)))
    return found


def plain(value: Any) -> Any:
    """Write whole numbers as integers, however deep they are."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def typed(value: Value, kind: str) -> Value:
    """Return a parameter's value with the type that the pipeline declares for it."""
    if kind == "NUMBER_DOUBLE" and type(value) is int:
        return float(value)
    return value


def moment(text: str | None) -> datetime | None:
    """Read a time as JSON has it."""
    return datetime.fromisoformat(text) if text else None
