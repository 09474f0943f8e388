"""Why a task ran or was reused, in data and in sentences."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Part = Literal[
    "settings", "location", "input", "code", "package", "image", "command", "outputs", "environment"
]
Kind = Literal["reused", "first", "changed", "off", "never", "asked", "gone", "damaged"]


class Difference(BaseModel):
    """One thing that is not as it was when the task last ran."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Part
    name: str
    before: str | None
    after: str | None
    sentence: str


class Verdict(BaseModel):
    """Whether a task was reused, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hit: bool
    kind: Kind
    from_run: str | None = None
    """The run that made what was reused, or that this one was held against."""
    detail: str = ""
    differences: tuple[Difference, ...] = ()

    def sentences(self) -> list[str]:
        """Say why the task ran or was reused."""
        if self.hit:
            because = self.detail or "nothing that it depends on has changed"
            return [f"Reused from run {self.from_run}: {because}."]
        if self.kind == "changed":
            since = f"Ran, because of what changed since run {self.from_run}:"
            return [since, *(difference.sentence for difference in self.differences)]
        reasons = {"first": "first run of this task", "off": "the cache is off"}
        return [f"Ran: {reasons.get(self.kind, self.detail)}."]
