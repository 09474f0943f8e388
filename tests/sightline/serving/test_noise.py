"""What clients do fills no log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from sightline.serving.web.noise import Noise, libraries_bounded
from sightline.stage import log


@contextmanager
def logging_here() -> Iterator[None]:
    log.configure("serve")
    try:
        yield
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()


def test_a_log_holds_some_lines_of_many(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_here():
        noise = Noise(most=3)
        for _ in range(100):
            noise.say("refused")

    assert capsys.readouterr().err.count("refused") == 3


def test_the_next_line_tells_how_many_were_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_here():
        noise = Noise(most=1, every_seconds=3600)
        for _ in range(8):
            noise.say("refused")
        noise.every_seconds = -1.0
        noise.say("refused")

    assert '"left_out": 7' in capsys.readouterr().err


def test_what_libraries_say_of_requests_is_bounded_and_has_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with logging_here(), libraries_bounded():
        for _ in range(100):
            try:
                raise OSError(24, "Too many open files")
            except OSError as error:
                logging.getLogger("asyncio").error("accept failed", exc_info=error)

    lines = capsys.readouterr().err
    assert 0 < lines.count("accept failed") <= 10
    assert "Traceback" not in lines
