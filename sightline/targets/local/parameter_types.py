"""The types of parameters as a compiled pipeline names them."""

import json
from typing import Any

from sightline.runs.records import Value


def typed(value: Any, kind: str) -> Value:
    """Give a parameter the type that the pipeline declares; text is read as that type.

    Raises:
        ValueError: it has no such form.
    """
    if kind == "STRING":
        return value if isinstance(value, str) else json.dumps(value)
    loaded = json.loads(value) if isinstance(value, str) else value
    if isinstance(loaded, bool) != (kind == "BOOLEAN"):
        raise ValueError(f"{value!r} is no {kind}")
    match kind, loaded:
        case "BOOLEAN", bool():
            return loaded
        case "NUMBER_INTEGER", int() | float() if loaded == int(loaded):
            return int(loaded)
        case "NUMBER_DOUBLE", int() | float():
            return float(loaded)
        case ("LIST", list()) | ("STRUCT" | "TASK_FINAL_STATUS", dict()):
            checked: Value = loaded
            return checked
    raise ValueError(f"{value!r} is no {kind}")
