"""What notify knows about a run: `summary.json`, which the next run compares itself with."""

from typing import Literal

from pydantic import Field

from components.notify.documents import Document, Figure

SCHEMA = "sightline.summary"
VERSION = 1


class Outcome(Document):
    """What came out of a run; None or empty where nothing says so."""

    decision: str | None = None
    reasons: tuple[str, ...] = ()
    accuracy: Figure = Figure()
    num_test_images: int | None = None
    num_images: int | None = None
    num_refused: int | None = None
    refusals: dict[str, int] = Field(default_factory=dict)
    """Refused images by reason."""
    classes: tuple[str, ...] = ()
    version: int | None = None
    """The live version of the model."""
    version_from: str = ""
    """Run that put it live, as far as it was not this one."""
    held_back: str = ""
    model_sha256: str | None = None
    settings: dict[str, str | int] = Field(default_factory=dict)
    """Settings that the artifacts show, such as `train.recipe`."""


class Change(Document):
    """One difference from the run before."""

    kind: Literal["state", "decision", "accuracy", "images", "classes", "version", "settings"]
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
    link: str = ""
    notes: tuple[str, ...] = ()
    """What could not be read, was reused, or was not sent, and why."""
    webhook: str = ""
    """What became of the call."""
