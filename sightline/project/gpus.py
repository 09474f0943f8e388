"""The NVIDIA GPUs of this machine, and which of them a task may see."""

import os
import subprocess
from functools import cache

VISIBLE = "CUDA_VISIBLE_DEVICES"
NONE = "-1"
"""As CUDA says it: an empty text is not set for everybody."""


@cache
def gpus_here() -> tuple[str, ...]:
    """Name the GPUs that NVIDIA's driver answers for; the driver brings `nvidia-smi`."""
    command = ("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())


def visible_devices(wanted: int) -> str:
    """Return what `CUDA_VISIBLE_DEVICES` says to a task: that many, of those that this process has.

    A task that asks for none sees none: TensorFlow takes the memory of every GPU that it sees.
    """
    given = os.environ.get(VISIBLE)
    mine = given.split(",") if given else [str(number) for number in range(wanted)]
    return ",".join(mine[:wanted]) or NONE
