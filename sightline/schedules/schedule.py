"""What a schedule is, the same on every target."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sightline.ground.errors import UserError
from sightline.ground.parameter_kinds import Value
from sightline.schedules.cron import Cron

State = Literal["active", "paused", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRequest:
    """What a user asks for when a schedule is created."""

    name: str
    cron: Cron
    zone: ZoneInfo
    overrides: tuple[str, ...] = ()
    """Texts of `--set`, such as `train.epochs=5`: what this machine's scheduler hands on."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """The same as pipeline parameters (`train_epochs`): what a cluster gets."""
    catch_up: bool = False
    """Whether fires that were missed are made up for."""
    max_concurrent: int = 1
    """How many runs of this schedule may be under way at once."""
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UserError(
                "A schedule needs a name; received an empty one. Choose one, such as nightly."
            )
        if self.max_concurrent < 1:
            raise UserError(
                f"Schedule {self.name}: expected at least 1 concurrent run; received "
                f"{self.max_concurrent}. Raise it to 1."
            )
        for moment in (self.start, self.end):
            if moment is not None and moment.utcoffset() is None:
                raise ValueError(f"{moment} has no time zone; a schedule's start and end need one")
        if self.start and self.end and self.end <= self.start:
            raise UserError(
                f"Schedule {self.name}: expected an end after its start; received start "
                f"{self.start:%Y-%m-%d %H:%M} and end {self.end:%Y-%m-%d %H:%M}. Move one of them."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule that exists on a target."""

    id: str
    name: str
    cron: str
    """As the user wrote it where the target keeps that, otherwise as the target has it."""
    zone: str
    """IANA name, such as `Europe/Berlin`."""
    state: State
    pipeline: str | None = None
    """Which pipeline it runs, where the target keeps a name instead of a package."""
    next_runs: tuple[datetime, ...] = ()
    """The next fire times, each with its time zone; empty while paused."""
    last_run: str | None = None
    """Id of the newest run that it started."""
    last_run_name: str | None = None
    """What the target calls that run, where it has a name of its own."""
    last_result: str | None = None
    """How that run ended or that it is under way, in the words of `RunRecord.status`."""
    created: datetime | None = None
    catch_up: bool = False
    max_concurrent: int = 1
    url: str | None = None
    """Its page in the target's UI."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """Pipeline parameters that each run gets."""
    overrides: tuple[str, ...] = ()
    """Texts of `--set`, where the target keeps those instead of parameters."""
    num_runs: int | None = None
    """How many runs it has started; none where the target does not say."""
    num_missed: int | None = None
    """How many fires were left out; none where the target does not say."""
