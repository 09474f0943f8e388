"""Create something that Kubeflow would create twice when asked twice."""

import time
from collections.abc import Callable
from typing import TypeVar

from sightline.targets.kfp.api.calls import Calls
from sightline.targets.kfp.api.problems import KubeflowError

Made = TypeVar("Made")


def create_once(
    calls: Calls,
    create: Callable[[], Made],
    look: Callable[[], Made | None],
    *,
    to_continue: str,
) -> Made:
    """Create something, and when that ends in doubt, look for it instead of asking again.

    Kubeflow may go on with a request whose answer was lost, and a run whose record it could not
    store goes on without one. Sending again is left to a person, whose command looks first.

    Args:
        calls: for its patience.
        create: asks for it, by `calls.send`.
        look: finds it by its name.
        to_continue: the command that continues safely.

    Raises:
        KubeflowError: it was refused, or nobody knows whether it is there.
    """
    try:
        return create()
    except KubeflowError as error:
        if error.outcome != "unknown":
            raise
        doubt = error
    found, state = _looked_for(calls, look)
    if found is not None:
        return found
    raise KubeflowError(
        f"{doubt} It is not known whether Kubeflow did it: {state}. To continue safely: "
        f"{to_continue}",
        outcome="unknown",
        status=doubt.status,
    ) from doubt


def _looked_for(calls: Calls, look: Callable[[], Made | None]) -> tuple[Made | None, str]:
    """Return what was found in the end, else what is known about it."""
    state = "it could not be looked up"
    for pause in calls.patience.looks_after_seconds:
        time.sleep(pause)
        try:
            found = look()
        except KubeflowError:
            continue
        if found is not None:
            return found, ""
        state = "it is not listed yet"
    return None, state
