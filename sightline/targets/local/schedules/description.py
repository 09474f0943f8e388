"""A schedule of this machine as every target's schedules are shown."""

from datetime import datetime
from itertools import islice
from pathlib import Path

from sightline.schedules.clock import Fires
from sightline.schedules.schedule import Schedule, State
from sightline.targets.local.schedules.outcome import run_id_of
from sightline.targets.local.schedules.store import Store, StoredRun, StoredSchedule

NUM_NEXT_RUNS = 5


def describe(
    stored: StoredSchedule, store: Store, root: Path, fires: Fires, now: datetime
) -> Schedule:
    """Return what is known about a schedule, with its next fires after `now`."""
    planned = islice(stored.planned(now, fires), NUM_NEXT_RUNS)
    following = tuple(moment.astimezone(stored.zone) for moment in planned)
    state: State = "paused" if stored.paused else "active" if following else "ended"
    last = store.newest_run(stored.name)
    return Schedule(
        id=stored.name,
        name=stored.name,
        cron=stored.expression,
        zone=stored.zone_name,
        pipeline=stored.pipeline,
        state=state,
        next_runs=following if state == "active" else (),
        last_run=_run_id(root, last) if last else None,
        last_result=_result(last) if last else None,
        created=stored.created,
        catch_up=stored.catch_up,
        parameters=dict(_parameter(text) for text in stored.overrides),
        overrides=tuple(stored.overrides),
        num_runs=store.num_runs(stored.name),
        num_missed=stored.num_missed,
    )


def _run_id(root: Path, run: StoredRun) -> str | None:
    if run.run_id or run.process is None or run.started is None:
        return run.run_id
    return run_id_of(root, run.process, run.started)


def _result(run: StoredRun) -> str:
    if run.state == "failed" and run.run_id is None:
        return f"failed before it was a run, see {run.log}"
    return run.state


def _parameter(override: str) -> tuple[str, str]:
    name, _, value = override.partition("=")
    return name.strip().replace(".", "_", 1), value
