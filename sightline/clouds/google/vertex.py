"""Vertex AI as a deployment asks it: what is begun there is begun once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from sightline.clouds.google.problems import is_unclear
from sightline.clouds.google.service import GoogleService

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import (
        EndpointServiceClient,
        ModelServiceClient,
        PredictionServiceClient,
    )

Found = TypeVar("Found")
Answer = TypeVar("Answer")
QUOTA, FAILED_PRECONDITION = 8, 9
"""Codes of google.rpc."""


@dataclass
class Vertex(GoogleService):
    """Clients for models, endpoints and predictions."""

    ready_seconds: float = 3600.0
    """How long new machines may take."""

    @cached_property
    def endpoints(self) -> "EndpointServiceClient":
        """Client for endpoints and operations."""
        from google.cloud.aiplatform_v1 import EndpointServiceClient

        return self.client(EndpointServiceClient)

    @cached_property
    def models(self) -> "ModelServiceClient":
        """Client for the Model Registry."""
        from google.cloud.aiplatform_v1 import ModelServiceClient

        return self.client(ModelServiceClient)

    @cached_property
    def predictions(self) -> "PredictionServiceClient":
        """Client for answers."""
        from google.cloud.aiplatform_v1 import PredictionServiceClient

        return self.client(PredictionServiceClient)

    def call(self, method: Callable[..., Answer], **request: Any) -> Answer:
        """Make one request, within the time limit; who repeats it is up to the caller."""
        return method(request=request, retry=None, timeout=self.patience.answer_seconds)

    def get(self, what: str, method: Callable[..., Answer], **request: Any) -> Answer | None:
        """Return a resource; None where there is none."""
        from google.api_core.exceptions import NotFound

        def ask() -> Answer | None:
            try:
                return self.call(method, **request)
            except NotFound:
                return None

        return self.ask(what, ask)

    def once(
        self,
        what: str,
        resource: str,
        find: Callable[[], Found | None],
        begin: Callable[[], Any],
    ) -> Found:
        """Return what `find` finds, having begun it where it was not there; never begin it twice.

        What other processes or an earlier attempt began at the resource is waited for before
        anybody looks, so that an answer that was lost costs a look and no second piece of work.

        Args:
            what: completes "could not ...".
            resource: what the work is done at, which knows its operations.
            find: looks for the result.
            begin: begins the work; returns its operation.

        Raises:
            UserError: it could not be done.
        """

        def attempt() -> Found:
            self.settle(resource)
            found = find()
            if found is not None:
                return found
            try:
                operation = begin()
            except Exception as error:
                found = self._look(resource, find) if is_unclear(error) else None
                if found is None:
                    raise
                return found
            self.finish(what, operation.operation.name)
            found = find()
            if found is None:
                raise self.problem(f"could not {what}: it is gone again. Repeat the command.")
            return found

        return self.ask(what, attempt)

    def settle(self, resource: str) -> None:
        """Wait until nothing goes on at a resource, whoever began it and however it ends."""
        listed = self.ask(
            f"see what goes on at {resource}", lambda: self._read_raw(f"{resource}/operations")
        )
        for one in (listed or {}).get("operations", []):
            if not one.get("done"):
                self._done(one["name"])

    def finish(self, what: str, operation: str) -> None:
        """Wait until work is done.

        Raises:
            UserError: it failed, or goes on for too long.
        """
        error = self._done(operation).get("error")
        if not error:
            return
        remedy = {
            QUOTA: "Ask for a higher quota, or choose another machine, accelerator or location.",
            FAILED_PRECONDITION: "Correct what it names, and repeat the command.",
        }.get(error.get("code"), "Correct what it names; the log of the endpoint says more.")
        message = str(error.get("message", error)).rstrip(".")
        raise self.problem(f"could not {what}: the service says: {message}. {remedy}")

    def _done(self, name: str) -> dict[str, Any]:
        from tenacity import (
            RetryError,
            Retrying,
            retry_if_result,
            stop_after_delay,
            wait_exponential,
        )

        def look() -> dict[str, Any]:
            # One that is forgotten is over: what there is now is looked at anyway.
            return self._read_raw(name) or {"done": True}

        waiting = Retrying(
            stop=stop_after_delay(self.ready_seconds),
            wait=wait_exponential(multiplier=self.patience.pause_seconds / 2, max=10),
            retry=retry_if_result(lambda operation: not operation.get("done")),
        )
        try:
            found: dict[str, Any] = waiting(self.ask, "see how far it is", look)
        except RetryError as error:
            raise self.problem(
                f"{name} is not done after {self.ready_seconds:.0f} s and goes on. Repeat the "
                "command: it finds what was begun."
            ) from error
        return found

    def _read_raw(self, path: str) -> dict[str, Any] | None:
        """Return what is at a path of the API, as JSON; None where there is nothing.

        Over REST the clients of google-cloud-aiplatform 2.7.0 ask for operations below `/ui`, which
        is not in the API's documents.
        """
        from google.api_core.exceptions import from_http_response

        session = self.endpoints.transport._session  # type: ignore[attr-defined]  # REST has it
        seconds = self.patience.answer_seconds
        answer = session.get(f"{self.at.address}/v1/{path}", timeout=seconds)
        if answer.status_code == 404:
            return None
        if answer.status_code >= 400:
            raise from_http_response(answer)  # type: ignore[no-untyped-call]  # Google leaves it so
        found: dict[str, Any] = answer.json()
        return found

    def _look(self, resource: str, find: Callable[[], Found | None]) -> Found | None:
        """Look for what a call may or may not have begun, since that may take a moment to show."""
        from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_chain, wait_fixed

        pauses = self.patience.looks_after_seconds

        def look() -> Found | None:
            self.settle(resource)
            return find()

        looking = Retrying(
            stop=stop_after_attempt(len(pauses) + 1),
            wait=wait_chain(*map(wait_fixed, pauses)),
            retry=retry_if_result(lambda found: found is None),
            retry_error_callback=lambda state: None,
        )
        found: Found | None = looking(look)
        return found
