"""How many cores a container may use, which is less than its machine has."""

import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of processor in a period and the period, or `max`; of cgroup version 2."""


def usable_cores(quota: Path = QUOTA) -> int:
    """Return the cores that this process may use, of which the last may be a part of one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        allowed, period = quota.read_text(encoding="ascii").split()
        return max(1, min(cores or 1, math.ceil(int(allowed) / int(period))))
    except (OSError, ValueError):
        return cores or 1
