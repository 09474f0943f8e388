"""Collect what came out of a run from the artifacts that its stages left in the store."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from components.notify.documents import DEPLOYMENT, KINDS, REUSABLE, SUMMARY, Document
from components.notify.place import stage_of
from components.notify.store import File, Files, Store, words_of
from components.notify.summary import Summary
from components.notify.warned import warnings_in
from sightline.ground.outcome import EXIT_TASK, Outcome, Warned
from sightline.ground.pages import WARNINGS
from sightline.ground.run_account.account import Account, SeenArtifact
from sightline.ground.run_account.logs import logs_among, reason_in
from sightline.stage import log

TIMED = re.compile(r"[0-9]{8}-?[0-9]{6}")
RECENT_RUNS = 20
MOST_RUNS = 500
LISTERS = 8
REPORT = "report"

Key = tuple[str, str]


@dataclass
class Findings:
    """What the store says about a run and those before it."""

    documents: dict[Key, Document] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    """Address by stage."""
    reused_from: dict[str, str] = field(default_factory=dict)
    """Run that a reused stage's outputs are from, where the cluster says it."""
    ran: frozenset[str] = frozenset()
    """Stages that left something in this run, so that they ran and were not reused."""
    failed: tuple[str, ...] = ()
    """Stages that left a log and nothing else."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why each of them failed, by its own log."""
    last: Summary | None = None
    """The run before."""
    baseline: Summary | None = None
    """The newest run before that succeeded."""
    newest_stage: str = ""
    """The stage that was the last to leave something."""
    warnings: list[Warned] = field(default_factory=list)
    """What the stages warned of."""
    notes: list[str] = field(default_factory=list)

    def miss(self, text: str) -> None:
        """Note what could not be read, and warn of it."""
        self.notes.append(text)
        log.warning(text)

    def outcome(self) -> Outcome:
        """Put the documents' figures together."""
        found = outcome_of(self.documents, self.baseline)
        return found.model_copy(update={WARNINGS: tuple(self.warnings)})

    def snapshot(self) -> "Findings":
        """Return what was found so far, while someone may still be looking."""
        return replace(
            self,
            documents=dict(self.documents),
            reports=dict(self.reports),
            reused_from=dict(self.reused_from),
            reasons=dict(self.reasons),
            warnings=list(self.warnings),
            notes=list(self.notes),
        )


def collect(found: Findings, store: Store, *, name: str, account: Account | None) -> None:
    """Read this run, then what the cluster reused in it, then earlier runs to compare it with.

    Args:
        found: filled step by step, so that a slow store costs the rest only.
        store: where the runs lie.
        name: the project's; runs of others are passed over.
        account: what the cluster says of the run. It alone knows what was reused: an earlier run
            of the same model may have been judged by other settings.
    """
    files = store.files(store.place.run)
    _read_documents(store, files, KINDS, found)
    found.reports = reports_in(store, files)
    others = [(file.written, key[0]) for key, file in files.items() if key[0] != SUMMARY[0]]
    found.newest_stage = max(others, default=(0.0, ""))[1]
    _read_logs(store, files, found)
    if account is not None:
        _read_reused(store, account, found)
    found.warnings.extend(warnings_in(store, found.reports, found.miss))
    for _, earlier in earlier_runs(store, found.notes):
        summary = _read_summary(store, earlier, found)
        if summary is not None and summary.name != name:
            continue
        _take_summary(found, summary)
        if found.baseline is not None:
            break


def _read_logs(store: Store, files: Files, found: Findings) -> None:
    """Tell what ran by what it left; a stage that left its log alone did not end well."""
    left: dict[str, list[str]] = {}
    for stage, path in files:
        left.setdefault(stage, []).append(path)
    logs = {stage: logs_among(paths) for stage, paths in left.items()}
    found.ran = frozenset(stage for stage in left if len(left[stage]) > len(logs[stage]))
    found.failed = tuple(stage for stage in left if stage not in found.ran and stage != EXIT_TASK)
    for stage in found.failed:
        try:
            found.reasons[stage] = reason_in(store.read(files[stage, logs[stage][0]]))
        except Exception as error:
            found.miss(f"{stage}: its log could not be read ({words_of(error)}).")


def _read_reused(store: Store, account: Account, found: Findings) -> None:
    """Read what reused tasks stand for: the artifacts of the very execution that was reused."""
    for task in account.before(EXIT_TASK):
        if task.status != "reused":
            continue
        stage = stage_of(task.name)
        for port, artifact in task.artifacts.items():
            if not store.holds(artifact.uri):
                continue
            found.reused_from[stage] = store.run_of(artifact.uri)
            if port == REPORT:
                found.reports.setdefault(stage, artifact.uri)
            keys = [key for key in REUSABLE if key[0] == stage and key[1].startswith(f"{port}/")]
            _read_documents(store, _files_of(store, artifact, keys), keys, found)
        origin = found.reused_from.get(stage)
        said = f"are those of run {origin}" if origin else "are not known"
        found.notes.append(f"{stage} was reused; its outputs {said}.")


def _files_of(store: Store, artifact: SeenArtifact, keys: list[Key]) -> Files:
    address = store.inside(artifact.uri)
    return {key: File(f"{address}/{key[1].partition('/')[2]}", 0.0) for key in keys}


def reports_in(store: Store, files: Files) -> dict[str, str]:
    """Return the addresses of the stages' report pages."""
    return {key[0]: store.address(file) for key, file in files.items() if key[1] == REPORT}


def earlier_runs(store: Store, notes: list[str]) -> Iterator[tuple[str, Files]]:
    """Yield the other runs of the same pipeline with their files, newest first.

    Names with a time sort by themselves. Kubeflow's do not, so each run is looked at.
    """
    names = [name for name in store.runs() if family(name) == family(store.place.run)]
    if TIMED.search(store.place.run):
        names = sorted((n for n in names if TIMED.search(n)), key=time_in, reverse=True)
        names = names[:RECENT_RUNS]
        yield from ((name, store.files(name)) for name in names)
        return
    if len(names) > MOST_RUNS:
        notes.append(f"Of {len(names)} earlier runs, {MOST_RUNS} were looked at.")
    with ThreadPoolExecutor(LISTERS) as pool:
        listed = list(zip(names[:MOST_RUNS], pool.map(store.files, names[:MOST_RUNS]), strict=True))
    yield from sorted(listed, key=lambda item: _newest(item[1]), reverse=True)


def time_in(run: str) -> str:
    """Return the digits of the time in a run's name, which schedules write without a dash."""
    match = TIMED.search(run)
    return match[0].replace("-", "") if match else ""


def family(run: str) -> str:
    """Return what the names of one pipeline's runs have in common: `flowers-training-`."""
    match = TIMED.search(run)
    return run[: match.start()] if match else ""


def _newest(files: Files) -> float:
    return max((file.written for file in files.values()), default=0.0)


def _take_summary(found: Findings, summary: Summary | None) -> None:
    if summary is None:
        return
    found.last = found.last or summary
    if found.baseline is None and summary.state == "succeeded":
        found.baseline = summary


def _read_documents(store: Store, files: Files, keys: Iterable[Key], found: Findings) -> None:
    for key in keys:
        if key not in files:
            continue
        try:
            text = store.read(files[key])
            found.documents[key] = KINDS[key].model_validate(json.loads(text))
        except Exception as error:
            found.miss(f"{key[0]}: {key[1]} could not be used ({words_of(error)}).")


def _read_summary(store: Store, files: Files, found: Findings) -> Summary | None:
    if SUMMARY not in files:
        return None
    try:
        return Summary.model_validate(json.loads(store.read(files[SUMMARY])))
    except Exception as error:
        found.miss(f"The summary of an earlier run could not be used ({words_of(error)}).")
        return None


def outcome_of(documents: Mapping[Key, Document], before: Summary | None) -> Outcome:
    """Put the figures of the documents together; what is live may have been so before."""
    values: dict[str, Any] = {}
    settings: dict[str, str | int] = {}
    if before is not None:
        origin = before.outcome.version_from or before.run
        values |= {"version": before.outcome.version, "version_from": origin}
    if DEPLOYMENT in documents:
        values["version_from"] = ""
    for key in KINDS:
        if key in documents:
            values |= documents[key].figures()
            settings |= documents[key].shown_settings()
    return Outcome(**values, settings=settings)
