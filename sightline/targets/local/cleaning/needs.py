"""The places that settings, schedules and the next run of a project need."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.project.settings import Project, load_project
from sightline.targets.local.earlier_splits import earlier_splits
from sightline.targets.local.store import RunListing


def needed_places(project: Project, there: RunListing) -> dict[Path, str]:
    """Return each file or folder that is needed, with what needs it; `there` are all its runs."""
    found = dict(_of_schedules(project))
    found |= dict.fromkeys(_named_in(project), f"{project.path.name} names a file of it")
    splits = map(Path, earlier_splits(project, there).values())
    found |= dict.fromkeys(splits, "the next run keeps its splits")
    return {path.resolve(): reason for path, reason in found.items()}


def _named_in(project: Project) -> list[Path]:
    return _paths(Path("/"), project.parameters().values())


def _paths(folder: Path, values: Iterable[object]) -> list[Path]:
    return [folder / value for value in values if isinstance(value, str) and "/" in value]


def _of_schedules(project: Project) -> Iterator[tuple[Path, str]]:
    # SQLAlchemy takes half a second to import, and the file exists for a schedule only.
    if not (project.root / "schedules.sqlite").is_file():
        return
    from sightline.targets.local.schedules.engine import LocalSchedules
    from sightline.targets.local.schedules.store import Store

    schedules = LocalSchedules(project.root, settings=project.path)
    for shown in schedules.list():
        if shown.last_run:
            run = project.root / "runs" / shown.last_run
            yield run, f"it is the last run of schedule {shown.name}"
    for stored in Store(project.root).schedules():
        reason = f"schedule {stored.name} names a file of it"
        values = [text.partition("=")[2] for text in stored.overrides]
        yield from ((path, reason) for path in _paths(Path(stored.folder), values))
        # Its settings may lie in another file over the same folder; where they cannot be read,
        # the schedule says so itself.
        with suppress(UserError):
            named = _named_in(load_project(Path(stored.settings_file), target=stored.target))
            yield from ((path, reason) for path in named)
