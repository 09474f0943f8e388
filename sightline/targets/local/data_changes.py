"""What became of a project's images since the run before, for a run's page."""

from sightline.ground.errors import UserError
from sightline.project.settings import Project
from sightline.runs.datasets.rows import CLEANED, DATASET, RECORDS, rows_of_run
from sightline.runs.records import ArtifactRecord, RunRecord
from sightline.targets.local.store import list_runs


def data_changes(project: Project, record: RunRecord) -> list[str]:
    """Say in lines what came, went or changed; nothing where no earlier run has images.

    A page is no place to fail at: nothing is said, too, where a dataset cannot be read.
    """
    before = _run_before(project, record)
    if before is None:
        return []
    since = f"Since run {before.name or before.id};"
    # Rows are read with PyArrow, whose import costs more than anything else a reusing run does.
    if all(_is_same(before, record, made) for made in (DATASET, CLEANED, RECORDS)):
        return [since, "the same dataset, with the same splits"]
    lines = _lines(project, before, record)
    return [since, *lines] if lines else []


def _lines(project: Project, before: RunRecord, record: RunRecord) -> list[str]:
    from sightline.runs.datasets.diff import diff
    from sightline.views.dataset_diff import change_lines

    try:
        found = diff(rows_of_run(before, project.target), rows_of_run(record, project.target))
    except (UserError, OSError, ValueError):
        return []
    return [line for line in change_lines(found) if not line.startswith("0 ")]


def _run_before(project: Project, record: RunRecord) -> RunRecord | None:
    """Return the newest earlier run of this pipeline that has a dataset."""
    if _made(record, DATASET) is None:
        return None
    return next(
        (
            run
            for run in list_runs(project.root).runs
            if run.started < record.started
            and run.pipeline == record.pipeline
            and _made(run, DATASET) is not None
        ),
        None,
    )


def _is_same(before: RunRecord, after: RunRecord, name: str) -> bool:
    old, new = _made(before, name), _made(after, name)
    if old is None or new is None:
        return old is new
    return old.digest is not None and old.digest == new.digest


def _made(record: RunRecord, name: str) -> ArtifactRecord | None:
    """Return an artifact of a run, such as `ingest/dataset`; None where it has none."""
    task, _, artifact = name.partition("/")
    return record.tasks[task].outputs.artifacts.get(artifact) if task in record.tasks else None
