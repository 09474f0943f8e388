"""What a compiled pipeline asks for: tasks, where their inputs come from, what they wait for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sightline.package.reading.conditions import Condition
from sightline.runs.records import Value


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the compiled pipeline holds."""

    value: Value


@dataclass(frozen=True, slots=True)
class FromParameter:
    """The value of a pipeline parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class FromTask:
    """An output of another task."""

    task: str
    output: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text around other values, such as an f-string in the pipeline function."""

    text: str
    parts: Mapping[str, "Source"]


@dataclass(frozen=True, slots=True)
class FinalStatus:
    """How the tasks under an exit handler ended."""

    handler: str


@dataclass(frozen=True, slots=True)
class LoopItem:
    """The item of a loop that one round of it is about."""

    loop: str


@dataclass(frozen=True, slots=True)
class Collected:
    """An output of a task in every round of its loop, as a list: `dsl.Collected`."""

    tasks: tuple[str, ...]
    """The task as the package has it; one for each round, once the rounds are known."""
    output: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A value that the local runner has no words for, such as an expression."""

    words: str


Source = (
    Constant | FromParameter | FromTask | Template | FinalStatus | LoopItem | Collected | Elsewhere
)


def tasks_behind(source: Source) -> Iterator[str]:
    """Yield the tasks that a source waits for."""
    if isinstance(source, FromTask):
        yield source.task
    elif isinstance(source, Collected):
        yield from source.tasks
    elif isinstance(source, Template):
        for part in source.parts.values():
            yield from tasks_behind(part)


@dataclass(frozen=True, slots=True)
class ArtifactKind:
    """The type of an artifact, as Kubeflow writes it."""

    title: str
    version: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failed task starts again, and how long it waits before that."""

    retries: int = 0
    wait_seconds: float = 0.0
    factor: float = 2.0
    most_seconds: float = 3600.0

    def wait_before(self, attempt: int) -> float:
        """Return the seconds to wait before an attempt; the first retry is attempt 2."""
        return min(self.wait_seconds * self.factor ** (attempt - 2), self.most_seconds)


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition on the way to a task, and where its value comes from."""

    condition: Condition
    source: Source


@dataclass(frozen=True, slots=True)
class Loop:
    """Rounds over the items of a list, side by side: `dsl.ParallelFor`."""

    name: str
    items: Source
    parallelism: int = 0
    """Most rounds at the same time; 0 is no bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTask:
    """One container to run."""

    name: str
    component: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Source] = field(default_factory=dict)
    parameter_types: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, FromTask] = field(default_factory=dict)
    lists: Mapping[str, Collected] = field(default_factory=dict)
    """Inputs that are lists of artifacts; once their rounds are known, `artifacts` has each of
    them, as `answers.0` and so on."""
    output_artifacts: Mapping[str, ArtifactKind] = field(default_factory=dict)
    output_parameters: Mapping[str, str] = field(default_factory=dict)
    after: frozenset[str] = frozenset()
    gates: tuple[Gate, ...] = ()
    always: bool = False
    """Whether it runs however the others end: the exit task."""
    cacheable: bool = False
    retry: RetryPolicy = RetryPolicy()
    loop: Loop | None = None
    """The loop around it."""
    round: int | None = None
    """Which of its loop's items it is about; None before they are known."""
    looped: str = ""
    """The task as the package has it, of which this is one round."""
    cpus: float | None = None
    memory_bytes: int | None = None
    gpus: int = 0

    def is_listed(self, artifact: str) -> bool:
        """Tell whether an input is one of a list of artifacts, such as `answers.0`."""
        return artifact.rpartition(".")[0] in self.lists

    @property
    def names(self) -> frozenset[str]:
        """What a person may mean it by: its own name, and that of all rounds."""
        return frozenset((self.name, self.looped or self.name))

    @property
    def module(self) -> str | None:
        """The Python module that the command runs, if it runs one."""
        if self.command[0] in {"python", "python3"} and self.command[1:2] == ("-m",):
            return self.command[2]
        return None


@dataclass(frozen=True, slots=True)
class RootParameter:
    """A parameter of the pipeline."""

    type: str
    required: bool
    default: Value | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled pipeline, read and understood as a whole."""

    pipeline: str
    parameters: Mapping[str, RootParameter]
    tasks: Mapping[str, PlannedTask]
    """In an order in which every task comes after those it waits for."""
    warnings: tuple[str, ...]

    def downstream_of(self, name: str) -> frozenset[str]:
        """Return a task and everything that waits for it, directly or not."""
        found = {name}
        for task in self.tasks.values():
            if found & task.after:
                found.add(task.name)
        return frozenset(found)

    def upstream_of(self, name: str) -> frozenset[str]:
        """Return a task and everything that it waits for, directly or not."""
        found = {name}
        for task in reversed(list(self.tasks.values())):
            if task.name in found:
                found |= task.after
        return frozenset(found)
