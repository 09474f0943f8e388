"""What `sightline.yaml` may say about this machine."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from sightline.ground.run_states import LauncherName
from sightline.project.sections import Resources
from sightline.project.target import Target

if TYPE_CHECKING:
    from sightline.lint import Checked, Finding
    from sightline.project.settings import Project
    from sightline.targets.local.engine import LocalEngine
    from sightline.targets.local.schedules.clock import LocalClock


class LocalTarget(Target):
    """This machine."""

    title: ClassVar[str] = "this machine"

    kind: Literal["local"] = "local"
    """What runs the pipeline: local is this machine."""
    launcher: LauncherName | None = None
    """How tasks start on this target; pipeline.launcher unless set."""

    def engine(self, project: "Project") -> "LocalEngine":
        """Return what knows the runs and schedules of a project on this machine."""
        from sightline.targets.local.engine import LocalEngine

        return LocalEngine(project)

    def clock(self) -> "LocalClock":
        """Return how the scheduler of this machine tells the time."""
        from sightline.targets.local.schedules.clock import LocalClock

        return LocalClock()

    def lint(self, checked: "Checked") -> Iterator["Finding"]:
        """Yield what this machine ignores."""
        from sightline.targets.local.lint import RULES

        for rule in RULES:
            yield from rule(checked, self)

    @classmethod
    def accelerator(cls, name: str) -> str:
        """Return the name as it is: here any name stands for the GPUs that the machine has."""
        return name

    def without_effect(self, resources: Mapping[str, Resources]) -> list[str]:
        """Name the stages that want more GPUs than there are."""
        from sightline.project.gpus import gpus_here

        return [
            f"resources.{stage}.gpu asks for {wanted.gpu_count} GPU(s): this machine has "
            f"{len(gpus_here())} that NVIDIA's driver answers for. See `sightline doctor`."
            for stage, wanted in resources.items()
            if wanted.gpu and len(gpus_here()) < wanted.gpu_count
        ]
