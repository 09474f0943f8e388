"""When schedules fire by the clock on the wall, also in the nights when clocks change.

The rule is the one of Debian's cron: a schedule for certain hours fires at the first moment after
the times that a clock change leaves out, and once, at the first, when a time comes twice. One that
fires in every hour follows real time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import ClassVar
from zoneinfo import ZoneInfo

from cronsim import CronSim

from sightline.schedules.cron import Cron
from sightline.schedules.zones import after_gap

Fires = Callable[[Cron, ZoneInfo, datetime], Iterator[datetime]]
"""Yields the fires of an expression in a zone after a moment."""
_DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class Clock:
    """When a target's scheduler fires; of one that nobody knows better, it is only assumed."""

    title: str
    """What sentences call the scheduler."""

    start_is_inside: ClassVar[bool] = False
    """Whether a fire at exactly the start of a schedule runs."""
    has_faults: ClassVar[bool] = False
    """Whether it loses or adds fires near a clock change without need."""

    def fires(self, cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
        """Yield the fires after a moment, in UTC, without end.

        Raises:
            UserError: the scheduler cannot follow this zone.
        """
        return wall_clock_fires(cron, zone, after)

    def instead(self, after: str) -> str:
        """Say what becomes of a time that does not exist; clocks go on at `after` that night."""
        return f"it is not known whether {self.title} runs at {after}, later, or not at all"

    def how_often(self, *, every_time: bool) -> str:
        """Say how often it runs at times that come twice.

        Args:
            every_time: whether every time has both of its fires.
        """
        return f"it is not known whether {self.title} runs once or twice"


def wall_clock_fires(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the fires after a moment, in UTC."""
    midnight = after.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    last = after
    times = clock_times(cron, midnight.replace(tzinfo=None))
    for _, day in groupby(times, key=datetime.date):
        # Sorted, because the second 02:00 comes after the first 02:30.
        for instant in sorted(i for time in day for i in _fires_at(cron, zone, time)):
            if instant > last:
                last = instant
                yield instant


def clock_times(cron: Cron, start: datetime) -> Iterator[datetime]:
    """Yield what a clock shows when the expression matches, from `start` on, without a zone."""
    yield from CronSim(cron.expression, start - timedelta(minutes=1))


def moments_of(zone: ZoneInfo, time: datetime) -> list[datetime]:
    """Return the moments, in UTC, at which clocks show a time: none, one or two."""
    both = [time.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [moment for moment in both if moment.astimezone(zone).replace(tzinfo=None) == time]
    return sorted(set(real))


def _fires_at(cron: Cron, zone: ZoneInfo, time: datetime) -> list[datetime]:
    """Return the moments at which it fires for one clock time, in UTC."""
    moments = moments_of(zone, time)
    if len(cron.hour.values) == _DAY_HOURS:
        return moments
    return moments[:1] or [after_gap(zone, time)]
