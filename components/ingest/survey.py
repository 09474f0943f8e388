"""Counts over the images that came in, for the report and the log."""

from collections import Counter
from dataclasses import dataclass, field

from components.ingest.inspection import ImageFacts
from sightline.ground.source.targets import Target
from sightline.stage.formats.dataset import Example

LONGER_SIDE_STEPS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


@dataclass(frozen=True, slots=True)
class Sample:
    """A thumbnail for the report."""

    location: str
    thumbnail: bytes
    title: str = ""
    """What it is labelled with, where that is no class."""


@dataclass(slots=True)
class Survey:
    """What came in."""

    num_images: int = 0
    num_bytes: int = 0
    num_animated: int = 0
    num_rotated: int = 0
    num_not_elsewhere: int = 0
    """Images that servers which decode by themselves refuse, as their pixels would differ."""
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Kind of file, and why other servers refuse it -> images."""
    classes: Counter[str] = field(default_factory=Counter)
    class_splits: Counter[tuple[str, str]] = field(default_factory=Counter)
    formats: Counter[tuple[str, str]] = field(default_factory=Counter)
    longer_sides: Counter[int] = field(default_factory=Counter)
    """Upper end of a range in pixels -> images whose longer side falls into it."""
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    """First label -> thumbnails."""
    targets: list[Target] = field(default_factory=list)
    """Targets of images without a class, such as numbers."""

    def add(
        self, example: Example, facts: ImageFacts, thumbnail: bytes | None, *, title: str = ""
    ) -> None:
        """Count one image; `title` says what it is labelled with, where that is no class."""
        self.num_images += 1
        self.num_bytes += len(example.image)
        self.num_animated += facts.is_animated
        self.num_rotated += facts.is_rotated
        self.num_not_elsewhere += bool(facts.verdict.reason)
        self.kinds[facts.verdict.kind, facts.verdict.reason.value] += 1
        self.classes.update(example.labels)
        self.class_splits.update((label, example.split or "") for label in example.labels)
        self.formats[example.format, example.mode] += 1
        longer = max(example.width, example.height)
        steps = [step for step in LONGER_SIDE_STEPS if longer <= step]
        self.longer_sides[steps[0] if steps else longer] += 1
        if thumbnail is not None:
            name = next(iter(example.labels), "")
            self.samples.setdefault(name, []).append(Sample(example.uri, thumbnail, title))
        if not example.labels and example.target is not None:
            self.targets.append(Target((), example.target))

    @property
    def splits(self) -> list[str]:
        """Return the splits that the source gives, in their usual order; empty for none."""
        found = {split for _, split in self.class_splits}
        return [name for name in ("train", "validation", "test", "") if name in found]
