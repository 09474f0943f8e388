"""The real kfp.Client, set up by the target alone.

Importing this module imports kfp, which takes seconds: import it where it is needed.
"""

import warnings
from pathlib import Path
from typing import Any

import kfp.client
import kfp_server_api
import urllib3

from sightline.ground.errors import UserError
from sightline.targets.kfp.api.credentials import Credentials
from sightline.targets.kfp.settings import KubeflowTarget

# urllib3 would repeat reading requests three times, sleep for as long as Retry-After asks (up to
# six hours) and take the token wherever a redirect points. What is repeated is decided in calls.py.
ONCE = urllib3.Retry(0, redirect=False, respect_retry_after_header=False)


class TargetClient(kfp.client.Client):  # type: ignore[misc]
    """kfp.Client without what it takes from elsewhere.

    By itself it reads a namespace and a cookie from ~/.config/kfp/context.json, starts a login in
    the browser when KF_PIPELINES_IAP_OAUTH2_CLIENT_ID is set, and asks for the health of the
    installation up to five times, five seconds apart, with a traceback in the log for each.
    """

    def __init__(self, target: KubeflowTarget, credentials: Credentials) -> None:
        self._target = target
        self._credentials = credentials
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # says that it needs Kubeflow 2
            super().__init__(
                host=target.host,
                namespace=target.namespace,
                cookies=credentials.cookie,
                ui_host=target.ui_host or target.host,
            )
        if not target.verify_tls:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def _load_config(self, *_: Any) -> kfp_server_api.Configuration:
        known = self._credentials
        config = super()._load_config(
            host=self._target.host,
            client_id=known.client_id,
            namespace=self._target.namespace,
            other_client_id=known.other_client_id,
            other_client_secret=known.other_client_secret,
            existing_token=known.token,
            proxy=None,
            ssl_ca_cert=self._target.ca_certificate or None,
            kube_context=None,
            credentials=_refreshed_from(known.token_file),
            verify_ssl=self._target.verify_tls,
        )
        config.retries = ONCE
        return config

    def _load_context_setting_or_default(self) -> None:
        self._context_setting = {"namespace": self._target.namespace}

    @property
    def experiment_api(self) -> kfp_server_api.ExperimentServiceApi:
        """Experiments."""
        return self._experiment_api

    @property
    def pipeline_api(self) -> kfp_server_api.PipelineServiceApi:
        """Pipelines and their versions."""
        return self._pipelines_api

    @property
    def upload_api(self) -> kfp_server_api.PipelineUploadServiceApi:
        """Uploads of packages."""
        return self._upload_api

    @property
    def run_api(self) -> kfp_server_api.RunServiceApi:
        """Runs."""
        return self._run_api

    @property
    def recurring_run_api(self) -> kfp_server_api.RecurringRunServiceApi:
        """Recurring runs."""
        return self._recurring_run_api

    @property
    def has_token(self) -> bool:
        """Whether requests carry a token."""
        return "authorization" in self._existing_config.api_key

    @property
    def last_content_type(self) -> str:
        """Type of the newest answer, as its header says."""
        return str(self._run_api.api_client.last_response.getheader("content-type") or "")


def connect(target: KubeflowTarget, credentials: Credentials, *, place: str) -> TargetClient:
    """Set up a client; nothing is sent to Kubeflow yet.

    Args:
        target: where to.
        credentials: what proves who asks.
        place: where the target's settings stand, such as `targets.kfp`.

    Raises:
        UserError: Google gives no token for the identity-aware proxy, or a file is missing.
    """
    import google.auth.exceptions
    import requests

    if target.ca_certificate and not Path(target.ca_certificate).is_file():
        raise UserError(
            f"{place}.ca_certificate: expected a file with certificates; there is no "
            f"{target.ca_certificate}. Correct the path."
        )
    google_errors = (google.auth.exceptions.GoogleAuthError, requests.RequestException, ValueError)
    try:
        client = TargetClient(target, credentials)
    except google_errors as error:
        if not credentials.client_id:
            raise
        raise _no_google_token(place, credentials.hide(str(error))) from error
    if credentials.client_id and not client.has_token:
        raise _no_google_token(place, "these are credentials of a person, not of a service account")
    return client


def _refreshed_from(token_file: Path | None) -> Any:
    if token_file is None:
        return None
    return kfp.client.set_volume_credentials.ServiceAccountTokenVolumeCredentials(str(token_file))


def _no_google_token(place: str, reason: str) -> UserError:
    return UserError(
        f"{place}.authentication: expected a token for the identity-aware proxy from Google; "
        f"received none: {reason}. Set GOOGLE_APPLICATION_CREDENTIALS to a service account's key, "
        "or set other_client_id and variable to log in as a person."
    )
