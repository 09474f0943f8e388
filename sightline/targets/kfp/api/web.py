"""Paths of Kubeflow that its generated client does not know, with the same login and patience."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sightline.ground.run_account.account import NotTold
from sightline.targets.kfp.api.calls import Calls
from sightline.targets.kfp.api.problems import KubeflowError

NOT_THERE = (404, 405, 501)
APIS = "/apis/"


@dataclass(frozen=True, slots=True)
class KubeflowWeb:
    """Kubeflow's pages and API as a person reaches them."""

    calls: Calls

    def get(self, path: str) -> bytes | None:
        """Return what lies at a path."""
        return self._send("GET", path)

    def post(self, path: str, body: bytes, content_type: str) -> bytes | None:
        """Send a question and return the answer."""
        headers = {"Content-Type": content_type, "Accept": content_type, "X-Grpc-Web": "1"}
        return self._send("POST", path, body=body, headers=headers)

    def _send(self, method: str, path: str, **given: Any) -> bytes | None:
        client = self.calls.client.run_api.api_client
        headers = {**client.default_headers, **given.pop("headers", {})}
        if client.cookie:
            headers["Cookie"] = client.cookie
        client.update_params_for_auth(headers, [], ["Bearer"])
        host = client.configuration.host.rstrip("/")
        if not path.startswith(APIS):
            # Beside the API, and not below the path that its pages may have.
            parts = urlsplit(host)
            host = f"{parts.scheme}://{parts.netloc}"

        def send(_request_timeout: tuple[float, float]) -> Any:
            return client.request(
                method, f"{host}{path}", headers=headers, _request_timeout=_request_timeout, **given
            )

        try:
            answer = self.calls.read("read how the tasks of a run ended", send)
        except KubeflowError as error:
            if error.status in NOT_THERE:
                return None
            raise NotTold(str(error)) from error
        return bytes(answer.data)
