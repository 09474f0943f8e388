"""The connection to Vertex AI in one project and location, and how long it is waited for."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from sightline.platform.errors import UserError
from sightline.platform.targets import VertexTarget
from sightline.platform.vertex.problems import explain, may_pass, told_to_wait

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.aiplatform_v1 import PipelineServiceClient, ScheduleServiceClient
    from google.cloud.storage import Client as StorageClient
    from tenacity import RetryCallState, Retrying

Answer = TypeVar("Answer")
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a busy service is waited for."""

    attempts: int = 4
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    timeout_seconds: float = 60.0

    def retrying(self) -> "Retrying":
        """Return what repeats a call as long as that may help, and then raises its last error."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt

        return Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=retry_if_exception(self._worth_waiting),
            reraise=True,
        )

    def _worth_waiting(self, error: BaseException) -> bool:
        return may_pass(error) and (told_to_wait(error) or 0) <= self.longest_wait_seconds

    def _wait(self, state: "RetryCallState") -> float:
        error = state.outcome.exception() if state.outcome else None
        told = told_to_wait(error) if error else None
        return self.first_wait_seconds * 2 ** (state.attempt_number - 1) if told is None else told


@dataclass
class Service:
    """Vertex AI and Cloud Storage, as a target names them; connects when it is first asked."""

    target: VertexTarget
    name: str
    """Name of the target in `sightline.yaml`."""
    patience: Patience = field(default_factory=Patience)

    @property
    def parent(self) -> str:
        """Resource that jobs and schedules belong to."""
        return f"projects/{self.target.project}/locations/{self.target.location}"

    @property
    def endpoint(self) -> str:
        """Address of Vertex AI, with or without `https://`."""
        return self.target.api_endpoint or f"{self.target.location}-aiplatform.googleapis.com"

    @property
    def address(self) -> str:
        """Address of Vertex AI, complete."""
        return self.endpoint if "://" in self.endpoint else f"https://{self.endpoint}"

    @property
    def storage_address(self) -> str:
        """Address of Cloud Storage."""
        return os.environ.get("STORAGE_EMULATOR_HOST", "https://storage.googleapis.com")

    @cached_property
    def pipelines(self) -> "PipelineServiceClient":
        """Client for jobs."""
        from google.cloud.aiplatform_v1 import PipelineServiceClient

        return PipelineServiceClient(
            credentials=self._credentials,
            transport="rest",
            client_options={"api_endpoint": self.endpoint},
        )

    @cached_property
    def schedules(self) -> "ScheduleServiceClient":
        """Client for schedules."""
        from google.cloud.aiplatform_v1 import ScheduleServiceClient

        return ScheduleServiceClient(
            credentials=self._credentials,
            transport="rest",
            client_options={"api_endpoint": self.endpoint},
        )

    @cached_property
    def storage(self) -> "StorageClient":
        """Client for the staging bucket."""
        from google.cloud.storage import Client

        return Client(project=self.target.project, credentials=self._credentials)

    @cached_property
    def _credentials(self) -> "Credentials":
        import google.auth
        from google.auth.credentials import AnonymousCredentials

        if self.target.credentials == "anonymous":
            return AnonymousCredentials()  # type: ignore[no-untyped-call]
        # The target names the project; Google's advice about one would only confuse.
        logging.getLogger("google.auth").setLevel(logging.ERROR)
        with warnings.catch_warnings():
            # Google warns about a person's credentials that name no project for the quota; where
            # that matters, the service says so itself.
            warnings.simplefilter("ignore", UserWarning)
            found, _ = google.auth.default(scopes=[SCOPE])
        return found

    def ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        """Make a call that may be made twice; wait and repeat while the service is busy.

        Raises:
            UserError: it failed; `what` completes "could not ...".
        """
        with self.clear_errors(what):
            return self.patience.retrying()(call)

    @contextmanager
    def clear_errors(self, what: str, then: str = "") -> Iterator[None]:
        """Turn errors of the service into one line: what was asked, what came, what to do."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            explained = explain(error, self.target, self.name)
            if explained is None:
                raise
            raise self.problem(f"could not {what}: {explained}", then) from error

    def problem(self, text: str, then: str = "") -> UserError:
        """Return an error that names the target."""
        return UserError(f"Target {self.name}: {text}{f' {then}' if then else ''}")
