"""The connection to Vertex AI in one project and location."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from sightline.ground.errors import UserError
from sightline.ground.patience import Patience
from sightline.targets.vertex.api.answers import refuse_foreign_answers
from sightline.targets.vertex.api.problems import explain, may_pass, told_to_wait
from sightline.targets.vertex.settings import VertexTarget

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.aiplatform_v1 import PipelineServiceClient, ScheduleServiceClient
    from google.cloud.storage import Client as StorageClient
    from tenacity import Retrying

Answer = TypeVar("Answer")
VertexClient = TypeVar("VertexClient")
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass
class Service:
    """Vertex AI and Cloud Storage, as a target names them; connects when it is first asked."""

    target: VertexTarget
    name: str
    """Name of the target in `sightline.yaml`."""
    pipeline: str
    """Name of the project's pipeline: other runs and schedules are left alone."""
    patience: Patience = field(default_factory=Patience)
    options: str = ""
    """What commands about it need, such as ` --target cloud`, which it is unless given."""

    def __post_init__(self) -> None:
        self.options = self.options or f" --target {self.name}"

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

        return self._client(PipelineServiceClient)

    @cached_property
    def schedules(self) -> "ScheduleServiceClient":
        """Client for schedules."""
        from google.cloud.aiplatform_v1 import ScheduleServiceClient

        return self._client(ScheduleServiceClient)

    @cached_property
    def storage(self) -> "StorageClient":
        """Client for the staging bucket."""
        from google.cloud.storage import Client

        client = Client(project=self.target.project, credentials=self._credentials)
        refuse_foreign_answers(client._http)
        return client

    def _client(self, kind: Callable[..., VertexClient]) -> VertexClient:
        client = kind(
            credentials=self._credentials,
            transport="rest",
            client_options={"api_endpoint": self.endpoint},
        )
        refuse_foreign_answers(client.transport._session)  # type: ignore[attr-defined]  # REST has it
        return client

    @cached_property
    def _credentials(self) -> "Credentials":
        import google.auth
        from google.auth.credentials import AnonymousCredentials
        from google.auth.exceptions import DefaultCredentialsError

        if self.target.credentials == "anonymous":
            return AnonymousCredentials()  # type: ignore[no-untyped-call]
        # The target names the project; Google's advice about one would only confuse.
        logging.getLogger("google.auth").setLevel(logging.ERROR)
        with warnings.catch_warnings():
            # Google warns about a person's credentials that name no project for the quota; where
            # that matters, the service says so itself.
            warnings.simplefilter("ignore", UserWarning)
            try:
                found, _ = google.auth.default(scopes=[SCOPE])
            except OSError as error:
                raise DefaultCredentialsError(str(error)) from error  # type: ignore[no-untyped-call]
        return found

    def ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        """Make a call that may be made twice; wait and repeat while the service is busy.

        Raises:
            UserError: it failed; `what` completes "could not ...".
        """
        with self.clear_errors(what):
            return self.retrying()(call)

    def retrying(self) -> "Retrying":
        """Return what repeats a call while the service is busy."""
        return self.patience.retrying(may_pass, told_to_wait)

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
