"""A bar for a command that works through many things, on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from sightline.runs.listener import Progress
from sightline.views.live import progress_text, seconds_left


@contextmanager
def bar(
    what: str, total: int, *, done: int = 0, drawn: bool = True, stream: TextIO | None = None
) -> Iterator[Callable[[], None]]:
    """Yield what to call after each; the bar says how many are done, and how long the rest takes.

    Args:
        what: the things, such as `photos`.
        total: how many there are.
        done: how many of them an earlier command did.
        drawn: whether to draw at all.
        stream: where to draw; standard error when none is given.
    """
    stream = stream or sys.stderr
    now, began = Progress(what=what, done=done, total=total), time.monotonic()

    def advance() -> None:
        nonlocal now
        now = Progress(what=what, done=now.done + 1, total=total)

    if not drawn or not stream.isatty():
        yield advance
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    def draw() -> Text:
        return Text(
            progress_text(now, seconds_left(now, now.done - done, time.monotonic() - began))
        )

    console = Console(file=stream)
    # What the command prints goes where the user sends it, not through the bar.
    with Live(
        console=console,
        get_renderable=draw,
        refresh_per_second=8,
        redirect_stdout=False,
    ):
        yield advance
