"""What a launcher is: something that runs one task's command and says how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from sightline.package.reading.plan import Plan, PlannedTask
from sightline.targets.local.code_version import CodeVersion

OnLine = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt of a task, ready to start."""

    task: PlannedTask
    run_id: str
    command: tuple[str, ...]
    log: Path
    folders: tuple[Path, ...]
    """Folders that the task must be able to write: they exist."""
    readable: tuple[Path, ...] = ()
    """Files and folders outside the runs that the task reads."""
    writable: tuple[Path, ...] = ()
    """Folders outside the runs that the task writes: they exist."""
    runs_root: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended."""

    exit_code: int
    """As a shell has it: 128 + the number of the signal for one that was killed."""
    out_of_memory: bool = False


class Launcher(Protocol):
    """Runs jobs; `launch` may be called from several threads at once."""

    one_at_a_time: bool
    """Whether jobs must run one after the other, in the calling thread."""

    def check(self, plan: Plan) -> None:
        """Refuse a plan with a task that this launcher cannot run, before the first one starts.

        Raises:
            UserError: naming the task and what to do.
        """

    def start(self, lock: IO[str]) -> None:
        """Get ready to launch jobs of a run whose lock this is."""

    def code_version(self, task: PlannedTask) -> CodeVersion:
        """Say what code a task would run, for the cache."""

    def launch(self, job: Job, on_line: OnLine) -> Outcome:
        """Run a job to its end; everything that it prints goes to `on_line` and to its log."""

    def cancel(self) -> None:
        """End the jobs that are running, politely first."""

    def close(self) -> None:
        """Give back what the launcher holds; no job runs any more."""
