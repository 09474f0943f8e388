"""Processors and memory of Vertex AI's machines."""

from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.resources import RULE, quantities, resource_setting
from sightline.targets.vertex.settings import VertexTarget

# "Specify the machine configuration for a pipeline step" in Vertex AI's documentation.
MOST_CPUS = 96
MOST_MEMORY_BYTES = 624e9


def machines(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse more than the largest machine has."""
    for task in checked.tasks:
        found = quantities(checked, task)
        for kind, most, words in (
            ("cpu", MOST_CPUS, f"{MOST_CPUS} cores"),
            ("memory", MOST_MEMORY_BYTES, f"{MOST_MEMORY_BYTES / 1e9:.0f} GB"),
        ):
            limit = found.get(f"{kind} limit")
            if limit and (limit.amount or 0) > most:
                message = f"expected a {kind} limit up to {words}; received {limit.text}"
                yield problem(RULE, task.name, message, f"Lower {resource_setting(task, kind)}.")


def requests(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Warn that Vertex AI chooses the machine by the limits."""
    for task in checked.tasks:
        wanted = [name for name in quantities(checked, task) if name.endswith("request")]
        if wanted:
            message = f"no effect on Vertex AI: {', '.join(wanted)}; a machine is chosen by limits"
            yield warning(RULE, task.name, message, "Set limits for this target.")
