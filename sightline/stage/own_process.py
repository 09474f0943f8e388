"""A process that was started for one stage alone: how long it may live, how it ends at once."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sightline.stage.time_limit import TimeLimit

Stage = Callable[..., Any]


def limited(stage: Stage, seconds: int | None) -> AbstractContextManager[object]:
    """Limit the time of a stage; without a process of its own, which is what ends, do nothing."""
    if seconds is None or not is_own(stage):
        return nullcontext()
    folder = module_of(stage).removeprefix("components.").split(".")[0]
    return TimeLimit(stage.__name__, seconds, setting=f"resources.{folder}.timeout")


def leave(stage: Stage) -> None:
    """End a process that was started for this stage alone, at once.

    Taking TensorFlow down costs over a second and gives nothing: all outputs are in place.
    """
    if is_own(stage):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def is_own(stage: Stage) -> bool:
    """Tell whether this process was started for a stage alone, as `python -m components.train`."""
    return module_of(stage) in sys.orig_argv


def module_of(stage: Stage) -> str:
    """Name the module that `python -m` runs for a stage, such as `components.train`."""
    specification = sys.modules["__main__"].__spec__
    if stage.__module__ == "__main__" and specification is not None:
        return specification.name
    return stage.__module__.removesuffix(".stage")
