"""Processors and memory: what a target can read, and what it has."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.package.reading.package_task import PackageTask
from sightline.project.target import RemoteTarget

RULE = "resources"
QUANTITY = re.compile(r"(?P<number>\d+(\.\d+)?|\.\d+)(?P<unit>m|k|[MGTPE]|[KMGTPE]i)?")
FACTORS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18} | {
    f"{unit}i": 1024.0 ** (power + 1) for power, unit in enumerate("KMGTPE")
}
LEAST_MEMORY_BYTES = 64e6


@dataclass(frozen=True, slots=True)
class Quantity:
    """A resource of a task as the package has it."""

    name: str
    """`cpu limit`, `memory request` and so on."""
    text: str

    @property
    def amount(self) -> float | None:
        """Cores or bytes, as Kubernetes reads the text; None where it cannot."""
        match = QUANTITY.fullmatch(self.text)
        return float(match["number"]) * FACTORS[match["unit"] or ""] if match else None


def quantities(checked: Checked, task: PackageTask) -> dict[str, Quantity]:
    """Return what a task says of processors and memory, by name; what only the run knows is out."""
    resources = task.container.get("resources", {})
    found = {}
    for kind, older_unit in (("Cpu", ""), ("Memory", "G")):
        for bound in ("Limit", "Request"):
            older = resources.get(f"{kind.lower()}{bound}")
            text = resources.get(f"resource{kind}{bound}") or (
                None if older is None else f"{older}{older_unit}"
            )
            known = checked.text(task, str(text)) if text is not None else None
            if known is not None:
                name = f"{kind.lower()} {bound.lower()}"
                found[name] = Quantity(name, checked.target.quantity(known))
    return found


def readable(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse amounts that cannot be read, are nothing, or ask for more than their own limit."""
    for task in checked.tasks:
        found = quantities(checked, task)
        for quantity in found.values():
            yield from _amount(task, quantity)
        for kind in ("cpu", "memory"):
            limit, request = found.get(f"{kind} limit"), found.get(f"{kind} request")
            if limit and request and (request.amount or 0) > (limit.amount or 0) > 0:
                message = (
                    f"expected a {kind} request up to its limit {limit.text}; received "
                    f"{request.text}"
                )
                yield problem(RULE, task.name, message, f"Raise the {kind} limit.")


def _amount(task: PackageTask, quantity: Quantity) -> Iterator[Finding]:
    kind = quantity.name.split()[0]
    example = "4G or 512Mi" if kind == "memory" else "2 or 500m"
    remedy = f"Write {resource_setting(task, kind)} such as {example}."
    if quantity.amount is None:
        message = f"expected a {quantity.name} that can be read; received {quantity.text!r}"
        if re.fullmatch(r"[\d.]+K", quantity.text):
            remedy += " Kubernetes knows k and Ki, not K."
        yield problem(RULE, task.name, message, remedy)
    elif quantity.amount == 0:
        yield problem(RULE, task.name, f"expected a {quantity.name} above 0; received 0", remedy)
    elif kind == "memory" and quantity.amount < LEAST_MEMORY_BYTES:
        message = f"the {quantity.name} {quantity.text} is {quantity.amount:,.0f} bytes"
        yield warning(RULE, task.name, message, remedy)


def resource_setting(task: PackageTask, kind: str) -> str:
    """Name what decides over a task's cpu or memory, such as `resources.train.cpu`."""
    return f"resources.{task.stage}.{kind}" if task.stage else f"the task's {kind}"
