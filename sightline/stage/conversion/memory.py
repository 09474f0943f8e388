"""The memory that converting a network takes: whether it is there, and giving it back."""

import ctypes
import gc
from pathlib import Path

# Measured: freezing takes 54 of ConvNeXtTiny and 53 of ConvNeXtLarge, converting 50 and 48.
BYTES_PER_PARAMETER = 60
GROUP = Path("/sys/fs/cgroup")


def shortage(num_parameters: int, available_bytes: int) -> str:
    """Say why a network of so many parameters cannot be converted here; nothing where it can."""
    needed = num_parameters * BYTES_PER_PARAMETER
    if needed <= available_bytes:
        return ""
    return (
        f"converting {num_parameters:,} parameters to LiteRT takes about {needed / 1e9:.1f} GB of "
        f"memory, {available_bytes / 1e9:.1f} GB are free; give the stage more memory, or choose a "
        "smaller backbone"
    )


def available_bytes(group: Path = GROUP, machine: Path = Path("/proc/meminfo")) -> int:
    """Return what is free on this machine and in this process's control group, whichever is less.

    What cannot be read limits nothing, as on machines without control groups.
    """
    free = [2**63]
    try:
        fields = dict(line.split(":", 1) for line in machine.read_text().splitlines())
        free.append(int(fields["MemAvailable"].split()[0]) * 1024)
    except (OSError, ValueError, LookupError):
        pass
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        # The system takes back what only caches files.
        free.append(limit - used + int(stat["inactive_file"]))
    except (OSError, ValueError, LookupError):
        pass
    return min(free)


def give_back() -> None:
    """Give the system what is free: copies of weights that lie in circles, and the gaps they left.

    Weights fit into few gaps, so that the next step would ask for as much again.
    """
    gc.collect()
    # Of the GNU C library only.
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
