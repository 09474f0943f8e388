"""Decides what a fire of a schedule of this machine leads to: a run, or a fire left out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import select
from sqlalchemy.orm import Session

from sightline.ground.run_states import UNDER_WAY
from sightline.schedules.clock import Fires
from sightline.targets.local.schedules.store import Store, StoredRun, StoredSchedule

NOTHING_RAN = "nothing ran"
ON_TIME = timedelta(seconds=60)
"""A fire found later than this was missed: the machine slept, or no scheduler ran."""


@dataclass(frozen=True, slots=True)
class Due:
    """What came of the fires of a schedule since someone looked last."""

    schedule: StoredSchedule
    fires: list[datetime]
    run: StoredRun | None
    """The run that is to be started."""
    obstacle: str
    """Why there is none."""
    ahead: datetime | None = None
    """Up to when fires were counted by a clock that was ahead."""

    def sentence(self) -> str:
        """Say which fires were left out, or that the clock was ahead; nothing if all is well."""
        if self.ahead is not None:
            counted = f"{self.ahead.astimezone(self.schedule.zone):%Y-%m-%d %H:%M %Z}"
            return (
                f"{self.schedule.name}: the clock was ahead: fires were counted up to {counted}. "
                "They count anew from now on, so some may run a second time."
            )
        left_out = self.fires[:-1] if self.run else self.fires
        if not left_out:
            return ""
        number = "1 fire" if len(left_out) == 1 else f"{len(left_out):,} fires"
        last = f"{left_out[-1].astimezone(self.schedule.zone):%Y-%m-%d %H:%M %Z}"
        then = "one run makes up for them" if self.schedule.catch_up else f"the last at {last}"
        cause = self.obstacle or NOTHING_RAN
        return f"{self.schedule.name}: missed {number} while {cause}; {then}."


def take_due(store: Store, name: str, now: datetime, fires: Fires, owner: str) -> Due | None:
    """Account for the fires of a schedule up to now, and note the run that is to be started.

    All in one transaction, so that no fire leads to two runs, whoever else looks at it.
    """
    with store.transaction() as session:
        schedule = session.get(StoredSchedule, name)
        if schedule is None or schedule.paused:
            return None
        ahead = schedule.considered
        if ahead > now + ON_TIME:
            schedule.considered = now
            return Due(schedule, [], None, "", ahead)
        moments = list(
            takewhile(lambda moment: moment <= now, schedule.planned(schedule.considered, fires))
        )
        obstacle = _obstacle(session, schedule, moments, now)
        if not moments or (obstacle and schedule.catch_up):
            return None  # what is to be made up for is looked at again at the next fire
        schedule.considered = now
        run = None if obstacle else StoredRun(schedule=name, fire=moments[-1], owner=owner)
        if run is not None:
            session.add(run)
        if not schedule.catch_up:
            schedule.num_missed += len(moments) - (run is not None)
    return Due(schedule, moments, run, obstacle)


def _obstacle(
    session: Session, schedule: StoredSchedule, moments: list[datetime], now: datetime
) -> str:
    query = select(StoredRun.id).where(
        StoredRun.schedule == schedule.name, StoredRun.state.in_(UNDER_WAY)
    )
    if session.scalar(query) is not None:
        return "the run before was under way"
    late = bool(moments) and now - moments[-1] > ON_TIME
    return NOTHING_RAN if late and not schedule.catch_up else ""
