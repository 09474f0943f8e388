"""Every request to Kubeflow goes through here: time limits, repetition, errors in plain words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import kfp_server_api
import urllib3.exceptions

from sightline.ground.patience import Patience
from sightline.targets.kfp.api.client import TargetClient
from sightline.targets.kfp.api.problems import (
    Addressee,
    KubeflowError,
    from_network,
    from_status,
    not_logged_in,
    unreadable,
)

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls the generated functions of kfp_server_api."""

    client: TargetClient
    to: Addressee
    patience: Patience

    def read(self, asked: str, function: Callable[..., Any], **arguments: Any) -> Any:
        """Call a function that may be repeated freely: it reads, or does the same again.

        Args:
            asked: what the request is for, as in "tried to list runs".
            function: function of a generated API.
            arguments: its arguments.

        Raises:
            KubeflowError: it failed, also when it was repeated.
        """
        return self._repeat(_passes, asked, function, arguments)

    def send(self, asked: str, function: Callable[..., Any], **arguments: Any) -> Any:
        """Call a function that must not happen twice: repeated only when it was turned away.

        Raises:
            KubeflowError: it failed; `outcome` says what is known.
        """
        return self._repeat(_turned_away, asked, function, arguments)

    def pages(
        self, asked: str, function: Callable[..., Any], field: str, **arguments: Any
    ) -> Iterator[Any]:
        """Yield what a listing function finds, page after page."""
        token = ""
        while True:
            page = self.read(
                asked, function, **{"page_size": PAGE_SIZE, **arguments}, page_token=token
            )
            yield from getattr(page, field) or ()
            token = page.next_page_token
            if not token:
                return

    def _repeat(
        self,
        repeatable: Callable[[KubeflowError], bool],
        asked: str,
        function: Callable[..., Any],
        arguments: dict[str, Any],
    ) -> Any:
        def may_pass(error: BaseException) -> bool:
            return isinstance(error, KubeflowError) and repeatable(error)

        retrying = self.patience.retrying(may_pass, _told_to_wait)
        return retrying(self._once, asked, function, arguments)

    def _once(self, asked: str, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        limits = (self.patience.connect_seconds, self.patience.answer_seconds)
        try:
            answer = function(**arguments, _request_timeout=limits)
        except kfp_server_api.ApiException as error:
            if not error.status:  # an answer with, for example, a time that is none
                raise unreadable(self.to, asked) from error
            raise from_status(
                self.to,
                asked,
                status=error.status,
                body=error.body or "",
                headers=error.headers or {},
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise from_network(self.to, asked, error) from error
        except (ValueError, TypeError) as error:
            raise unreadable(self.to, asked) from error
        if "html" in self.client.last_content_type:
            raise not_logged_in(self.to, asked, "received an HTML page")
        if answer is None:  # JSON's null: whatever answered is not Kubeflow
            raise unreadable(self.to, asked)
        return answer


def _passes(error: KubeflowError) -> bool:
    return error.outcome == "limited" or (
        error.outcome == "unknown" and error.status in (None, 502, 503, 504)
    )


def _turned_away(error: KubeflowError) -> bool:
    return error.outcome == "limited"


def _told_to_wait(error: BaseException) -> float | None:
    return error.retry_after if isinstance(error, KubeflowError) else None
