"""The order of tasks that wait for each other."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from sightline.ground.errors import UserError


def in_order(after: Mapping[str, Iterable[str]]) -> list[str]:
    """Name tasks so that each comes after those that it waits for, else as they are given.

    Raises:
        UserError: some wait for each other.
    """
    sorter = TopologicalSorter(after)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        raise UserError(f"These tasks wait for each other: {circle}.") from error
    given = list(after)
    names: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=given.index)
        names += ready
        sorter.done(*ready)
    return names
