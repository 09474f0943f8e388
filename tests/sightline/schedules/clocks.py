"""The clocks of all kinds of target, for what has to hold for each."""

from zoneinfo import ZoneInfo

from sightline.schedules.clock import Clock
from sightline.targets.kfp.schedules.clock import KubeflowClock
from sightline.targets.local.schedules.clock import LocalClock
from sightline.targets.vertex.schedules.clock import VertexClock

ENGINES = ("local", "kubeflow", "vertex")


def clock_of(engine: str, zone: ZoneInfo) -> Clock:
    """Return a clock; Kubeflow's controller is set to the zone."""
    if engine == "kubeflow":
        return KubeflowClock(zone=zone)
    return LocalClock() if engine == "local" else VertexClock()
