"""Time zones: the user's own, one by name, and when its clocks change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sightline.ground.errors import UserError, nearest

_STEP = timedelta(hours=12)
_EXACT = timedelta(seconds=1)
_ABBREVIATION = 4


@dataclass(frozen=True, slots=True)
class ClockChange:
    """One change of a zone's clocks, such as the start of summer time."""

    instant: datetime
    """UTC; the first moment with the new offset."""
    before: datetime
    """What the clocks show when they are changed, without a zone."""
    after: datetime
    """What they show instead."""

    @property
    def forward(self) -> bool:
        """Whether clocks are put forward, so that some times do not exist."""
        return self.after > self.before

    @property
    def first(self) -> datetime:
        """First clock time that does not exist, or that comes twice."""
        return min(self.before, self.after)

    @property
    def end(self) -> datetime:
        """First clock time after those."""
        return max(self.before, self.after)


def user_zone() -> ZoneInfo:
    """Return the time zone that this machine is set to; UTC when that cannot be told."""
    from tzlocal import get_localzone_name

    try:
        return ZoneInfo(get_localzone_name() or "UTC")
    except (LookupError, OSError, ValueError):
        return ZoneInfo("UTC")


def find_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name, whatever the case of its letters.

    Raises:
        UserError: there is no such zone; names the nearest.
    """
    known = _known_zones()
    wanted = name.strip().replace(" ", "_").lower()
    if wanted in known:
        return ZoneInfo(known[wanted])
    guess = _nearest_zone(wanted, known)
    remedy = f"Did you mean {known[guess]}?" if guess else "Names look like Europe/Berlin or UTC."
    raise UserError(f"Expected the name of a time zone; received {name!r}. {remedy}")


@cache
def _known_zones() -> dict[str, str]:
    # Opens some 600 files.
    return {zone.lower(): zone for zone in available_timezones()}


def _nearest_zone(wanted: str, known: Iterable[str]) -> str | None:
    # The nearest of GMT+5 or PST would be another offset: Etc/GMT+5 is five hours behind.
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(known) if zone[:4] != "etc/"}
    if wanted in cities:
        return cities[wanted]
    if len(wanted) <= _ABBREVIATION or any(character.isdigit() for character in wanted):
        return None
    return nearest(wanted, known) or cities.get(nearest(wanted, cities) or "")


def clock_changes_of(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[ClockChange]:
    """Find when a zone's clocks change between two moments."""
    moment = start.astimezone(UTC).replace(microsecond=0)
    while moment < end:
        following = moment + _STEP
        if offset_at(zone, moment) != offset_at(zone, following):
            instant = _first_with_offset_of(zone, moment, following)
            yield ClockChange(
                instant,
                before=_naive(instant + offset_at(zone, instant - _EXACT)),
                after=_naive(instant + offset_at(zone, instant)),
            )
        moment = following


def after_gap(zone: ZoneInfo, time: datetime) -> datetime:
    """Return the moment, in UTC, when clocks pass over a time that does not exist."""
    early, late = (time.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    return _first_with_offset_of(zone, early, late)


def offset_at(zone: ZoneInfo, instant: datetime) -> timedelta:
    """Return what a zone's clocks show more than UTC at a moment."""
    return instant.astimezone(zone).utcoffset() or timedelta()


def _first_with_offset_of(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    while high - low > _EXACT:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if offset_at(zone, middle) == offset_at(zone, high):
            high = middle
        else:
            low = middle
    return high


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
