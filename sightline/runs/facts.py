"""What every view of a run shows: the one reading for terminal, page, comparison and programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.outcome import MISTAKES_FILE, NUM_MISTAKES, Outcome
from sightline.ground.run_states import RunStatus
from sightline.project.stages import settings_class, stage_names
from sightline.runs.outcome import artifacts_of, outcome_of
from sightline.runs.records import RunRecord, Value

REPORT_KIND = "system.HTML"
METRICS_KIND = "system.Metrics"


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The answers of a run's model that were wrong."""

    number: int
    place: str
    """The table that lists them, each with the file of its image."""

    def text(self, place: str = "") -> str:
        """Say how many there are and where; `place` writes the address otherwise."""
        where = f", with their files in {place or self.place}" if self.number else ""
        return f"{self.number:,}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run as people ask for it, whatever it ran on."""

    title: str
    """What the cluster calls it; its id here."""
    status: RunStatus
    seconds: float | None
    """How long it took, once it has ended."""
    num_tasks: int | None
    """None where a cluster's listing does not say it."""
    num_reused: int | None
    outcome: Outcome
    mistakes: Mistakes | None
    failure: str | None
    warnings: tuple[str, ...]

    @property
    def time(self) -> str | None:
        """Write how long it took as people say it."""
        return duration(self.seconds)


def facts_of(record: RunRecord) -> RunFacts:
    """Read a run for whoever shows it."""
    seconds = (record.finished - record.started).total_seconds() if record.finished else None
    tasks = record.tasks.values()
    return RunFacts(
        title=record.name or record.id,
        status=record.status,
        seconds=seconds,
        num_tasks=len(tasks) or None,
        num_reused=sum(task.status == "reused" for task in tasks) if tasks else None,
        outcome=outcome_of(record),
        mistakes=mistakes_of(record),
        failure=record.failure,
        warnings=tuple(record.warnings),
    )


def mistakes_of(record: RunRecord) -> Mistakes | None:
    """Return how many answers were wrong and where they are listed, if something says so."""
    for artifact in artifacts_of(record):
        if (number := artifact.metadata.get(NUM_MISTAKES)) is not None:
            return Mistakes(int(number), f"{artifact.uri}/{MISTAKES_FILE}")
    return None


def metrics(record: RunRecord) -> Iterator[tuple[str, str, float]]:
    """Give every metric of every task: task, name, value."""
    for task in record.tasks.values():
        for artifact in task.outputs.artifacts.values():
            if artifact.kind == METRICS_KIND:
                for name, value in artifact.metadata.items():
                    if isinstance(value, int | float):
                        yield task.name, name, value


def changed_settings(parameters: dict[str, Value]) -> Iterator[tuple[str, str, str]]:
    """Give the settings that differ from their default: name, value, default."""
    for stage in stage_names():
        # As pipelines pass them on: tuples as text.
        defaults = settings_class(stage).model_construct().model_dump(mode="json")
        for name, field in settings_class(stage).model_fields.items():
            key = f"{stage}_{name}"
            default = "" if field.is_required() else defaults[name]
            if key in parameters and parameters[key] != default:
                shown = "none: required" if field.is_required() else default
                yield f"{stage}.{name}", _as_written(parameters[key]), _as_written(shown)


def _as_written(value: object) -> str:
    """Write a value as settings files have it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def lineage(record: RunRecord) -> Iterator[tuple[str, str, str, str]]:
    """Give every artifact: its name, the task that made it, the tasks that read it, its path."""
    readers: dict[str, list[str]] = {}
    for task in record.tasks.values():
        for artifact in task.inputs.artifacts.values():
            readers.setdefault(artifact.uri, []).append(task.name)
    for task in record.tasks.values():
        for name, artifact in task.outputs.artifacts.items():
            shown = shown_below(record.folder, artifact.uri)
            yield name, task.name, ", ".join(readers.get(artifact.uri, [])), shown


def shown_below(folder: Path, uri: str) -> str:
    """Write a path below a run's folder shorter; any other whole."""
    path = Path(uri)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else uri


def duration(seconds: float | None) -> str | None:
    """Write a time as people say it, such as `48.2 s` or `3 min 5 s`."""
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
