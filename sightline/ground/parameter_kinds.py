"""The kinds of parameters that a compiled pipeline declares, and the values that each takes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True)
class ParameterKind:
    """What one kind is called, here and elsewhere."""

    name: str
    """As a compiled pipeline has it."""
    schema: str
    """As a JSON schema has it."""
    python: type
    words: str


SCALARS = (
    ParameterKind("STRING", "string", str, "a text"),
    ParameterKind("NUMBER_INTEGER", "integer", int, "a whole number"),
    ParameterKind("NUMBER_DOUBLE", "number", float, "a number"),
    ParameterKind("BOOLEAN", "boolean", bool, "true or false"),
)
"""What a setting travels as; lists are JSON text."""
STRUCTURES = (
    ParameterKind("LIST", "array", list, "a list"),
    ParameterKind("STRUCT", "object", dict, "a mapping"),
    ParameterKind("TASK_FINAL_STATUS", "object", dict, "how the other tasks ended"),
)
KINDS: Mapping[str, ParameterKind] = {kind.name: kind for kind in (*SCALARS, *STRUCTURES)}


def words_of(kind: str) -> str:
    """Say what a parameter of a kind takes; kinds of a later version are named as they are."""
    return KINDS[kind].words if kind in KINDS else kind


def as_kind(value: Value, kind: str) -> Value:
    """Return a value in the form that a kind has: 3.0 as the whole number 3, 3 as the number 3.0.

    Raises:
        ValueError: it has no such form.
    """
    if kind == "NUMBER_INTEGER" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "NUMBER_DOUBLE" and type(value) is int:
        return float(value)
    # isinstance would take True for a whole number.
    if kind in KINDS and type(value) is KINDS[kind].python:
        return value
    raise ValueError(f"{value!r} is no {kind}")


def read_kind(value: Value, kind: str) -> Value:
    """Return a value in the form that a kind has; text is read as JSON, or other values made text.

    Raises:
        ValueError: it has no such form.
    """
    if kind == "STRING":
        return value if isinstance(value, str) else json.dumps(value)
    return as_kind(json.loads(value) if isinstance(value, str) else value, kind)


def is_kind(value: Value, kind: str) -> bool:
    """Tell whether a value has the form of a kind, or can be brought into it without loss."""
    try:
        as_kind(value, kind)
    except ValueError:
        return False
    return True


def kind_of_schema(schema: Mapping[str, Any]) -> ParameterKind | None:
    """Return the kind that values of a JSON schema travel as; None where they cannot."""
    return next((kind for kind in SCALARS if kind.schema == schema.get("type")), None)
