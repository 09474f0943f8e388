"""The sections of `sightline.yaml` that belong to no stage."""

from pydantic import BaseModel, ConfigDict, Field

from sightline.ground.run_states import LauncherName

TIME_LIMIT = "--timeout-seconds"
"""Flag of a stage's command that ends it after so many seconds."""
DURATION = r"^([1-9][0-9]*[smhd])?$"


class Section(BaseModel):
    """Base of the sections: immutable, no unknown keys, every field described."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PipelineSection(Section):
    """The project, and how its runs behave on this machine."""

    name: str = Field(
        default="model", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", examples=["flowers"]
    )
    """Name of the project; the model and its address take it."""
    root: str = Field(default=".sightline", min_length=1)
    """Folder for runs, cache and models, relative to this file."""
    launcher: LauncherName = "process"
    """How tasks start here: inline (this process, for a debugger), process, or docker."""
    cache: bool = True
    """Whether a task with the same code, settings and inputs is reused."""


class Resources(Section):
    """What one stage's task may use, and how often it is tried."""

    cpu: str = Field(
        default="",
        pattern=r"^([0-9]+(\.[0-9]+)?|[0-9]+m)?$",
        examples=["2", "500m"],
        coerce_numbers_to_str=True,
    )
    """CPU limit in cores, such as 2, 0.5 or 500m; empty means no limit."""
    memory: str = Field(
        default="", pattern=r"^([0-9]+(E|Ei|P|Pi|T|Ti|G|Gi|M|Mi|K|Ki))?$", examples=["4G", "512Mi"]
    )
    """Memory limit, such as 4G or 512Mi; empty means no limit."""
    gpu: str = ""
    """Accelerator, such as T4, L4, A100 or H100; each target gets its own word for it, and on this
    machine any name stands for its NVIDIA GPUs. A stage without one sees none."""
    gpu_count: int = Field(default=1, ge=1)
    """How many accelerators; every stage computes on one, so more are refused."""
    retries: int = Field(default=0, ge=0, le=10)
    """How often a failed task is tried again."""
    retry_delay: str = Field(default="", pattern=DURATION, examples=["30s", "5m"])
    """Time before the first retry, such as 30s or 5m; it doubles with each further one."""
    timeout: str = Field(default="", pattern=DURATION, examples=["90m", "6h"])
    """Longest time that one try may take, such as 90m or 6h; empty means no limit."""
    cache: bool = True
    """Whether the stage's results may be reused."""


def seconds(duration: str) -> int | None:
    """Turn a duration such as `90m` into seconds; empty means none."""
    factors = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return int(duration[:-1]) * factors[duration[-1]] if duration else None
