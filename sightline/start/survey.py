"""A quick look at labelled images through ingest's readers: how many, which classes, how large."""

import io
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sightline.ground.errors import UserError
from sightline.ground.problems import FIRST_KIND
from sightline.ground.source.file_kinds import FORMATS, other_kind, remedy_for
from sightline.ground.source.files import may_be_image
from sightline.ground.source.png_chunks import without_extras
from sightline.ground.source.reading import Source, open_source
from sightline.ground.source.refusals import NOT_AN_IMAGE, Refusal, RefusedError
from sightline.ground.source.rows import Row
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.targets import Target, TargetReader
from sightline.ground.storage.addresses import REMOTE_SCHEMES, scheme_of
from sightline.problems import problem_names, problem_of

NUM_SAMPLES = 40
MOST_ROWS = 10_000
"""Rows whose words are looked at."""
MOST_BYTES = 64 << 20
"""Larger files are not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a source seems to hold; ingest looks at every image, this does not."""

    kind: str
    problem: str = FIRST_KIND
    """What the annotations look like."""
    why: str = ""
    """Why, where that is not one name an image."""
    num_images: int | None = None
    classes: dict[str, int] = field(default_factory=dict)
    splits: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    """Width and height in pixels of a sample of the images."""
    taken: tuple[str, ...] = ()
    """How images, labels and splits were found."""
    problems: tuple[str, ...] = ()
    """What a run will refuse, as far as it was seen."""

    @property
    def middle_size_px(self) -> int | None:
        """Longer side of the middle image of the sample."""
        sides = sorted(max(size) for size in self.sizes)
        return sides[len(sides) // 2] if sides else None


@dataclass(slots=True)
class Tally:
    """Counts rows, and keeps some from all over the source to look at."""

    num_rows: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    splits: set[str] = field(default_factory=set)
    sample: list[Row] = field(default_factory=list)
    step: int = 1

    def add(self, row: Row) -> None:
        """Count a row."""
        if self.num_rows % self.step == 0:
            self.sample.append(row)
        if len(self.sample) > NUM_SAMPLES:
            self.sample, self.step = self.sample[::2], self.step * 2
        self.num_rows += 1
        self.classes.update(row.target.labels)
        self.splits.update([row.split] if row.split else [])


def survey(source: str) -> Survey:
    """Look at a folder, CSV, JSONL, zip or tar; remote sources are left for ingest.

    Raises:
        UserError: there is nothing, or no image in it.
    """
    scheme = scheme_of(source)
    if scheme in REMOTE_SCHEMES:
        return Survey(kind="remote")
    local = source if scheme else str(Path(source).expanduser())
    settings, reader = SourceSettings(source=local), Undecided()
    with open_source(settings, reader) as opened:
        rows = words_of(opened)
        problem, why = propose(rows)
        reader.decided = problem_of(problem).reader
        if reader.decided.several or all(len(words) == 1 for words in rows):
            return look(opened, problem=problem, why=why)
    with open_source(settings, reader.decided) as opened:
        return look(opened, problem=problem, why=why)


def words_of(source: Source) -> list[tuple[str, ...]]:
    """Return the words of the first images."""
    rows = itertools.islice(source.rows(), MOST_ROWS)
    return [row.target.labels for row in rows if isinstance(row, Row)]


def propose(rows: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Return the kind of problem that annotations look like, and why where it is not the usual."""
    for name in problem_names():
        if why := problem_of(name).reader.suits(rows):
            return name, why
    return FIRST_KIND, ""


class Undecided:
    """Reads words as they are written until a kind of problem is chosen."""

    several = True

    def __init__(self) -> None:
        self.decided: TargetReader | None = None

    @property
    def joins(self) -> bool:
        """Whether the kind does: what is read to choose one is as the source gives it."""
        return self.decided is not None and self.decided.joins

    def read_words(self, words: Sequence[str]) -> Target:
        """Return the words, or what the kind makes of them."""
        return self.decided.read_words(words) if self.decided else Target(tuple(words))

    def read_line(self, content: Mapping[str, Any]) -> Target:
        """Return the labels of a line of JSON, whatever their number."""
        return (self.decided or problem_of(FIRST_KIND).reader).read_line(content)


def look(source: Source, *, problem: str = FIRST_KIND, why: str = "") -> Survey:
    """Count the rows of a source and measure some of its images; `why` it is of this `problem`.

    Raises:
        UserError: there is no image.
    """
    images, others, refused = Tally(), Tally(), list[Refusal]()
    for row in source.rows():
        if isinstance(row, Refusal):
            refused.append(row)
        else:
            # A table may name an image as it likes; a file between photographs says what it is.
            (others if row.row is None and not may_be_image(row.path) else images).add(row)
    sizes, unread = measure(images.sample)
    if not images.num_rows:
        sizes, unread = measure(others.sample)
        if not sizes:
            raise _no_image(source.files.location, others.num_rows, [*unread, *refused])
        images = others
    problems = _problems(refused, unread if not sizes else [], images.num_rows)
    return Survey(
        kind=source.kind,
        problem=problem,
        why=why,
        num_images=images.num_rows,
        classes=dict(sorted(images.classes.items())),
        splits=tuple(sorted(images.splits)),
        sizes=tuple(sizes),
        taken=source.taken,
        problems=tuple(problems),
    )


def measure(rows: Iterable[Row]) -> tuple[list[tuple[int, int]], list[Refusal]]:
    """Return width and height of the images that can be opened here, and why others cannot."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # ingest.max_megapixels is the limit, and nothing is decoded
    sizes, unread = [], []
    for row in rows:
        if row.files.remote:
            continue
        try:
            data = row.files.read(row.path, max_bytes=MOST_BYTES)
            with Image.open(io.BytesIO(without_extras(data)), formats=FORMATS) as image:
                sizes.append(image.size)
        except RefusedError as error:
            unread.append(row.refused(error))
        # Pillow's readers of headers raise almost anything on damaged bytes, as its decoders do.
        except Exception:
            kind = other_kind(data)
            unread.append(row.refused(RefusedError(NOT_AN_IMAGE, kind, remedy=remedy_for(kind))))
    return sizes, unread


def _problems(refused: list[Refusal], unread: list[Refusal], num_images: int) -> list[str]:
    problems = []
    if refused:
        count = f"{len(refused):,} of {len(refused) + num_images:,} rows"
        problems.append(f"A run will refuse {count}, such as {_say(refused[0])}")
    if unread:
        problems.append(
            f"None of {len(unread)} images looked at can be read, such as {_say(unread[0])}"
        )
    return problems


def _no_image(location: str, num_others: int, refused: list[Refusal]) -> UserError:
    expected = f"{location}: expected images in class folders, or a table that names them; found"
    if num_others:
        others = f"{num_others:,} other {'files' if num_others > 1 else 'file'}"
        return UserError(f"{expected} {others}, such as {_say(refused[0])}")
    such = f", but such as {refused[0].where} ({refused[0].text})" if refused else ""
    return UserError(
        f"{expected} none{such}. Put the images of each class into a folder of its own, "
        "such as photos/cats/1.jpg."
    )


def _say(refusal: Refusal) -> str:
    return f"{refusal.where} ({refusal.text}). {refusal.advice}"
