"""Accelerators of Vertex AI: its names, and how many of them one machine has."""

from collections.abc import Iterator

from sightline.ground.errors import shorten
from sightline.lint.accelerators import RULE, gpu_setting, name_remedy
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.package.reading.package_task import PackageTask
from sightline.targets.vertex.accelerators import ACCELERATORS, Accelerator
from sightline.targets.vertex.settings import VertexTarget


def known(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse names that Vertex AI does not know, and counts that it does not attach."""
    by_type = {item.type: item for item in ACCELERATORS.values()}
    for task in checked.tasks:
        kind, count = checked.accelerator(task) or ("", 0)
        if kind in by_type:
            yield from _attached(task, by_type[kind], count)
        elif kind.startswith("TPU_"):
            message = f"expected a GPU; received {kind}, which TensorFlow in the images cannot use"
            found = problem if task.stage else warning
            yield found(RULE, task.name, message, name_remedy(task, kind, "NVIDIA_TESLA_T4"))
        elif kind:
            message = (
                f"expected one of Vertex AI's names ({shorten(by_type, 3)}); received {kind!r}"
            )
            yield problem(RULE, task.name, message, name_remedy(task, kind, "NVIDIA_TESLA_T4"))


def _attached(task: PackageTask, wanted: Accelerator, count: int) -> Iterator[Finding]:
    if not wanted.counts:
        message = f"expected an accelerator that is still offered; received {wanted.type}"
        yield problem(RULE, task.name, message, f"Set {gpu_setting(task, 'gpu')} to T4 or L4.")
    elif count not in wanted.counts:
        counts = ", ".join(map(str, wanted.counts))
        message = f"expected {counts} of {wanted.type} in one machine; received {count}"
        yield problem(RULE, task.name, message, _count_remedy(task, wanted))


def _count_remedy(task: PackageTask, wanted: Accelerator) -> str:
    if task.stage and 1 not in wanted.counts:
        # Every stage computes on one: settings refuse more.
        return f"Choose another GPU, such as T4 or L4, in {gpu_setting(task, 'gpu')}."
    return f"Change {gpu_setting(task, 'gpu_count')}."
