"""What would be removed from a project's folder, what would stay and why, and what it frees."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.storage.machine_cache import half_written_entries
from sightline.project.settings import Project
from sightline.runs.keeping import sort_out
from sightline.runs.records import RunRecord
from sightline.targets.local.cleaning.leftovers import (
    half_written,
    killed_deployments,
    never_begun,
    run_folders,
)
from sightline.targets.local.cleaning.needs import needed_places
from sightline.targets.local.cleaning.space import Doomed, freed_bytes
from sightline.targets.local.reuse.cache import EntryError, read_entry
from sightline.targets.local.store import find_run, list_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """What is to go, by kind; nothing has been touched yet."""

    root: Path
    runs: list[RunRecord] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)
    """Folders of runs that were named and whose records cannot be read."""
    kept: dict[str, str] = field(default_factory=dict)
    """Run that was asked for -> why it stays."""
    entries: list[Path] = field(default_factory=list)
    """Cache entries without a run that holds their result."""
    half_written: list[Path] = field(default_factory=list)
    never_begun: list[Path] = field(default_factory=list)
    machine_cache: list[Path] = field(default_factory=list)
    """What killed processes left in the cache of the machine, which all its projects share."""
    deployments: dict[Path, list[Path]] = field(default_factory=dict)
    """Model folder -> what killed deployments left in it, and versions known as damaged."""

    def doomed(self) -> Doomed:
        """Return the files and folders that would go, by the words for their kind."""
        inside = [path for run in self.runs for path in run.folder.iterdir()]
        return {
            "artifacts of runs": [path for path in inside if path.name == "artifacts"],
            "records, logs and pages of runs": [p for p in inside if p.name != "artifacts"],
            "runs that cannot be read": self.unreadable,
            "cache entries without a result": self.entries,
            "half-written results of killed runs": self.half_written,
            "half-written entries of the machine's cache": self.machine_cache,
            "runs that were killed before their first task": self.never_begun,
            "killed deployments and damaged versions": [
                path for paths in self.deployments.values() for path in paths
            ],
        }

    def freed(self) -> dict[str, int]:
        """Return the bytes that the disk gets back, by kind of which something goes."""
        doomed = {kind: paths for kind, paths in self.doomed().items() if paths}
        return freed_bytes(doomed)


def plan_delete(project: Project, names: Sequence[str]) -> Cleaning:
    """Plan to remove runs that are named, and cache entries that nothing holds afterwards.

    Raises:
        UserError: there is no such run, or it must stay; the text says why.
    """
    root = project.root.resolve()
    listing = list_runs(root)
    unreadable = [root / "runs" / name for name in names if name in listing.unreadable]
    asked = [find_run(root, name) for name in names if name not in listing.unreadable]
    found = sort_out(listing.runs, {run.id for run in asked}, needed_places(project, listing))
    kept = found.kept | {run.id: "it lies behind a link" for run in asked if not _here(run, root)}
    if kept:
        reasons = "; ".join(f"{run} ({reason})" for run, reason in kept.items())
        raise UserError(f"expected runs that nothing needs; received {reasons}. Leave them out.")
    return Cleaning(
        root=root,
        runs=found.going,
        unreadable=[folder for folder in unreadable if not folder.is_symlink()],
        entries=_stale_entries(root, found.going),
    )


def plan_gc(
    project: Project,
    *,
    now: datetime,
    keep: int | None,
    older_than: timedelta | None,
    machine_cache: Path | None = None,
) -> Cleaning:
    """Plan to remove what killed processes left and, where asked for, old runs.

    Args:
        project: whose folder it is.
        now: what ages are counted from.
        keep: how many runs stay, newest first.
        older_than: how long ago a run must have begun. With both, a run goes that is beyond both.
        machine_cache: the folder of the machine's cache.

    Raises:
        FolderError: a model folder cannot be read.
    """
    root = project.root.resolve()
    listing = list_runs(root)
    runs = listing.runs
    asked: Collection[str] = ()
    if keep is not None or older_than is not None:
        beyond = runs[keep or 0 :]
        age = older_than or timedelta()
        asked = {run.id for run in beyond if now - run.started >= age and _here(run, root)}
    found = sort_out(runs, asked, needed_places(project, listing))
    gone = {run.folder for run in found.going}
    return Cleaning(
        root=root,
        runs=found.going,
        kept=found.kept,
        entries=_stale_entries(root, found.going),
        half_written=[path for path in half_written(root) if not gone & set(path.parents)],
        machine_cache=half_written_entries(machine_cache) if machine_cache else [],
        never_begun=list(never_begun(root)),
        deployments={
            models: left
            for models in _model_folders(project)
            if (left := list(killed_deployments(models)))
        },
    )


def _here(run: RunRecord, root: Path) -> bool:
    """Tell whether a run lies in the project itself: no link is followed out of it."""
    return run.folder.parent == root / "runs"


def is_stale(entry: Path, there: Collection[str]) -> bool:
    """Tell whether no run that is there holds the result of a cache entry."""
    try:
        found = read_entry(entry)
    except EntryError:
        return True
    return found is not None and not any(place.run in there for place in found.places)


def _stale_entries(root: Path, going: Collection[RunRecord]) -> list[Path]:
    there = {folder.name for folder in run_folders(root)} - {run.id for run in going}
    cache = root / "cache"
    if cache.is_symlink():
        return []
    return [path for path in sorted(cache.glob("*/[!.]*.json")) if is_stale(path, there)]


def _model_folders(project: Project) -> list[Path]:
    """Return the model folders that lie in the project's own folder."""
    home = project.path.parent.resolve()
    found = {project.model_folder, *(project.root / "models").glob("*")}
    return sorted(p for p in found if p.is_dir() and p.resolve().is_relative_to(home))
