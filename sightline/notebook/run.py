"""A run as an object: what came out, its artifacts as paths, its tables as data frames."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from sightline.ground.errors import UserError
from sightline.ground.headlines.headline import Figure
from sightline.ground.storage.addresses import is_local
from sightline.project.target import Target
from sightline.runs.artifacts import choose_artifacts, file_reader
from sightline.runs.compare import NOT_THERE, PREDICTIONS, find_file
from sightline.runs.facts import RunFacts, facts_of
from sightline.runs.outcome import artifacts_of, judgements
from sightline.runs.records import ArtifactRecord, RunRecord

if TYPE_CHECKING:
    import pandas as pd

PAGE_HEIGHT_PX = 640


@dataclass(frozen=True, slots=True)
class Report:
    """A page of a run; a notebook shows it."""

    path: Path

    def _repr_html_(self) -> str:
        page = self.path.read_text(encoding="utf-8", errors="replace")
        return Markup(
            '<iframe srcdoc="{}" sandbox style="box-sizing:border-box;width:100%;height:{}px;'
            'border:1px solid #8886;border-radius:8px"></iframe>'
        ).format(page, PAGE_HEIGHT_PX)


class Run:
    """One run of a pipeline, as it was when it was asked for."""

    def __init__(self, record: RunRecord, target: Target, notes: Sequence[str] = ()) -> None:
        """Take a run from its record, with what was decided for the user when it was started."""
        self.record = record
        self.notes = tuple(notes)
        self._target = target

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def status(self) -> str:
        """How it ended, or that it goes on."""
        return self.record.status

    @property
    def facts(self) -> RunFacts:
        """What every view of a run shows, `.outcome` and `.failure` among it."""
        return facts_of(self.record)

    @property
    def decision(self) -> str | None:
        """`deploy` or `hold`; None where nothing was decided."""
        return self.facts.outcome.decision

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why."""
        return self.facts.outcome.reasons

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The headline figures and those over folds by name, each with `.value` and `.text`."""
        return {figure.name: figure for figure in self.facts.outcome.shown}

    def stages(self) -> "pd.DataFrame":
        """Return its tasks: status, seconds, and why each ran or was reused."""
        import pandas as pd

        rows = [
            {
                "task": task.name,
                "status": task.status,
                "seconds": task.seconds,
                "why": task.message or " ".join(task.cache.sentences() if task.cache else ()),
            }
            for task in self.record.tasks.values()
        ]
        return pd.DataFrame(rows, columns=["task", "status", "seconds", "why"]).set_index("task")

    @property
    def artifacts(self) -> Mapping[str, Path | str]:
        """What it made, by `task/name`: paths here, addresses of a cluster's store."""
        return {
            f"{one.task}/{one.artifact.name}": Path(uri) if is_local(uri) else uri
            for one in choose_artifacts(self.record, None)
            for uri in [one.artifact.uri]
        }

    def predictions(self) -> "pd.DataFrame":
        """Return a row per test image: id, uri, truth, prediction and what else its kind says.

        Raises:
            UserError: the run judged no model.
        """
        import pandas as pd

        content = self._file(PREDICTIONS, judgements(self.record))
        return pd.read_parquet(io.BytesIO(content))

    def history(self) -> "pd.DataFrame":
        """Return a row per epoch of training.

        Raises:
            UserError: the run trained no model.
        """
        import pandas as pd

        content = self._file("history.csv", artifacts_of(self.record))
        return pd.read_csv(io.BytesIO(content))

    def findings(self) -> "pd.DataFrame":
        """Return a row per image and finding of label check: id, uri, finding."""
        import pandas as pd

        from sightline.runs.datasets.findings import findings_by_image

        found = findings_by_image(self.record, self._target)
        rows = [(*key, words) for key, said in found.items() for words in said]
        return pd.DataFrame(rows, columns=["id", "uri", "finding"])

    def report(self, task: str | None = None) -> Report:
        """Return the page of a task, or of the whole run.

        Raises:
            UserError: there is none here.
        """
        from sightline.views.page import page_path

        path = page_path(self.record, task)
        if self.record.url or not path.is_file():
            raise UserError(
                f"run {self.id}: expected a page{f' of {task}' if task else ''} on this machine, "
                "found none. See .stages(); fetch a cluster's with `sightline artifacts --reports "
                "--download FOLDER`."
            )
        return Report(path)

    def _file(self, name: str, artifacts: Sequence[ArtifactRecord]) -> bytes:
        try:
            return find_file(artifacts, name, file_reader(self._target))
        except NOT_THERE as error:
            raise UserError(
                f"run {self.id}: expected an artifact with {name}, found none among "
                f"{len(artifacts)}; its status is {self.status}. See .stages()."
            ) from error

    def __repr__(self) -> str:
        said = [self.status, self.facts.outcome.decision, *(f.text for f in self._headline())]
        return f"Run({', '.join([self.id, *filter(None, said)])})"

    def _headline(self) -> tuple[Figure, ...]:
        return self.facts.outcome.headline[:1]

    def _repr_html_(self) -> str:
        from sightline.views.card import card

        try:
            table = self.predictions()
        except (UserError, OSError):
            table = None
        return card(self.record, table, self.notes)
