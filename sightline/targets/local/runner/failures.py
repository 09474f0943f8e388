"""What to tell a person about a task that failed."""

import signal
from dataclasses import dataclass
from pathlib import Path

from sightline.targets.local.launchers.launcher import Outcome

USER_ERROR = 2
TIMED_OUT = 124
KILLED = 128 + signal.SIGKILL
TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed."""

    text: str
    user_error: bool


def describe_failure(task: str, outcome: Outcome, reason: str | None, log: Path) -> Failure:
    """Say why an attempt failed: the stage's own words, or the end of its log."""
    if outcome.exit_code in (USER_ERROR, TIMED_OUT) and reason:
        return Failure(reason, user_error=outcome.exit_code == USER_ERROR)
    if outcome.out_of_memory or outcome.exit_code == KILLED:
        why = "ran out of memory" if outcome.out_of_memory else "was killed (SIGKILL)"
        hint = "" if outcome.out_of_memory else " Most often the machine had no memory left."
        return Failure(
            f"{task} {why}.{hint} Give it more memory or less at once (a smaller batch, fewer "
            f"workers). Its log: {log}",
            user_error=False,
        )
    if outcome.exit_code > 128:
        name = _signal_name(outcome.exit_code - 128)
        return Failure(f"{task} was ended by {name}. {_log_end(log)}", user_error=False)
    return Failure(f"{task} failed with exit code {outcome.exit_code}. {_log_end(log)}", False)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _log_end(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    lines = [line for line in text.splitlines() if line.strip()][-TAIL_LINES:]
    if not lines:
        return f"It printed nothing. Its log: {log}"
    return "\n".join([f"The end of its log, {log}:", *(f"  {line}" for line in lines)])
