"""The accelerators that users name in `resources.<stage>.gpu`."""

from sightline.project.target_kinds import target_kinds

ACCELERATORS = (
    "K80",
    "P4",
    "P100",
    "V100",
    "T4",
    "L4",
    "A100",
    "A100-80GB",
    "H100",
    "H100-MEGA",
    "H200",
    "B200",
    "GB200",
    "RTX-PRO-6000",
)
"""One name each, whatever a kind of target calls it."""
OFFERED = tuple(name for name in ACCELERATORS if name != "K80")
"""Those that clouds still have."""


def common_name(word: str) -> str | None:
    """Return the name of an accelerator by what one kind of target calls it alone."""
    for kind in target_kinds().values():
        called = [name for name in ACCELERATORS if kind.accelerator(name) == word]
        if len(called) == 1:
            return called[0]
    return None
