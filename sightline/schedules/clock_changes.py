"""What clock changes do to a schedule, in sentences."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from sightline.ground.errors import shorten
from sightline.schedules.cron import Cron
from sightline.schedules.fire_times import fires
from sightline.schedules.window import Engine
from sightline.schedules.zones import ClockChange, clock_changes_of
from sightline.targets.kfp.schedules.controller_zone import CONTROLLER_ZONE
from sightline.targets.local.schedules.clock import clock_times, moments_of

AHEAD = timedelta(days=396)
_BEFORE = timedelta(days=1)
_AFTER = timedelta(days=35)
_MOST_FIRES = 2_000  # per clock change; a fire every minute would make 50,000 in these days


def clock_changes(
    cron: Cron,
    zone: ZoneInfo,
    start: datetime,
    *,
    end: datetime | None = None,
    engine: Engine = "local",
    controller_zone: ZoneInfo = CONTROLLER_ZONE,
) -> list[str]:
    """Say what happens to fires that a clock change touches, for 13 months or until the end.

    Raises:
        UserError: Kubeflow's controller has another time zone and cannot follow this one.
    """
    if len(cron.hour.values) == 24:
        return []  # every hour that there is has its fires: nothing that a person would miss
    sentences = []
    until = min(start + AHEAD, end or start + AHEAD)
    for change in clock_changes_of(zone, start, until):
        if change.instant > until:
            break
        night = _Night(change, cron, zone, engine, controller_zone)
        sentences += night.skipped() if change.forward else night.repeated()
        sentences += night.faults()
    return sentences


@dataclass(frozen=True)
class _Night:
    """One clock change and the fires around it."""

    change: ClockChange
    cron: Cron
    zone: ZoneInfo
    engine: Engine
    controller_zone: ZoneInfo

    def skipped(self) -> list[str]:
        """Say what becomes of times that do not exist."""
        if not self._touched:
            return []
        does = "does" if len(self._touched) == 1 else "do"
        clocks = f"clocks go from {self.change.before:%H:%M} to {self.change.after:%H:%M}"
        return [self._sentence(f"{does} not exist", clocks, self._instead())]

    def repeated(self) -> list[str]:
        """Say what becomes of times that come twice."""
        if not self._touched:
            return []
        come = "comes" if len(self._touched) == 1 else "come"
        clocks = f"clocks go back from {self.change.before:%H:%M} to {self.change.after:%H:%M}"
        return [self._sentence(f"{come} twice", clocks, self._how_often())]

    def faults(self) -> list[str]:
        """Say which fires near a clock change Kubeflow loses, or adds, without need."""
        if self.engine != "kubeflow":
            return []
        sentences = []
        if missed := sorted(self._expected - self._fires):
            sentences.append(f"Kubeflow will not run on {self._shown(missed)}")
        if added := sorted(self._fires - self._expected - self._touched_moments):
            sentences.append(f"Kubeflow will also run on {self._shown(added)}")
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
        moments = fires(self.cron, self.zone, start, self.engine, self.controller_zone)
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

    def _instead(self) -> str:
        after = f"{self.change.after:%H:%M}"
        if self.engine == "vertex":
            return (
                f"Google does not document whether Vertex AI runs at {after}, later, or not at all"
            )
        if self.engine == "local":
            return f"the local scheduler runs at {after} instead"
        return "Kubeflow does not run then"

    def _how_often(self) -> str:
        if self.engine == "vertex":
            return "Google does not document whether Vertex AI runs once or twice"
        if self.engine == "local":
            return "the local scheduler runs once, at the first"
        both = len(self._touched_moments & self._fires) == len(self._touched_moments)
        return "Kubeflow runs both times" if both else "Kubeflow runs at some of them only"

    def _shown(self, moments: list[datetime]) -> str:
        return shorten(f"{moment.astimezone(self.zone):%Y-%m-%d at %H:%M}" for moment in moments)
