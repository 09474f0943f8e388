"""The type of the setting that chooses a kind of problem."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from sightline.problems.names import problem_names


def _known(name: str) -> str:
    if name not in problem_names():
        raise ValueError(f"Input should be {' or '.join(problem_names())}")
    return name


ProblemName = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": list(problem_names())}),
]
