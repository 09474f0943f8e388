"""Settings that name the splits of an earlier run, and which run has the ones to keep."""

from collections.abc import Callable, Iterable, Iterator

from sightline.ground.run_folders import ASSIGNMENT
from sightline.project.roles import settings_filled_with
from sightline.project.settings import Project
from sightline.runs.records import RunRecord

Place = Callable[[RunRecord, str, str], str | None]
"""Returns where the splits lie in the artifact that a task of a run made; none if it has none."""


def left_empty(project: Project) -> list[tuple[str, str]]:
    """Return the settings, by stage and name, that the user left to be filled in."""
    return [
        (stage, name)
        for stage, name in settings_filled_with("earlier splits")
        if stage in project.stages and not project.stages[stage].model_dump()[name]
    ]


def newest_splits(
    project: Project, runs: Iterable[RunRecord], place: Place
) -> Iterator[tuple[str, str]]:
    """Yield the pipeline parameters that name the newest splits, with the places.

    Args:
        project: whose settings are to be filled in.
        runs: its runs that succeeded, newest first; no further one is asked for than is needed.
        place: finds splits in an artifact.
    """
    wanted = dict(left_empty(project))
    for run in runs if wanted else ():
        for task in run.tasks.values():
            for artifact in task.outputs.artifacts if task.component in wanted else ():
                if found := place(run, task.name, artifact):
                    yield f"{task.component}_{wanted.pop(task.component)}", found
                    break
        if not wanted:
            return


def below(folder: str) -> str:
    """Return the address of the splits in an artifact at an address."""
    return f"{folder.rstrip('/')}/{ASSIGNMENT}"
