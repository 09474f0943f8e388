"""What to do next after a run: what its stages say would help most, put together and in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.ground.headlines.next_steps import ORDER, NextStep, steps_in
from sightline.runs.records import RunRecord

MOST_STEPS = 3
LITTLE = 0.02
"""A gain in right answers for which nobody doubles a dataset before trying another model."""
NAMES = {
    "labels": "wrong labels",
    "images": "what more images would bring",
    "training": "how the training went",
    "calibration": "calibration",
}
"""What a kind of step rests on, where it was not measured."""


@dataclass(frozen=True, slots=True)
class Next:
    """One step, and the task whose page shows more."""

    task: str
    step: NextStep

    @property
    def text(self) -> str:
        """Say it in a line: what was measured, what to do, and the command."""
        command = f" ({self.step.command})" if self.step.command else ""
        return f"{self.step.evidence} {self.step.action}{command}"


@dataclass(frozen=True, slots=True)
class WhatNext:
    """The most valuable steps of a run, the first one first."""

    steps: tuple[Next, ...] = ()
    not_measured: tuple[str, ...] = ()
    """What nobody looked at, and why."""

    @property
    def is_known(self) -> bool:
        """Whether a stage said anything of it."""
        return bool(self.steps or self.not_measured)


def what_next(record: RunRecord) -> WhatNext:
    """Return at most three steps, in the order of their value, and what was not measured."""
    said = list(_said(record))
    told = sorted(_weighed(said), key=_place)
    unknown = [f"{NAMES[n.kind]}: {n.evidence}" for _, n in said if not n.measured]
    return WhatNext(tuple(told[:MOST_STEPS]), tuple(dict.fromkeys(unknown)))


def _said(record: RunRecord) -> Iterator[tuple[str, NextStep]]:
    for task in record.tasks.values():
        for artifact in task.outputs.artifacts.values():
            for step in steps_in(artifact.metadata):
                yield task.name, step


def _weighed(said: Sequence[tuple[str, NextStep]]) -> Iterator[Next]:
    """Give what is to be done, each step in the light of what other stages measured.

    Another model is worth its price where more images were measured to bring little or nothing; and
    images are collected where the model is weakest.
    """
    images = next((step for _, step in said if step.kind == "images" and step.measured), None)
    weakest = next((step for _, step in said if step.kind == "weakest"), None)
    for task, step in said:
        if not step.action:
            continue
        if step.kind == "model":
            if images is not None and not images.action:
                yield Next(task, _with(step, f"{images.evidence} {step.evidence}"))
            elif images is not None and images.gain is not None and _brings_little(images):
                little = f"Twice as many images would bring little: {100 * images.gain:.1f} points."
                yield Next(task, _with(step, f"{little} {step.evidence}"))
        elif step.kind == "images" and weakest is not None:
            yield Next(task, _with(step, f"{step.evidence} {weakest.evidence}"))
        elif step.kind != "weakest" or images is None or not images.action:
            yield Next(task, step)


def _place(one: Next) -> tuple[int, bool]:
    """Return where a step stands; images that would bring little, behind another model."""
    later = one.step.kind == "images" and _brings_little(one.step)
    return ORDER.index("model" if later else one.step.kind), later


def _brings_little(step: NextStep) -> bool:
    return step.gain is not None and step.gain < LITTLE


def _with(step: NextStep, evidence: str) -> NextStep:
    return step.model_copy(update={"evidence": evidence})
