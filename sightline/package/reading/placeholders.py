"""Placeholders in a container's command, replaced as the Kubeflow driver does."""

import json
import re
from collections.abc import Iterable
from typing import Any

from sightline.ground.errors import UserError
from sightline.ground.ports import as_text

PLACEHOLDER = re.compile(r"\{\{\$(.*?)\}\}", re.DOTALL)
KNOWN = re.compile(
    r"^(?:|\.inputs\.parameters\['(?P<parameter>[^']+)'\]"
    r"|\.(?P<direction>inputs|outputs)\.artifacts\['(?P<artifact>[^']+)'\]"
    r"\.(?:(?P<place>path|uri)|metadata(?:\['(?P<key>[^']+)'\])?)"
    r"|\.outputs\.parameters\['(?P<output>[^']+)'\]\.output_file"
    r"|\.outputs\.(?P<answer>output_file))$"
)
STRUCTURED = ('{"IfPresent":', '{"Concat":')


def check_placeholders(task: str, command: Iterable[str]) -> None:
    """Refuse a command with a placeholder that this runner does not replace.

    Raises:
        UserError: naming the task and the placeholder.
    """
    for part in command:
        unknown = [match[0] for match in PLACEHOLDER.finditer(part) if not KNOWN.match(match[1])]
        if part.startswith(STRUCTURED):
            unknown.append("dsl." + part[2:].split('"')[0] + "Placeholder")
        if unknown:
            raise UserError(
                f"{task}: placeholder {unknown[0]} in its command cannot be replaced here. "
                "Pass the value as an input, or read it from the executor input `{{$}}`."
            )


def replace_placeholders(text: str, message: dict[str, Any]) -> str:
    """Replace every placeholder in one part of a command by its value from the executor input."""
    return PLACEHOLDER.sub(lambda match: _value(match[1], message), text)


def _value(name: str, message: dict[str, Any]) -> str:
    match = KNOWN.match(name)
    if match is None or not name:
        return json.dumps(message)
    if match["parameter"]:
        return as_text(message["inputs"]["parameterValues"][match["parameter"]])
    if match["output"]:
        return str(message["outputs"]["parameters"][match["output"]]["outputFile"])
    if match["answer"]:
        return str(message["outputs"]["outputFile"])
    artifact = message[match["direction"]]["artifacts"][match["artifact"]]["artifacts"][0]
    if match["place"]:
        return str(artifact["uri"])
    metadata = artifact["metadata"]
    return as_text(metadata[match["key"]] if match["key"] else metadata)
