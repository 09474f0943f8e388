"""Names as Vertex AI takes them, and addresses of its pages."""

import hashlib
import re

from sightline.ground.errors import UserError
from sightline.targets.vertex.settings import VertexTarget

PIPELINE_LABEL = "sightline-pipeline"
VERSION_LABEL = "sightline-version"
CATCH_UP_LABEL = "sightline-catch-up"
CACHE_LABEL = "sightline-cache"

_JOB_ID = re.compile(r"[a-z][-a-z0-9]{0,127}")
_LONGEST_READABLE = 100
_LONGEST_LABEL = 63
_LONGEST_TITLE = 128
# The message says 128, but the service has refused more than 64 (zenml-io/zenml#2262).
_LONGEST_SCHEDULE = 64


def job_id(run_name: str) -> str:
    """Return the id of a run's job: the same name always gives the same id, and no other does.

    Vertex AI takes 128 lower-case letters, digits and dashes, a letter first. A name of that form
    is its own id; any other becomes a readable text with a hash of the name.
    """
    if _JOB_ID.fullmatch(run_name):
        return run_name
    readable = re.sub(r"[^a-z0-9]+", "-", run_name.lower()).strip("-")[:_LONGEST_READABLE]
    digest = _digest(run_name)
    return f"{readable}-{digest}" if readable[:1].isalpha() else f"run-{readable}-{digest}"


def run_title(name: str) -> str:
    """Return the name of a run if Vertex AI takes it.

    Raises:
        UserError: it is empty or too long.
    """
    return _title(name, "a run", _LONGEST_TITLE)


def schedule_title(name: str) -> str:
    """Return the name of a schedule if Vertex AI takes it.

    Raises:
        UserError: it is empty or too long.
    """
    return _title(name, "a schedule", _LONGEST_SCHEDULE)


def pipeline_label(name: str) -> str:
    """Return the label of a pipeline's runs and schedules; no other pipeline has the same."""
    value = label_value(name)
    return value if value == name else f"{value[:50]}-{_digest(name)}"


def label_value(text: str) -> str:
    """Write a text with the characters of a label: lower case, digits, dashes, underscores."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:_LONGEST_LABEL]


def root_of(target: VertexTarget) -> str:
    """Return the address below which runs leave their artifacts."""
    return (target.pipeline_root or f"{target.staging_bucket.rstrip('/')}/runs").rstrip("/")


def run_page(target: VertexTarget, run_id: str) -> str:
    """Return the address of a run's page in the console."""
    return _page(target, f"runs/{run_id}")


def schedule_page(target: VertexTarget, schedule_id: str) -> str:
    """Return the address of a schedule's page in the console."""
    return _page(target, f"schedules/{schedule_id}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _title(name: str, of: str, longest: int) -> str:
    if not 1 <= len(name) <= longest:
        raise UserError(
            f"expected a name of 1 to {longest} characters for {of}; received {len(name)}: "
            f"{name[:longest]!r}. Choose a shorter one."
        )
    return name


def _page(target: VertexTarget, place: str) -> str:
    return (
        f"https://console.cloud.google.com/vertex-ai/locations/{target.location}"
        f"/pipelines/{place}?project={target.project}"
    )
