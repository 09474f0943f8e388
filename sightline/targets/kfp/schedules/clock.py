"""The clock of Kubeflow's scheduled workflow controller."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from sightline.schedules.clock import Clock
from sightline.schedules.cron import Cron
from sightline.targets.kfp.schedules.controller_zone import CONTROLLER_ZONE, cron_for_controller
from sightline.targets.kfp.schedules.robfig import kubeflow_fires


@dataclass(frozen=True, slots=True)
class KubeflowClock(Clock):
    """Fires as the controller's cron library has them, down to its faults.

    The controller asks the library for the next fire after the start, so that the start is none.
    """

    zone: ZoneInfo = CONTROLLER_ZONE
    """Time zone of the controller."""
    title: str = "Kubeflow"

    has_faults: ClassVar[bool] = True

    def fires(self, cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
        """Yield the fires after a moment, in UTC.

        Raises:
            UserError: the controller has another time zone and cannot follow this one.
        """
        sent = cron_for_controller(cron, zone, self.zone, after)
        return kubeflow_fires(sent, self.zone, after)

    def instead(self, after: str) -> str:
        """Say what becomes of a time that does not exist."""
        return f"{self.title} does not run then"

    def how_often(self, *, every_time: bool) -> str:
        """Say how often it runs at times that come twice."""
        return f"{self.title} runs {'both times' if every_time else 'at some of them only'}"
