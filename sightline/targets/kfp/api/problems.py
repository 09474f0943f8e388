"""What goes wrong between here and Kubeflow, each as one clear line."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import urllib3.exceptions as network

from sightline.ground.errors import UserError
from sightline.ground.patience import seconds_of

LONGEST_MESSAGE = 300
MESSAGE_KEYS = ("message", "error", "error_details", "error_message")
"""The API writes the first two, the upload endpoints the others."""

TRY_AGAIN = "Try again; look at the log of the pod ml-pipeline if it stays so."
REMEDIES = {
    400: "Correct what it names.",
    401: "Renew the credentials that {where}.authentication names.",
    403: "Ask for access to namespace {namespace} (ClusterRole kubeflow-pipelines-edit), or "
    "correct {where}.namespace and authentication.",
    404: "Check the name, and {where}.host: it must be the address of Kubeflow Pipelines.",
    409: "Choose another name.",
    413: "Make the package smaller; Kubeflow takes 32 MiB.",
    429: "There are too many requests; try again {when}.",
}

Outcome = Literal["not sent", "refused", "limited", "unknown"]
"""What is known about a request: not sent, refused, refused for now, or nothing for sure."""


class KubeflowError(UserError):
    """A request to Kubeflow did not succeed."""

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who was asked, for messages."""

    host: str
    target: str
    options: str
    """What commands about it need, such as ` --target cluster`."""
    namespace: str
    """Namespace of the runs."""
    installed_in: str
    """Namespace of Kubeflow Pipelines itself."""
    hide: Callable[[str], str]
    """Takes secrets out of a text."""

    def failed(self, asked: str, received: str, remedy: str) -> str:
        """Write the line that a person reads."""
        where = f"Kubeflow at {self.host} (target {self.target})"
        return f"{where}: tried to {asked}; {received}. {remedy}"


def from_status(
    to: Addressee, asked: str, *, status: int, body: str, headers: Mapping[str, str]
) -> KubeflowError:
    """Describe an answer that says no."""
    if 300 <= status < 400:
        return not_logged_in(to, asked, f"was sent on to {_host_of(headers.get('Location'))}")
    said = to.hide(message_in(body))
    received = f"received {status}{f': {said}' if said else ''}"
    wait = seconds_of(headers.get("Retry-After"))
    outcome: Outcome = "limited" if status == 429 else "refused"
    if status >= 500 or status == 408:
        outcome = "unknown"
    return KubeflowError(
        to.failed(asked, received, _remedy(to, status, wait)),
        outcome=outcome,
        status=status,
        retry_after=wait,
    )


def not_logged_in(to: Addressee, asked: str, received: str) -> KubeflowError:
    """Describe a login page, or the way to one, where an answer was expected."""
    return KubeflowError(
        to.failed(
            asked,
            f"{received}, most likely a login page: not logged in",
            f"Check targets.{to.target}.authentication and host, which may need https:// and a "
            "path such as /pipeline.",
        ),
        outcome="refused",
    )


def from_network(to: Addressee, asked: str, error: Exception) -> KubeflowError:
    """Describe a connection that did not come about, or broke."""
    reason = error.reason if isinstance(error, network.MaxRetryError) else error
    where = f"targets.{to.target}"
    match reason:
        case network.NameResolutionError():
            return _unsent(to, asked, "found no such host", f"Check {where}.host and the network.")
        case network.NewConnectionError():
            remedy = f"Check {where}.host; start the port-forward if it needs one: {_forward(to)}."
            return _unsent(to, asked, "the connection was refused", remedy)
        case network.SSLError():
            remedy = f"Set {where}.ca_certificate to the authority's file, or check host."
            if "WRONG_VERSION_NUMBER" in str(reason):  # what answered speaks no TLS
                remedy = f"Write {where}.host with http:// in place of https://."
            return _unsent(to, asked, f"TLS failed: {_shorten(str(reason))}", remedy)
        case network.ConnectTimeoutError():
            remedy = f"Check {where}.host, VPN and firewall."
            return _unsent(to, asked, "no connection within the time limit", remedy)
        case network.LocationValueError():
            return _unsent(to, asked, "the address cannot be read", f"Correct {where}.host.")
        case network.ReadTimeoutError():
            received = "received no answer within the time limit"
        case _:
            received = "the connection broke before an answer came"
    message = to.failed(asked, received, TRY_AGAIN)
    return KubeflowError(message, outcome="unknown")


def unreadable(to: Addressee, asked: str) -> KubeflowError:
    """Describe an answer in a form that kfp's client does not know."""
    return KubeflowError(
        to.failed(
            asked,
            "received an answer that kfp 2.17 cannot read",
            f"Check that targets.{to.target}.host is Kubeflow Pipelines 2.",
        ),
        outcome="unknown",
        status=200,
    )


def message_in(body: str) -> str:
    """Take the message out of an error's body: google.rpc.Status as JSON, HTML, or plain text."""
    if "<html" in body.lower():
        title = re.search(r"<title[^>]*>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
        return _shorten(f"an HTML page, {title[1]}" if title else "an HTML page")
    try:
        content = json.loads(body)
    except ValueError:
        return _shorten(body)
    if not isinstance(content, dict):
        return _shorten(body)
    said = next((content[key] for key in MESSAGE_KEYS if content.get(key)), "")
    # A message may carry a Go stack trace below its first line.
    return _shorten(str(said).split("\n")[0])


def _remedy(to: Addressee, status: int, wait: float | None) -> str:
    when = f"in {wait:.0f} s" if wait else "later"
    remedy = REMEDIES.get(status, TRY_AGAIN)
    return remedy.format(where=f"targets.{to.target}", namespace=to.namespace, when=when)


def _unsent(to: Addressee, asked: str, received: str, remedy: str) -> KubeflowError:
    return KubeflowError(to.failed(asked, received, remedy), outcome="not sent")


def _forward(to: Addressee) -> str:
    return f"kubectl port-forward -n {to.installed_in} svc/ml-pipeline-ui 8080:80"


def _host_of(location: str | None) -> str:
    return _shorten((location or "another address").split("?")[0])


def _shorten(text: str) -> str:
    plain = " ".join(text.split()).rstrip(".")
    return plain if len(plain) <= LONGEST_MESSAGE else f"{plain[:LONGEST_MESSAGE]} ..."
