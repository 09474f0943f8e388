"""Find what proves to Kubeflow who is asking, without ever showing it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.targets.kfp.settings import Authentication

TOKEN_PATH = "/var/run/secrets/kubeflow/pipelines/token"
"""Where a pod has its service account token, unless the variable below names a file."""
TOKEN_PATH_VARIABLE = "KF_PIPELINES_SA_TOKEN_PATH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What kfp.Client gets; secrets stay out of its text form."""

    token: str | None = field(default=None, repr=False)
    cookie: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    client_id: str | None = None
    other_client_id: str | None = None
    other_client_secret: str | None = field(default=None, repr=False)

    def hide(self, text: str) -> str:
        """Return a text from the outside without the secrets that it may repeat."""
        for secret in (self.token, self.cookie, self.other_client_secret):
            text = text.replace(secret, "***") if secret else text
        return text


def read_credentials(
    wanted: Authentication, *, place: str, environment: Mapping[str, str]
) -> Credentials:
    """Read the credentials that a target asks for.

    Args:
        wanted: how the client proves who it is.
        place: where the settings stand, such as `targets.kfp.authentication`.
        environment: variables that may hold secrets.

    Raises:
        UserError: a setting, a variable or a file is missing.
    """
    match wanted.kind:
        case "none":
            return Credentials()
        case "token":
            return Credentials(token=_secret(wanted, "token", place, environment))
        case "cookie":
            return Credentials(cookie=_secret(wanted, "cookie", place, environment))
        case "service_account":
            return Credentials(token_file=_token_file(wanted, place, environment))
        case "iap":
            return _identity_aware_proxy(wanted, place, environment)


def _identity_aware_proxy(
    wanted: Authentication, place: str, environment: Mapping[str, str]
) -> Credentials:
    if not wanted.client_id:
        raise UserError(
            f"{place}.client_id: expected the OAuth client of the identity-aware proxy; it is not "
            "set. Copy it from the Google Cloud console (Security, Identity-Aware Proxy)."
        )
    if not wanted.other_client_id:
        return Credentials(client_id=wanted.client_id)
    return Credentials(
        client_id=wanted.client_id,
        other_client_id=wanted.other_client_id,
        other_client_secret=_secret(wanted, "client secret", place, environment),
    )


def _token_file(wanted: Authentication, place: str, environment: Mapping[str, str]) -> Path:
    path = Path(wanted.token_path or environment.get(TOKEN_PATH_VARIABLE) or TOKEN_PATH)
    if not path.is_file():
        raise UserError(
            f"{place}: expected the service account token in {path}; there is no such file. It "
            "exists in pods with a projected token volume; elsewhere use kind: token, or set "
            "token_path."
        )
    return path


def _secret(wanted: Authentication, what: str, place: str, environment: Mapping[str, str]) -> str:
    name = _variable(wanted, what, place)
    secret = environment.get(name, "").strip()
    if not secret:
        state = "empty" if name in environment else "not set"
        raise UserError(
            f"{place}.variable: expected the {what} in the environment variable {name}; it is "
            f"{state}. Set it first: export {name}=..."
        )
    if not secret.isprintable():
        raise UserError(
            f"{place}.variable: expected the {what} in one line in the environment variable "
            f"{name}; received line breaks or control characters. Set it again without them."
        )
    if not secret.isascii():
        raise UserError(
            f"{place}.variable: expected the {what} in plain ASCII in the environment variable "
            f"{name}; received other characters, which a request cannot carry. Copy it again; "
            "quotation marks and dashes are often changed on the way."
        )
    return secret


def _variable(wanted: Authentication, what: str, place: str) -> str:
    if not wanted.variable:
        raise UserError(
            f"{place}.variable: expected the name of the environment variable that holds the "
            f"{what}; it is not set. Add, for example, variable: KUBEFLOW_TOKEN."
        )
    # Whoever pasted the secret itself must not find it in a log.
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", wanted.variable):
        raise UserError(
            f"{place}.variable: expected the name of an environment variable in capitals, such as "
            f"KUBEFLOW_TOKEN; received something else, which is not shown since it may be the "
            f"{what} itself. Put the {what} into a variable and name that."
        )
    return wanted.variable
