"""The process that the serving image runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[str]:
    """The address of the command that the image runs."""
    command = [sys.executable, "-m", "sightline.serving.container", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--workers", "1", *arguments],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    with process.stderr as said:
        events = (json.loads(line) for line in said if line.startswith("{"))
        yield next(str(event["address"]) for event in events if "address" in event)
        process.terminate()
    assert process.wait(60) == 0
