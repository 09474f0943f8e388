"""What every stage's settings have in common: frozen, typed, checked once."""

import inspect
import json
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema


class StageSettings(BaseModel):
    """Base of every stage's settings: immutable, no unknown keys, every field described."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        # A stage's settings have two names (decision 0017), and inspect remembers one for a file.
        # pydantic 2.14 takes no descriptions where that is another than the class's own.
        with suppress(TypeError, OSError):  # a class without a file
            inspect.modulesbyfile[inspect.getabsfile(cls)] = cls.__module__


def _from_json(value: Any) -> Any:
    return json.loads(value or "[]") if isinstance(value, str) else value


# Kubeflow turns the integers inside a list parameter into floats, so lists travel as JSON text.
TextList = Annotated[
    tuple[str, ...],
    BeforeValidator(_from_json),
    PlainSerializer(lambda items: json.dumps(list(items)), return_type=str, when_used="json"),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}, mode="validation"),
]


def location(
    access: Literal["read", "write"],
    *,
    words: tuple[str, ...] = (),
    prefixes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Mark a text setting as a file, folder or URI that the stage reads or writes.

    The local runner makes relative paths absolute, mounts them into containers and looks at
    their content for the cache. `words` are values that are no location, such as `imagenet`;
    `prefixes` begin such values, as `env:` does for the name of an environment variable.
    """
    return {"location": access, "words": ["", *words], "prefixes": list(prefixes)}
