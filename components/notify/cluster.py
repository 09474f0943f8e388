"""Ask the cluster that the run is on how its tasks ended: the exit task is told too little."""

import time

import requests

from sightline.ground.outcome import EXIT_TASK
from sightline.ground.run_account.account import Account, NotTold
from sightline.ground.run_account.kubeflow import read_account

PATIENCE_SECONDS = 20.0
"""How long the list of tasks may lag behind what happened."""
PAUSE_SECONDS = 2.0
ANSWER_SECONDS = 10.0
NOT_THERE = (404, 405, 501)


class ClusterWeb:
    """Kubeflow's pages and API inside the cluster, which ask for no login there."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._session = requests.Session()
        # A proxy for the outside knows no name of a service.
        self._session.trust_env = False

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
        except requests.RequestException as error:
            raise NotTold(f"no answer, {type(error).__name__}") from error
        if answer.status_code in NOT_THERE:
            return None
        if answer.status_code != requests.codes.ok:
            raise NotTold(f"status {answer.status_code}")
        return answer.content


def ask_cluster(
    address: str, run: str, *, patience_seconds: float = PATIENCE_SECONDS
) -> Account | None:
    """Return what the cluster says of a run at its end; None where it is not asked.

    Raises:
        NotTold: it does not answer, or does not know yet that the exit task runs.
    """
    if not address or not run:
        return None
    web, began = ClusterWeb(address), time.monotonic()
    while True:
        account = read_account(web, run)
        # The tasks are listed some seconds after they ended. The exit task comes after all.
        if EXIT_TASK in account.tasks:
            return account
        if time.monotonic() - began > patience_seconds:
            raise NotTold("its list of tasks is older than this one")
        time.sleep(PAUSE_SECONDS)
