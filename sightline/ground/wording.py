"""How a setting's allowed values are said to a person."""

import unicodedata
from typing import TYPE_CHECKING, Any

from sightline.ground.parameter_kinds import kind_of_schema

if TYPE_CHECKING:
    from pydantic import BaseModel

OTHERS = {"null": "nothing", "object": "names, each with a value"}
"""What sections may hold beside the kinds of parameters."""

NEVER_SHOWN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Control characters, those that turn text around, halves of characters, and ends of lines."""


def expectation(settings: "type[BaseModel]", name: str) -> str:
    """Say what values a setting takes, such as `a whole number, at least 1`."""
    return describe(settings.model_json_schema()["properties"][name])


def describe(schema: dict[str, Any]) -> str:
    """Say in words what a JSON schema of one value accepts."""
    if "$ref" in schema:
        return "a section of settings"
    if "anyOf" in schema:
        return " or ".join(describe(option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        choices = [str(choice) for choice in schema.get("enum", [schema.get("const")])]
        return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
    if schema.get("type") == "array":
        texts = "$ref" not in schema.get("items", {})
        return "a list of texts, such as [cat, dog]" if texts else "a list of sections"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"names, each with {describe(schema['additionalProperties'])}"
    kind = kind_of_schema(schema)
    words = kind.words if kind else OTHERS[schema["type"]]
    example = f" such as {' or '.join(schema['examples'])}" if "examples" in schema else ""
    return ", ".join([f"{words}{example}", *_bounds(schema)])


def sized(num_bytes: int) -> str:
    """Say how large something is."""
    return f"{num_bytes / 1e6:,.1f} MB" if num_bytes >= 1e5 else f"{num_bytes:,} bytes"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number of things, such as `1 problem`, `1,200 images` or `2 classes`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def visible(text: str) -> str:
    """Return text of others in one line that a terminal shows and never obeys."""
    if text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode("ascii")
        if unicodedata.category(letter) in NEVER_SHOWN
        else letter
        for letter in text
    )


def first_sentence(text: str) -> tuple[str, str]:
    """Return what is said first, as pages put it in bold, and the rest."""
    first, stop, rest = text.partition(". ")
    return f"{first}." if stop else first, rest


def _bounds(schema: dict[str, Any]) -> list[str]:
    bounds = []
    if "minimum" in schema:
        bounds.append(f"at least {schema['minimum']:g}")
    if "exclusiveMinimum" in schema:
        bounds.append(f"more than {schema['exclusiveMinimum']:g}")
    if "maximum" in schema:
        bounds.append(f"at most {schema['maximum']:g}")
    if "exclusiveMaximum" in schema:
        bounds.append(f"less than {schema['exclusiveMaximum']:g}")
    if schema.get("minLength"):
        bounds.append("not empty")
    return bounds
