"""What is sent to create a schedule."""

from datetime import datetime

import kfp_server_api

from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.package.reading.signature import defaults_of, read_signature
from sightline.schedules.schedule import ScheduleRequest
from sightline.schedules.zones import find_zone
from sightline.targets.kfp.bodies import runtime_config
from sightline.targets.kfp.names import schedule_title
from sightline.targets.kfp.schedules.controller_zone import cron_for_controller, six_fields
from sightline.targets.kfp.sent_parameters import sent_parameters
from sightline.targets.kfp.settings import KubeflowTarget

MOST_CONCURRENT = 10
"""Kubeflow's own limit."""


def schedule_body(
    target: KubeflowTarget,
    request: ScheduleRequest,
    package: Package,
    *,
    now: datetime,
) -> kfp_server_api.V2beta1RecurringRun:
    """Describe a recurring run; its experiment and version are filled in when they are known.

    Raises:
        UserError: Kubeflow cannot follow the schedule or take its name, or the pipeline takes no
            such settings.
    """
    title = schedule_title(request.name)
    if request.max_concurrent > MOST_CONCURRENT:
        raise UserError(
            f"Schedule {request.name}: expected at most {MOST_CONCURRENT} concurrent runs, as "
            f"Kubeflow allows; received {request.max_concurrent}. Lower it."
        )
    cron = cron_for_controller(request.cron, request.zone, find_zone(target.time_zone), now)
    signature = read_signature(package)
    parameters = sent_parameters(
        defaults_of(signature.parameters), signature.check(request.parameters)
    )
    return kfp_server_api.V2beta1RecurringRun(
        display_name=title,
        description=f"Sightline: {request.cron.text} in {request.zone.key}",
        runtime_config=runtime_config(target, parameters),
        service_account=target.service_account or None,
        mode=kfp_server_api.RecurringRunMode.ENABLE,
        max_concurrency=str(request.max_concurrent),
        no_catchup=not request.catch_up,
        trigger=kfp_server_api.V2beta1Trigger(
            cron_schedule=kfp_server_api.V2beta1CronSchedule(
                cron=six_fields(cron), start_time=request.start, end_time=request.end
            )
        ),
    )
