"""What would be removed, what stays, and what it frees, in lines for a person."""

from collections.abc import Collection, Iterator, Mapping

from sightline.ground.errors import shorten
from sightline.ground.wording import counted, sized
from sightline.runs.records import RunRecord


def cleaning_lines(
    runs: Collection[RunRecord],
    kept: Mapping[str, str],
    freed: Mapping[str, int],
    counts: Mapping[str, int],
) -> Iterator[str]:
    """Yield a line for each kind of thing that goes, then what stays, then the sum.

    Args:
        runs: the runs that go.
        kept: run that was asked for -> why it stays.
        freed: kind of thing -> bytes that the disk gets back.
        counts: kind of thing -> how many files and folders.
    """
    if runs:
        yield f"Goes: {counted(len(runs), 'run')}: {shorten([_called(run) for run in runs])}"
    for kind, size in freed.items():
        yield f"Goes: {kind} ({counts[kind]:,}): {sized(size)}"
    for run, reason in kept.items():
        yield f"Stays: {run}: {reason}."
    if freed:
        yield f"Frees {sized(sum(freed.values()))}; files that other runs share are not counted."


def _called(run: RunRecord) -> str:
    return f"{run.id} ({run.status})"
