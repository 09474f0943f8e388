"""What clock changes do to a schedule, in sentences."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from sightline.ground.errors import shorten
from sightline.schedules.clock import Clock, clock_times, moments_of
from sightline.schedules.cron import Cron
from sightline.schedules.zones import ClockChange, clock_changes_of

AHEAD = timedelta(days=396)
_BEFORE = timedelta(days=1)
_AFTER = timedelta(days=35)
_MOST_FIRES = 2_000  # per clock change; a fire every minute would make 50,000 in these days


def clock_changes(
    cron: Cron,
    zone: ZoneInfo,
    start: datetime,
    *,
    clock: Clock,
    end: datetime | None = None,
) -> list[str]:
    """Say what happens to fires that a clock change touches, for 13 months or until the end.

    Raises:
        UserError: the target's scheduler cannot follow the zone.
    """
    if len(cron.hour.values) == 24:
        return []  # every hour that there is has its fires: nothing that a person would miss
    sentences = []
    until = min(start + AHEAD, end or start + AHEAD)
    for change in clock_changes_of(zone, start, until):
        if change.instant > until:
            break
        night = _Night(change, cron, zone, clock)
        sentences += night.skipped() if change.forward else night.repeated()
        sentences += night.faults()
    return sentences


@dataclass(frozen=True)
class _Night:
    """One clock change and the fires around it."""

    change: ClockChange
    cron: Cron
    zone: ZoneInfo
    clock: Clock

    def skipped(self) -> list[str]:
        """Say what becomes of times that do not exist."""
        if not self._touched:
            return []
        does = "does" if len(self._touched) == 1 else "do"
        clocks = f"clocks go from {self.change.before:%H:%M} to {self.change.after:%H:%M}"
        return [
            self._sentence(
                f"{does} not exist", clocks, self.clock.instead(f"{self.change.after:%H:%M}")
            )
        ]

    def repeated(self) -> list[str]:
        """Say what becomes of times that come twice."""
        if not self._touched:
            return []
        come = "comes" if len(self._touched) == 1 else "come"
        clocks = f"clocks go back from {self.change.before:%H:%M} to {self.change.after:%H:%M}"
        return [self._sentence(f"{come} twice", clocks, self._how_often())]

    def faults(self) -> list[str]:
        """Say which fires near a clock change the scheduler loses, or adds, without need."""
        if not self.clock.has_faults:
            return []
        sentences = []
        if missed := sorted(self._expected - self._fires):
            sentences.append(f"{self.clock.title} will not run on {self._shown(missed)}")
        if added := sorted(self._fires - self._expected - self._touched_moments):
            sentences.append(f"{self.clock.title} will also run on {self._shown(added)}")
        cause = f"the clock change of {self.change.first:%Y-%m-%d} in {self.zone.key}"
        return [f"{text}: its cron library fails at {cause}." for text in sentences]

    def _sentence(self, happens: str, clocks: str, outcome: str) -> str:
        times = shorten(f"{time:%H:%M}" for time in self._touched)
        day = f"{self.change.first:%Y-%m-%d}"
        return f"{day}: {times} {happens} in {self.zone.key} that night ({clocks}); {outcome}."

    @cached_property
    def _touched(self) -> list[datetime]:
        times = clock_times(self.cron, self.change.first)
        return list(takewhile(lambda time: time < self.change.end, times))

    @cached_property
    def _touched_moments(self) -> set[datetime]:
        return {moment for time in self._touched for moment in moments_of(self.zone, time)}

    @cached_property
    def _fires(self) -> set[datetime]:
        start = self.change.instant - _BEFORE
        moments = self.clock.fires(self.cron, self.zone, start)
        until = self.change.instant + _AFTER
        return set(islice(takewhile(lambda moment: moment < until, moments), _MOST_FIRES))

    @cached_property
    def _expected(self) -> set[datetime]:
        """The moments of clock times that exist once."""
        first, last = self.change.instant - _BEFORE, max(self._fires, default=self.change.instant)
        start = first.astimezone(self.zone).replace(tzinfo=None)
        until = last.astimezone(self.zone).replace(tzinfo=None)
        times = takewhile(lambda time: time <= until, clock_times(self.cron, start))
        moments = {moment for time in times for moment in moments_of(self.zone, time)}
        return {moment for moment in moments if first < moment <= last} - self._touched_moments

    def _how_often(self) -> str:
        fired = self._touched_moments & self._fires
        return self.clock.how_often(every_time=len(fired) == len(self._touched_moments))

    def _shown(self, moments: list[datetime]) -> str:
        return shorten(f"{moment.astimezone(self.zone):%Y-%m-%d at %H:%M}" for moment in moments)
