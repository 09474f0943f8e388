"""What a child process finds in a model folder: only the stage side may read a model."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sightline.ground.errors import LONGEST_REASON, UserError

TIMEOUT_SECONDS = 300


def examined_versions(folder: Path, *, ask: bool) -> dict[int, str]:
    """Return what is or could be live in a model folder, each with what is wrong, or nothing.

    Arguments and errors are those of `examined`.
    """
    found = examined(folder, ask=ask)
    return {one["version"]: one["damage"] for one in found if one["version"] is not None}


def examined(folder: Path, *, ask: bool) -> list[dict[str, Any]]:
    """Return what is wrong with each version of a model folder, and with its log.

    Each has `name`, `damage`, empty where it is sound, and `version`, null where it is none that
    could be live.

    Args:
        folder: the model folder.
        ask: whether the live version is loaded and asked its golden requests.

    Raises:
        UserError: the child process cannot say.
    """
    command = [sys.executable, "-m", "sightline.serving.soundness", str(folder)]
    try:
        done = subprocess.run(
            [*command, *(["--ask"] if ask else [])],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"{folder}: expected an answer within {TIMEOUT_SECONDS} s; received none. Stop other "
            "programs, then try again."
        ) from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise UserError(
            f"{folder}: expected a model that can be read in a process of its own; received "
            f"{lines[-1][:LONGEST_REASON]}. Deploy again: sightline run."
        )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
