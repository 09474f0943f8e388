"""What the exceptions of fsspec's back ends mean, without importing the back ends."""

from enum import Enum

from sightline.ground.errors import DataError, one_line

CREDENTIAL_ERRORS = frozenset(
    (
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "DefaultCredentialsError",
        "RefreshError",
    )
)
# Statuses that another attempt may cure; fsspec's other 4xx answers stay as they are.
PASSING_STATUSES = frozenset((408, 425, 429))


NO_SUCH_FILE = "no such file"


class CredentialsError(DataError):
    """Nothing of a source can be read without credentials, so no row is tried further."""


class Cause(Enum):
    """Why a remote file could not be read; the value is what to do."""

    MISSING = "Correct the address."
    DENIED = "Give this account the right to list and read there, or use another account."
    CREDENTIALS = (
        "For s3:// set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile; "
        "for gs:// run `gcloud auth application-default login` or attach a service account."
    )
    BROKEN = "Look whether the server can be reached from this machine, then run again."
    REFUSED = "Correct the address, or ask those who run the server."


def cause_of(error: BaseException) -> Cause:
    """Tell why a call to a remote file system failed."""
    name, status = type(error).__name__, status_of(error)
    # gcsfs goes on without credentials, and Google's answer to that is an HttpError of 401.
    if name in CREDENTIAL_ERRORS or (name == "HttpError" and status == 401):
        return Cause.CREDENTIALS
    if isinstance(error, FileNotFoundError) or status in (404, 410):
        return Cause.MISSING
    # gcsfs says 403 with a plain OSError.
    denied = isinstance(error, PermissionError) or str(error).startswith("Forbidden")
    if denied or status in (401, 403):
        return Cause.DENIED
    is_final = status is not None and 400 <= status < 500 and status not in PASSING_STATUSES
    if is_final or isinstance(error, ValueError | TypeError):
        return Cause.REFUSED
    return Cause.BROKEN


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an exception carries, or None."""
    for name in ("status", "code"):
        value = getattr(error, name, None)
        if isinstance(value, int):
            return value
        if isinstance(value, str) and value.isdigit():
            return int(value)
    return None


def words_of(error: BaseException) -> str:
    """Say what happened in a few words."""
    cause, status = cause_of(error), status_of(error)
    if cause is Cause.MISSING:
        return NO_SUCH_FILE
    if cause is Cause.CREDENTIALS:
        return "no credentials"
    if cause is Cause.DENIED:
        return f"access denied (status {status})" if status else "access denied"
    if "payload" in str(error).lower() or type(error).__name__ == "ClientPayloadError":
        return "connection cut before the end of the file"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "no answer in time"
    return f"status {status}" if status else one_line(error)
