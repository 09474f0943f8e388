"""What went wrong between here and Google Cloud, in one clear line."""

import re
import socket
from collections.abc import Iterator

from sightline.clouds.google.answers import ForeignAnswer
from sightline.clouds.google.project import GoogleProject
from sightline.ground.patience import seconds_of

SIGN_IN = "Sign in with `gcloud auth application-default login`"
_LONGEST = 300
_BUSY = frozenset({429, 500, 502, 503, 504})
_API_OFF = re.compile(r"SERVICE_DISABLED|has not been used in project|API.{0,40}is disabled", re.I)
_PERMISSION = re.compile(r"(?<![\w@.-])[a-z]+(?:\.[a-zA-Z]+){2}(?![\w.]*\w)")
_ROLES = {
    "aiplatform": "roles/aiplatform.user",
    "storage": "roles/storage.objectAdmin on the bucket",
    "iam": "roles/iam.serviceAccountUser on the service account",
}


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of an answer that was an error; None when there was no answer."""
    from google.api_core.exceptions import GoogleAPICallError

    return int(error.code) if isinstance(error, GoogleAPICallError) and error.code else None


def never_sent(error: BaseException) -> bool:
    """Tell whether no connection came about, so that nothing can have been done."""
    kinds = (ConnectionRefusedError, socket.gaierror)
    return any(isinstance(cause, kinds) for cause in _causes(error))


def is_lost(error: BaseException) -> bool:
    """Tell whether a connection or an answer broke off, so that nobody knows what was done."""
    from google.auth.exceptions import TransportError
    from requests.exceptions import RequestException

    if isinstance(error, ValueError) or never_sent(error):
        # Of requests' errors, those are about an address, a header, or JSON that is none.
        return False
    return isinstance(error, (RequestException, ConnectionError, TransportError))


def is_unreadable(error: BaseException) -> bool:
    """Tell whether an answer was none of the service's, such as the page of a proxy."""
    from google.protobuf.json_format import ParseError
    from requests.exceptions import JSONDecodeError

    kinds = (ForeignAnswer, ParseError, JSONDecodeError, UnicodeDecodeError)
    return isinstance(error, kinds)


def is_unclear(error: BaseException) -> bool:
    """Tell whether a call that failed may have done its work; 409 says that some call has."""
    status = status_of(error)
    broken = status == 409 or (status is not None and status >= 500)
    return broken or is_lost(error) or is_unreadable(error)


def may_pass(error: BaseException) -> bool:
    """Tell whether the same call may succeed a little later."""
    status = error.status if isinstance(error, ForeignAnswer) else status_of(error)
    return status in _BUSY or is_lost(error)


def told_to_wait(error: BaseException) -> float | None:
    """Return the seconds of an answer's Retry-After."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return seconds_of(headers.get("Retry-After"))


def explain(error: BaseException, project: GoogleProject) -> str | None:
    """Say what came and what to do about it; None for what is no problem with a service."""
    from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

    status = status_of(error)
    if status is not None:
        return _explain_status(error, status, project)
    if is_unreadable(error):
        return _explain_unreadable(error, project)
    if never_sent(error) or is_lost(error):
        return _explain_connection(error, project)
    if isinstance(error, (InvalidURL, InvalidSchema, MissingSchema)):
        place = project.setting("api_endpoint") if project.api_endpoint else "HTTPS_PROXY"
        return f"the address cannot be read ({message_of(error)}). Correct {place}."
    return _explain_credentials(error, project)


def message_of(error: BaseException) -> str:
    """Return the service's own words: without address and HTML, shortened."""
    text = str(getattr(error, "message", "") or error)
    response = getattr(error, "response", None)
    try:
        answer = response.json()["error"] if response is not None else {}
        text = str((answer.get("message") if isinstance(answer, dict) else answer) or text)
    except (ValueError, KeyError, TypeError):
        pass
    text = re.sub(r"^(GET|POST|PUT|PATCH|DELETE) https?://\S+?: ", "", text)
    text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", text, flags=re.S | re.I)
    return _tidy(text)


def _explain_status(error: BaseException, status: int, project: GoogleProject) -> str:
    message = message_of(error)
    came = f"the service answered {status} ({message})"
    if status == 401:
        return f"{came}. {_sign_in(project)}"
    if status == 403:
        return f"{came}. {_permit(error, message, project)}"
    if status == 404:
        return f"{came}. Check {project.setting('project')} and {project.setting('location')}."
    if status == 429:
        told = told_to_wait(error)
        wait = f"Wait {told:.0f} s" if told else "Wait some minutes"
        return f"{came}. {wait} and repeat the command, or ask for a higher quota."
    if status >= 500:
        return f"{came}. Repeat it in some minutes; https://status.cloud.google.com says more."
    return f"{came}. Change what it names, and repeat the command."


def _explain_unreadable(error: BaseException, project: GoogleProject) -> str:
    came = f" {error.status} ({message_of(error)})" if isinstance(error, ForeignAnswer) else ""
    return (
        f"the answer{came} is none of the service's, perhaps a page of a proxy or of a network "
        f"that wants a login. Check the network and {_address_setting(project)}."
    )


def _sign_in(project: GoogleProject) -> str:
    if project.anonymous:
        return f"The target sends no credentials: remove {project.setting(project.sign_in)}."
    return f"{SIGN_IN}, and repeat the command."


def _permit(error: BaseException, message: str, project: GoogleProject) -> str:
    if _API_OFF.search(f"{message} {getattr(error, 'details', '')}"):
        return (
            "Enable the service: `gcloud services enable aiplatform.googleapis.com --project "
            f"{project.project}`, and repeat the command after some minutes."
        )
    if "act as" in message.lower() or "actAs" in message:
        found = "iam.serviceAccounts.actAs"
    else:
        match = _PERMISSION.search(message)
        found = match.group() if match else ""
    if not found:
        return f"Ask for roles/aiplatform.user in project {project.project}."
    role = _ROLES.get(found.partition(".")[0])
    return f"Ask for permission {found}{f' (in {role})' if role else ''}."


def _explain_connection(error: BaseException, project: GoogleProject) -> str:
    from requests.exceptions import ChunkedEncodingError, ContentDecodingError

    causes = list(_causes(error))
    check = f"Check the network and {_address_setting(project)}."
    host = _host(error) or "the service"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"the name of {host} was not found. {check}"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"{host} refused the connection. {check}"
    if "imeout" in type(error).__name__:
        return f"{host} did not answer in time. {check}"
    if isinstance(error, (ChunkedEncodingError, ContentDecodingError)):
        return f"the answer of {host} broke off in the middle or is damaged. {check}"
    return f"the connection to {host} broke. {check}"


def _tidy(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _address_setting(project: GoogleProject) -> str:
    return project.setting("api_endpoint" if project.api_endpoint else "location")


def _explain_credentials(error: BaseException, project: GoogleProject) -> str | None:
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, InvalidOperation

    if isinstance(error, InvalidOperation):
        # This is how anonymous credentials meet an answer of 401.
        return (
            "the service answered 401 (credentials are needed). The target sends none: remove "
            f"{project.setting(project.sign_in)}."
        )
    if isinstance(error, DefaultCredentialsError):
        return _explain_missing(error)
    if isinstance(error, GoogleAuthError):
        return f"the credentials were refused ({message_of(error)}). {SIGN_IN}."
    return None


def _explain_missing(error: BaseException) -> str:
    """Tell no credentials from a file of credentials that is missing or damaged."""
    reason = ": ".join(str(part).rstrip(".") for part in error.args)
    if reason.startswith("Your default credentials were not found"):
        return f"no credentials for Google Cloud were found. {SIGN_IN}."
    return (
        f"the credentials cannot be read ({_tidy(reason)}). Correct the file, which "
        f"GOOGLE_APPLICATION_CREDENTIALS may name. {SIGN_IN} if it is unset."
    )


def _host(error: BaseException) -> str:
    """Return the address that was asked, such as `https://oauth2.googleapis.com`."""
    requests = (getattr(cause, "request", None) for cause in _causes(error))
    urls = (str(getattr(request, "url", None) or "") for request in requests)
    return next(("/".join(url.split("/")[:3]) for url in urls if url), "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything that stands behind it."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
