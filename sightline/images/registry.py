"""Container registries: how they are written, and what it means when one refuses."""

import re
from dataclasses import dataclass

from docker.errors import APIError, DockerException
from requests import RequestException
from urllib3.exceptions import HTTPError

from sightline.ground.errors import UserError
from sightline.images.recipes import image_name

ENGINE_ERRORS = (DockerException, RequestException, HTTPError)
"""What the Docker SDK raises: an answer that takes too long comes as the lower two."""
_HOST = r"(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::[0-9]+)?"
_PATH = r"(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
_GOOGLE = re.compile(r"(?:^|\.)(?:pkg\.dev|gcr\.io)$")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Something that an engine says, in parts of it, and what a person can do."""

    signs: tuple[str, ...]
    remedy: str
    unreachable: bool = False
    """Whether nothing can be pushed there, whatever it is."""


_REFUSALS = (
    _Refusal(
        ("no such host", "name resolution"),
        "There is no such host: correct --push, or the name service of the Docker engine.",
        unreachable=True,
    ),
    _Refusal(
        ("connection refused",),
        "Nothing listens at {host}: start the registry, or correct the port.",
        unreachable=True,
    ),
    _Refusal(
        ("HTTP response to HTTPS client",),
        "{host} speaks plain http, which Docker accepts on localhost only. Give it a certificate, "
        'or add "insecure-registries": ["{host}"] to /etc/docker/daemon.json and restart Docker.',
        unreachable=True,
    ),
    _Refusal(
        ("x509:",),
        "Docker does not trust the certificate of {host}: put its authority in "
        "/etc/docker/certs.d/{host}/ca.crt.",
        unreachable=True,
    ),
    _Refusal(
        ("i/o timeout", "deadline exceeded", "Client.Timeout", "timed out"),
        "{host} did not answer in time: see whether this machine may reach it, and try again.",
        unreachable=True,
    ),
    _Refusal(
        ("Credentials store error",),
        "Docker's settings (~/.docker/config.json) name a program that keeps passwords, and it "
        "failed: install it or log in with it, or take its line out and run `{login}`.",
        unreachable=True,
    ),
    _Refusal(
        ("no basic auth credentials", "unauthorized", "authentication required", "401"),
        "Log in: `{login}`.",
    ),
    _Refusal(
        ("denied", "forbidden", "403"),
        "Log in with an account that may write to {registry}: `{login}`.",
    ),
    _Refusal(
        ("name unknown", "not found"),
        "There is no {registry}: create the repository there first, or correct --push.",
    ),
    _Refusal(("toomanyrequests", "429"), "The registry asks for patience: try again later."),
)
_OTHERWISE = _Refusal((), "Look in the log of the registry, and try again.")


def check_registry(text: str) -> str:
    """Return a registry as it stands in names of images, such as `europe-docker.pkg.dev/p/r`.

    Raises:
        UserError: it is written in another way.
    """
    registry = text.rstrip("/")
    if not re.fullmatch(_HOST + _PATH, registry):
        raise UserError(
            "expected --push HOST[:PORT][/PATH] in lower case, such as localhost:5000/team, "
            "docker.io/USER or europe-west4-docker.pkg.dev/PROJECT/REPOSITORY; received "
            f"{'one with a login: use `docker login` instead' if '@' in text else text}."
        )
    return registry


def repository_name(registry: str, stage: str) -> str:
    """Name the place of a stage's images, such as `localhost:5000/team/sightline-label-check`."""
    return f"{registry}/{image_name(stage).replace('/', '-')}"


def is_unreachable(error: Exception) -> bool:
    """Tell whether an engine's error means that no push to this registry can succeed."""
    return _refusal(_words(error)).unreachable


def refused(registry: str, error: Exception | str) -> UserError:
    """Say in one line what a registry refused, and what to do."""
    said = _words(error)
    host = registry.split("/", maxsplit=1)[0]
    remedy = _refusal(said).remedy.format(host=host, registry=registry, login=_login(host))
    return UserError(
        f"{registry}: expected a registry that takes images; received: {said}. {remedy}"
    )


def _words(error: Exception | str) -> str:
    said = error.explanation if isinstance(error, APIError) and error.explanation else error
    return " ".join(str(said).split()).rstrip(".")


def _refusal(said: str) -> _Refusal:
    for refusal in _REFUSALS:
        if any(sign in said for sign in refusal.signs):
            return refusal
    return _OTHERWISE


def _login(host: str) -> str:
    if _GOOGLE.search(host):
        return f"gcloud auth configure-docker {host}"
    return "docker login" if host == "docker.io" else f"docker login {host}"
