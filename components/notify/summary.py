"""What notify knows about a run: `summary.json`, which the next run compares itself with."""

from pydantic import Field

from components.notify.documents import Document
from sightline.ground.outcome import Outcome

SCHEMA = "sightline.summary"
VERSION = 1


class Change(Document):
    """One difference from the run before."""

    kind: str
    """What differs: state, decision, figure, images, classes, version or settings."""
    text: str


class Summary(Document):
    """A run from its end."""

    name: str = ""
    run: str
    state: str
    reported_state: str = ""
    failed_tasks: tuple[str, ...] = ()
    message: str = ""
    outcome: Outcome = Outcome()
    compared_with: str = ""
    """Run that the changes are counted from; empty where there is none."""
    changes: tuple[Change, ...] = ()
    reports: dict[str, str] = Field(default_factory=dict)
    """Address of the report page, by stage."""
    pages: dict[str, str] = Field(default_factory=dict)
    """Where a browser opens them, by stage, where that is known."""
    link: str = ""
    notes: tuple[str, ...] = ()
    """What could not be read, was reused, or was not sent, and why."""
    webhook: str = ""
    """What became of the call."""
