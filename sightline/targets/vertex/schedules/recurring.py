"""Schedules on Vertex AI: create, pause, resume, delete; each holds the whole job of a fire."""

from collections.abc import Callable
from shlex import quote
from typing import TYPE_CHECKING

from sightline.clouds.google.problems import is_unclear
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.schedules.schedule import Schedule, ScheduleRequest, State
from sightline.targets.vertex.api.service import Service
from sightline.targets.vertex.messages import schedule_request
from sightline.targets.vertex.packages import store_package
from sightline.targets.vertex.schedules.lookup import (
    find_one,
    get_schedule,
    get_schedule_or_none,
    list_named,
    list_ours,
)
from sightline.targets.vertex.schedules.reading import catches_up, read_schedule, state_of

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import Schedule as Message


def create_schedule(service: Service, wanted: ScheduleRequest, package: Package) -> Schedule:
    """Create a schedule; a name that is taken is refused.

    The service takes two schedules of one name and chooses their ids itself. So a call whose end
    is not known is never repeated here: it is looked for instead.

    Raises:
        UserError: the name is taken, or the schedule could not be created.
    """
    request = schedule_request(service, wanted, package)
    if list_named(service, wanted.name):
        raise service.problem(
            f"expected a name that is free; a schedule named {wanted.name} is there already. "
            f"Delete it first ({_deletion(service, wanted.name)}), or choose another name."
        )
    store_package(service, package)

    def create() -> "Message":
        try:
            created: Message = service.schedules.create_schedule(
                request=request, retry=None, timeout=service.patience.answer_seconds
            )
            return created
        except Exception as error:
            if not is_unclear(error):
                raise
            return _find_created(service, wanted.name, error)

    return read_schedule(service, service.ask(f"create schedule {wanted.name}", create))


def list_schedules(service: Service) -> list[Schedule]:
    """List the schedules of the pipeline, newest first."""
    return [read_schedule(service, message) for message in list_ours(service)]


def find_schedule(service: Service, name: str) -> Schedule:
    """Return the schedule with this name or id."""
    return read_schedule(service, find_one(service, name))


def pause_schedule(service: Service, name: str) -> Schedule:
    """Stop firing; a schedule that is paused already stays so.

    Raises:
        UserError: there is no such schedule, or it has ended.
    """

    def pause(message: "Message") -> None:
        service.schedules.pause_schedule(
            name=message.name, retry=None, timeout=service.patience.answer_seconds
        )

    return _change(service, name, "active", f"pause schedule {name}", pause)


def resume_schedule(service: Service, name: str) -> Schedule:
    """Fire again; fires that were missed are made up for only if the schedule was created so.

    Raises:
        UserError: there is no such schedule, or it has ended.
    """

    def resume(message: "Message") -> None:
        # The SDK's own `resume` leaves out what its argument `catch_up` says.
        service.schedules.resume_schedule(
            request={"name": message.name, "catch_up": catches_up(message)},
            retry=None,
            timeout=service.patience.answer_seconds,
        )

    return _change(service, name, "paused", f"resume schedule {name}", resume)


def delete_schedule(service: Service, name: str) -> None:
    """Remove a schedule; the runs that it started stay."""
    from google.api_core.exceptions import NotFound

    message = find_one(service, name)

    def delete() -> None:
        try:
            service.schedules.delete_schedule(
                name=message.name, retry=None, timeout=service.patience.answer_seconds
            )
        except NotFound:
            # An attempt whose answer was lost has done it.
            return

    service.ask(f"delete schedule {name}", delete)
    _wait_until_gone(service, name, message.name)


def _change(
    service: Service, name: str, before: State, what: str, change: Callable[["Message"], None]
) -> Schedule:
    """Change a schedule if it is in the state before that; return what it is then."""
    message = _find_lasting(service, name)
    if state_of(message) == before:
        service.ask(what, lambda: change(message))
    return read_schedule(service, get_schedule(service, message.name))


def _find_lasting(service: Service, name: str) -> "Message":
    message = find_one(service, name)
    if state_of(message) == "ended":
        raise service.problem(
            f"expected schedule {name} to be active or paused; it has ended for good. Delete it "
            f"({_deletion(service, name)}) and create another."
        )
    return message


def _deletion(service: Service, name: str) -> str:
    return f"`sightline schedule delete {quote(name)}{service.options}`"


def _find_created(service: Service, name: str, reason: Exception) -> "Message":
    """Return the schedule that a call created although its answer was lost or an error."""
    shows = f"`sightline schedule list{service.options}` shows whether it"
    try:
        found = list_named(service, name)
    except UserError as error:
        raise service.problem(
            f"it could not be found out whether schedule {name} was created "
            f"({type(reason).__name__}, and then: {error}).",
            f"{shows} is there; if not, repeat the command.",
        ) from error
    if found:
        return found[0]
    with service.clear_errors(
        f"create schedule {name}",
        f"It was not there when looked for. {shows} has come since; if not, repeat the command.",
    ):
        raise reason


def _wait_until_gone(service: Service, name: str, resource: str) -> None:
    """Wait for the end of a deletion, which the service does in its own time."""
    from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

    waiting = Retrying(
        stop=stop_after_delay(service.patience.answer_seconds),
        wait=wait_exponential(multiplier=service.patience.pause_seconds / 2, max=5),
        retry=retry_if_result(lambda found: found is not None),
    )
    try:
        waiting(get_schedule_or_none, service, resource)
    except RetryError as error:
        raise service.problem(
            f"schedule {name} is still there {service.patience.answer_seconds:.0f} s after it was "
            f"deleted. Look again with `sightline schedule list{service.options}`."
        ) from error
