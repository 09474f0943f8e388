"""The next fire times of a schedule, as the engine that runs it will really do it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sightline.schedules.cron import Cron
from sightline.schedules.window import Engine, Window
from sightline.targets.kfp.schedules.clock import kubeflow_fires
from sightline.targets.kfp.schedules.controller_zone import CONTROLLER_ZONE, cron_for_controller
from sightline.targets.local.schedules.clock import local_fires

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
    window: Window = _ALWAYS,
    engine: Engine = "local",
    controller_zone: ZoneInfo = CONTROLLER_ZONE,
) -> list[FireTime]:
    """Return the next fires after `now`, an aware moment; fewer when there are no more.

    Vertex AI does not document what it does with times that a clock change leaves out or
    repeats; they are shown as a schedule on this machine would fire, and `clock_changes` says so.

    Raises:
        UserError: Kubeflow's controller has another time zone and cannot follow this one.
    """
    moments = window.fires(
        lambda after: fires(cron, zone, after, engine, controller_zone), now, engine
    )
    return [FireTime(moment, moment.astimezone(zone)) for moment in islice(moments, count)]


def fires(
    cron: Cron,
    zone: ZoneInfo,
    after: datetime,
    engine: Engine,
    controller_zone: ZoneInfo = CONTROLLER_ZONE,
) -> Iterator[datetime]:
    """Yield the fires after a moment, in UTC, without end."""
    if engine == "kubeflow":
        sent = cron_for_controller(cron, zone, controller_zone, after)
        return kubeflow_fires(sent, controller_zone, after)
    return local_fires(cron, zone, after)
