"""What would make a model better next, as the stages that measured it tell whoever shows a run.

A stage writes its steps under `next_steps` into its artifact's metadata, in its own words.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

KEY = "next_steps"

Kind = Literal["training", "labels", "images", "weakest", "model", "calibration", "doubts"]
"""In the order of their value.

First what makes every other figure say little: a training that did not learn, labels that are
wrong in training and test alike. Then what was measured to bring more: images. Then what can be
tried on the same images. Last what changes no answer, and labels of which most may be right.
"""
ORDER: tuple[Kind, ...] = get_args(Kind)


class NextStep(BaseModel):
    """One thing to do, or why nothing is known of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    kind: Kind
    evidence: str
    """What was measured, with its figure, in a sentence; the reason where nothing was."""
    action: str = ""
    """What to do about it; empty where that kind of step would bring nothing."""
    command: str = ""
    """What to type for it, where that is one command."""
    gain: float | None = None
    """By how much the share of right answers would grow, where that was measured."""
    measured: bool = True


def metadata_of(steps: Sequence[NextStep]) -> list[dict[str, Any]]:
    """Return steps as metadata holds them."""
    return [step.model_dump(exclude_defaults=True) for step in steps]


def steps_in(said: Mapping[str, Any]) -> tuple[NextStep, ...]:
    """Read the steps of an artifact's metadata; those that another version wrote are left out."""
    listed = said.get(KEY)
    found = []
    for one in listed if isinstance(listed, list | tuple) else ():
        try:
            found.append(NextStep.model_validate(one))
        except ValidationError:
            continue
    return tuple(found)
