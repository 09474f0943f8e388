"""Find schedules on Vertex AI, which takes any number of one name."""

import itertools
from typing import TYPE_CHECKING

from sightline.ground.errors import nearest, shorten
from sightline.targets.vertex.api.service import Service
from sightline.targets.vertex.schedules.reading import is_ours

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import Schedule as Message

_MOST = 500
"""How many schedules of a pipeline are listed at most."""


def find_one(service: Service, name: str) -> "Message":
    """Return the one schedule with this name, or the one with this id."""
    named = list_named(service, name)
    if len(named) > 1:
        ids = shorten(str(message.name).rpartition("/")[2] for message in named)
        raise service.problem(
            f"expected one schedule named {name}; received {len(named)}, with the ids {ids}. "
            "Give the id instead of the name."
        )
    if named:
        return named[0]
    # Ids are numbers; a name may be one, too, and comes first.
    by_id = f"{service.parent}/schedules/{name}" if name.isdecimal() else None
    found = get_schedule_or_none(service, by_id) if by_id else None
    if found and is_ours(service, found):
        return found
    known = [message.display_name for message in list_ours(service)]
    guess = nearest(name, known)
    listing = f"`sightline schedule list{service.options}` shows them."
    raise service.problem(
        f"schedule {name}: expected a schedule of pipeline {service.pipeline}; there is none with "
        f"this name or id. {f'Did you mean {guess}?' if guess else listing}"
    )


def list_named(service: Service, name: str) -> list["Message"]:
    """List the schedules of the pipeline with exactly this name."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [
        message
        for message in _list(service, f'display_name="{escaped}"')
        if message.display_name == name
    ]


def list_ours(service: Service) -> list["Message"]:
    """List the schedules of the pipeline, newest first."""
    return _list(service, "create_pipeline_job_request:*")


def _list(service: Service, condition: str) -> list["Message"]:
    def read() -> list["Message"]:
        pages = service.schedules.list_schedules(
            request={"parent": service.parent, "filter": condition, "page_size": 100},
            retry=None,
            timeout=service.patience.answer_seconds,
        )
        # The service's filter knows no labels.
        ours = (found for found in pages if is_ours(service, found))
        return list(itertools.islice(ours, _MOST))

    return service.ask("list schedules", read)


def get_schedule(service: Service, resource: str) -> "Message":
    """Return the schedule with this resource name."""
    found = get_schedule_or_none(service, resource)
    if found is None:
        raise service.problem(f"schedule {resource} was there a moment ago and is deleted now.")
    return found


def get_schedule_or_none(service: Service, resource: str) -> "Message | None":
    """Return the schedule with this resource name, or None when there is none."""
    from google.api_core.exceptions import NotFound

    def get() -> "Message | None":
        try:
            found: Message = service.schedules.get_schedule(
                name=resource, retry=None, timeout=service.patience.answer_seconds
            )
            return found
        except NotFound:
            return None

    return service.ask("read a schedule", get)
