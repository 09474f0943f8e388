"""What Beam tells a worker: the images of a shard, and where their answers go."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sightline.batch.answering import Prediction, ShardFunction
from sightline.batch.beam.exchange import send
from sightline.ground.storage.addresses import is_local
from sightline.serving.container.fetching import fetch


class Errand(NamedTuple):
    """One element of a pipeline: as text, for elements travel."""

    shard: str
    """The content of the shard's file."""
    output: str
    """A path of this machine, or an address in a store."""

    @classmethod
    def of(cls, shard: Path, output: str) -> "Errand":
        """Return the errand for a shard's file."""
        return cls(shard.read_text(encoding="ascii"), output)


@contextmanager
def ready(prediction: Prediction, model: str) -> Iterator[ShardFunction]:
    """Have the model in memory, brought from a store first if it has an address there.

    Raises:
        UserError: it cannot be brought here whole, or it cannot be opened.
    """
    with ExitStack() as stack:
        if model:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-")))
            prediction = replace(prediction, folder=fetch(model, scratch))
        yield stack.enter_context(prediction.opened())


def run_errand(errand: Errand, answer: ShardFunction) -> None:
    """Answer a shard and leave its answers where they belong, whole or not at all."""
    with tempfile.TemporaryDirectory(prefix="sightline-") as name:
        shard = Path(name) / "shard.jsonl"
        shard.write_text(errand.shard, encoding="ascii")
        if is_local(errand.output):
            answer(shard, Path(errand.output))
            return
        answer(shard, Path(name) / "answers.parquet")
        send(Path(name) / "answers.parquet", errand.output)
