"""Pipeline parameters: which exist, of what type, and how large."""

import json
import math
from collections.abc import Iterator, Mapping

from sightline.ground.errors import nearest, shorten
from sightline.ground.parameter_kinds import KINDS, is_kind, words_of
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.project.roles import needed_settings
from sightline.project.stages import stage_names
from sightline.project.target import RemoteTarget, Target

RULE = "parameter"
# Numbers travel as JSON doubles.
LARGEST_INTEGER = 2**53
# A task gets its inputs in one argument of its command, for which Linux has 128 KiB.
ARGUMENT_BYTES = 128 * 1024
LARGE_ARGUMENT_BYTES = 64 * 1024


def known(checked: Checked, target: Target) -> Iterator[Finding]:
    """Refuse values for parameters that the pipeline does not have."""
    for name in checked.parameters:
        if name not in checked.declared:
            guess = nearest(name, checked.declared)
            remedy = f"Did you mean {guess}?" if guess else f"Known: {shorten(checked.declared)}."
            message = f"expected a parameter of the pipeline; received {name!r}"
            yield problem(RULE, name, message, remedy)


def given(checked: Checked, target: Target) -> Iterator[Finding]:
    """Refuse a run without a value that the pipeline needs."""
    for name, item in checked.declared.items():
        if name not in checked.values and not item.get("isOptional"):
            words = words_of(item.get("parameterType", "a value"))
            message = f"expected a value: {words}; received none, and it has no default"
            remedy = f"Set {checked.parameter_where(name)}, here or with --set."
            yield problem(RULE, checked.parameter_where(name), message, remedy)


def typed(checked: Checked, target: Target) -> Iterator[Finding]:
    """Refuse values that the target cannot read as what the pipeline declares."""
    for name, value in checked.values.items():
        kind = checked.declared.get(name, {}).get("parameterType", "")
        if kind not in KINDS:
            continue
        where = checked.parameter_where(name)
        if not _is_finite(value):
            message = "expected numbers that JSON has; received NaN or infinity"
            yield problem(RULE, where, message, "Give a number, or a text that stands for none.")
        elif not is_kind(value, kind):
            message = f"expected {words_of(kind)}; received a value of type {type(value).__name__}"
            yield problem(RULE, where, message, "Change the value to that type.")
        elif kind == "NUMBER_INTEGER" and abs(value) > LARGEST_INTEGER:
            message = f"{value:.0f} arrives rounded: numbers above 2^53 are not exact"
            yield warning(RULE, where, message, "Use a smaller number, or a text parameter.")


def needed(checked: Checked, target: Target) -> Iterator[Finding]:
    """Refuse empty settings that others make necessary, such as the image of a cloud's servers."""
    for stage in sorted({task.stage for task in checked.tasks}):
        if stage not in stage_names():
            continue
        prefix = f"{stage}_"
        given = {
            name.removeprefix(prefix): value
            for name, value in checked.values.items()
            if name.startswith(prefix)
        }
        for name, remedy in needed_settings(stage, given):
            if given.get(name) == "":
                where = checked.parameter_where(f"{prefix}{name}")
                yield problem(RULE, where, "expected a value; received none", remedy)


def task_size(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse more than fits the one argument that brings a task its inputs."""
    for task in checked.tasks:
        found = {name: checked.value(task, name) for name in task.parameters}
        size = size_of(found)
        if size <= LARGE_ARGUMENT_BYTES:
            continue
        largest = max(found, key=lambda name: size_of(found[name]))
        message = (
            f"expected inputs of up to 64 KiB for one task; received {size / 1024:.0f} KiB, most "
            f"of it in {checked.task_where(task, largest)}"
        )
        report = problem if size > ARGUMENT_BYTES else warning
        remedy = "Put the content into a file and give its address."
        yield report("parameter-size", task.name, message, remedy)


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_finite, value))


def size_of(value: object) -> int:
    """Return how many bytes a value has as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())
