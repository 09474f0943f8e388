"""Why a task failed, by the end of its log, which Kubeflow keeps beside the task's outputs."""

import json
from collections.abc import Collection

LOG = "executor-logs"
"""What Kubeflow calls the log of a task among its artifacts; `-0`, `-1` for its attempts."""
LONGEST = 2000


def logs_among(names: Collection[str]) -> list[str]:
    """Return the logs among the names of artifacts, that of the last attempt first."""
    found = [name for name in names if name == LOG or name.startswith(f"{LOG}-")]
    return sorted(found, key=lambda name: (len(name), name), reverse=True)


def reason_in(log: bytes) -> str:
    """Return why a stage ended, by its own last word; an unexpected error's last line otherwise."""
    lines = [line.strip() for line in log.decode("utf-8", "replace").splitlines() if line.strip()]
    for line in reversed(lines):
        if reason := _own_reason(line):
            return reason[:LONGEST]
    plain = [line for line in lines if not line.startswith("{")]
    return plain[-1][:LONGEST] if plain else ""


def _own_reason(line: str) -> str:
    if not line.startswith("{"):
        return ""
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    failed = isinstance(said, dict) and said.get("event") == "failed"
    return " ".join(str(said.get("reason") or "").split()) if failed else ""
