"""Answers to any number of images as files, from a command that may be stopped at any time."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sightline.batch.answering import Answerer, is_answered
from sightline.batch.engine import Engine, Task
from sightline.batch.items import Item
from sightline.batch.joining import Output, join
from sightline.batch.listing import Listing, shard_path, write_listing
from sightline.batch.rows import count_rows
from sightline.ground.errors import DataError, UserError
from sightline.ground.storage.digests import content_digest
from sightline.ground.storage.disk import disk_error
from sightline.ground.storage.files import remove, write_whole
from sightline.ground.storage.locks import try_to_hold
from sightline.ground.wording import visible
from sightline.stage.closing import Closing

DONE = "done.json"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many images have a row, and how many of them no answer."""

    num_images: int
    num_refused: int
    versions: tuple[str, ...] = ()
    """Versions of the model that answered: several where a server's changed meanwhile."""


class Job(Closing):
    """The answers to some images on their way into files.

    What is done stands in a folder beside the first of them, which the same command goes on with
    and which is emptied at the end.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        """Take the outputs for this job alone.

        Raises:
            UserError: one is no place for a file, or another command writes it.
        """
        self.outputs = tuple(outputs)
        if len({output.path.resolve() for output in outputs}) < len(outputs):
            raise UserError(
                f"{visible(str(outputs[0].path))}: expected a file of its own for each table. Name "
                "another one."
            )
        first = outputs[0].path
        self._folder = first.with_name(f".{first.name}.predicting")
        for output in outputs:
            _check_place(output.path)
        with _telling(first):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = try_to_hold(self._folder / LOCK)
        if lock is None:
            raise UserError(
                f"{visible(str(first))}: expected a file of its own for this command; another "
                "one is writing it. Wait for it, or name another file."
            )
        self._lock = lock

    def close(self) -> None:
        """Let others have the outputs."""
        if not any(path.name != LOCK for path in self._folder.iterdir()):
            remove(self._folder)
        self._lock.close()

    def listed(
        self,
        items: Iterable[Item],
        *,
        source: str,
        columns: Sequence[str] = (),
        per_shard: int,
    ) -> Listing:
        """List what is to be answered; what an earlier command answered stays, where it holds."""
        return write_listing(
            self._folder / "listing",
            items,
            per_shard=per_shard,
            source=source,
            columns=columns,
        )

    def finished(self, listing: Listing, mark: str) -> Outcome | None:
        """Tell how the same command ended that was here before; None where none came to its end.

        Raises:
            UserError: an output is there and is none of these images by this model.
        """
        done = self._done()
        there = [output for output in self.outputs if output.path.exists()]
        if not there:
            return None
        for output in there:
            if done.get("outputs", {}).get(output.form) != content_digest(output.path):
                raise UserError(
                    f"{visible(str(output.path))}: expected a new file, or answers that this "
                    "command wrote and nobody changed; received another. Name another file."
                )
        if (done.get("listing"), done.get("mark")) != (listing.digest, mark):
            raise UserError(
                f"{visible(str(there[0].path))}: expected answers to the same images by the same "
                "model as now. Images were added, removed, changed or cut into other shards since, "
                "or another version answers: name another file, or remove this one to begin anew."
            )
        if len(there) < len(self.outputs):
            return None
        self._clear()
        return Outcome(done["num_images"], done["num_refused"])

    def num_answered(self, listing: Listing, answerer: Answerer) -> int:
        """Return how many images an earlier command answered."""
        return sum(
            count_rows(path).num_images
            for number, path in enumerate(self._answers(listing))
            if is_answered(listing.shards[number], path, answerer)
        )

    def answer(self, listing: Listing, answerer: Answerer, engine: Engine) -> Outcome:
        """Have an engine answer what is not answered yet, and put all answers into the outputs.

        Raises:
            UserError: the engine cannot; what was answered before stays.
        """
        answers = self._answers(listing)
        engine([Task(shard, path) for shard, path in self._left(listing, answerer)])
        if left := self._left(listing, answerer):
            raise DataError(
                f"{len(left):,} of {len(answers):,} shards: expected answers by this version of "
                "Sightline and this model, found none or others. Give all workers the same."
            )
        counts = [count_rows(path) for path in answers]
        outcome = Outcome(
            listing.num_images,
            sum(one.num_refused for one in counts),
            tuple(sorted({version for one in counts for version in one.versions})),
        )
        for output in self.outputs:
            with _telling(output.path):
                # Noted before it is there: an output that nobody noted is somebody else's.
                join(answers, output, partial(self._note, output, listing, answerer.mark, outcome))
        self._clear()
        return outcome

    def _note(
        self, output: Output, listing: Listing, mark: str, outcome: Outcome, table: Path
    ) -> None:
        told = {
            "listing": listing.digest,
            "mark": mark,
            "num_images": outcome.num_images,
            "num_refused": outcome.num_refused,
        }
        done = self._done()
        others = done.pop("outputs", {})
        outputs = (others if done == told else {}) | {output.form: content_digest(table)}
        write_whole(self._folder / DONE, json.dumps(told | {"outputs": outputs}))

    def _clear(self) -> None:
        remove(self._folder / "answers")
        remove(self._folder / "listing")

    def _done(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self._folder / DONE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def _left(self, listing: Listing, answerer: Answerer) -> list[tuple[Path, Path]]:
        """Return the shards without answers, each with the file for them."""
        return [
            (shard_path(self._folder / "listing", number), path)
            for number, path in enumerate(self._answers(listing))
            if not is_answered(listing.shards[number], path, answerer)
        ]

    def _answers(self, listing: Listing) -> list[Path]:
        folder = self._folder / "answers"
        return [folder / f"{number:05d}.parquet" for number in range(len(listing.shards))]


def _check_place(output: Path) -> None:
    if output.exists() and not output.is_file():
        raise UserError(
            f"{visible(str(output))}: expected a file for the answers. Name another one."
        )


@contextmanager
def _telling(output: Path) -> Iterator[None]:
    """Say in one line what the system says of an output."""
    try:
        yield
    except OSError as error:
        told = disk_error(error, output) or UserError(
            f"{visible(str(output))}: expected a file for the answers that can be written; the "
            f"system says: {error.strerror}. Name another one."
        )
        raise told from error
