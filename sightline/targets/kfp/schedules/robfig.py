"""When Kubeflow's scheduled workflow controller fires, down to the faults of its cron library.

The controller uses robfig/cron 1.2.0, whose search walks real hours from a midnight. Where clocks
change at midnight, or by half an hour, the walk leaves the full hours and misses fires that other
programs would not. A user is told what will happen, so the walk is followed here step by step;
the tests hold it against answers of the library itself.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sightline.schedules.cron import Cron
from sightline.schedules.zones import offset_at

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_YEARS = 5  # the library gives up then


def kubeflow_fires(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the fires after a moment, in UTC, as long as none is more than five years away."""
    moment = next_kubeflow_fire(cron, zone, after)
    while moment is not None:
        yield moment
        moment = next_kubeflow_fire(cron, zone, moment)


def next_kubeflow_fire(cron: Cron, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the first fire after a moment, in UTC; none when there is none for five years."""
    walk = _Walk(cron, zone, after)
    while walk.clock.year <= walk.last_year:
        if walk.to_month() and walk.to_day() and walk.to_hour() and walk.to_minute():
            return walk.instant
    return None


class _Walk:
    """A moment that is moved on, field by field, until all of them match.

    Each step says False when it passed the end of its unit, so that the search starts over.
    """

    def __init__(self, cron: Cron, zone: ZoneInfo, after: datetime) -> None:
        self._cron = cron
        self._zone = zone
        moment = after.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        self._moved = False
        self._go(moment)
        self.last_year = self.clock.year + _YEARS

    def to_month(self) -> bool:
        while self.clock.month not in self._cron.month.values:
            self._restart(self.clock.replace(day=1, hour=0, minute=0, second=0))
            self._go_to_clock(_months_later(self.clock))
            if self.clock.month == 1:
                return False
        return True

    def to_day(self) -> bool:
        while not self._cron.matches_day(self.clock):
            self._restart(self.clock.replace(hour=0, minute=0, second=0))
            self._go_to_clock(self.clock + timedelta(days=1))
            if self.clock.day == 1:
                return False
        return True

    def to_hour(self) -> bool:
        while self.clock.hour not in self._cron.hour.values:
            self._restart(self.clock.replace(minute=0, second=0))
            self._go(self.instant + _HOUR)
            if self.clock.hour == 0:
                return False
        return True

    def to_minute(self) -> bool:
        while self.clock.minute not in self._cron.minute.values:
            self._next_minute()
            if self.clock.minute == 0:
                return False
        if self.clock.second:
            self._next_minute()
            return False
        return True

    def _next_minute(self) -> None:
        self._moved = True
        self._go(self.instant.replace(second=0) + _MINUTE)

    def _restart(self, clock: datetime) -> None:
        if not self._moved:
            self._moved = True
            self._go_to_clock(clock)

    def _go(self, instant: datetime) -> None:
        self.instant = instant
        self.clock = (instant + offset_at(self._zone, instant)).replace(tzinfo=None)

    def _go_to_clock(self, clock: datetime) -> None:
        # As Go's time.Date does for times that do not exist or come twice: it looks the offset up
        # as if the clock showed UTC, and once more with what that gives.
        as_utc = clock.replace(tzinfo=UTC)
        guess = as_utc - offset_at(self._zone, as_utc)
        self._go(as_utc - offset_at(self._zone, guess))


def _months_later(clock: datetime) -> datetime:
    first = clock.replace(day=1)
    days = monthrange(first.year, first.month)[1]
    return first + timedelta(days=days + clock.day - 1)
