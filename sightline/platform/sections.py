"""The sections of `sightline.yaml` that belong to no stage."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LauncherName = Literal["inline", "process", "docker"]


class Section(BaseModel):
    """Base of the sections: immutable, no unknown keys, every field described."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PipelineSection(Section):
    """The project, and how its runs behave on this machine."""

    name: str = Field(default="model", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Name of the project; the model and its address take it."""
    root: str = Field(default=".sightline", min_length=1)
    """Folder for runs, cache and models, relative to this file."""
    launcher: LauncherName = "process"
    """How tasks start here: inline (this process, for a debugger), process, or docker."""
    cache: bool = True
    """Whether a task with the same code, settings and inputs is reused."""


class Resources(Section):
    """What one stage may use, on targets that can limit it."""

    cpu: str = Field(
        default="", pattern=r"^([0-9]+(\.[0-9]+)?|[0-9]+m)?$", coerce_numbers_to_str=True
    )
    """CPU limit in cores, such as 2, 0.5 or 500m; empty means no limit."""
    memory: str = Field(
        default="", pattern=r"^([0-9]+(\.[0-9]+)?(E|Ei|P|Pi|T|Ti|G|Gi|M|Mi|K|Ki))?$"
    )
    """Memory limit, such as 4G or 512Mi; empty means no limit."""
    gpu: str = ""
    """Accelerator, in the words of the target; local runs use none."""
    gpu_count: int = Field(default=1, ge=1)
    """How many accelerators."""


class Target(Section):
    """Where the pipeline runs."""

    kind: Literal["local"] = "local"
    """What runs the pipeline: local is this machine."""
    launcher: LauncherName | None = None
    """How tasks start on this target; pipeline.launcher unless set."""
