"""The next fire times of a schedule, as the engine that runs it will really do it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sightline.schedules.clock import Clock
from sightline.schedules.cron import Cron
from sightline.schedules.window import Window

_ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class FireTime:
    """One fire of a schedule."""

    utc: datetime
    local: datetime
    """The same moment in the user's time zone."""

    def __str__(self) -> str:
        """Show it to a person, such as `Mon 2027-03-29 02:30 CEST`."""
        return f"{self.local:%a %Y-%m-%d %H:%M %Z}"


def fire_times(
    cron: Cron,
    zone: ZoneInfo,
    now: datetime,
    count: int = 5,
    *,
    clock: Clock,
    window: Window = _ALWAYS,
) -> list[FireTime]:
    """Return the next fires after `now`, an aware moment; fewer when there are no more.

    Raises:
        UserError: the target's scheduler cannot follow the zone.
    """
    moments = window.fires(
        lambda after: clock.fires(cron, zone, after), now, start_is_inside=clock.start_is_inside
    )
    return [FireTime(moment, moment.astimezone(zone)) for moment in islice(moments, count)]
