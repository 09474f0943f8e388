"""The connection to Vertex AI and Cloud Storage in one project and location."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from sightline.clouds.google.answers import refuse_foreign_answers
from sightline.clouds.google.problems import explain, may_pass, told_to_wait
from sightline.clouds.google.project import GoogleProject
from sightline.ground.errors import UserError
from sightline.ground.patience import Patience

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.storage import Client as StorageClient
    from tenacity import Retrying

Answer = TypeVar("Answer")
VertexClient = TypeVar("VertexClient")
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass
class GoogleService:
    """Clients of a project, and calls that wait and repeat; connects when it is first asked."""

    at: GoogleProject
    patience: Patience = field(default_factory=Patience)

    @property
    def storage_address(self) -> str:
        """Address of Cloud Storage."""
        return os.environ.get("STORAGE_EMULATOR_HOST", "https://storage.googleapis.com")

    @cached_property
    def storage(self) -> "StorageClient":
        """Client for buckets."""
        from google.cloud.storage import Client

        client = Client(project=self.at.project, credentials=self._credentials)
        refuse_foreign_answers(client._http)
        return client

    def client(self, kind: Callable[..., VertexClient]) -> VertexClient:
        """Return one of Vertex AI's clients."""
        client = kind(
            credentials=self._credentials,
            transport="rest",
            client_options={"api_endpoint": self.at.endpoint},
        )
        refuse_foreign_answers(client.transport._session)  # type: ignore[attr-defined]  # REST has it
        return client

    @cached_property
    def _credentials(self) -> "Credentials":
        import google.auth
        from google.auth.credentials import AnonymousCredentials
        from google.auth.exceptions import DefaultCredentialsError

        if self.at.anonymous:
            return AnonymousCredentials()  # type: ignore[no-untyped-call]
        # The settings name the project; Google's advice about one would only confuse.
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
            explained = explain(error, self.at)
            if explained is None:
                raise
            raise self.problem(f"could not {what}: {explained}", then) from error

    def problem(self, text: str, then: str = "") -> UserError:
        """Return an error that says who asked."""
        return UserError(f"{self.at.who}: {text}{f' {then}' if then else ''}")
