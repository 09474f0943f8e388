"""What the page of train shows of augmentation."""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.ground.wording import counted
from sightline.stage.imaging.arrays import Pixels
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Page

MOST_LOST, MOST_ERROR_GAINED = 0.04, 0.25
"""Shares that changed images may cost of a figure, or add to an error. Digits that are turned
upside down lose 6 %, with light changes 2 %."""
FEWEST_TO_TELL = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """A training image as the network gets it, and variants of it, uint8 [s, s, c]."""

    title: str
    original: Pixels
    variants: Sequence[Pixels]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """How well the trained model knows validation images, as they are and changed."""

    figure: str
    plain: float
    changed: float
    num_images: int
    higher_is_better: bool

    @property
    def lost(self) -> float:
        """Return what the changes cost, as a share of the plain figure."""
        worse = self.plain - self.changed if self.higher_is_better else self.changed - self.plain
        return worse / abs(self.plain) if self.plain else 0.0

    @property
    def most_lost(self) -> float:
        """Return from where on changes cost too much."""
        return MOST_LOST if self.higher_is_better else MOST_ERROR_GAINED

    @property
    def is_doubtful(self) -> bool:
        """Whether changed images lost too much to be what their labels say."""
        return self.num_images >= FEWEST_TO_TELL and self.lost > self.most_lost


@dataclass(frozen=True, slots=True)
class Seen:
    """What augmentation did."""

    described: str
    mixup: float
    samples: Sequence[Sample]
    recognised: Recognised | None
    """None without a validation split."""


def warn_of_lost_labels(page: Page, seen: Seen) -> None:
    """Say where changed images no longer show what their labels say, and what to do."""
    found = seen.recognised
    if found is None or not found.is_doubtful:
        return
    page.notice(
        "warning",
        f"Augmentation may change what images show: {figure_text(found)}, which is worse by "
        f"{found.lost:.0%} (more than {found.most_lost:.0%}).",
        detail="Look at the variants below: is each still what its caption says? Turn off flips "
        "for digits, text and sides (train.horizontal_flip, train.vertical_flip), lower the range "
        "that goes too far, or set train.augment to light or none.",
    )


def add_augmentation(page: Page, seen: Seen) -> None:
    """Show changed images beside what they were, and how well the model knows such images."""
    blended = f" Pairs are then blended (mixup, alpha {seen.mixup:g})." if seen.mixup else ""
    page.section(
        "Augmentation",
        f"At most, either way: {seen.described}.{blended} Pixels are what the network sees.",
    )
    page.text(_recognised_text(seen.recognised))
    for sample in seen.samples:
        pictures = [Thumbnail(sample.original, sample.title, "as it is")]
        pictures += [
            Thumbnail(pixels, sample.title, f"variant {number}")
            for number, pixels in enumerate(sample.variants, start=1)
        ]
        page.thumbnails(pictures, size_px=96)


def _recognised_text(found: Recognised | None) -> str:
    if found is None:
        return (
            "Whether labels stay recognisable was not checked: there is no validation image that "
            "it did not learn from."
        )
    if found.num_images < FEWEST_TO_TELL:
        return (
            f"{figure_text(found)}: too few to tell whether labels stay recognisable, which "
            f"takes {FEWEST_TO_TELL}."
        )
    return f"Do labels stay recognisable? {figure_text(found)}."


def figure_text(found: Recognised) -> str:
    """Write both figures."""
    name = found.figure.replace("_", " ")
    return (
        f"On {counted(found.num_images, 'validation image')} the model's {name} is "
        f"{found.plain:.4g} as they are and {found.changed:.4g} changed"
    )
