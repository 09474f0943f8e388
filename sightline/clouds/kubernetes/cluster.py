"""The Kubernetes API as a deployment asks it: what is written is read, changed, and compared."""

import copy
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sightline.ground.errors import UserError, one_line
from sightline.ground.patience import Patience, seconds_of

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Answer = TypeVar("Answer")
Document = dict[str, Any]
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVICES = "/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
REMEDIES = {
    401: "Sign in again, as for kubectl.",
    403: "Give the account the role in docs/clusters.md, section KServe.",
    409: "Somebody else changes it now. Repeat the command.",
    429: "There are too many requests. Repeat the command in a minute.",
}
_BUSY = frozenset({409, 429, 500, 502, 503, 504})
_NOT_FOUND = 404


class Unreadable(Exception):
    """An answer that is none of the API server's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What an account is to do with a kind of object."""

    group: str
    resource: str
    subresource: str = ""
    verbs: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the kind as roles write it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Cluster:
    """One namespace of a cluster, as kubectl or a pod's own account reaches it."""

    def __init__(self, namespace: str, context: str, patience: Patience) -> None:
        """Know how to reach it; nothing is asked yet."""
        self._namespace, self._context, self.patience = namespace, context, patience

    @property
    def namespace(self) -> str:
        """Return the namespace: the one that was given, else the pod's or the context's own."""
        return self._client_and_namespace[1]

    def get(self, kind: str, name: str) -> Document | None:
        """Return an object; None where there is none.

        Raises:
            UserError: the API server does not answer, or knows no such kind.
        """
        return self.ask(f"read {name}", lambda: self._get(kind, name))

    def kinds(self, group: str) -> set[str]:
        """Name the kinds of a group and version, such as serving.kserve.io/v1beta1.

        Raises:
            UserError: the API server does not answer, or knows no such group.
        """
        what = f"ask for the kinds of {group}"
        found = self.ask(what, lambda: self._call("GET", f"/apis/{group}"))
        return {str(one.get("name")) for one in found.get("resources", [])}

    def denied(self, right: Right) -> list[str]:
        """Return what this account may not do in the namespace; asking changes nothing."""

        def may(verb: str) -> bool:
            wanted = {
                "namespace": self.namespace,
                "group": right.group,
                "resource": right.resource,
                "subresource": right.subresource,
                "verb": verb,
            }
            review = {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": wanted},
            }
            found = self.ask(
                "ask what the account may do", lambda: self._call("POST", REVIEWS, review)
            )
            return bool((found.get("status") or {}).get("allowed"))

        return [verb for verb in right.verbs if not may(verb)]

    def change(
        self, what: str, kind: str, name: str, edit: Callable[[Document | None], Document | None]
    ) -> Document | None:
        """Make an object what `edit` makes of it, whoever else changes it meanwhile.

        Each attempt reads, edits and writes against what was read, so that an answer that was lost
        costs a look: the next attempt finds nothing to change.

        Raises:
            UserError: it could not be written.
        """

        def attempt() -> Document | None:
            found = self._get(kind, name)
            wanted = edit(copy.deepcopy(found))
            if wanted == found:
                return found
            path = kind.format(namespace=self.namespace)
            if wanted is None:
                self._call("DELETE", f"{path}/{name}")
                return None
            if found is None:
                return self._call("POST", path, wanted)
            return self._call("PUT", f"{path}/{name}", wanted)

        return self.ask(what, attempt)

    def post(self, service: str, path: str, body: Document) -> Document:
        """Ask a service of the namespace through the API server, once.

        Raises:
            UserError: there is no answer.
        """
        with self.clear_errors(f"ask service {service}"):
            return self._post(service, path, body)

    def post_patiently(self, service: str, path: str, body: Document) -> Document:
        """Ask a service of the namespace, and again while it is busy.

        Raises:
            UserError: there is no answer.
        """
        return self.ask(f"ask service {service}", lambda: self._post(service, path, body))

    def ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        """Make a call that may be made twice; wait and repeat while the cluster is busy.

        Raises:
            UserError: it failed; `what` completes "could not ...".
        """
        with self.clear_errors(what):
            return self.patience.retrying(may_pass, told_to_wait)(call)

    @contextmanager
    def clear_errors(self, what: str) -> Iterator[None]:
        """Turn errors of the cluster into one line: what was asked, what came, what to do."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            told = explain(error)
            if told is None:
                raise
            raise UserError(f"Kubernetes: could not {what}: {told}") from error

    def _get(self, kind: str, name: str) -> Document | None:
        from kubernetes.client import ApiException

        try:
            return self._call("GET", f"{kind.format(namespace=self.namespace)}/{name}")
        except ApiException as error:
            # Of a kind that is not installed the API server knows no such page.
            if error.status == _NOT_FOUND and '"NotFound"' in str(error.body):
                return None
            raise

    def _post(self, service: str, path: str, body: Document) -> Document:
        proxy = f"/api/v1/namespaces/{self.namespace}/services/{service}/proxy"
        return self._call("POST", f"{proxy}{path}", body)

    def _call(self, method: str, path: str, body: Document | None = None) -> Document:
        client = self._client_and_namespace[0]
        answer = client.call_api(
            path,
            method,
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            body=body,
            response_type="object",
            auth_settings=["BearerToken"],
            _return_http_data_only=True,
            _request_timeout=self.patience.answer_seconds,
        )
        if not isinstance(answer, dict):
            raise Unreadable(" ".join(str(answer).split())[:200])
        return answer

    @cached_property
    def _client_and_namespace(self) -> "tuple[ApiClient, str]":
        from kubernetes import client, config
        from kubernetes.config.config_exception import ConfigException

        settings = client.Configuration()
        in_pod = ACCOUNT.is_dir() and not self._context and "KUBECONFIG" not in os.environ
        try:
            if in_pod:
                config.load_incluster_config(client_configuration=settings)
                own = (ACCOUNT / "namespace").read_text().strip()
            else:
                context = self._context or None
                # Left to itself, the client remembers what the variable was when it was imported.
                file = os.environ.get("KUBECONFIG") or "~/.kube/config"
                config.load_kube_config(file, context, client_configuration=settings)
                contexts, active = config.list_kube_config_contexts(file)
                chosen = next((one for one in contexts if one["name"] == context), active)
                own = chosen["context"].get("namespace", "default")
        except (ConfigException, OSError) as error:
            raise UserError(
                f"deploy: expected a cluster, from a pod's service account or from kubectl's "
                f"configuration; received: {one_line(error)}. Try `kubectl get inferenceservices`, "
                "or give deploy.kserve_context."
            ) from error
        settings.retries = False  # who repeats a call knows what it did
        return client.ApiClient(settings), self._namespace or own


def may_pass(error: BaseException) -> bool:
    """Tell whether the same call may succeed a little later."""
    return _status(error) in _BUSY or _is_lost(error) or isinstance(error, Unreadable)


def told_to_wait(error: BaseException) -> float | None:
    """Return the seconds of an answer's Retry-After."""
    headers: Mapping[str, str] = getattr(error, "headers", None) or {}
    return seconds_of(headers.get("Retry-After"))


def explain(error: BaseException) -> str | None:
    """Say what came and what to do about it; None for what is no problem with a cluster."""
    status = _status(error)
    if status is not None:
        return f"the cluster answered {status} ({_message(error)}). {_remedy(status, error)}"
    if isinstance(error, Unreadable):
        return f"the answer is none of the cluster's ({error}). Check the network and proxies."
    if _is_lost(error):
        return (
            f"there was no whole answer ({one_line(error)}). Check the network and "
            "`kubectl get inferenceservices`, and repeat the command."
        )
    return None


def _remedy(status: int, error: BaseException) -> str:
    if status == _NOT_FOUND and "not found" not in _message(error).replace("page not found", ""):
        return "Install KServe, or choose another context: deploy.kserve_context."
    if status == 429 and (told := told_to_wait(error)):
        return f"Wait {told:.0f} s and repeat the command."
    if status >= 500:
        return "Repeat the command in some minutes; it finds what was begun."
    return REMEDIES.get(status, "Change what it names, and repeat the command.")


def _status(error: BaseException) -> int | None:
    from kubernetes.client import ApiException

    return int(error.status) if isinstance(error, ApiException) and error.status else None


def _is_lost(error: BaseException) -> bool:
    from urllib3.exceptions import HTTPError

    return isinstance(error, (HTTPError, ConnectionError))


def _message(error: BaseException) -> str:
    body = str(getattr(error, "body", "") or getattr(error, "reason", "") or error)
    with suppress(ValueError, KeyError, TypeError):
        body = str(json.loads(body)["message"])
    return " ".join(body.split())[:300].rstrip(".")
