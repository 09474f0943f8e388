"""What became of the workers of all versions, for whoever watches the server."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts since the server began; workers that live are those started and not ended."""

    starts: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    """By reason: `retired` with its version, `worn`, `slow`, `deadline`, `client gone`, `evicted`,
    or how it died, such as SIGSEGV."""
