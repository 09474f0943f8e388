"""Whether this machine, or this container, has the memory that converting a network takes."""

from pathlib import Path

# Measured by benchmarks/backbones.py; the largest of them, ResNet50 and Xception, take the most.
BYTES_PER_PARAMETER = 160
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
