"""How a file that would be sent is shown."""

import hashlib
from pathlib import Path
from typing import Any


def describe_file(path: Path) -> dict[str, Any]:
    """Name a file that is sent, without its content."""
    content = path.read_bytes()
    return {
        "path": str(path),
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
