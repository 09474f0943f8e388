"""Which runs may go, and why the others stay: the one reading for whoever removes runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.models.model_folder import live_and_before
from sightline.ground.run_states import RESUMABLE, UNDER_WAY
from sightline.runs.outcome import outcome_of
from sightline.runs.records import RunRecord

Places = Mapping[Path, str]
"""A file or folder that something needs -> what needs it, as a sentence without a full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Runs that somebody wants to remove, sorted by whether they may go."""

    going: list[RunRecord]
    kept: dict[str, str]
    """Run -> why it stays."""


def sort_out(runs: Sequence[RunRecord], asked: Collection[str], places: Places) -> Sorted:
    """Say which of the runs that are asked for may go.

    Runs under way stay, and runs with a name, the run of each live version and of the one that a
    rollback would make live (the gate holds new models against the live one), and runs in which
    something lies that settings, schedules, the next run or a run that stays and can be resumed
    need.

    Args:
        runs: all runs of a project, newest first.
        asked: ids of the runs to remove.
        places: what settings, schedules and the next run need.

    Raises:
        FolderError: a model folder that a run deployed into cannot be read.
    """
    kept = _behind_live_versions(runs)
    kept |= {run.id: f"it is named {run.name}" for run in runs if run.name}
    kept |= {run.id: "it is under way" for run in runs if run.status in UNDER_WAY}
    going = set(asked) - set(kept)
    # A run that stays may need another one, which then stays as well and may need a third.
    while needed := _needed(runs, going, places):
        kept |= needed
        going -= set(needed)
    return Sorted(
        going=[run for run in runs if run.id in going],
        kept={run: reason for run, reason in kept.items() if run in asked},
    )


def _needed(runs: Sequence[RunRecord], going: Collection[str], places: Places) -> dict[str, str]:
    needed = dict(places)
    for run in runs:
        if run.id not in going and run.status in RESUMABLE:
            needed |= {
                p: f"run {run.id}, which can be resumed, reads {p.name}" for p in _paths(run)
            }
    return {
        run.id: reason
        for run in runs
        for path, reason in needed.items()
        if run.id in going and path.is_relative_to(run.folder)
    }


def _behind_live_versions(runs: Sequence[RunRecord]) -> dict[str, str]:
    found: dict[tuple[str, int], RunRecord] = {}
    for run in runs:
        outcome = outcome_of(run)
        if not outcome.model_folder or outcome.version is None or outcome.held_back:
            continue
        version = (outcome.model_folder, outcome.version)
        # The newest that put it there; else the newest that found it there.
        if version not in found or (_changed(run) and not _changed(found[version])):
            found[version] = run
    words = {
        (folder, number): word
        for folder in {folder for folder, _ in found}
        for number, word in zip(
            live_and_before(Path(folder)), ("live", "the one to roll back to"), strict=False
        )
    }
    return {
        run.id: f"version {version[1]} in {version[0]}, which it made, is {words[version]}"
        for version, run in found.items()
        if version in words
    }


def _changed(run: RunRecord) -> bool:
    """Tell whether a run itself put a version live."""
    return any(
        artifact.metadata.get("changed") is True
        for task in run.tasks.values()
        if task.status == "succeeded"
        for artifact in task.outputs.artifacts.values()
    )


def _paths(run: RunRecord) -> list[Path]:
    texts = [value for value in run.parameters.values() if isinstance(value, str)]
    return [Path(text) for text in texts if text.startswith("/")]
