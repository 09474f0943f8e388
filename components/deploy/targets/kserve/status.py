"""What KServe says of an InferenceService: who is ready, and where each version can be asked."""

from collections.abc import Callable
from typing import Any

from sightline.clouds.kubernetes.cluster import Document

READY = "Ready"
GAVE_UP = ("BlockedByFailedLoad", "InvalidSpec")


def is_seen(document: Document) -> bool:
    """Tell whether KServe has looked at what was written last."""
    generation = document["metadata"].get("generation", 0)
    return bool(_status(document).get("observedGeneration", 0) >= generation)


def is_ready(document: Document) -> bool:
    """Tell whether all of it answers."""
    return is_seen(document) and _condition(document, READY).get("status") == "True"


def canary_is_ready(name: str) -> Callable[[Document], bool]:
    """Return what tells whether the canary of this name answers, in Standard mode."""

    def ready(document: Document) -> bool:
        listed = _status(document).get("canaryStatuses") or []
        return is_seen(document) and any(
            one.get("name") == name and one.get("ready") for one in listed
        )

    return ready


def revision_is_ready(document: Document) -> bool:
    """Tell whether the newest revision answers beside the one before, in Knative mode."""
    found = _revisions(document)
    newest = found.get("latestCreatedRevision")
    return (
        is_seen(document)
        and bool(newest)
        and newest == found.get("latestReadyRevision")
        and newest != found.get("latestRolledoutRevision")
    )


def problem_of(document: Document) -> str:
    """Say why it is not ready, in KServe's own words; empty where it says nothing."""
    model = _status(document).get("modelStatus") or {}
    failure = (model.get("lastFailureInfo") or {}).get("message", "")
    return str(failure or _condition(document, READY).get("message", ""))


def gave_up(document: Document) -> bool:
    """Tell whether KServe says that waiting does not help."""
    model = _status(document).get("modelStatus") or {}
    return is_seen(document) and model.get("transitionStatus") in GAVE_UP


def stable_revision(document: Document) -> str:
    """Name the revision that has been rolled out whole, in Knative mode."""
    found = _revisions(document)
    return str(found.get("latestRolledoutRevision") or found.get("latestReadyRevision") or "")


def newest_revision(document: Document) -> str:
    """Name the revision that answers as the predictor says, in Knative mode."""
    return str(_revisions(document).get("latestReadyRevision") or "")


def url_of(document: Document) -> str:
    """Return the address that clients ask."""
    return str(_status(document).get("url") or "")


def _status(document: Document) -> Any:
    return document.get("status") or {}


def _condition(document: Document, kind: str) -> Any:
    listed = _status(document).get("conditions") or []
    return next((one for one in listed if one.get("type") == kind), {})


def _revisions(document: Document) -> Any:
    return (_status(document).get("components") or {}).get("predictor") or {}
