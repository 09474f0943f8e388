"""What became of a project's images since the run before, for a run's page."""

from sightline.ground.errors import UserError
from sightline.project.settings import Project
from sightline.runs.datasets.diff import diff
from sightline.runs.datasets.rows import DATASET, rows_of_run
from sightline.runs.records import RunRecord
from sightline.targets.local.store import list_runs


def data_changes(project: Project, record: RunRecord) -> list[str]:
    """Say in lines what came, went or changed; nothing where no earlier run has images.

    A page is no place to fail at: nothing is said, too, where a dataset cannot be read.
    """
    from sightline.views.dataset_diff import change_lines

    before = _run_before(project, record)
    if before is None:
        return []
    try:
        found = diff(rows_of_run(before, project.target), rows_of_run(record, project.target))
    except (UserError, OSError, ValueError):
        return []
    told = [line for line in change_lines(found) if not line.startswith("0 ")]
    return [f"Since run {before.name or before.id};", *told]


def _run_before(project: Project, record: RunRecord) -> RunRecord | None:
    """Return the newest earlier run of this pipeline that has a dataset."""
    if not _has_dataset(record):
        return None
    return next(
        (
            run
            for run in list_runs(project.root).runs
            if run.started < record.started
            and run.pipeline == record.pipeline
            and _has_dataset(run)
        ),
        None,
    )


def _has_dataset(record: RunRecord) -> bool:
    task, _, artifact = DATASET.partition("/")
    made = record.tasks.get(task)
    return made is not None and artifact in made.outputs.artifacts
