"""What a few lines of Python do in a process of their own."""

import subprocess
import sys


def modules_after(code: str) -> set[str]:
    """Name the modules that a new interpreter holds after some code."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stdout.split())
