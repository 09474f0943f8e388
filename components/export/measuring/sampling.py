"""Choose the test images that exported models answer: a random sample, and some of every kind."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from sightline.ground.errors import DataError
from sightline.problems.judging import Judging
from sightline.stage.formats.bundle import SERVED_FORMATS
from sightline.stage.formats.dataset import Example, read_examples, read_info
from sightline.stage.formats.evaluation import Predictions
from sightline.stage.imaging.kinds.rule import judge

IMAGES_OF_A_KIND = 4
"""So many test images of every kind of file are compared, where there are so many."""
GRAPH_IMAGES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Test images as they were received, with the answers that were evaluated."""

    examples: tuple[Example, ...]
    expected: tuple[Any, ...]
    """Per image, the answer as the kind of problem serves it."""
    left_out: dict[str, str]
    """Id of a chosen image that the serving graph does not read -> why."""
    has_range: bool = False
    """Whether the contract has a `value_range`, which other servers do not apply."""
    present: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Kind of file, and why other servers refuse it -> test images."""

    def rows(self, rows: Sequence[int]) -> Self:
        """Return the sample with these of its images."""
        return replace(
            self,
            examples=tuple(self.examples[row] for row in rows),
            expected=tuple(self.expected[row] for row in rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How many images of one kind of file were compared."""

    kind: str
    test_images: int
    compared: int
    compared_elsewhere: int
    """Images that the SavedModel decoded by itself, as other servers let it do."""
    refused_elsewhere: str
    """Why other servers refuse this kind; empty where they do not."""


def choose_images(
    dataset: Path, predictions: Predictions, judging: Judging[Any], count: int
) -> Sample:
    """Choose `count` test images, more where kinds of file would be missing, and their answers.

    Ids are hashes of the images, so the first ones in their order are a random sample that stays.

    Raises:
        DataError: no test image has a format that the serving graph reads.
    """
    rows = {id: row for row, id in enumerate(predictions.ids)}
    has_range = read_info(dataset).value_range is not None
    chosen, present = _read(dataset, rows, count, has_range=has_range)
    left_out = {
        one.id: f"{one.uri}: {one.format} is not decoded when serving"
        for one in chosen
        if one.format not in SERVED_FORMATS
    }
    examples = [one for one in chosen if one.id not in left_out]
    if not examples:
        raise DataError(
            f"{dataset}: expected test images in {', '.join(SERVED_FORMATS)} to compare answers "
            f"on, received none in {len(chosen)} images. Convert the images to one of these "
            "formats, or pass the dataset that was evaluated."
        )
    expected = judging.served(predictions, [rows[example.id] for example in examples])
    return Sample(
        examples=tuple(examples),
        expected=tuple(expected),
        left_out=left_out,
        has_range=has_range,
        present=present,
    )


def _read(
    dataset: Path, rows: dict[str, int], count: int, *, has_range: bool
) -> tuple[list[Example], Counter[tuple[str, str]]]:
    """Return the first `count` test images and the first of each kind, and count all kinds."""
    first = set(sorted(rows)[:count])
    chosen: dict[str, Example] = {}
    by_kind: dict[tuple[str, str], list[Example]] = defaultdict(list)
    present: Counter[tuple[str, str]] = Counter()
    for example in read_examples(dataset, ids=rows.keys()):
        kind = _kind(example, has_range)
        present[kind] += 1
        if example.id in first:
            chosen[example.id] = example
        found = by_kind[kind]
        found.append(example)
        found.sort(key=lambda one: one.id)
        del found[IMAGES_OF_A_KIND:]
    chosen |= {example.id: example for found in by_kind.values() for example in found}
    return [chosen[id] for id in sorted(chosen)], present


def for_other_servers(sample: Sample) -> Sample:
    """Choose images that the SavedModel itself decodes, for servers that have no Pillow."""
    refused = {}
    turns: Counter[str] = Counter()
    accepted = []
    for row, example in enumerate(sample.examples):
        kind, reason = _kind(example, sample.has_range)
        if reason:
            refused[example.id] = f"{example.uri}: {reason}"
        else:
            accepted.append((turns[kind], row))
            turns[kind] += 1
    # The first of every kind come before the second of any.
    rows = sorted(row for _, row in sorted(accepted)[:GRAPH_IMAGES])
    return replace(sample.rows(rows), left_out=refused)


def count_kinds(sample: Sample) -> list[Kind]:
    """Count per kind of file how many test images there are and how many were compared."""
    compared = Counter(_kind(one, sample.has_range) for one in sample.examples)
    elsewhere = Counter(_kind(one, sample.has_range) for one in for_other_servers(sample).examples)
    return [
        Kind(
            kind=kind,
            test_images=count,
            compared=compared[kind, reason],
            compared_elsewhere=elsewhere[kind, reason],
            refused_elsewhere=reason,
        )
        for (kind, reason), count in sample.present.most_common()
    ]


def _kind(example: Example, has_range: bool) -> tuple[str, str]:
    """Return the kind of file, and why other servers refuse it."""
    verdict = judge(example.image, format=example.format, has_range=has_range)
    return verdict.kind, verdict.reason.value
