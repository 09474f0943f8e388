"""One container task of a compiled package, freed of the groups around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.package.reading.plan import Collected, Elsewhere, FromTask, Gate, Loop, Source

Node = Mapping[str, Any]
EXIT_STRATEGY = "ALL_UPSTREAM_TASKS_COMPLETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTask:
    """One container task or importer, with the groups around it resolved."""

    name: str
    """As kfp wrote it, with the groups around it only where another has the same."""
    function: str
    """The component as Python names it."""
    node: Node
    definition: Node
    """The component as the package defines it."""
    container: Node
    """Image, command, resources and environment; empty for an importer."""
    pod: Node
    """What the platform document adds: volumes, secrets, placement."""
    parameters: Mapping[str, Source]
    """Where its inputs come from, the defaults of the component among them."""
    artifacts: Mapping[str, FromTask | Collected | Elsewhere]
    groups: tuple[str, ...]
    """Groups around the task, such as `condition-1`, from the outside."""
    after: frozenset[str]
    """All tasks that it waits for."""
    gates: tuple[Gate, ...]
    """Every condition that stands above it."""
    loop: Loop | None = None
    """The loop around it."""

    @property
    def always(self) -> bool:
        """Whether it runs however the others end: the exit task."""
        return bool(self.node.get("triggerPolicy", {}).get("strategy") == EXIT_STRATEGY)

    @property
    def module(self) -> str:
        """The module of this project that the container runs, or nothing for another's task."""
        command = [str(part) for part in self.container.get("command", ())]
        modules = [part for part in command if part.startswith("components.")]
        return modules[0] if modules else ""

    @property
    def stage(self) -> str:
        """The stage that the task belongs to, or nothing for another's task."""
        return self.module.split(".")[1] if self.module else ""

    @property
    def component(self) -> str:
        """The component in the stage's folder, such as `fingerprint` in that of ingest."""
        return self.module.rpartition(".")[2]
