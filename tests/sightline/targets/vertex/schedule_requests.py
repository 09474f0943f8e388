from dataclasses import replace
from zoneinfo import ZoneInfo

from sightline.schedules.cron import Cron
from sightline.schedules.schedule import ScheduleRequest

BERLIN = ZoneInfo("Europe/Berlin")


def nightly(name: str = "nightly", **changes: object) -> ScheduleRequest:
    """At 02:30 in Berlin, five epochs."""
    request = ScheduleRequest(
        name=name,
        cron=Cron.parse("30 2 * * *"),
        zone=BERLIN,
        parameters={"ingest_source": "gs://photos/flowers", "train_epochs": 5},
    )
    return replace(request, **changes)
