"""A page in headless Chromium, driven over a pipe by what its developer tools speak."""

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WAIT_SECONDS = 60


class Page:
    """One open page."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, os.fdopen(answers, "rb")
        self._numbers = itertools.count(1)
        self._session = ""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give the browser a command; return its result."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            pass
        assert "result" in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def run(self, script: str) -> Any:
        """Return what a script comes to."""
        found = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        return found["result"].get("value")

    def wait_until(self, script: str) -> None:
        """Wait until a script is true."""
        end = time.monotonic() + WAIT_SECONDS
        while not self.run(script):
            assert time.monotonic() < end, self.run("document.body.innerText")
            time.sleep(0.05)

    def close(self) -> None:
        """Close both pipes, at which the browser ends."""
        self._answers.close()
        os.close(self._commands)

    def _next(self) -> dict[str, Any]:
        data = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser ended"
            data += byte
        message: dict[str, Any] = json.loads(data)
        return message


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A page of a browser whose profile is in this folder; skips the test where there is none."""
    if shutil.which("chromium") is None:
        pytest.skip("expected chromium; found none")
    command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu"]
    command += ["--remote-debugging-pipe", f"--user-data-dir={folder}"]
    theirs, commands = os.pipe()
    answers, told = os.pipe()
    # Chromium reads commands at 3 and answers at 4.
    shell = ["bash", "-c", f'exec "$@" 3<&{theirs} 4>&{told}', "bash", *command]
    try:
        process = subprocess.Popen(
            shell, pass_fds=(theirs, told), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    finally:
        os.close(theirs)
        os.close(told)
    try:
        page = Page(commands, answers)
        yield page
        page.close()
    finally:
        process.terminate()
        process.wait(30)
