"""How many cores this process may use, which can be fewer than its machine has."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
"""Says in which groups this process is: `0::/pods/one`, in version 1 `4:cpu,cpuacct:/pods/one`."""


def usable_cores(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Return the cores that this process may use, of which the last may be a part of one."""
    return min(schedulable_cores(), *_quotas(cgroups, membership))


def schedulable_cores() -> int:
    """Return the cores on which this process may run; libraries know these by themselves."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(cgroups: Path, membership: Path) -> Iterator[int]:
    """Yield the cores that the time of each group around this process is enough for."""
    yield schedulable_cores()
    for folder in _folders(cgroups, membership):
        try:
            # Microseconds of processor in a period and the period; `max` or -1 is no bound.
            allowed, period = map(int, _bound(folder).split())
        except (OSError, ValueError):
            continue
        if allowed > 0 and period > 0:
            yield math.ceil(allowed / period)


def _bound(folder: Path) -> str:
    if (single := folder / "cpu.max").exists():
        return single.read_text(encoding="ascii")
    pair = (folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")
    return " ".join(path.read_text(encoding="ascii") for path in pair)


def _folders(cgroups: Path, membership: Path) -> Iterator[Path]:
    """Yield the folders of the groups of this process and of those around them.

    A container sees its own group at the top, whatever its membership says.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = ["0::/"]
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if group.startswith("/") and (not controllers or "cpu" in controllers.split(",")):
            for around in (PurePosixPath(group), *PurePosixPath(group).parents):
                yield cgroups / controllers / around.relative_to("/")
