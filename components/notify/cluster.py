"""Ask the cluster that the run is on how its tasks ended: the exit task is told too little."""

import time

import requests
from google.auth.exceptions import GoogleAuthError

from sightline.ground.outcome import EXIT_TASK
from sightline.ground.run_account.account import Account, NotTold
from sightline.ground.run_account.kubeflow import read_account
from sightline.ground.run_account.vertex import JOB, read_reused

PATIENCE_SECONDS = 20.0
"""How long the list of tasks may lag behind what happened."""
PAUSE_SECONDS = 2.0
ANSWER_SECONDS = 10.0
GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
NOT_THERE = (404, 405, 501)


class ClusterWeb:
    """Services that a task reaches: Kubeflow's inside the cluster, which ask for no login there."""

    def __init__(self, address: str, *, session: requests.Session | None = None) -> None:
        self._address = address.rstrip("/")
        self._session = session or requests.Session()
        # A proxy for the outside knows no name of a service.
        self._session.trust_env = session is not None

    def get(self, path: str) -> bytes | None:
        """Return what lies at a path."""
        return self._send("GET", path)

    def post(self, path: str, body: bytes, content_type: str) -> bytes | None:
        """Send a question and return the answer."""
        headers = {"content-type": content_type, "accept": content_type, "x-grpc-web": "1"}
        return self._send("POST", path, data=body, headers=headers)

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes | None:
        try:
            answer = self._session.request(
                method, f"{self._address}{path}", data=data, headers=headers,
                timeout=ANSWER_SECONDS, allow_redirects=False,
            )  # fmt: skip
        except (requests.RequestException, GoogleAuthError) as error:
            raise NotTold(f"no answer, {type(error).__name__}") from error
        if answer.status_code in NOT_THERE:
            return None
        if answer.status_code != requests.codes.ok:
            raise NotTold(f"status {answer.status_code}")
        return answer.content


def ask(api: str, run: str, resource: str) -> Account | None:
    """Return what the engine says of a run at its end; None where nobody is to be asked.

    Args:
        api: address of Kubeflow Pipelines.
        run: id of the run.
        resource: what the engine calls it; Vertex AI's name says where Vertex AI is.

    Raises:
        NotTold: it does not answer, or does not know yet that the exit task runs.
    """
    if job := JOB.fullmatch(resource):
        address = f"https://{job['location']}-aiplatform.googleapis.com"
        return read_reused(ClusterWeb(address, session=_google_session()), resource)
    return ask_cluster(api, run) if api and run else None


def _google_session() -> requests.Session:
    """Log in as the account that the task runs as."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=[GOOGLE_SCOPE])
    except GoogleAuthError as error:
        raise NotTold("the task has no Google account") from error
    session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    return session


def ask_cluster(address: str, run: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Account:
    """Return what Kubeflow says of a run at its end.

    Raises:
        NotTold: it does not answer, or does not know yet that the exit task runs.
    """
    web, began = ClusterWeb(address), time.monotonic()
    while True:
        account = read_account(web, run)
        # The tasks are listed some seconds after they ended. The exit task comes after all.
        if EXIT_TASK in account.tasks:
            return account
        if time.monotonic() - began > patience_seconds:
            raise NotTold("its list of tasks is older than this one")
        time.sleep(PAUSE_SECONDS)
