"""Which places to deploy to there are: the folders in `targets`."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

FOLDER = Path(__file__).parent / "targets"


def target_names() -> tuple[str, ...]:
    """Name every target, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("[!_]*/target.py")))


def _known(name: str) -> str:
    if name not in target_names():
        raise PydanticCustomError("literal_error", "Input should be a place to deploy to")
    return name


TargetName = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": list(target_names())}),
]
