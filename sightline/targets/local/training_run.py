"""Run a project's pipeline on this machine, from settings to the report page."""

import os
import tempfile
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.run_states import LauncherName
from sightline.package.compile import compile_project
from sightline.project.roles import deploying_stages
from sightline.project.settings import Project
from sightline.project.stages import locations
from sightline.runs.records import RunRecord
from sightline.targets.local.data_changes import data_changes
from sightline.targets.local.earlier_splits import earlier_splits, unread_splits
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import resume, run
from sightline.targets.local.settings import LocalTarget
from sightline.targets.local.store import find_run, last_resumable, list_runs
from sightline.views.live import view
from sightline.views.page import write_page


def run_project(
    project: Project,
    *,
    launcher: LauncherName | None = None,
    cache: bool = True,
    from_stage: str | None = None,
    until_stage: str | None = None,
    deploy: bool = True,
) -> RunRecord:
    """Compile the pipeline, run the package here, and write the run's page.

    Args:
        project: the project.
        launcher: what starts the tasks, the project's choice unless given.
        cache: whether results of earlier runs may be reused.
        from_stage: runs again, with everything after it.
        until_stage: the last to run; nothing that it does not need runs.
        deploy: whether a model may go live.

    Raises:
        UserError: the project's target is a cluster.
    """
    if not isinstance(project.target, LocalTarget):
        raise UserError(
            f"target {project.target_name}: expected this machine for `sightline run`; received "
            f"kind {project.target.kind}. Start it there: sightline submit --target "
            f"{project.target_name}{project.pipeline_option}"
        )
    launcher = launcher or project.target.launcher or project.pipeline.launcher
    there = list_runs(project.root)
    options = RunOptions(
        root=project.root,
        launcher=launcher,
        cache=cache and project.pipeline.cache,
        from_task=from_stage,
        until_task=until_stage,
        without=frozenset() if deploy else deploying_stages(),
        locations=locations(),
        addresses=project.addresses,
        warnings=unread_splits(project, there),
    )
    project.root.mkdir(parents=True, exist_ok=True)
    # In the project, under a name by which `sightline gc` knows what a killed process left.
    with tempfile.TemporaryDirectory(
        prefix=f".package.{os.getpid()}.", suffix=".partial", dir=project.root
    ) as folder:
        package = Path(folder) / "pipeline.yaml"
        compile_project(project, package)
        parameters = earlier_splits(project, there)
        # A debugger needs plain lines: a table that redraws itself would take its prompt away.
        with view(plain=launcher == "inline" or None) as listener:
            record = run(package, parameters=parameters, options=options, listener=listener)
    write_page(record, changes=data_changes(project, record))
    return record


def resume_project(project: Project, text: str) -> RunRecord:
    """Continue a run that was killed, failed or cancelled, with the settings it began with.

    Raises:
        UserError: there is no such run, or none that did not end well.
    """
    options = RunOptions(root=project.root, locations=locations(), addresses=project.addresses)
    with view() as listener:
        record = resume(_resumable(project, text), options=options, listener=listener)
    write_page(record, changes=data_changes(project, record))
    return record


def _resumable(project: Project, text: str) -> str:
    if text != "latest":
        return find_run(project.root, text).id
    record = last_resumable(project.root)
    if record is None:
        raise UserError(
            f"{project.root}: expected a run that was killed, failed or cancelled; received none. "
            "Start a new one with `sightline run`."
        )
    return record.id
