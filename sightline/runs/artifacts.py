"""What a run made: named, listed, and copied from wherever it lies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import UserError, nearest, one_line
from sightline.ground.storage.files import remove
from sightline.ground.storage.partial import partial_path
from sightline.project.target import Target
from sightline.runs.compare import ReadFile
from sightline.runs.damage import artifact_damage
from sightline.runs.facts import REPORT_KIND
from sightline.runs.records import ArtifactRecord, RunRecord

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


@dataclass(frozen=True, slots=True)
class Made:
    """An artifact and the task that made it."""

    run: str
    task: str
    artifact: ArtifactRecord

    @property
    def is_report(self) -> bool:
        """Whether it is a page for people."""
        return self.artifact.kind == REPORT_KIND

    def facts(self) -> dict[str, Any]:
        """Return what `sightline artifacts --json` says."""
        return {
            "task": self.task,
            "name": self.artifact.name,
            "kind": self.artifact.kind,
            "uri": self.artifact.uri,
            "metadata": self.artifact.metadata,
        }


def choose_artifacts(
    record: RunRecord, wanted: str | None, *, only_reports: bool = False
) -> list[Made]:
    """Return the artifacts that `TASK` or `TASK/NAME` names; all without one.

    Raises:
        UserError: the run made nothing of that name.
    """
    made = [
        Made(record.id, task.name, artifact)
        for task in record.tasks.values()
        for artifact in task.outputs.artifacts.values()
    ]
    chosen = [
        one
        for one in made
        if wanted in (None, one.task, f"{one.task}/{one.artifact.name}")
        and (one.is_report or not only_reports)
    ]
    if wanted in record.tasks and not chosen:
        raise UserError(
            f"run {record.id}: expected artifacts of {wanted}; it made none that are known, its "
            f"status is {record.tasks[str(wanted)].status}. `sightline show` says more."
        )
    if wanted is not None and not chosen:
        known = [f"{one.task}/{one.artifact.name}" for one in made]
        guess = nearest(wanted, [*known, *record.tasks])
        hint = f"Did you mean `{guess}`?" if guess else f"There are: {', '.join(known) or 'none'}."
        raise UserError(
            f"run {record.id}: expected a task or `task/artifact` that it made; received "
            f"`{wanted}`. {hint}"
        )
    return chosen


def expect_artifacts(record: RunRecord, chosen: Sequence[Made]) -> None:
    """Refuse to download nothing.

    Raises:
        UserError: nothing was chosen; says why, where that is known.
    """
    if not chosen:
        known = " ".join(record.warnings) or (
            f"it is {record.status}, and its store holds none that were asked for."
        )
        raise UserError(
            f"run {record.name or record.id}: expected artifacts to download; received none. "
            f"{known}"
        )


def download_artifacts(chosen: Sequence[Made], folder: Path, target: Target) -> Iterator[Path]:
    """Copy artifacts to `<folder>/<run>/<task>/<name>`, and give each path when it is there.

    Pages get a name that browsers open.

    Raises:
        UserError: one is gone or damaged, or its store does not let us read.
    """
    for made in chosen:
        name = f"{made.artifact.name}.html" if made.is_report else made.artifact.name
        place = folder / made.run / made.task / name
        partial = _make_room(place)
        _expect_whole(made.artifact)
        filesystem, source = open_store(made.artifact.uri, target)
        try:
            _copy(filesystem, source, partial)
        except Exception as error:  # each store has exceptions of its own
            remove(partial)
            if isinstance(error, OSError) and str(error.filename or "").startswith(str(partial)):
                raise _not_written(place, error) from error
            raise UserError(
                f"{made.artifact.uri}: expected an artifact that can be read; received: "
                f"{one_line(error)}. Check that it was not removed, and that your account may "
                "read there."
            ) from error
        remove(place)
        partial.replace(place)
        yield place


def file_reader(target: Target) -> ReadFile:
    """Return a function that reads one file of an artifact that is whole."""

    def read(artifact: ArtifactRecord, name: str) -> bytes:
        _expect_whole(artifact)
        filesystem, path = open_store(artifact.uri, target)
        content: bytes = filesystem.cat_file(f"{path.rstrip('/')}/{name}")
        return content

    return read


def _expect_whole(artifact: ArtifactRecord) -> None:
    if damage := artifact_damage(artifact, Path(artifact.uri)):
        raise UserError(f"{damage}. Make it again: sightline run.")


def open_store(uri: str, target: Target) -> "tuple[AbstractFileSystem, str]":
    """Return the file system that holds an address, and the path in it."""
    from sightline.runs.artifact_store import filesystem_of

    return filesystem_of(uri, target)


def _make_room(place: Path) -> Path:
    """Return where a copy grows until it is whole; what an earlier attempt left there is gone."""
    partial = partial_path(place, one_writer=True).absolute()
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        remove(partial)
    except OSError as error:
        raise _not_written(place, error) from error
    return partial


def _not_written(place: Path, error: OSError) -> UserError:
    return UserError(
        f"{place}: expected a place to write to; received: {error.strerror or error}. Choose "
        "another folder with --download, or make room there."
    )


def _copy(filesystem: "AbstractFileSystem", source: str, place: Path) -> None:
    if filesystem.isdir(source):
        filesystem.get(f"{source.rstrip('/')}/", f"{place}/", recursive=True)
    else:
        filesystem.get_file(source, str(place))
