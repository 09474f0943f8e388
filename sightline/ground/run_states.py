"""The words for how a run and its tasks stand, and for what starts tasks on this machine."""

from typing import Literal

LauncherName = Literal["inline", "process", "docker"]
RunStatus = Literal["waiting", "running", "succeeded", "failed", "cancelled", "interrupted"]
EndState = Literal["succeeded", "failed", "cancelled", "unknown"]
"""How a run ended, as an engine tells its exit task."""
TaskStatus = Literal[
    "waiting", "running", "succeeded", "reused", "skipped", "failed", "not run", "cancelled"
]
DONE: frozenset[TaskStatus] = frozenset({"succeeded", "reused"})
ENDED: frozenset[RunStatus] = frozenset({"succeeded", "failed", "cancelled", "interrupted"})
RESUMABLE: frozenset[RunStatus] = frozenset({"interrupted", "failed", "cancelled"})
UNDER_WAY: tuple[RunStatus, ...] = ("waiting", "running")
