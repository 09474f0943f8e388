"""What `sightline.yaml` says about a shelf."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sightline.project.target import RemoteTarget

if TYPE_CHECKING:
    from sightline.engines.engine import Engine
    from sightline.lint import Checked, Finding
    from sightline.project.settings import Project


class ShelfTarget(RemoteTarget):
    """A folder from which somebody takes packages and runs them."""

    title: ClassVar[str] = "a shelf"

    kind: Literal["shelf"]
    """What runs the pipeline: shelf is whoever takes packages from a folder."""
    folder: str = Field(min_length=1, examples=["/mnt/shelf"])
    """Folder for packages."""
    most_tasks: int = Field(default=100, ge=1)
    """How many tasks of one package somebody will run."""

    def engine(self, project: "Project") -> "Engine":
        """Return what lays packages down."""
        from sightline.targets.shelf.engine import ShelfEngine

        return ShelfEngine(self, project.pipeline.name)

    def lint(self, checked: "Checked") -> Iterator["Finding"]:
        """Yield what nobody would run."""
        from sightline.lint.finding import problem

        if len(checked.tasks) > self.most_tasks:
            message = f"expected up to {self.most_tasks} tasks; received {len(checked.tasks)}"
            yield problem("shelf", "package", message, "Leave some out.")

    @classmethod
    def accelerator(cls, name: str) -> str:
        """Return the label on the box."""
        return f"box-of-{name.lower()}" if name else ""

    def model_folder(self, model: str) -> str:
        """Return where models stand."""
        return f"{self.folder}/models/{model}"
