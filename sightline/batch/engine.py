"""What answers shards: this process one after the other, or an engine that has other machines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.batch.answering import Answerer, Places, Watched, answer_shard, pass_through


@dataclass(frozen=True, slots=True)
class Task:
    """A shard to answer, and the file for its answers."""

    shard: Path
    output: Path


Engine = Callable[[Sequence[Task]], None]
"""Answers shards, each file whole or not at all; those that it wrote stay where it fails later."""


def in_turn(
    answerer: Answerer,
    places: Places,
    *,
    columns: Sequence[str] = (),
    watched: Watched = pass_through,
) -> Engine:
    """Return the plain engine: one shard after the other, each on all cores.

    Raises:
        ServerError: from the engine, where a server that is asked goes away.
    """

    def answer(tasks: Sequence[Task]) -> None:
        for task in tasks:
            answer_shard(
                task.shard,
                task.output,
                answerer=answerer,
                places=places,
                columns=columns,
                watched=watched,
            )

    return answer
