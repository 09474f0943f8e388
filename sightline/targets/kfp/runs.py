"""List, find and stop runs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from sightline.engines.engine import RunFilter
from sightline.engines.outputs import READERS, add_outcomes, add_outputs
from sightline.ground.errors import UserError, nearest, shorten
from sightline.ground.run_account.account import Account, NotTold
from sightline.ground.run_account.kubeflow import listed_account, read_account
from sightline.ground.run_folders import UUID
from sightline.ground.run_states import ENDED
from sightline.package.reading.plan import Plan
from sightline.runs.records import RunRecord
from sightline.targets.kfp.api.calls import Calls
from sightline.targets.kfp.api.filters import where
from sightline.targets.kfp.api.library import Library
from sightline.targets.kfp.api.problems import KubeflowError
from sightline.targets.kfp.api.web import KubeflowWeb
from sightline.targets.kfp.bodies import as_json
from sightline.targets.kfp.definitions import Definitions
from sightline.targets.kfp.run_records import failure_of, run_status, to_record
from sightline.targets.kfp.settings import KubeflowTarget

if TYPE_CHECKING:
    from kfp_server_api import V2beta1Run

NO_ROOT = (
    "Artifacts are not shown, since the target does not say where they are: set pipeline_root."
)
RECENT = 200
"""How many runs are looked through for a part of an id."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one experiment."""

    calls: Calls
    target: KubeflowTarget
    experiment: str
    definitions: Definitions
    _store_problems: list[str] = field(default_factory=list)

    def list(self, wanted: RunFilter) -> list[RunRecord]:
        """Return runs, newest first, without their artifacts."""
        fitting = (
            run
            for run in self._newest()
            if wanted.pipeline in (None, self.definitions.pipeline_name(run))
        )
        runs = [*islice(fitting, wanted.limit)]
        if not wanted.figures:
            return [self._record(run, listed_account(as_json(run))) for run in runs]
        # One by one beforehand: what runs share is asked for once.
        folders = [self._folder(run, self.definitions.plan(run)) for run in runs]
        with ThreadPoolExecutor(READERS) as readers:
            accounts = list(readers.map(self._account, runs))
        records = [self._record(run, told) for run, told in zip(runs, accounts, strict=True)]
        add_outcomes(list(zip(records, folders, strict=True)), self.target)
        return records

    def get(self, text: str) -> RunRecord:
        """Return the run that a text means, with artifacts and figures."""
        run = self._find(text)
        plan = self.definitions.plan(run)
        account = self._account(run)
        record = self._record(run, account)
        folder = self._folder(run, plan)
        if not folder:
            record.warnings.append(NO_ROOT)
        elif plan.tasks:
            self._add_outputs(record, plan, folder)
            record.failure = failure_of(run, record)
        return record

    def _account(self, run: "V2beta1Run") -> Account:
        """Return what Kubeflow says of the tasks of a run; of an older one, what its entry says."""
        ended = run_status(run) in ENDED
        try:
            return read_account(KubeflowWeb(self.calls), run.run_id, outputs=ended)
        except NotTold:
            return listed_account(as_json(run))

    def _folder(self, run: "V2beta1Run", plan: Plan) -> str:
        """Return where a run's artifacts lie; empty where nothing says it."""
        given = run.runtime_config and run.runtime_config.pipeline_root
        root = given or self.target.pipeline_root
        return f"{root.rstrip('/')}/{plan.pipeline}/{run.run_id}" if root else ""

    def _add_outputs(self, record: RunRecord, plan: Plan, folder: str) -> None:
        # A run is followed by asking every few seconds: a store that takes long to say no is
        # asked once, and then again when the run has ended.
        if self._store_problems and record.status not in ENDED:
            record.warnings.extend(self._store_problems)
            return
        add_outputs(record, plan, folder, self.target)
        self._store_problems[:] = record.warnings

    def cancel(self, run_id: str) -> None:
        """Stop a run."""
        self.calls.read(
            f"stop run {run_id}",
            self.calls.client.run_api.run_service_terminate_run,
            run_id=run_id,
        )

    def _record(self, run: "V2beta1Run", account: Account) -> RunRecord:
        record = to_record(
            run,
            self.definitions.plan(run),
            self.target,
            account,
            pipeline=self.definitions.pipeline_name(run),
        )
        record.schedule = self.definitions.schedule_name(run)
        return record

    def _find(self, text: str) -> "V2beta1Run":
        if text == "latest":
            newest = next(self._newest(), None)
            if newest is None:
                raise UserError(
                    f"Expected a run in experiment {self.experiment}; there is none yet. Start one "
                    f"with `sightline submit{self.calls.to.options}`."
                )
            return self._by_id(newest.run_id)
        if UUID.fullmatch(text):
            return self._by_id(text)
        named = list(islice(self._newest(filter=where("display_name", text)), 2))
        if named:
            return self._by_id(named[0].run_id)
        return self._by_id(self._by_part(text).run_id)

    @property
    def _list_them(self) -> str:
        return f"List them with `sightline runs{self.calls.to.options}`."

    def _by_part(self, text: str) -> "V2beta1Run":
        recent = list(islice(self._newest(), RECENT))
        found = [run for run in recent if run.run_id.startswith(text) or text in run.display_name]
        if len(found) == 1:
            return found[0]
        names = [run.display_name for run in found or recent]
        if found:
            raise UserError(
                f"Run {text}: expected a part of one name or id; {len(found)} runs have it: "
                f"{shorten(names)}. Write more of it."
            )
        guess = nearest(text, names)
        hint = f"Did you mean {guess}?" if guess else self._list_them
        raise UserError(
            f"Run {text}: expected the id or name of a run in experiment {self.experiment}; there "
            f"is none among the newest {len(recent)}. {hint}"
        )

    def _by_id(self, run_id: str) -> "V2beta1Run":
        try:
            return self.calls.read(
                f"read run {run_id}", self.calls.client.run_api.run_service_get_run, run_id=run_id
            )
        except KubeflowError as error:
            if error.status != 404:
                raise
            raise UserError(
                f"Run {run_id}: expected a run of Kubeflow at {self.target.host}; there is none "
                f"with this id. {self._list_them}"
            ) from error

    def _newest(self, **filters: str) -> Iterator["V2beta1Run"]:
        experiment = Library(self.calls, self.target).find_experiment(self.experiment)
        if experiment is None:
            return iter(())
        return self.calls.pages(
            "list runs",
            self.calls.client.run_api.run_service_list_runs,
            "runs",
            experiment_id=experiment.experiment_id,
            sort_by="created_at desc",
            **filters,
        )
