"""A project as an object: its settings, its runs, what is live."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.ground.models.model_folder import live_number
from sightline.notebook.run import Run
from sightline.project.settings_file import FILE_NAME

if TYPE_CHECKING:
    from sightline.ground.run_states import LauncherName
    from sightline.project.settings import Project as Settings


class Project:
    """A settings file, and what becomes of it; everything is read when it is asked for."""

    def __init__(self, file: str | Path = FILE_NAME, *, target: str | None = None) -> None:
        """Take the project of a settings file.

        Args:
            file: the settings file.
            target: name of a target in it, whose runs are looked at; this machine unless given.

        Raises:
            UserError: no file, no such target, or settings that cannot be used; says the line.
        """
        self._file, self._target = Path(file), target
        _ = self.settings

    @property
    def settings(self) -> "Settings":
        """The checked settings of the file as it is now, by stage: `.stages["train"].epochs`."""
        from sightline.project.settings import load_project

        return load_project(self._file, target=self._target)

    def run(
        self,
        *,
        set: Mapping[str, object] | None = None,
        until: str | None = None,
        start: str | None = None,
        pipeline: str = "training",
        deploy: bool = True,
        cache: bool = True,
        launcher: "LauncherName | None" = None,
        name: str | None = None,
    ) -> Run:
        """Run the pipeline here, as `sightline run` does, and return the run however it ended.

        Args:
            set: settings for this run, such as `{"train.epochs": 5}`.
            until: the last stage to run.
            start: the first stage to run again, with what follows.
            pipeline: which pipeline.
            deploy: whether a model may go live.
            cache: whether results of earlier runs may be reused.
            launcher: how tasks start.
            name: a name to find the run by, which keeps it from being cleaned away.

        Raises:
            UserError: settings that cannot be used, or a target that is a cluster.
        """
        from sightline.ground.ports import as_text
        from sightline.package.pipelines import choose_pipeline
        from sightline.project.settings import load_project
        from sightline.targets.local.store import name_run
        from sightline.targets.local.training_run import run_project

        overrides = [f"{key}={as_text(value)}" for key, value in (set or {}).items()]
        project = load_project(self._file, overrides, self._target, choose_pipeline(pipeline))
        record = run_project(
            project,
            launcher=launcher,
            cache=cache,
            from_stage=start,
            until_stage=until,
            deploy=deploy,
        )
        if name:
            record = name_run(project.root, record.id, name)
        return Run(record, project.target, project.notes)

    def runs(self, limit: int = 20) -> list[Run]:
        """Return the runs of the project, newest first."""
        from sightline.engines.engine import RunFilter

        project = self.settings
        wanted = RunFilter(limit=limit, pipeline=project.pipeline.name, figures=True)
        found = project.target.engine(project).runs(wanted)
        return [Run(record, project.target) for record in found]

    def find(self, run: str = "latest") -> Run:
        """Return the run of this id or name, a unique part of an id, or the newest.

        Raises:
            UserError: there is none.
        """
        project = self.settings
        return Run(project.target.engine(project).run(run), project.target)

    @property
    def latest(self) -> Run:
        """The newest run."""
        return self.find()

    @property
    def live(self) -> int | None:
        """The version of the model that is live here; None where none is."""
        return live_number(self.settings.model_folder)

    def __repr__(self) -> str:
        return f"Project({str(self._file)!r})"
